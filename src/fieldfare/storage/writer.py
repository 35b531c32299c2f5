"""The writer: one thread that owns the only writing connection and commits works in groups.

In flow works (functions of a unit of work) with their futures; out flow results once their commit
is durable, and to listeners the events of each commit in id order. Each work stands in a savepoint
of its own: one that raises takes back only itself.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from operator import attrgetter
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeAlias

import structlog

from fieldfare.kernel import Clock, Unavailable, trace_of
from fieldfare.kernel.ids import lane_of
from fieldfare.ledger.keys import Vault
from fieldfare.records import Event
from fieldfare.storage.databases import Database
from fieldfare.storage.lanes import BEAT_S, Lane
from fieldfare.storage.transaction import Footprint, Transaction
from fieldfare.storage.unit import SqlUnit

GROUP_WORKS: Final = 500
GROUP_S: Final = 0.02
"""How long a group may take works from a queue that is not empty; it never waits for one."""
Listener: TypeAlias = Callable[[Sequence[Event]], None]

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Queued:
    """A work waiting for its turn; `result` and `footprint` are known before its commit."""

    work: Callable[[SqlUnit], Any]
    future: "Future[Any]"
    result: object = None
    footprint: Footprint = field(default_factory=Footprint)


class Writer:
    """Runs works one after another on its thread. `lane` must be free; `close` gives it back."""

    def __init__(self, database: Database, lane: Lane, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._lane = lane
        self._vault = vault
        self._clock = clock
        self._queue: SimpleQueue[Queued | None] = SimpleQueue()
        self._listeners: tuple[Listener, ...] = ()
        self._closing = threading.Lock()
        self._closed = False
        self._commit_s = 0.0
        self._tx, self._unit = self._connect()
        self._in_transaction(lane.open)
        self._told = lane.last
        self._may_have_missed = False
        self._thread = threading.Thread(target=self._run, name="fieldfare-writer", daemon=True)
        self._thread.start()

    def submit(self, queued: Queued) -> None:
        """Put a work in the queue. Raises Unavailable once the writer is closed."""
        with self._closing:
            if self._closed:
                raise Unavailable("the store is closed", hint="Open it again.")
            self._queue.put(queued)

    def waiting(self) -> int:
        """Count the works in the queue."""
        return self._queue.qsize()

    def listen(self, listener: Listener) -> None:
        """Call `listener` on the writer's thread after each commit that appended events."""
        self._listeners = (*self._listeners, listener)

    def is_own_thread(self) -> bool:
        """Tell whether the caller runs inside a work, where waiting for another would never end."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """Do what is queued, then give the lane back. May be called twice."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _connect(self) -> tuple[Transaction, SqlUnit]:
        connection = self._database.connect(writing=True)
        tx = Transaction(connection, self._database.dialect, writable=True)
        return tx, SqlUnit(tx, self._vault, self._clock, self._lane)

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            self._refuse_the_rest()

    def _refuse_the_rest(self) -> None:
        """Leave nobody waiting for a writer that has ended, however it ended."""
        with self._closing:
            self._closed = True
        while not self._queue.empty():
            queued = self._queue.get_nowait()
            if queued is not None and not queued.future.done():
                queued.future.set_exception(Unavailable("the writer has ended", hint="Restart."))

    def _serve(self) -> None:
        beats = self._database.dialect == "postgresql"
        while True:
            try:
                first = self._queue.get(timeout=BEAT_S if beats else None)
            except Empty:
                self._between_works(self._lane.beat)
                continue
            if first is None:
                break
            if self._commit_group(first):
                break
        self._between_works(self._lane.close)
        self._put_away()
        self._tx.connection.close()

    def _commit_group(self, first: Queued) -> bool:
        """Run a group and commit it. True when the end of the queue was met."""
        done: list[Queued] = []
        ended = False
        try:
            self._begin()
            ended = self._run_group(first, done)
            self._lane.store(self._tx)
            self._commit()
        except Exception as error:  # noqa: BLE001  # whatever a driver raises, no future may hang
            self._fail(first, done, error)
        else:
            self._tell(done)
        return ended

    def _begin(self) -> None:
        self._tx.control(self._database.begin_write)
        self._lane.lock(self._tx)
        if self._may_have_missed:
            self._tell_missed()

    def _tell_missed(self) -> None:
        """Tell of commits whose answer was lost with their connection, and which stand all the
        same.
        """
        while events := self._unit.log.after(self._told, limit=GROUP_WORKS):
            self._notify([event for event in events if lane_of(event.id) == self._lane.number])
            self._told = events[-1].id
        self._may_have_missed = False

    def _run_group(self, first: Queued, done: list[Queued]) -> bool:
        # On a slow disk a group may take as long as the last commit did, never twice as long.
        until = time.monotonic() + max(GROUP_S, self._commit_s)
        queued: Queued | None = first
        while True:
            if queued is None:
                return True
            self._attempt(queued, done)
            if len(done) >= GROUP_WORKS or time.monotonic() >= until:
                return False
            try:
                queued = self._queue.get_nowait()
            except Empty:
                return False

    def _attempt(self, queued: Queued, done: list[Queued]) -> None:
        if not queued.future.set_running_or_notify_cancel():
            return
        tx = self._tx
        tx.footprint = queued.footprint
        try:
            tx.control("SAVEPOINT work")
        except Exception as error:
            # The connection is gone before the work began, and with it the group.
            queued.future.set_exception(_not_durable(error))
            raise
        try:
            queued.result = queued.work(self._unit)
            tx.flush()
        except Exception as error:  # noqa: BLE001  # the work's error is its future's
            tx.discard()
            self._take_back(queued)
            try:
                tx.control("ROLLBACK TO SAVEPOINT work")
                tx.control("RELEASE SAVEPOINT work")
            except Exception:
                # The transaction is gone (disk full, connection lost), and with it the group.
                queued.future.set_exception(error)
                raise
            queued.future.set_exception(error)
        else:
            done.append(queued)
            tx.control("RELEASE SAVEPOINT work")

    def _commit(self) -> None:
        started = time.monotonic()
        self._tx.control("COMMIT")
        self._commit_s = time.monotonic() - started

    def _tell(self, done: Sequence[Queued]) -> None:
        events = [event for queued in done for event in queued.footprint.events]
        # Sorted already, but for imported history.
        events.sort(key=attrgetter("id"))
        self._notify(events)
        for queued in done:
            queued.future.set_result(queued.result)

    def _notify(self, events: Sequence[Event]) -> None:
        if events:
            self._told = max(self._told, events[-1].id)
        for listener in self._listeners if events else ():
            try:
                listener(events)
            except Exception:  # noqa: BLE001  # the commit stands whatever it made of it
                _log.exception("a listener failed")

    def _fail(self, first: Queued, done: Sequence[Queued], error: Exception) -> None:
        """Nothing of the group is durable: take everything back and tell everybody."""
        try:
            self._recover()
        finally:
            for queued in (first, *done):
                self._take_back(queued)
                if not queued.future.done():
                    queued.future.set_exception(_not_durable(error))

    def _take_back(self, queued: Queued) -> None:
        """Forget keys that were never stored: they must not encrypt anything more."""
        for org, person in queued.footprint.keys_made:
            self._vault.forget(org, person)

    def _recover(self) -> None:
        """End the transaction; where that fails, the connection is replaced."""
        self._tx.discard()
        try:
            self._tx.control("ROLLBACK")
        except Exception as lost:  # noqa: BLE001  # drivers have no error class in common
            _log.warning("the writing connection is replaced", **trace_of(lost))
            try:
                self._tx.connection.close()
                self._tx, self._unit = self._connect()
                self._may_have_missed = True
            except Exception as error:  # noqa: BLE001  # tried again with the next group
                _log.warning("the database does not answer", **trace_of(error))

    def _in_transaction(self, step: Callable[[Transaction], None]) -> None:
        self._tx.control(self._database.begin_write)
        step(self._tx)
        self._tx.control("COMMIT")

    def _put_away(self) -> None:
        for statement in self._database.before_close:
            try:
                self._tx.control(statement)
            except Exception as error:  # noqa: BLE001  # what is committed stands without it
                _log.warning("the database was not put away", **trace_of(error))

    def _between_works(self, step: Callable[[Transaction], None]) -> None:
        try:
            self._in_transaction(step)
        except Exception as error:  # noqa: BLE001  # a beat that fails is one beat late
            _log.warning("the lane could not be moved", **trace_of(error))
            self._recover()


def _not_durable(error: Exception) -> Unavailable:
    failure = Unavailable(f"the commit failed: {error}", hint="Send it again.")
    failure.__cause__ = error
    return failure
