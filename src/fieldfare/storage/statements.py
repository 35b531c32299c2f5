"""Statements: SQLAlchemy constructs compiled once a dialect to the text and order a driver takes.

The hot path runs the driver's cursor with a tuple; SQLAlchemy writes the SQL and stays out of the
way. That costs 2 to 4 microseconds a row, a fifth of executing through a Connection.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.expression import Executable

DialectName: TypeAlias = Literal["sqlite", "postgresql"]
Row: TypeAlias = tuple[Any, ...]
"""A row as the driver gives it; repositories make a record of it at once."""

_DIALECTS: Final[Mapping[DialectName, Dialect]] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
}


class Compiled:
    """SQL text for one dialect, with the order of its parameters and the constants among them."""

    __slots__ = ("constants", "order", "sql")

    def __init__(self, construct: ClauseElement, dialect: DialectName) -> None:
        compiled = construct.compile(dialect=_DIALECTS[dialect])
        self.sql: str = str(compiled)
        self.order: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or ())
        self.constants = {k: v for k, v in compiled.params.items() if v is not None}

    def values(self, given: Mapping[str, object]) -> tuple[object, ...]:
        """Put named values in the driver's order. Raises KeyError for one that is missing."""
        constants = self.constants
        if not constants:
            return tuple([given[name] for name in self.order])
        return tuple([given[n] if n in given else constants[n] for n in self.order])


class Statement:
    """A construct with the tables it touches. Write them at module level: they compile once.

    Given a function, it is called with the dialect's name, for what the dialects write differently.
    """

    __slots__ = ("_compiled", "_construct", "tables")

    def __init__(self, construct: Executable | Callable[[DialectName], Executable]) -> None:
        self._construct = construct
        self._compiled: dict[DialectName, Compiled] = {}
        sample = construct("sqlite") if callable(construct) else construct
        self.tables = _tables(sample)

    def compiled(self, dialect: DialectName) -> Compiled:
        known = self._compiled.get(dialect)
        if known is None:
            construct = self._construct
            chosen = construct(dialect) if callable(construct) else construct
            known = self._compiled[dialect] = Compiled(chosen, dialect)  # type: ignore[arg-type]  # every Executable here is a ClauseElement
        return known


def upsert(table: Table, *, keep: Sequence[str] = (), add: Sequence[str] = ()) -> Statement:
    """Insert a row or write over the one of the same key.

    keep: columns that stay as they were; add: columns to which the new value is added.
    """
    keys = [column.name for column in table.primary_key]
    rest = [c.name for c in table.columns if c.name not in keys and c.name not in keep]

    def write(dialect: DialectName) -> Executable:
        if dialect == "sqlite":
            lite = sqlite.insert(table)
            changed = {n: _added(table, lite.excluded, n, add) for n in rest}
            return lite.on_conflict_do_update(index_elements=keys, set_=changed)
        full = postgresql.insert(table)
        changed = {n: _added(table, full.excluded, n, add) for n in rest}
        return full.on_conflict_do_update(index_elements=keys, set_=changed)

    return Statement(write)


def insert_if_absent(table: Table) -> Statement:
    """Insert a row unless its key is taken."""
    keys = [column.name for column in table.primary_key]

    def write(dialect: DialectName) -> Executable:
        if dialect == "sqlite":
            return sqlite.insert(table).on_conflict_do_nothing(index_elements=keys)
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=keys)

    return Statement(write)


@lru_cache(maxsize=64)
def column_names(table: Table) -> tuple[str, ...]:
    """Name the columns in the order in which whole rows are written."""
    return tuple(column.name for column in table.columns)


def _added(table: Table, excluded: Any, name: str, add: Sequence[str]) -> Any:  # noqa: ANN401  # SQLAlchemy's own types differ by dialect
    return table.c[name] + excluded[name] if name in add else excluded[name]


def _tables(construct: Executable) -> frozenset[str]:
    found = {
        element.name
        for element in visitors.iterate(construct)  # type: ignore[arg-type]  # every Executable here can be walked
        if isinstance(element, Table)
    }
    target = getattr(construct, "table", None)
    return frozenset(found | ({target.name} if isinstance(target, Table) else set()))
