"""How columns are written: short words for the few kinds there are, and the metadata of all tables.

An index in the order of ids costs little; one in the order of names touches another page for every
row, and pages are what a commit writes. So there are few of the second kind.

Every key starts with the organisation. JSON stands in text columns, moments are ms since 1970, ids
are 63-bit integers. Tables of small rows are clustered by their key on SQLite (WITHOUT ROWID).
"""

from typing import TypeVar

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

T = TypeVar("T")

metadata = MetaData(
    naming_convention={"ix": "%(table_name)s_%(column_0_N_name)s", "pk": "%(table_name)s_key"}
)


def table(name: str, /, *parts: SchemaItem, clustered: bool = True) -> Table:
    """Declare a table; clustered: rows are small and live in the index of their key."""
    return Table(name, metadata, *parts, sqlite_with_rowid=not clustered)


def text(name: str, /, *, key: bool = False, optional: bool = False) -> Column[str]:
    return _column(name, Text(), key=key, optional=optional)


def big(name: str, /, *, key: bool = False, optional: bool = False) -> Column[int]:
    return _column(name, BigInteger(), key=key, optional=optional)


def small(name: str, /, *, key: bool = False) -> Column[int]:
    return _column(name, Integer(), key=key, optional=False)


def flag(name: str, /) -> Column[bool]:
    return _column(name, Boolean(), key=False, optional=False)


def blob(name: str, /, *, optional: bool = False) -> Column[bytes]:
    return _column(name, LargeBinary(), key=False, optional=optional)


def _column(name: str, kind: TypeEngine[T], *, key: bool, optional: bool) -> Column[T]:
    return Column(name, kind, primary_key=key, nullable=optional, autoincrement=False)
