"""How values enter a function compiled under `osprey`, and the operators that differ there.

Coercion is that of Osprey: anything but null can be made a str or a bool, a number with a fraction
becomes an int without it. What cannot be read has failed: None where null is no value, FAILED where
it is one. A number that is not finite has failed too; JSON has none.
"""

import math
from collections.abc import Callable, Container, Mapping
from typing import Final

from fieldfare.rules.sml_types import SmlType
from fieldfare.rules.strings import number


class _Failed:
    """The value of an Optional feature that could not be read; false, and equal to nothing."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "FAILED"


FAILED: Final = _Failed()


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _truth(value: object) -> bool | None:
    return None if value is None else bool(value)


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, str | float | int):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | float | int):
        return None
    if isinstance(value, int):
        return value
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _dict(value: object) -> object:
    return value if type(value) is dict else None


_COERCED: Final[Mapping[str, Callable[[object], object]]] = {
    "str": _text,
    "bool": _truth,
    "int": _whole,
    "float": _number,
    "dict": _dict,
}
_EXACT: Final[Mapping[str, tuple[type, ...]]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "dict": (dict,),
}


def osprey_reader(of: SmlType, *, coerce: bool) -> Callable[[object], object]:
    """Give the function that reads a JSON value as a type; None where it fails."""
    if of.base == "list":
        return _list_reader(osprey_reader(of.item, coerce=coerce) if of.item else None)
    if coerce:
        return _COERCED.get(of.base, lambda value: value)
    kinds = _EXACT.get(of.base)
    return lambda value: value if kinds is None or type(value) in kinds else None


def _list_reader(item: Callable[[object], object] | None) -> Callable[[object], object]:
    def read(value: object) -> object:
        if type(value) is not list:
            return None
        if item is None:
            return value
        items = [item(one) for one in value]
        return None if any(one is None for one in items) else items

    return read


def optional_reader(read: Callable[[object], object]) -> Callable[[object], object]:
    """Give a reader of an Optional feature: null is None, what cannot be read is FAILED."""

    def read_optional(value: object) -> object:
        if value is None:
            return None
        found = read(value)
        return FAILED if found is None else found

    return read_optional


def contains(left: object, right: Container[object] | None) -> bool:
    """Tell whether left is in a list or a text, where either may be None."""
    if left is None:
        return right is None or (type(right) is list and None in right)
    return right is not None and left in right


def divided(op: str, left: float, right: float) -> float | None:
    """Divide; by zero it is 0. None where the result is no finite number."""
    if right == 0:
        return 0
    return number(left / right if op == "/" else left // right if op == "//" else left % right)
