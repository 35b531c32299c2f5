"""The two databases: how each is connected to, for the one writer and for readers.

Flows in: an SQLAlchemy URL. Flows out: connections in driver autocommit, whose transactions are
begun and ended by the SQL named here.
"""

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from fieldfare.kernel import BadInput, Unavailable
from fieldfare.storage.statements import DialectName
from fieldfare.storage.transaction import Connection

if TYPE_CHECKING:
    from psycopg.abc import Buffer
    from psycopg.adapt import AdaptersMap

SQLITE_TIMEOUT_S: Final = 30.0
DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
WAL_BYTES: Final = 16 << 20
WAL_PAGES: Final = WAL_BYTES // 4096
"""Of the write-ahead log: after so much the writer writes it back into the file."""
LOCK_CLASS: Final = 0x46464C44
"""Sets our advisory locks on PostgreSQL apart from other programs'; the lane is the other half."""
LOCK_WAIT_MS: Final = 3_000
LOCK_NOT_AVAILABLE: Final = "55P03"


class Database(Protocol):
    """One database. `claim` makes this process the writer of a lane (SQLite knows but one)."""

    @property
    def dialect(self) -> DialectName: ...
    @property
    def begin_write(self) -> str: ...
    @property
    def begin_read(self) -> str: ...
    @property
    def before_close(self) -> tuple[str, ...]: ...

    def claim(self, lane: int, /) -> None: ...

    def release(self) -> None: ...

    def connect(self, *, writing: bool) -> Connection: ...


def open_database(url: str, /) -> "Sqlite | Postgres":
    """Read a URL: `sqlite:///path` or `postgresql://...`. Raises BadInput for any other."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadInput("that is no database URL", hint="Use sqlite:///path.") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return Sqlite(Path(str(parsed.database)))
    if parsed.get_backend_name() == "postgresql":
        return Postgres(parsed)
    raise BadInput(
        f"no store is known for {parsed.drivername!r}",
        hint="Use sqlite:///path/to/file or postgresql://user@host/name.",
    )


def raise_if_damaged(error: BaseException, /) -> None:
    """Raise Unavailable in the place of what SQLite says of a file it cannot make sense of."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.DatabaseError) and (
        # The lower byte is the kind of the failure, the rest says more about it.
        code is not None and code & 0xFF in DAMAGED
    ):
        raise Unavailable(
            f"the database is damaged: {error}",
            hint="Stop the server and restore the file from a backup.",
        ) from error


class Sqlite:
    """A file. One process writes (a lock file says which), any number read.

    Two writing connections can corrupt the write-ahead log of SQLite before 3.51.3.
    """

    dialect: Final = "sqlite"
    begin_write: Final = "BEGIN IMMEDIATE"
    begin_read: Final = "BEGIN"
    before_close: Final = (
        # Whoever reads at the moment is not waited for as long as another writer would be.
        "PRAGMA busy_timeout=1000",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def claim(self, _lane: int, /) -> None:
        """Become its writer, whatever the lane. Raises Unavailable while another process (or store)
        is.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise Unavailable(
                f"another process writes {self.path}",
                hint="Stop `fieldfare serve` first, or ask it over its API.",
            ) from None
        self._lock = lock
        # The file is made by us, so that nobody else can read it.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def connect(self, *, writing: bool) -> Connection:
        try:
            connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode={'rw' if writing else 'ro'}",
                uri=True,
                timeout=SQLITE_TIMEOUT_S,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
            )
            if writing:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
                # Else the file keeps the size it had when a long read was in the way.
                connection.execute(f"PRAGMA journal_size_limit={WAL_BYTES}")
            else:
                connection.execute("PRAGMA query_only=1")
            connection.execute("PRAGMA cache_size=-65536")
        except sqlite3.DatabaseError as error:
            raise_if_damaged(error)
            raise Unavailable(
                f"cannot open {self.path}: {error}", hint="Does it exist? Run `fieldfare init`."
            ) from None
        return connection


class Postgres:
    """A server, version 15 or later. Any number of processes read it; each that writes has a lane
    of its own, which it holds by an advisory lock on the very connection it writes with.

    A process that lost that connection writes again only once it has the lock again. A pooler that
    hands one session to several clients breaks this: connect to the server itself.
    """

    dialect: Final = "postgresql"
    begin_write: Final = "BEGIN"
    begin_read: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    before_close: Final = ()

    def __init__(self, url: URL) -> None:
        self.url = url
        self._lane = 0
        self._claimed: Connection | None = None

    def claim(self, lane: int, /) -> None:
        """Become the writer of a lane. Raises Unavailable while another process is."""
        self._lane = lane
        self._claimed = self._connect_writer()

    def release(self) -> None:
        """Give up a claim that no writer has taken over; the writer's ends with its connection."""
        if self._claimed is not None:
            self._claimed.close()
            self._claimed = None

    def connect(self, *, writing: bool) -> Connection:
        """Connect. Raises Unavailable if the server does not answer or psycopg is missing."""
        if not writing:
            return self._connect("fieldfare reader")
        claimed, self._claimed = self._claimed, None
        return claimed or self._connect_writer()

    def _connect_writer(self) -> Connection:
        connection = self._connect("fieldfare writer")
        cursor = connection.cursor()
        try:
            # A process that was killed a moment ago may not have been missed yet: wait a little.
            cursor.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", (LOCK_CLASS, self._lane))
            cursor.execute("SET lock_timeout = 0")
        except BaseException as error:
            connection.close()
            if getattr(error, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            raise Unavailable(
                f"another process writes the database {self.url.database!r}",
                hint="One `fieldfare serve` works on a database: stop it, or ask it over its API.",
            ) from None
        return connection

    def _connect(self, name: str) -> Connection:
        try:
            import psycopg
        except ImportError:
            raise Unavailable(
                "PostgreSQL needs psycopg", hint="Install fieldfare[postgres]."
            ) from None
        text = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            connection = psycopg.connect(text, autocommit=True, application_name=name)
        except psycopg.OperationalError as error:
            raise Unavailable(
                f"PostgreSQL does not answer: {error}", hint="Check the URL and the server."
            ) from None
        _write_nul_as_unknown(connection.adapters)
        return connection


def _write_nul_as_unknown(adapters: "AdaptersMap") -> None:
    """Write U+FFFD for U+0000, for which PostgreSQL has no place in a text.

    The edge refuses it in all but what people posted (`ingest.nul`). What rules quote of that, such
    as the reason of a case, must not keep an event from being decided.
    """
    from psycopg.types.string import StrDumperUnknown

    class NulFree(StrDumperUnknown):
        def dump(self, obj: str) -> "Buffer | None":
            return super().dump(obj.replace("\0", "\ufffd"))

    adapters.register_dumper(str, NulFree)
