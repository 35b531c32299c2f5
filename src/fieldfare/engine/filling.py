"""Filling the lake: the log read behind the evaluator, and put into the lake a minute at a time.

In flow committed events and what the evaluator was told of them; out flow batches for the lake's
writer, each with how far the log is in it then. The lake keeps that itself, so a kill at any moment
repeats a batch or does not, and never loses or doubles one.
"""

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog

from fieldfare.engine.evaluator import READER
from fieldfare.engine.gathering import Gatherer, Judged
from fieldfare.engine.history import IMPORTED
from fieldfare.engine.lake import LakeBatch, LakeEvent, LakeSink, LakeState
from fieldfare.engine.tail import Tail
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import Clock, EventId, FieldfareError, Org, Unavailable, is_history
from fieldfare.ledger.keys import ERASED
from fieldfare.ledger.verify import ACCOUNT_ERASED
from fieldfare.records import Event

PAGE: Final = 1_000
PAGES: Final = 50
"""Pages of the log that one step takes at most, so that it ends soon when it is told to stop."""
NOTHING: Final = LakeState(
    applied_to=EventId(0), history_to={}, files=0, rows=0, bytes=0, generation=0
)
FILL_EVERY_S: Final = 1.0
COMPACT_EVERY_S: Final = 3600.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """When a batch goes into the lake, and how long events stay there.

    every_s: at the latest after so long; rows: at the latest with so many. keep_days: 0 for ever.
    """

    every_s: float = 60.0
    rows: int = 20_000
    keep_days: int = 0


class LakeFilling:
    """Brings the lake up to the evaluator. `step` and `compact` as chores; any thread."""

    def __init__(
        self, store: Store, sink: LakeSink, clock: Clock, judged: Judged, limits: Filled
    ) -> None:
        self._store = store
        self._sink = sink
        self._clock = clock
        self._judged = judged
        self._limits = limits
        self._lock = threading.RLock()
        self.broken = ""
        self.tail = Tail(store, EventId(0))
        try:
            self._begin(sink.state())
        except FieldfareError as error:  # a lake that cannot be read stops nothing else
            self.broken = str(error)
            self._begin(NOTHING)

    def _begin(self, state: LakeState) -> None:
        """Read on after what the lake has."""
        self._applied = state.applied_to
        self._history_to = dict(state.history_to)
        self._gatherer = Gatherer()
        self._ahead: list[Event] = []
        self._pending: list[LakeEvent] = []
        self._erased: dict[tuple[Org, str], EventId] = {}
        self._flushed_at = self._clock.now_ms()
        self.tail.rewind(self._applied)

    def step(self) -> int:
        """Take what is new, and put it into the lake if it is time. Returns events put in."""
        return self._guarded(due_only=True)

    def fill(self) -> int:
        """As `step`, without waiting until it is time; 0 once the evaluator has no more."""
        return self._guarded(due_only=False)

    def _guarded(self, *, due_only: bool) -> int:
        with self._lock:
            try:
                written = self._drain()
                if not due_only or self._is_due():
                    written += self._flush()
            except Exception as error:
                # What was taken and not put in is read again, once the disk or the store is back.
                self.broken = f"{type(error).__name__}: {error}"
                self._begin(self._sink.state())
                raise
            self.broken = ""
            return written

    def compact(self) -> int:
        """Join the small files of each day, and let go of days past their time."""
        with self._lock:
            fewer = self._sink.compact()
            if self._limits.keep_days:
                now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
                first = (now - timedelta(days=self._limits.keep_days)).date().isoformat()
                fewer += self._sink.forget_before(first)
            return fewer

    def rebuild(self) -> None:
        """Empty the lake; the steps that follow fill it anew from the log."""
        with self._lock:
            self._sink.clear()
            self._begin(self._sink.state())

    def state(self) -> LakeState:
        """Tell what is in the lake."""
        return self._sink.state()

    def waiting(self) -> int:
        """Count the events that are on the log and not in the lake yet."""
        return self.tail.waiting() + len(self._ahead) + len(self._pending)

    def _is_due(self) -> bool:
        waited_ms = self._clock.now_ms() - self._flushed_at
        # Whoever was erased is not to wait for a minute.
        return bool(self._erased) or waited_ms >= self._limits.every_s * 1000

    def _drain(self) -> int:
        written = 0
        for _ in range(PAGES):
            events = self._next()
            if not events:
                break
            for event in events:
                if is_history(event.id):
                    continue  # taken up when the log tells of it, also when all is read anew
                if event.kind == IMPORTED:
                    written += self._drain_history(event)
                if event.kind == ACCOUNT_ERASED:
                    self._erased[event.org, event.subject.host_id] = event.id
            kept = [event for event in events if not is_history(event.id)]
            self._pending += self._store.read(partial(self._told, kept))
            self._applied = events[-1].id
            if len(self._pending) >= self._limits.rows:
                written += self._flush()
        return written

    def _next(self) -> Sequence[Event]:
        """Give the next events that the evaluator is done with."""
        done = self._store.read(lambda uow: uow.cursors.get(READER))
        if self._applied > done:
            raise Unavailable(
                "the lake has events that the log has not: was the database restored?",
                hint="Run `fieldfare lake rebuild`.",
            )
        if not self._ahead:
            self._ahead = list(self.tail.take(PAGE, wait_s=0.0))
        taken = [event for event in self._ahead if event.id <= done]
        self._ahead = self._ahead[len(taken) :]
        return taken

    def _told(self, events: Sequence[Event], uow: UnitOfWork) -> list[LakeEvent]:
        told = []
        for event in events:
            known = self._judged.take(event)
            if known is not None:
                self._gatherer.passes(event)
            told.append(known or self._gatherer.gathered(uow, event))
        return told

    def _drain_history(self, imported: Event) -> int:
        """Take up the past events that an import put on the log."""
        newest = (imported.data or {}).get("newest")
        ids = [int(str(at)) for at in newest.values()] if isinstance(newest, dict) else []
        up_to = EventId(max(ids, default=0))
        written = 0
        while (after := self._history_to.get(imported.org, EventId(0))) < up_to:

            def read(uow: UnitOfWork, after: EventId = after) -> list[LakeEvent]:
                found = uow.recall.of_org(imported.org, after, up_to, limit=PAGE)
                return [self._gatherer.gathered(uow, event, as_of=imported.id) for event in found]

            events = self._store.read(read)
            if not events:
                break
            self._pending += events
            self._history_to[imported.org] = events[-1].id
            if len(self._pending) >= self._limits.rows:
                written += self._flush()
        return written

    def _flush(self) -> int:
        rows = len(self._pending)
        self._flushed_at = self._clock.now_ms()
        if not rows and self._applied == self._sink.state().applied_to:
            return 0
        self._sink.add(
            LakeBatch(
                events=self._pending,
                applied_to=self._applied,
                history_to=self._history_to,
                erased=self._erased,
            )
        )
        self._pending = []
        self._erased = {}
        return rows


class LogTail:
    """`engine.lake.LakeTail` over the log: gathered as the lake will have it."""

    def __init__(self, store: Store, judged: Judged) -> None:
        self._store = store
        self._judged = judged

    def events(
        self, org: Org, /, *, after: EventId, up_to: EventId, kinds: Collection[str] | None
    ) -> Iterator[Sequence[LakeEvent]]:
        gatherer = Gatherer()

        def read(after: EventId, uow: UnitOfWork) -> tuple[Sequence[Event], list[LakeEvent]]:
            found = uow.recall.of_org(org, after, up_to, limit=PAGE)
            return found, [self._told(uow, gatherer, event) for event in found]

        while True:
            found, told = self._store.read(partial(read, after))
            if not found:
                return
            after = found[-1].id
            batch = [
                event
                for event in told
                if (kinds is None or event.kind in kinds) and not _is_gone(event)
            ]
            if batch:
                yield batch

    def _told(self, uow: UnitOfWork, gatherer: Gatherer, event: Event) -> LakeEvent:
        known = self._judged.get(event)
        if known is None:
            return gatherer.gathered(uow, event)
        gatherer.passes(event)
        return known


def _is_gone(event: LakeEvent) -> bool:
    return event.person is not None and event.person.kind == ERASED
