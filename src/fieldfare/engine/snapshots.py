"""Snapshots of the counters: so that a restart reads minutes of the log instead of whole windows.

In flow the counters as they stand after an event (`applied_to`); out flow, at the next start, the
same counters and that event's id, from where the log is read on. A snapshot is believed only if it
is of this log, in this form, and no history was imported since; else the log is read from the
beginning of each window. It saves time and nothing else: without it the figures are the same.
"""

import gc
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import structlog

from fieldfare.engine.history import IMPORTED
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import BadInput, EventId, FieldfareError, JsonValue, Org, digest
from fieldfare.rules import CounterStore
from fieldfare.rules.freezing import Frozen, pieces, thawed

FORM: Final = 2
"""Of what a snapshot holds; one in another form is not read."""
SNAPSHOT_EVERY_S: Final = 120.0
BREATH_S: Final = 0.001
"""Between two pieces, so that the threads that decide come first."""

_log = structlog.get_logger(__name__)


class Snapshots(Protocol):
    """Where snapshots are kept."""

    def save(self, org: Org, pieces: Iterable[bytes], /) -> int:
        """Keep the pieces instead of those of before; gives the size in bytes."""
        ...

    def load(self, org: Org, /) -> list[bytes] | None:
        """Give back the pieces; None if there are none or they are damaged."""
        ...

    def drop(self, org: Org, /) -> None:
        """Keep nothing."""
        ...


class _Head(msgspec.Struct, frozen=True):
    """What says whether a snapshot is of this log. mark: of the event `applied_to`."""

    form: int
    byteorder: str
    org: str
    applied_to: int
    mark: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The counters of all organisations as they stood after one event."""

    applied_to: EventId
    counters: Mapping[Org, Frozen]


class SnapshotKeeping:
    """Saves what stands and finds it again.

    standing: gives what stands now, None while that is in doubt. applied_to, size_bytes: of the
    last save.
    """

    def __init__(
        self, store: Store, files: Snapshots, standing: Callable[[], Standing | None]
    ) -> None:
        self._store = store
        self._files = files
        self._standing = standing
        self._breath = threading.Event()
        self._forgotten = 0
        self.applied_to = EventId(0)
        self.size_bytes = 0

    def save(self) -> None:
        """Save, unless nothing happened since the last time."""
        standing = self._standing()
        if standing is None or standing.applied_to == self.applied_to:
            return
        mark = self._mark(standing.applied_to)
        if not mark:
            return
        before = self._forgotten
        size = 0
        for org, frozen in standing.counters.items():
            written = _written(org, frozen, standing.applied_to, mark)
            size += self._files.save(org, self._paced(written))
            if self._forgotten != before:  # while it was written, from before that
                self._files.drop(org)
        if self._forgotten == before:
            self.applied_to, self.size_bytes = standing.applied_to, size

    def save_last(self) -> None:
        """Save at the end of the process; if that cannot be, the next start reads the log."""
        try:
            self.save()
        except (FieldfareError, OSError):
            _log.exception("the counters were not saved")

    def detail(self) -> dict[str, JsonValue]:
        """Say of what event the last save is, for /health."""
        return {"saved_up_to": str(self.applied_to), "saved_bytes": self.size_bytes}

    def load(self, org: Org, position: EventId, *, max_keys: int) -> CounterStore | None:
        """Find an organisation's counters as of an event at or before `position`.

        `newest` of the store is that event. None where there is nothing to be believed.
        """
        found = self._files.load(org)
        if not found:
            return None
        try:
            return self._believed(found, org, position, max_keys)
        except (msgspec.DecodeError, BadInput) as error:
            _log.info("snapshot of counters not used", org=org, why=str(error))
            return None

    def _believed(
        self, found: Sequence[bytes], org: Org, position: EventId, max_keys: int
    ) -> CounterStore:
        head = msgspec.msgpack.decode(found[0], type=_Head)
        if why := self._doubt(head, org, position):
            raise BadInput(why, hint="The log is read instead.")
        with _no_collecting():
            store = thawed(found[1:], max_keys=max_keys)
        store.newest = max(store.newest, head.applied_to)
        return store

    def _doubt(self, head: _Head, org: Org, position: EventId) -> str:
        """Say why a snapshot is not to be believed, nothing if it is."""
        if (head.form, head.byteorder, head.org) != (FORM, sys.byteorder, org):
            return "it is of another form or organisation"
        applied_to = EventId(head.applied_to)
        if applied_to > position or self._mark(applied_to) != head.mark:
            return "it is of another log"
        return "history was imported since" if self._has_new_past(org, applied_to) else ""

    def forget(self, org: Org) -> None:
        """Delete what was saved: it may hold the name of somebody who was erased."""
        self._forgotten += 1
        self._files.drop(org)
        self.applied_to = EventId(0)

    def _paced(self, written: Iterator[bytes]) -> Iterator[bytes]:
        for piece in written:
            yield piece
            self._breath.wait(BREATH_S)

    def _mark(self, event_id: EventId) -> str:
        """Name the event with an id by what erasure leaves; nothing if there is none."""

        def read(uow: UnitOfWork) -> str:
            for event in uow.log.after(EventId(event_id - 1), limit=1):
                if event.id == event_id:
                    return digest([event.org, str(event.id), event.kind])
            return ""

        return self._store.read(read)

    def _has_new_past(self, org: Org, applied_to: EventId) -> bool:
        def read(uow: UnitOfWork) -> bool:
            after = applied_to
            while found := uow.recall.of_kind(IMPORTED, after, limit=100):
                if any(event.org == org for event in found):
                    return True
                after = found[-1].id
            return False

        return self._store.read(read)


def _written(org: Org, frozen: Frozen, applied_to: EventId, mark: str) -> Iterator[bytes]:
    yield msgspec.msgpack.encode(_Head(FORM, sys.byteorder, org, applied_to, mark))
    yield from pieces(frozen)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Make millions of objects without looking for garbage among them: that takes half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
