"""The evaluator: reads the log in id order, asks the rules, records what they decide.

In flow committed events; out flow decisions, cases and outbox rows, written in one transaction with
the reader's cursor, so that a crash repeats a batch and never half of one. One evaluator owns the
counters of a store; their state is rebuilt from the log at start.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Final

import structlog

from fieldfare.decisions.gate import MemoryGate
from fieldfare.engine.deciding import Deciding
from fieldfare.engine.grounds import Assessment, Grounds
from fieldfare.engine.history import IMPORTED
from fieldfare.engine.in_force import REFRESHING, Books
from fieldfare.engine.labels import book_of
from fieldfare.engine.reactions import React
from fieldfare.engine.readable_lists import tell_of
from fieldfare.engine.recounting import Recounting
from fieldfare.engine.snapshots import SnapshotKeeping, Standing
from fieldfare.engine.tail import Tail
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import EventId, Org, make_id
from fieldfare.records import Decision, Event

READER: Final = "evaluator"
REACHED: Final = "views.reached"
BATCH: Final = 200
IDLE_S: Final = 0.5
RETRY_S: Final = 1.0

_log = structlog.get_logger(__name__)


class _CannotApply(Exception):
    """What an event leads to could not be written, for a reason of the event's own."""


class Evaluator:
    """Turns events into decisions. `run` on one thread; `waits_for` from any."""

    def __init__(
        self, store: Store, books: Books, deciding: Deciding, grounds: Grounds, gate: MemoryGate
    ) -> None:
        self._store = store
        self._books = books
        self._grounds = grounds
        self._gate = gate
        self._deciding = deciding
        self._react = React(books, deciding, grounds)
        self._recounting = Recounting(store, grounds)
        self._waiting: dict[EventId, list[Future[Decision]]] = {}
        self._lock = threading.Lock()
        # Held while events are counted; `_stands_at` is the last one, None while that is in doubt.
        self._turn = threading.Lock()
        self._stands_at: EventId | None = None
        self._snapshots: SnapshotKeeping | None = None
        self.failures = 0
        position = store.read(lambda uow: uow.cursors.get(READER))
        self.tail = Tail(store, position)

    def restore(self, snapshots: SnapshotKeeping | None = None) -> int:
        """Let the counters know what they knew. Returns how many events were read for it.

        snapshots: where to look first, now and whenever the evaluator starts over.
        """
        with self._turn:
            self._snapshots = snapshots or self._snapshots
            self._stands_at = None
            replayed = self._recounting.restore(self.tail.position, self._snapshots)
            self._stands_at = self.tail.position
        return replayed

    def standing(self) -> Standing | None:
        """Give the counters as they stand after the last event; None while they are in doubt."""
        with self._turn:
            if self._stands_at is None:
                return None
            return Standing(self._stands_at, self._grounds.frozen())

    def forget(self, org: Org, host_id: str) -> None:
        """Let go of an erased account, in what is counted too."""
        with self._turn:
            self._grounds.forget_account(org, host_id)

    def waits_for(self, event_id: EventId) -> "Future[Decision]":
        """Promise the first decision caused by an event, to one caller who will not wait long.

        Whoever asks has to give the promise up in the end, kept or not.
        """
        promise: Future[Decision] = Future()
        with self._lock:
            self._waiting.setdefault(event_id, []).append(promise)
        return promise

    def gives_up(self, event_id: EventId, promise: "Future[Decision]") -> None:
        """Forget a promise nobody waits for any more; those made to others stand."""
        with self._lock:
            others = [each for each in self._waiting.pop(event_id, ()) if each is not promise]
            if others:
                self._waiting[event_id] = others

    def run(self, stop: threading.Event) -> None:
        """Evaluate until told to stop."""
        while not stop.is_set():
            try:
                self.step(wait_s=IDLE_S)
            except Exception:  # noqa: BLE001  # worker boundary: the store may come back
                self.failures += 1
                _log.exception("evaluating failed")
                self._start_over(stop)

    def step(self, *, wait_s: float = 0.0, limit: int = BATCH) -> int:
        """Evaluate one batch and return how many events it had."""
        events = self.tail.take(limit, wait_s=wait_s)
        if not events:
            return 0
        with self._turn:
            self._stands_at = (
                None  # should this fail half-way, the counters are ahead of what is done
            )
            for chunk in _between_refreshes(events):
                self._evaluate(chunk)
                if self._has_another_past(chunk[-1]):
                    self._grounds.reset()
                self._recounting.warm_up(chunk[-1].id)
            self._stands_at = events[-1].id
            self._grounds.counted()
        return len(events)

    def _has_another_past(self, event: Event) -> bool:
        """Tell whether history was imported that counts for what comes now."""
        newest = (event.data or {}).get("newest") if event.kind == IMPORTED else None
        windows = self._grounds.horizons() if newest else {}
        return isinstance(newest, dict) and any(
            int(str(at)) > _id_at(event.at - windows[kind])
            for kind, at in newest.items()
            if kind in windows
        )

    def _start_over(self, stop: threading.Event) -> None:
        """Go back to what is recorded as done, counters included; nothing goes on before that."""
        while not stop.wait(RETRY_S):
            try:
                self.tail.rewind(self._store.read(self._reload))
                self._grounds.reset()
                self.restore()
            except Exception:  # noqa: BLE001  # worker boundary: the store may come back
                _log.exception("starting over failed")
            else:
                return

    def _reload(self, uow: UnitOfWork) -> EventId:
        """Go back to the books and labels of what is recorded as done; gives up to where it is."""
        position = uow.cursors.get(READER)
        for org in uow.organisations.all():
            self._refresh(uow, org, as_of=position)
            self._grounds.learn_labels(org, book_of(uow, org))
        return position

    def _refresh(self, uow: UnitOfWork, org: Org, *, as_of: EventId) -> None:
        self._books.refresh(uow, org, as_of=as_of)
        if self._books.has(org):
            tell_of(org, self._books.of(org).older_lists)

    def _evaluate(self, events: Sequence[Event]) -> None:
        assessed = {event.id: self._assess(event) for event in events}
        try:
            self._write(events, assessed)
        except _CannotApply:  # one event must not stop those around it
            _log.exception("a batch failed", events=len(events))
            for event in events:
                self._evaluate_alone(event, assessed[event.id])

    def _evaluate_alone(self, event: Event, assessment: Assessment | None) -> None:
        """Decide one event; if that fails hold it, and if that fails too leave it undecided.

        What is undecided is not shown, so every way out of here is closed. A store that fails is
        not the event's fault: that goes up, and the event is read again.
        """
        try:
            self._write([event], {event.id: assessment})
        except _CannotApply as error:
            self.failures += 1
            why = str(error)
            _log.exception("evaluation failed", event_id=str(event.id), kind=event.kind)
        else:
            return
        try:
            self._write([event], {event.id: self._grounds.failed(event, why)})
        except _CannotApply:  # the cursor still has to pass it
            _log.exception("left undecided", event_id=str(event.id))
            self._store.write(lambda uow: uow.cursors.move(READER, event.id))

    def _write(
        self, events: Sequence[Event], assessed: Mapping[EventId, Assessment | None]
    ) -> None:
        def write(uow: UnitOfWork) -> list[Callable[[], None]]:
            after: list[Callable[[], None]] = []
            # A commit whose answer was lost with the connection may stand: do nothing twice.
            done = uow.cursors.get(READER)
            for event in events:
                if event.id > done:
                    after += self._applied(uow, event, assessed[event.id])
            uow.cursors.move(READER, max(done, events[-1].id))
            return after

        for notify in self._store.write(write):
            notify()

    def _applied(
        self, uow: UnitOfWork, event: Event, assessment: Assessment | None
    ) -> list[Callable[[], None]]:
        try:
            return self._apply(uow, event, assessment)
        except Exception as error:
            raise _CannotApply(f"{type(error).__name__}: {error}") from error

    def _assess(self, event: Event) -> Assessment | None:
        try:
            return self._grounds.assess(event)
        except Exception as error:  # noqa: BLE001  # worker boundary: the failure is recorded below
            _log.exception("evaluation failed", event_id=str(event.id), kind=event.kind)
            return self._grounds.failed(event, f"{type(error).__name__}: {error}")

    def _apply(
        self, uow: UnitOfWork, event: Event, assessment: Assessment | None
    ) -> list[Callable[[], None]]:
        if event.kind in REFRESHING:
            self._books.words.follow(event)
            self._refresh(uow, event.org, as_of=event.id)
            self._grounds.open(event.org)
        if event.kind == "webhook.changed":
            self._deciding.forget_webhooks(event.org)
        decided = self._react(uow, event, assessment)
        notes: list[Callable[[], None]] = [
            partial(self._tell, event, decision) for decision in decided
        ]
        if event.kind == "views.reached" and event.data is not None:
            views = event.data["views"]
            reached = views if isinstance(views, int) else 0
            notes.append(lambda: self._gate.reached(event.org, event.subject, reached))
        return notes

    def _tell(self, event: Event, decision: Decision) -> None:
        with self._lock:
            waiting = [
                promise
                for cause in (event.id, *event.causes)
                for promise in self._waiting.pop(cause, ())
            ]
        for promise in waiting:
            # Its caller may have run out of time just now and cancelled it.
            if promise.set_running_or_notify_cancel():
                promise.set_result(decision)


def _between_refreshes(events: Sequence[Event]) -> list[Sequence[Event]]:
    """Cut a batch after each event that changes what is in force or what was counted.

    And after reached views, which are judged when they are written: nothing newer is to be known.
    """
    chunks: list[Sequence[Event]] = []
    start = 0
    for index, event in enumerate(events, 1):
        if event.kind in REFRESHING or event.kind in {IMPORTED, REACHED}:
            chunks.append(events[start:index])
            start = index
    if start < len(events):
        chunks.append(events[start:])
    return chunks


def _id_at(at_ms: int) -> EventId:
    try:
        return make_id(at_ms)
    except ValueError:
        return EventId(0)
