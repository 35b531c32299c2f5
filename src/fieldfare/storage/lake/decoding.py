"""Decoding: columns in, events out, by a function that is written for the columns a file has.

A backtest reads tens of thousands of events a second on a core; a loop over names and types for
each of them would take longer than the rules do.
"""

import gc
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Final, TypeAlias

import msgspec

from fieldfare.engine.lake import LakeEvent
from fieldfare.kernel import JsonValue, Org, Unknown
from fieldfare.records import Subject
from fieldfare.storage.lake.columns import DATA, FACT, FACTS_REST, HEAD, REST, UNKNOWN, Column

Decode: TypeAlias = Callable[[Org, Iterable[Sequence[JsonValue]]], list[LakeEvent]]
"""Rows in the order of the columns it was made for."""


class UndecodableRow(Exception):
    """What a file holds is not what was written there."""


_load: Final = msgspec.json.Decoder().decode
_load_whys: Final = msgspec.json.Decoder(dict[str, str]).decode
KEPT_PEOPLE: Final = 50_000
SHORT: Final = 40
"""Characters of a JSON text that is read once."""


@lru_cache(maxsize=1_000)
def decoder_for(kind: str, columns: tuple[Column, ...], full: frozenset[str]) -> Decode:
    """Write the function that makes events of one kind out of rows with these columns.

    full: the columns that have a value in every row; for the others that is asked row by row.
    """
    # Only places of columns and names in quotes go into the text: no data can be read as code.
    scope: dict[str, object] = {
        "LakeEvent": LakeEvent,
        "Subject": Subject,
        "load": _Loaded().__getitem__,
        "merge": _merge,
        "whole": _whole,
        "version_of": _version_of,
        "people": _People(),
        "unknowns": _Unknowns().__getitem__,
    }
    exec(compile(_source(kind, columns, full), f"<lake {kind}>", "exec"), scope)  # noqa: S102  # see above
    decode: Decode = scope["decode"]  # type: ignore[assignment]  # what the text defines
    return partial(_without_collector, decode)


def _without_collector(
    decode: Decode, org: Org, rows: Iterable[Sequence[JsonValue]]
) -> list[LakeEvent]:
    """Decode a batch with the garbage collector at rest: nothing made here is garbage yet.

    It would walk the batch again and again while it grows, for most of the time reading takes.
    """
    if not gc.isenabled():
        return decode(org, rows)
    gc.disable()
    try:
        return decode(org, rows)
    finally:
        gc.enable()


def _source(kind: str, columns: Sequence[Column], full: Collection[str]) -> str:
    writing = _Writing(columns, full)
    places = writing.places
    lines = [
        "def decode(org, rows):",
        "    events = []",
        f"    for ({', '.join(places.values())},) in rows:",
        *(f"        {line}" for line in writing.data_lines(kind)),
        *(f"        {line}" for line in writing.fact_lines()),
        "        events.append(LakeEvent(",
        f"            org, {places['id']}, {kind!r},",
        f"            Subject({places['subject_kind']}, {places['subject_id']}),",
        f"            people[{places['person_kind']}, {places['person_id']}],",
        f"            version_of(data) if {places['version']} is None else {places['version']},",
        f"            data, facts, {places['judged']}",
        "        ))",
        "    return events",
    ]
    return "\n".join(lines)


class _Writing:
    """Writes the lines that make data and facts: first what every row has, then the rest."""

    def __init__(self, columns: Sequence[Column], full: Collection[str]) -> None:
        self._columns = columns
        self._full = full
        self.places = {column.name: f"c{place}" for place, column in enumerate(columns)}

    def data_lines(self, kind: str) -> list[str]:
        flat: dict[str, Column] = {}
        groups: dict[str, dict[str, Column]] = {}
        for column in self._columns:
            if column.name.startswith(DATA):
                name, dot, field = column.name.removeprefix(DATA).partition(".")
                if dot:
                    groups.setdefault(name, {})[field] = column
                else:
                    flat[name] = column
        lines = self._filled("data", flat, f"'kind': {kind!r}")
        for name, fields in groups.items():
            lines += [*self._filled("group", fields), f"if group: data[{name!r}] = group"]
        return [*lines, *self._added(REST, "merge(data, load({}))")]

    def fact_lines(self) -> list[str]:
        named = {c.name.removeprefix(FACT): c for c in self._columns if c.name.startswith(FACT)}
        lines = self._filled("facts", named)
        lines += self._added(UNKNOWN, "facts.update(unknowns({}))")
        return lines + self._added(FACTS_REST, "facts.update(whole(load({})))")

    def _filled(self, target: str, named: Mapping[str, Column], first: str = "") -> list[str]:
        always = [first] if first else []
        lines = []
        for name, column in named.items():
            place = self.places[column.name]
            value = f"load({place})" if column.type == "JSON" else place
            if column.name in self._full:
                always.append(f"{name!r}: {value}")
            else:
                lines.append(f"if {place} is not None: {target}[{name!r}] = {value}")
        return [f"{target} = {{{', '.join(always)}}}", *lines]

    def _added(self, name: str, how: str) -> list[str]:
        place = self.places.get(name)
        return [] if place is None else [f"if {place} is not None: {how.format(place)}"]


def _version_of(data: Mapping[str, JsonValue]) -> JsonValue:
    if "version" not in data:
        raise UndecodableRow("a row has no version")
    return data["version"]


def _whole(value: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        raise UndecodableRow("what had no column is no object")
    return value


def _merge(data: dict[str, JsonValue], rest: JsonValue) -> None:
    """Add what had no column; an object that has columns as well is one object."""
    for name, value in _whole(rest).items():
        there = data.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            there.update(value)
        else:
            data[name] = value


class _Loaded(dict[str, JsonValue]):
    """Reads JSON, short texts once: most lists of a column are empty or have been seen before."""

    def __missing__(self, text: str) -> JsonValue:
        try:
            value: JsonValue = _load(text)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise UndecodableRow(str(error)) from error
        if len(text) <= SHORT:
            if len(self) >= KEPT_PEOPLE:
                self.clear()
            self[text] = value
        return value


class _Unknowns(dict[str, Mapping[str, Unknown]]):
    """Reads why facts are unknown; there are few such texts."""

    def __missing__(self, text: str) -> Mapping[str, Unknown]:
        if len(self) >= KEPT_PEOPLE:
            self.clear()
        try:
            whys = _load_whys(text)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise UndecodableRow(str(error)) from error
        found = self[text] = {name: Unknown(why) for name, why in whys.items()}
        return found


class _People(dict[tuple[str | None, str | None], Subject | None]):
    """Makes each person's subject once; emptied when it has grown long."""

    def __missing__(self, name: tuple[str | None, str | None]) -> Subject | None:
        if len(self) >= KEPT_PEOPLE:
            self.clear()
        kind, host_id = name
        made = None if kind is None or host_id is None else Subject(kind, host_id)
        self[name] = made
        return made


def selected(columns: Iterable[Column]) -> str:
    """Write the columns as DuckDB reads them; their names are ours."""
    return ", ".join(quoted(column.name) for column in columns)


def quoted(name: str) -> str:
    """Quote a name for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def in_order(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Put columns into one order whatever files they come from: the head first, then by name."""
    places = {name: place for place, name in enumerate(HEAD)}
    return tuple(sorted(columns, key=lambda c: (places.get(c.name, len(places)), c.name)))
