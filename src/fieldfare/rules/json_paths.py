"""Paths into an event: read from their text, walked over JSON.

The paths of Osprey's rules that name what they mean: fields, quoted fields, indexes and wildcards.
What looks for a value by itself (`..`, filters, slices, unions) is refused with a way to say it.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, TypeAlias


class Wildcard(Enum):
    """A step that goes to all items of a list or to all fields of an object."""

    ITEMS = "*"
    FIELDS = ".*"

    def __str__(self) -> str:
        return self.value


Step: TypeAlias = str | int | Wildcard
Path: TypeAlias = tuple[Step, ...]

MAX_STEPS: Final = 32
_STEP: Final = re.compile(
    r"""\.?(?P<name>[A-Za-z_@][A-Za-z0-9_@-]*)
    | \.?(?P<fields>\*)
    | \.?'(?P<single>[^'\\]*)' | \."(?P<double>[^"\\]*)"
    | \[(?P<index>-?\d{1,6})\]
    | \[(?P<items>\*)\]
    | \['(?P<within>[^'\\]*)'\] | \["(?P<inside>[^"\\]*)"\]""",
    re.VERBOSE,
)
_HINTS: Final = (
    ("..", "Name every step of the way: `..` looks everywhere."),
    ("?", "A filter cannot be told to find one value; read the list and compare."),
    (":", "A slice is not read; use an index, or [*] and ListRead."),
    ("|", "Give each of the two paths a name, and ResolveOptional between them."),
)
_LIKE: Final = "A path is like $.item.author, $['a b'], $.tags[0] or $.tags[*].name."


def read_path(text: str, *, needs_root: bool) -> Path | str:
    """Read a path; a string is the hint on what is wrong with it.

    needs_root: it has to start with `$`.
    """
    if needs_root and not text.startswith("$"):
        return _LIKE
    if text.count(".") + text.count("[") > MAX_STEPS:
        return f"A path has at most {MAX_STEPS} steps."
    at = 1 if text.startswith("$") else 0
    steps: list[Step] = []
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or (at and text[at] not in ".["):
            return next((hint for sign, hint in _HINTS if sign in text), _LIKE)
        steps.append(_step(found))
        at = found.end()
    return tuple(steps) or _LIKE


def _step(found: re.Match[str]) -> Step:
    if found["index"]:
        return int(found["index"])
    if found["items"]:
        return Wildcard.ITEMS
    if found["fields"]:
        return Wildcard.FIELDS
    names = (found[group] for group in ("name", "single", "double", "within", "inside"))
    return next(name for name in names if name is not None)


def has_wildcard(path: Path) -> bool:
    return any(isinstance(step, Wildcard) for step in path)


def at_path(data: object, path: Path) -> object:
    """Walk to the first value at a path; None where there is none."""
    return next(_found(data, path), None)


def all_at_path(data: object, path: Path) -> object:
    """List all values at a path with wildcards."""
    return list(_found(data, path))


def _found(data: object, path: Path) -> Iterator[object]:
    if not path:
        yield data
        return
    for below in _below(data, path[0]):
        yield from _found(below, path[1:])


def _below(data: object, step: Step) -> Iterator[object]:
    match step:
        case str():
            if isinstance(data, dict) and step in data:
                yield data[step]
        case int():
            if isinstance(data, list) and -len(data) <= step < len(data):
                yield data[step]
        case Wildcard.ITEMS if isinstance(data, list):
            yield from data
        case Wildcard.ITEMS if data is not None:
            yield data  # one value is taken for a list of one
        case Wildcard.FIELDS if isinstance(data, dict):
            yield from data.values()
        case _:
            return
