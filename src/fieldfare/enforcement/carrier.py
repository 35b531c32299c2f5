"""Carries what is in the outbox to the webhooks: at least once, in order per subject.

Due rows flow in from the store, signed requests flow out, and what the receivers answered flows
back into the outbox; the log gets nothing. A crash between an answer and its record repeats the
delivery under the same id, which is what `examples/receiver.py` is made for. One carrier runs a
store: two would keep the promise of "at least once" and break the order.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final, Protocol, TypeAlias, TypeVar

import structlog

from fieldfare.enforcement.backoff import SECOND_MS, Circuit, Schedule
from fieldfare.enforcement.delivery import Answer, Send, signed
from fieldfare.enforcement.repositories import Outbox, Webhooks
from fieldfare.kernel import Clock, Org, trace_of
from fieldfare.records import OutboxRow, OutboxState, Webhook

T = TypeVar("T")
WebhookKey: TypeAlias = tuple[Org, str]
DUE_AT_ONCE: Final = 256
REMOVED: Final = "the webhook was removed"
UNSIGNED: Final = "not sent: the webhook has no readable secret; add it anew"

_log = structlog.get_logger(__name__)


class CarrierUnit(Protocol):
    """The part of a unit of work that carrying needs."""

    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def outbox(self) -> Outbox: ...


class CarrierStore(Protocol):
    """The store as carrying sees it."""

    def read(self, work: Callable[[CarrierUnit], T], /) -> T: ...

    def write(self, work: Callable[[CarrierUnit], T], /) -> T: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast and how often. width: rows of one webhook in flight at once; lanes: webhooks
    served at once; idle_s: the wait when nothing is due.
    """

    schedule: Schedule = field(default_factory=Schedule)
    width: int = 8
    lanes: int = 8
    idle_s: float = 0.2


@dataclass(frozen=True, slots=True)
class _Outcome:
    row: OutboxRow
    state: OutboxState
    due_at: int
    error: str


class Carrier:
    """Takes due rows, sends them and records what happened.

    A webhook has at most one batch on its way, at most one row a subject in it, so a slow receiver
    delays only itself. `random` draws the jitter; `send` posts.
    """

    def __init__(
        self,
        store: CarrierStore,
        clock: Clock,
        *,
        random: Random,
        send: Send,
        pace: Pace | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._send = send
        self._pace = pace = pace or Pace()
        self._circuits: dict[WebhookKey, Circuit] = {}
        self._batches: dict[WebhookKey, Future[int]] = {}
        self._lanes = ThreadPoolExecutor(pace.lanes, thread_name_prefix="carrier")
        self._senders = ThreadPoolExecutor(pace.lanes * pace.width, thread_name_prefix="send")

    def step(self) -> int:
        """Carry what is due now and wait for the answers; how many rows were tried."""
        started = self._start_batches()
        wait(started)
        return sum(batch.result() for batch in started)

    def run(self, stop: threading.Event) -> None:
        """Carry until `stop` is set; then wait for what is on its way and end the threads.

        What goes wrong with the store is logged and tried again: the rows stay due.
        """
        while not stop.is_set():
            try:
                self._start_batches()
            except Exception as error:  # noqa: BLE001  # a worker's loop outlives one failed read
                _log.error("carrying failed", **trace_of(error))
            if self._batches:
                wait(self._batches.values(), timeout=self._pace.idle_s, return_when=FIRST_COMPLETED)
            else:
                stop.wait(self._pace.idle_s)
        self.close()

    def close(self) -> None:
        """Wait for what is on its way and end the threads."""
        self._lanes.shutdown(wait=True)
        self._senders.shutdown(wait=True)

    def _start_batches(self) -> list[Future[int]]:
        self._forget_finished()
        started: list[Future[int]] = []
        now_ms = self._clock.now_ms()
        passed_over: set[WebhookKey] = set()
        while len(self._batches) < self._pace.lanes:
            skip = frozenset(self._batches) | passed_over | self._resting(now_ms)
            rows, webhooks = self._store.read(partial(_due, now_ms=now_ms, skip=skip))
            for key, mine in _by_webhook(rows).items():
                webhook = webhooks.get(key)
                if webhook is not None and not webhook.enabled:
                    passed_over.add(key)
                elif len(self._batches) < self._pace.lanes:
                    started.append(self._start(key, webhook, mine, now_ms))
            if not rows:
                break
        return started

    def _resting(self, now_ms: int) -> frozenset[WebhookKey]:
        return frozenset(
            key
            for key, circuit in self._circuits.items()
            if not circuit.room(now_ms=now_ms, width=1)
        )

    def _start(
        self, key: WebhookKey, webhook: Webhook | None, rows: Sequence[OutboxRow], now_ms: int
    ) -> Future[int]:
        circuit = self._circuits.setdefault(key, Circuit())
        if webhook is None:
            batch = self._lanes.submit(self._bury, rows)
        else:
            room = circuit.room(now_ms=now_ms, width=self._pace.width)
            batch = self._lanes.submit(self._carry, webhook, rows[:room], circuit)
        self._batches[key] = batch
        return batch

    def _forget_finished(self) -> None:
        for key, batch in list(self._batches.items()):
            if batch.done():
                del self._batches[key]
                if error := batch.exception():
                    _log.error("carrying failed", org=key[0], webhook=key[1], **trace_of(error))

    def _carry(self, webhook: Webhook, rows: Sequence[OutboxRow], circuit: Circuit) -> int:
        answers = list(self._senders.map(lambda row: self._post(row, webhook), rows))
        now_ms = self._clock.now_ms()
        for answer in answers:
            if answer.is_acknowledged or answer.is_final:
                circuit.succeeded()
            else:
                circuit.failed(now_ms=now_ms)
        self._record(
            [self._outcome(row, answer) for row, answer in zip(rows, answers, strict=True)]
        )
        return len(rows)

    def _post(self, row: OutboxRow, webhook: Webhook) -> Answer:
        if not webhook.secrets:
            return Answer(status=0, error=UNSIGNED)
        return self._send(signed(row, webhook, now_ms=self._clock.now_ms()))

    def _bury(self, rows: Sequence[OutboxRow]) -> int:
        now_ms = self._clock.now_ms()
        self._record([_Outcome(row, OutboxState.DEAD, now_ms, REMOVED) for row in rows])
        return len(rows)

    def _outcome(self, row: OutboxRow, answer: Answer) -> _Outcome:
        now_ms, attempts = self._clock.now_ms(), row.attempts + 1
        if answer.is_acknowledged:
            return _Outcome(row, OutboxState.ACKNOWLEDGED, now_ms, "")
        if answer.is_final or attempts >= self._pace.schedule.attempts:
            return _Outcome(row, OutboxState.DEAD, now_ms, answer.words)
        delay_ms = self._pace.schedule.delay_ms(
            attempts, random=self._random, at_least_ms=answer.retry_after_s * SECOND_MS
        )
        return _Outcome(row, OutboxState.SENT, now_ms + delay_ms, answer.words)

    def _record(self, outcomes: Sequence[_Outcome]) -> None:
        def mark_all(unit: CarrierUnit) -> None:
            for outcome in outcomes:
                unit.outbox.mark(
                    outcome.row, state=outcome.state, due_at=outcome.due_at, error=outcome.error
                )

        self._store.write(mark_all)


def _due(
    unit: CarrierUnit, *, now_ms: int, skip: frozenset[WebhookKey]
) -> tuple[Sequence[OutboxRow], dict[WebhookKey, Webhook]]:
    rows = unit.outbox.due(now_ms=now_ms, limit=DUE_AT_ONCE, skip=skip)
    orgs = {row.org for row in rows}
    return rows, {(org, hook.id): hook for org in orgs for hook in unit.webhooks.all(org)}


def _by_webhook(rows: Sequence[OutboxRow]) -> dict[WebhookKey, list[OutboxRow]]:
    grouped: dict[WebhookKey, list[OutboxRow]] = {}
    for row in rows:
        grouped.setdefault((row.org, row.webhook_id), []).append(row)
    return grouped
