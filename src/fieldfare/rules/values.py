"""How values enter a compiled function: events, facts and counts as their declared type, or None.

Inside a compiled function None is Unknown: missing, null, of the wrong type, not a finite number.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

from fieldfare.kernel import Unknown
from fieldfare.rules.sml_types import SmlType

MAX_DIGITS: Final = 40


def text_of(value: object) -> str | None:
    """Read a JSON value as str; numbers are written out."""
    if type(value) is str:
        return value
    return str(value) if type(value) in {int, float} else None


def int_of(value: object) -> int | None:
    """Read a JSON value as int; whole floats and digits in a string are taken."""
    if type(value) is int:
        return value
    if type(value) is float:
        return int(value) if value.is_integer() else None
    if type(value) is str and len(value) <= MAX_DIGITS:
        try:
            return int(value)
        except ValueError:
            return None
    return None


def float_of(value: object) -> float | None:
    """Read a JSON value as a finite float."""
    if type(value) is str and len(value) <= MAX_DIGITS:
        try:
            value = float(value)
        except ValueError:
            return None
    return finite(value)


def finite(value: object) -> float | None:
    """Take an int or a finite float as it is."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    return value if type(value) is int else None


def per_second(count: object, length_s: float) -> float | None:
    """Read a count over a length of time as so many a second."""
    return count / length_s if type(count) is int else None


def nothing(value: object) -> None:
    """Take no value: it is of the wrong type."""


def known(value: object) -> object:
    """Take any value but Unknown."""
    return None if type(value) is Unknown else value


def list_of(kind: type | None) -> Callable[[object], list[object] | None]:
    """Give a reader of lists whose items are all of `kind` (None: of any)."""

    def read(value: object) -> list[object] | None:
        if type(value) is not list:
            return None
        if kind is not None and any(type(item) is not kind for item in value):
            return None
        return value

    return read


_PYTHON: Final[Mapping[str, type]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "dict": dict,
}
_COERCED: Final[Mapping[str, Callable[[object], object]]] = {
    "str": text_of,
    "int": int_of,
    "float": float_of,
}


def python_type(of: SmlType) -> str:
    """Name the Python type whose values need no second look, or nothing."""
    return of.base if of.base in _PYTHON else ""


def reader(of: SmlType, *, coerce: bool) -> Callable[[object], object]:
    """Give the function that reads a value whose Python type is not the obvious one."""
    if of.base == "list":
        inner = _PYTHON.get(of.item.base) if of.item else None
        return list_of(inner)
    if of.base == "float" and not coerce:
        return finite
    if of.base == "timedelta":
        return nothing  # JSON has no lengths of time
    if of.base not in _PYTHON:
        return known
    return _COERCED.get(of.base, nothing) if coerce else nothing


def as_text(value: object) -> str:
    """Write a value into an f-string."""
    return value if type(value) is str else str(value)
