"""Columns: which fields of an event's data and which facts have a typed column of their own.

From the schemas of what hosts send, the shapes of our own events and the registry of facts. What
has no column, or does not fit the type of its column, stands as JSON in the column `rest`: the lake
gives back what was put in, whatever that was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from fieldfare.decisions.record import DECISION_MADE, Conclusion
from fieldfare.engine.in_force import FACTS
from fieldfare.ingest.schemas import EVENT_KINDS, ItemName, PostedItem

ColumnType = Literal["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "JSON"]
"""JSON is text that holds a list or an object."""
DATA: Final = "data."
FACT: Final = "fact."
REST: Final = "rest"
UNKNOWN: Final = "unknown"
FACTS_REST: Final = "facts_rest"
HEAD: Final[Mapping[str, ColumnType]] = {
    "id": "BIGINT",
    "subject_kind": "VARCHAR",
    "subject_id": "VARCHAR",
    "person_kind": "VARCHAR",
    "person_id": "VARCHAR",
    "version": "VARCHAR",
    "judged": "BOOLEAN",
}
"""What every file has, in this order."""
SCHEMA_VERSION: Final = 1
"""Of the layout as a whole; it stands in the metadata of every file."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: its name there and the type of its values."""

    name: str
    type: ColumnType


class _Media(msgspec.Struct):
    """What a post and a scan have beside the item."""

    item: PostedItem
    actor: str
    version: str
    number: int
    media: list[str]


class _Scan(_Media):
    facts: dict[str, str]
    hashes: list[str]
    stills: list[str]
    seconds: float


class _Reached(_Media):
    views: int
    threshold: int
    views_per_hour: int
    views_per_hour_before: int
    facts: dict[str, str]
    hashes: list[str]
    stills: list[str]


class _Verdict(msgspec.Struct):
    by: str
    reviewer: str
    version: str
    action: str
    policy: str
    restrictions: list[str]
    note: str


class _Viewed(msgspec.Struct):
    total: int


class _Reported(msgspec.Struct):
    actor: str
    views: int
    version: str


class _Label(msgspec.Struct):
    entity: dict[str, str]
    label: str
    status: str
    reason: str
    rule: str
    by: str


OWN_KINDS: Final[Mapping[str, type[msgspec.Struct]]] = {
    "item.posted": _Media,
    "item.changed": _Media,
    "item.scanned": _Scan,
    "item.viewed": _Viewed,
    "report.filed": _Reported,
    "views.reached": _Reached,
    "verdict.given": _Verdict,
    "label.changed": _Label,
    DECISION_MADE: Conclusion,
}
"""What our side adds to a host's event, or writes by itself."""
_SCALARS: Final[Mapping[object, ColumnType]] = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
}
_FACT_TYPES: Final[Mapping[str, ColumnType]] = {
    "str": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
}


def data_columns(kind: str) -> Mapping[str, ColumnType]:
    """Name the typed columns of a kind's data, without their prefix, e.g. `item.caption`.

    A kind without a schema has none; all of its data is rest.
    """
    found: dict[str, ColumnType] = {}
    for struct in (EVENT_KINDS.schemas.get(kind), OWN_KINDS.get(kind)):
        if struct is not None:
            found.update(_fields(struct, ""))
    return {name: column for name, column in found.items() if name != "kind"}


def fact_columns() -> Mapping[str, ColumnType]:
    """Name the typed columns of facts, without their prefix."""
    return {name: _FACT_TYPES.get(told, "JSON") for name, told in FACTS.items()}


def _fields(struct: type[msgspec.Struct], prefix: str) -> dict[str, ColumnType]:
    found: dict[str, ColumnType] = {}
    for name, told in get_type_hints(struct).items():
        plain = _plain(told)
        if not prefix and plain in {ItemName, PostedItem}:
            found.update(_fields(plain, f"{name}."))
        else:
            found[prefix + name] = _SCALARS.get(plain, "JSON")
    return found


def _plain(told: object) -> type:
    """Take the type out of `X | None` and of a Literal."""
    if get_origin(told) is Literal:
        return type(get_args(told)[0])
    choices = [each for each in get_args(told) if each is not type(None)]
    if len(choices) == 1 and type(None) in get_args(told):
        return _plain(choices[0])
    return told if isinstance(told, type) else object
