"""Encoding: events in, columns out, such that `decoding` gives the same events back.

A value goes into its typed column only if it has exactly that type: True is no 1, and 1 is no 1.0.
All else goes into JSON beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from fieldfare.engine.lake import LakeEvent
from fieldfare.kernel import JsonValue, Unknown
from fieldfare.records import FactValue
from fieldfare.storage.lake.columns import (
    DATA,
    FACT,
    FACTS_REST,
    HEAD,
    REST,
    UNKNOWN,
    Column,
    ColumnType,
    data_columns,
    fact_columns,
)

Values: TypeAlias = list[JsonValue]
LONGEST: Final = 1 << 63
_json: Final = msgspec.json.Encoder().encode
_TYPES: Final[Mapping[type, ColumnType]] = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    list: "JSON",
    dict: "JSON",
}
_NUMBERS: Final[Mapping[ColumnType, tuple[type[np.generic], JsonValue]]] = {
    "BIGINT": (np.int64, 0),
    "DOUBLE": (np.float64, 0.0),
    "BOOLEAN": (np.bool_, False),
}


@dataclass(frozen=True, slots=True)
class Encoded:
    """Events of one kind as columns of equal length; a column without any value is left out."""

    columns: tuple[Column, ...]
    arrays: Mapping[str, npt.NDArray[np.generic]]


class _Table:
    """Columns in the making: typed where a value fits."""

    def __init__(self, types: Mapping[str, ColumnType], rows: int) -> None:
        self.types = types
        self._rows = rows
        self.values: dict[str, Values] = {}

    def put(self, row: int, name: str, value: JsonValue) -> bool:
        """Put a value into its column if it has one that it fits."""
        wanted = self.types.get(name)
        if wanted is None or _TYPES.get(type(value)) != wanted or _is_long(value):
            return False
        self.set(row, name, _json(value).decode() if wanted == "JSON" else value)
        return True

    def set(self, row: int, name: str, value: JsonValue) -> None:
        column = self.values.get(name)
        if column is None:
            column = self.values[name] = [None] * self._rows
        column[row] = value


def encode(kind: str, events: Sequence[LakeEvent]) -> Encoded:
    """Lay out events of one kind as columns."""
    data, facts = _layout(kind)
    typed = _Table(data, len(events))
    known = _Table(facts, len(events))
    loose = _Table({}, len(events))
    groups = {name.partition(".")[0] for name in data if "." in name}
    for row, event in enumerate(events):
        rest = _rest(row, event.data, typed, groups, kind)
        if rest:
            loose.set(row, REST, _json(rest).decode())
        _put_facts(row, event.facts, known, loose)
    columns: dict[str, tuple[ColumnType, Values]] = {
        name: (HEAD[name], values) for name, values in _heads(events).items()
    }
    for prefix, table in ((DATA, typed), (FACT, known)):
        for name in table.types:
            if name in table.values:
                columns[prefix + name] = (table.types[name], table.values[name])
    columns.update({name: ("JSON", values) for name, values in loose.values.items()})
    return Encoded(
        columns=tuple(Column(name, column) for name, (column, _) in columns.items()),
        arrays={name: _array(column, values) for name, (column, values) in columns.items()},
    )


def _layout(kind: str) -> tuple[Mapping[str, ColumnType], Mapping[str, ColumnType]]:
    found = _LAYOUTS.get(kind)
    if found is None:
        found = _LAYOUTS[kind] = (data_columns(kind), fact_columns())
    return found


_LAYOUTS: Final[dict[str, tuple[Mapping[str, ColumnType], Mapping[str, ColumnType]]]] = {}


def _heads(events: Sequence[LakeEvent]) -> dict[str, Values]:
    return {
        "id": [event.id for event in events],
        "subject_kind": [event.subject.kind for event in events],
        "subject_id": [event.subject.host_id for event in events],
        "person_kind": [event.person.kind if event.person else None for event in events],
        "person_id": [event.person.host_id if event.person else None for event in events],
        # Where the data say the version, it stands there alone: a digest does not compress.
        "version": [
            None if event.data.get("version") == event.version else event.version
            for event in events
        ],
        "judged": [event.judged for event in events],
    }


def _rest(
    row: int, data: Mapping[str, JsonValue], typed: _Table, groups: set[str], kind: str
) -> dict[str, JsonValue]:
    """Put what fits into columns and give what is left."""
    rest: dict[str, JsonValue] = {}
    for name, value in data.items():
        if name in groups and type(value) is dict and value:
            odd = {k: v for k, v in value.items() if not typed.put(row, f"{name}.{k}", v)}
            if odd:
                rest[name] = odd
        elif "." in name or not (typed.put(row, name, value) or (name == "kind" and value == kind)):
            rest[name] = value
    return rest


def _put_facts(
    row: int, facts: Mapping[str, FactValue | Unknown], known: _Table, loose: _Table
) -> None:
    whys: dict[str, JsonValue] = {}
    rest: dict[str, JsonValue] = {}
    for name, value in facts.items():
        if isinstance(value, Unknown):
            whys[name] = value.why
        elif not known.put(row, name, value):
            rest[name] = value
    if whys:
        loose.set(row, UNKNOWN, _json(whys).decode())
    if rest:
        loose.set(row, FACTS_REST, _json(rest).decode())


def _is_long(value: JsonValue) -> bool:
    return type(value) is int and not -LONGEST <= value < LONGEST


def _array(column: ColumnType, values: Values) -> npt.NDArray[np.generic]:
    numeric = _NUMBERS.get(column)
    if numeric is None:
        return np.array(values, dtype=object)
    dtype, filler = numeric
    mask = [value is None for value in values]
    filled = np.array([filler if value is None else value for value in values], dtype=dtype)
    array: Callable[..., npt.NDArray[np.generic]] = np.ma.array
    return array(filled, mask=mask)
