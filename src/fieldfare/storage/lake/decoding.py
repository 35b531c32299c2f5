"""Decoding: columns in, events out, by a function that is written for the columns a file has.

A backtest reads tens of thousands of events a second on a core; a loop over names and types for
each of them would take longer than the rules do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec

from fieldfare.engine.lake import LakeEvent
from fieldfare.kernel import JsonValue, Org, Unknown
from fieldfare.records import Subject
from fieldfare.storage.lake.columns import DATA, FACT, FACTS_REST, HEAD, REST, UNKNOWN, Column

Decode: TypeAlias = Callable[[Org, Iterable[Sequence[JsonValue]]], list[LakeEvent]]
"""Rows in the order of the columns it was made for."""
_load: Final = msgspec.json.Decoder().decode
_load_whys: Final = msgspec.json.Decoder(dict[str, str]).decode
KEPT_PEOPLE: Final = 50_000


@lru_cache(maxsize=1_000)
def decoder_for(kind: str, columns: tuple[Column, ...]) -> Decode:
    """Write the function that makes events of one kind out of rows with these columns."""
    # Only places of columns and names in quotes go into the text: no data can be read as code.
    scope: dict[str, object] = {
        "LakeEvent": LakeEvent,
        "Subject": Subject,
        "load": _load,
        "merge": _merge,
        "people": _People(),
        "unknowns": _unknowns,
    }
    exec(compile(_source(kind, columns), f"<lake {kind}>", "exec"), scope)  # noqa: S102  # see above
    decode: Decode = scope["decode"]  # type: ignore[assignment]  # what the text defines
    return decode


def _source(kind: str, columns: Sequence[Column]) -> str:
    places = {column.name: f"c{place}" for place, column in enumerate(columns)}
    lines = [
        "def decode(org, rows):",
        "    events = []",
        f"    for ({', '.join(places.values())},) in rows:",
        f"        data = {{'kind': {kind!r}}}",
        "        facts = {}",
        *(f"        {line}" for line in _data_lines(columns, places)),
        *(f"        {line}" for line in _fact_lines(columns, places)),
        "        events.append(LakeEvent(",
        f"            org, {places['id']}, {kind!r},",
        f"            Subject({places['subject_kind']}, {places['subject_id']}),",
        f"            people[{places['person_kind']}, {places['person_id']}],",
        f"            data['version'] if {places['version']} is None else {places['version']},",
        f"            data, facts, {places['judged']}",
        "        ))",
        "    return events",
    ]
    return "\n".join(lines)


def _data_lines(columns: Sequence[Column], places: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    groups: dict[str, list[str]] = {}
    for column in columns:
        if not column.name.startswith(DATA):
            continue
        group, dot, field = column.name.removeprefix(DATA).partition(".")
        if dot:
            groups.setdefault(group, []).append(_kept(f"group[{field!r}]", column, places))
        else:
            lines.append(_kept(f"data[{group!r}]", column, places))
    for group, fields in groups.items():
        lines += ["group = {}", *fields, f"if group: data[{group!r}] = group"]
    if REST in places:
        rest = places[REST]
        lines.append(f"if {rest} is not None: merge(data, load({rest}))")
    return lines


def _fact_lines(columns: Sequence[Column], places: Mapping[str, str]) -> list[str]:
    lines = [
        _kept(f"facts[{column.name.removeprefix(FACT)!r}]", column, places)
        for column in columns
        if column.name.startswith(FACT)
    ]
    for name, read in ((UNKNOWN, "unknowns"), (FACTS_REST, "load")):
        if name in places:
            lines.append(f"if {places[name]} is not None: facts.update({read}({places[name]}))")
    return lines


def _kept(target: str, column: Column, places: Mapping[str, str]) -> str:
    place = places[column.name]
    value = f"load({place})" if column.type == "JSON" else place
    return f"if {place} is not None: {target} = {value}"


def _merge(data: dict[str, JsonValue], rest: Mapping[str, JsonValue]) -> None:
    """Add what had no column; an object that has columns as well is one object."""
    for name, value in rest.items():
        there = data.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            there.update(value)
        else:
            data[name] = value


@lru_cache(maxsize=10_000)
def _unknowns(text: str) -> Mapping[str, Unknown]:
    return {name: Unknown(why) for name, why in _load_whys(text).items()}


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
