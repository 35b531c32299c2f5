"""A transaction: what repositories run their statements in, on either database.

Inserts are held back and written together with `executemany` before the first statement that
touches their table, and at the end of each work. That halves their cost on SQLite and spares a
round trip each on PostgreSQL.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from fieldfare.kernel import Conflict, Org
from fieldfare.records import Event
from fieldfare.storage.statements import DialectName, Row, Statement


class Cursor(Protocol):
    """The part of a driver's cursor (PEP 249) that is used."""

    @property
    def rowcount(self) -> int: ...

    def execute(self, sql: str, values: Sequence[Any], /) -> object: ...

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]], /) -> object: ...

    def fetchall(self) -> list[Any]: ...

    def fetchmany(self, size: int, /) -> list[Any]: ...


class Connection(Protocol):
    """The part of a driver's connection that is used; it commits only when told to."""

    def cursor(self) -> Any: ...  # noqa: ANN401  # drivers' cursors differ; `Cursor` is what is used

    def close(self) -> None: ...


class ReadOnlyUnit(Conflict):
    """Something was written in a read."""

    slug = "read-only"

    def __init__(self) -> None:
        super().__init__("a read cannot write", hint="Use Store.write or Store.submit.")


class Footprint:
    """What one work leaves behind outside the tables: events to tell of, keys made."""

    __slots__ = ("events", "keys_made")

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.keys_made: list[tuple[Org, str]] = []


class Transaction:
    """Runs statements on one connection. Begin, commit and savepoints belong to its owner."""

    def __init__(self, connection: Connection, dialect: DialectName, *, writable: bool) -> None:
        self.connection = connection
        self.dialect: DialectName = dialect
        self.writable = writable
        self.footprint = Footprint()
        self._cursor: Cursor = connection.cursor()
        self._pending: dict[str, tuple[Statement, list[tuple[object, ...]]]] = {}

    def control(self, sql: str) -> None:
        """Run a statement of transaction control or set-up as it is written."""
        self._cursor.execute(sql, ())

    def rows(self, statement: Statement, **values: object) -> list[Row]:
        if self._pending:
            self._flush(statement)
        compiled = statement.compiled(self.dialect)
        self._cursor.execute(compiled.sql, compiled.values(values))
        return self._cursor.fetchall()

    def row(self, statement: Statement, **values: object) -> Row | None:
        found = self.rows(statement, **values)
        return found[0] if found else None

    def run(self, statement: Statement, **values: object) -> int:
        """Run a writing statement now; how many rows it changed."""
        if not self.writable:
            raise ReadOnlyUnit
        if self._pending:
            self._flush(statement)
        compiled = statement.compiled(self.dialect)
        self._cursor.execute(compiled.sql, compiled.values(values))
        return self._cursor.rowcount

    def insert(self, statement: Statement, row: tuple[object, ...]) -> None:
        """Write a row, soon. The values stand in the order of the table's columns."""
        if not self.writable:
            raise ReadOnlyUnit
        (table,) = statement.tables
        pending = self._pending.get(table)
        if pending is not None and pending[0] is statement:
            pending[1].append(row)
            return
        if pending is not None:
            self._write(table)
        self._pending[table] = (statement, [row])

    def walk(self, statement: Statement, **values: object) -> Iterator[Row]:
        """Give rows in portions, without holding them all. Use them before the unit ends."""
        self.flush()
        compiled = statement.compiled(self.dialect)
        cursor = self._walker()
        try:
            cursor.execute(compiled.sql, compiled.values(values))
            while portion := cursor.fetchmany(2_000):
                yield from portion
        finally:
            cursor.close()

    def flush(self) -> None:
        """Write everything held back."""
        for table in list(self._pending):
            self._write(table)

    def discard(self) -> None:
        """Drop everything held back: its work has failed."""
        self._pending.clear()

    def _flush(self, statement: Statement) -> None:
        for table in statement.tables:
            if table in self._pending:
                self._write(table)

    def _write(self, table: str) -> None:
        statement, rows = self._pending.pop(table)
        sql = statement.compiled(self.dialect).sql
        if len(rows) == 1:
            self._cursor.execute(sql, rows[0])
        else:
            self._cursor.executemany(sql, rows)

    def _walker(self) -> Any:  # noqa: ANN401  # a driver's cursor
        if self.dialect == "postgresql":
            # A named cursor stays on the server; an unnamed one would fetch a million rows at once.
            return self.connection.cursor(name="walk")  # type: ignore[call-arg]  # of psycopg alone
        return self.connection.cursor()


def only(row: Row | None, /) -> Any:  # noqa: ANN401  # one value of any column
    """Give the first column of a row, or None without a row."""
    return None if row is None else row[0]
