"""The two databases: how each is connected to, for the one writer and for readers.

Flows in: an SQLAlchemy URL. Flows out: connections in driver autocommit, whose transactions are
begun and ended by the SQL named here.
"""

import fcntl
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from fieldfare.kernel import BadInput, Unavailable
from fieldfare.storage.statements import DialectName
from fieldfare.storage.transaction import Connection

SQLITE_TIMEOUT_S: Final = 30.0


class Database(Protocol):
    """One database. `claim` makes this process its writer (SQLite knows but one)."""

    @property
    def dialect(self) -> DialectName: ...
    @property
    def begin_write(self) -> str: ...
    @property
    def begin_read(self) -> str: ...

    def claim(self) -> None: ...

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


class Sqlite:
    """A file. One process writes (a lock file says which), any number read.

    Two writing connections can corrupt the write-ahead log of SQLite before 3.51.3.
    """

    dialect: Final = "sqlite"
    begin_write: Final = "BEGIN IMMEDIATE"
    begin_read: Final = "BEGIN"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def claim(self) -> None:
        """Become its writer. Raises Unavailable while another process (or store) is."""
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
                connection.execute("PRAGMA wal_autocheckpoint=10000")
            else:
                connection.execute("PRAGMA query_only=1")
            connection.execute("PRAGMA cache_size=-65536")
        except sqlite3.OperationalError as error:
            raise Unavailable(
                f"cannot open {self.path}: {error}", hint="Does it exist? Run `fieldfare init`."
            ) from None
        return connection


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server, version 15 or later. Any number of processes write, each in a lane of its own."""

    url: URL

    @property
    def dialect(self) -> DialectName:
        return "postgresql"

    @property
    def begin_write(self) -> str:
        return "BEGIN"

    @property
    def begin_read(self) -> str:
        return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def claim(self) -> None:
        """Do nothing: lanes keep writers apart."""

    def release(self) -> None:
        """Do nothing: nothing was claimed."""

    def connect(self, *, writing: bool) -> Connection:
        """Connect. Raises Unavailable if the server does not answer or psycopg is missing."""
        try:
            import psycopg
        except ImportError:
            raise Unavailable(
                "PostgreSQL needs psycopg", hint="Install fieldfare[postgres]."
            ) from None
        text = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        name = "fieldfare writer" if writing else "fieldfare reader"
        try:
            return psycopg.connect(text, autocommit=True, application_name=name)
        except psycopg.OperationalError as error:
            raise Unavailable(
                f"PostgreSQL does not answer: {error}", hint="Check the URL and the server."
            ) from None
