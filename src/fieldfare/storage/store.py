"""The store: opens a database at the newest schema, runs writes on its one writer and reads on
read-only connections.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Self, TypeVar

from fieldfare.kernel import Clock, Conflict, Unavailable
from fieldfare.ledger.keys import Vault
from fieldfare.storage.databases import Database, open_database, raise_if_damaged
from fieldfare.storage.lanes import Lane
from fieldfare.storage.schema import bring_up_to_date, require_current
from fieldfare.storage.transaction import ReadOnlyUnit, Transaction
from fieldfare.storage.unit import SqlUnit
from fieldfare.storage.writer import Listener, Queued, Writer

T = TypeVar("T")


class SqlStore:
    """`engine.Store` on SQLite or PostgreSQL. Make one with `open`; safe to use from any thread."""

    def __init__(
        self, database: Database, *, clock: Clock, vault: Vault, writer: Writer | None
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._writer = writer
        self._readers: deque[tuple[Transaction, SqlUnit]] = deque()
        self._closed = False

    @classmethod
    def open(
        cls, url: str, *, clock: Clock, vault: Vault, lane: int = 0, read_only: bool = False
    ) -> Self:
        """Open `sqlite:///path` or `postgresql://...`, migrating it if that is due.

        lane: of the writer, 0 to 62; each process that writes to one PostgreSQL needs its own.
        read_only: nothing is migrated or written, and a running `serve` is not in the way.
        Raises Unavailable if the database does not answer or another process writes in this lane.
        """
        database = open_database(url)
        if read_only:
            try:
                require_current(database)
            except Exception as error:
                raise_if_damaged(error)
                raise
            return cls(database, clock=clock, vault=vault, writer=None)
        database.claim(lane)
        try:
            bring_up_to_date(database)
            writer = Writer(database, Lane(lane, clock), vault, clock)
        except BaseException:
            database.release()
            raise
        return cls(database, clock=clock, vault=vault, writer=writer)

    def submit(self, work: Callable[[SqlUnit], T], /) -> "Future[T]":
        future: Future[T] = Future()
        self._writing().submit(Queued(work, future))
        return future

    def write(self, work: Callable[[SqlUnit], T], /) -> T:
        if self._writing().is_own_thread():
            raise Conflict(
                "a work waits for another work", hint="Use the unit of work you were given."
            )
        return self.submit(work).result()

    def read(self, work: Callable[[SqlUnit], T], /) -> T:
        tx, unit = self._reader()
        try:
            result = work(unit)
            tx.control("ROLLBACK")
        except BaseException as error:
            self._put_back_after_failure(tx, unit)
            raise_if_damaged(error)
            raise
        self._put_back(tx, unit)
        return result

    def subscribe(self, listener: Listener, /) -> None:
        """Call `listener` after each commit with the events it appended, in id order.

        It runs on the writer's thread before the futures of the commit resolve: what it does must
        be quick, must not wait for a write, and what it raises is logged.
        """
        self._writing().listen(listener)

    def waiting(self) -> int:
        """Count the works that wait for the writer."""
        return 0 if self._writer is None else self._writer.waiting()

    def close(self) -> None:
        """Finish what was submitted and close every connection. May be called twice."""
        self._closed = True
        while self._readers:
            self._readers.pop()[0].connection.close()
        if self._writer is not None:
            # Last of all, so that SQLite's log is written back into its file.
            self._writer.close()
        self._database.release()

    def _writing(self) -> Writer:
        if self._writer is None:
            raise ReadOnlyUnit
        return self._writer

    def _reader(self) -> tuple[Transaction, SqlUnit]:
        """Begin a read on an idle connection, or on a new one."""
        if self._closed:
            raise Unavailable("the store is closed", hint="Open it again.")
        try:
            tx, unit = self._readers.pop()
        except IndexError:
            return self._fresh_reader()
        try:
            tx.control(self._database.begin_read)
        except Exception:  # noqa: BLE001  # whatever broke it while it was idle: take another
            tx.connection.close()
            return self._fresh_reader()
        return tx, unit

    def _fresh_reader(self) -> tuple[Transaction, SqlUnit]:
        connection = self._database.connect(writing=False)
        tx = Transaction(connection, self._database.dialect, writable=False)
        tx.control(self._database.begin_read)
        return tx, SqlUnit(tx, self._vault, self._clock, None)

    def _put_back(self, tx: Transaction, unit: SqlUnit) -> None:
        if self._closed:
            tx.connection.close()
        else:
            self._readers.append((tx, unit))

    def _put_back_after_failure(self, tx: Transaction, unit: SqlUnit) -> None:
        try:
            tx.control("ROLLBACK")
        except Exception:  # noqa: BLE001  # a connection that cannot roll back is of no more use
            tx.connection.close()
        else:
            self._put_back(tx, unit)
