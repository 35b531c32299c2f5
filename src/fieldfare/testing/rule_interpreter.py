"""Two little interpreters of the rule language, to hold the compiler to: one a null semantics.

In: an expression as a tree and the data of an event. Out: what it is worth, by walking the tree.
They share nothing with the compiler: no types, no guards, no code.
"""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

MISSING: Final = "there is no value"
"""Unknown under `safe`, failed under `osprey`; told from None, which `osprey` takes for a value."""
_MOST_BITS: Final = 1_024


class TooLarge(Exception):
    """A number is beyond what a rule may compute: the rule that meets it has broken."""


@dataclass(frozen=True)
class Tree:
    """An expression. op: what it does; written: its source; name: of a feature; value: literal."""

    op: str
    written: str
    parts: "tuple[Tree, ...]" = ()
    name: str = ""
    value: Any = None


_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MADE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


def _number(value: Any) -> Any:  # noqa: ANN401 -- any value of the language
    is_bad = isinstance(value, float) and not math.isfinite(value)
    return MISSING if is_bad else value


def _made(op: str, left: Any, right: Any, *, by_zero: object) -> Any:  # noqa: ANN401 -- likewise
    if op in {"/", "//", "%"} and right == 0:
        return by_zero
    if op == "*" and _bits(left) + _bits(right) > _MOST_BITS:
        raise TooLarge
    try:
        return _number(_MADE[op](left, right))
    except OverflowError as e:
        raise TooLarge from e


def _bits(value: float) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _read(kind: str, raw: object, *, is_lax: bool) -> object:
    """Read raw JSON as a type with coercion; `is_lax` is Osprey's, which takes more."""
    if isinstance(raw, bool):
        return {"bool": raw, "str": str(raw) if is_lax else MISSING}.get(kind, MISSING)
    if kind == "bool":
        return bool(raw) if is_lax else MISSING
    if kind == "str":
        is_plain = isinstance(raw, str | int | float)
        return str(raw) if is_plain or is_lax else MISSING
    if kind == "list":
        return _as_texts(raw, is_lax=is_lax)
    if not isinstance(raw, str | int | float):
        return MISSING
    return _as_number(kind, raw, is_lax=is_lax)


def _as_texts(raw: object, *, is_lax: bool) -> object:
    if not isinstance(raw, list):
        return MISSING
    items = [
        item if isinstance(item, str) or not is_lax else MISSING if item is None else str(item)
        for item in raw
    ]
    return items if all(type(item) is str and item is not MISSING for item in items) else MISSING


def _as_number(kind: str, raw: float | str, *, is_lax: bool) -> object:
    try:
        found: float = float(raw) if kind == "float" and not isinstance(raw, int) else int(raw)
    except (ValueError, OverflowError):
        return MISSING
    if kind == "int" and isinstance(raw, float) and found != raw and not is_lax:
        return MISSING
    return _number(found)


class Interpreter(Protocol):
    """Walks a tree for one event."""

    def worth(self, tree: Tree) -> Any:  # noqa: ANN401 -- any value of the language
        """Give what an expression is worth; MISSING if there is nothing. Raises TooLarge."""


class SafeInterpreter:
    """Three truth values; MISSING is Unknown."""

    def __init__(self, kinds: Mapping[str, str], data: Mapping[str, object]) -> None:
        self._kinds = kinds
        self._data = data

    def worth(self, tree: Tree) -> Any:  # noqa: ANN401, PLR0911 -- one case an operator
        match tree.op:
            case "literal":
                return tree.value
            case "feature":
                return self._feature(tree.name)
            case "and" | "or":
                values = [self.worth(part) for part in tree.parts]
                decides = tree.op == "or"
                if any(value is decides for value in values):
                    return decides
                return MISSING if MISSING in values else not decides
            case "there" | "missing":
                return (self.worth(tree.parts[0]) is MISSING) == (tree.op == "missing")
            case "default":
                first = self.worth(tree.parts[0])
                return self.worth(tree.parts[1]) if first is MISSING else first
        values = [self.worth(part) for part in tree.parts]
        if any(value is MISSING for value in values):
            return MISSING
        return _plainly(tree.op, values, by_zero=MISSING)

    def _feature(self, name: str) -> object:
        raw = self._data.get(name)
        kind = self._kinds[name].removeprefix("?")
        return MISSING if raw is None else _read(kind, raw, is_lax=False)


class OspreyInterpreter:
    """MISSING has failed; None is a value of an Optional feature."""

    def __init__(self, kinds: Mapping[str, str], data: Mapping[str, object]) -> None:
        self._kinds = kinds
        self._data = data

    def worth(self, tree: Tree) -> Any:  # noqa: ANN401, PLR0911 -- one case an operator
        match tree.op:
            case "literal":
                return tree.value
            case "feature":
                raw, kind = self._data.get(tree.name), self._kinds[tree.name]
                if raw is None:
                    return None if kind.startswith("?") else MISSING
                return _read(kind.removeprefix("?"), raw, is_lax=True)
            case "and":
                return all(self._tolerant(part) for part in tree.parts)
            case "or":
                return any(self._tolerant(part) for part in tree.parts)
            case "there" | "missing":
                return (self._tolerant(tree.parts[0]) is None) == (tree.op == "missing")
            case "default":
                first = self._tolerant(tree.parts[0])
                second = self._tolerant(tree.parts[1])
                chosen = second if first is None else first
                return MISSING if chosen is None else chosen
            case "==" | "!=":
                left, right = (self._tolerant(part) for part in tree.parts)
                return (left == right) == (tree.op == "==")
            case "in" | "not in":
                return self._contained(tree)
        return self._strictly(tree)

    def _tolerant(self, tree: Tree) -> Any:  # noqa: ANN401 -- any value of the language
        found = self.worth(tree)
        return None if found is MISSING else found

    def _contained(self, tree: Tree) -> object:
        left, right = self._tolerant(tree.parts[0]), self.worth(tree.parts[1])
        if right is MISSING:
            return MISSING
        is_none_in = isinstance(right, list) and None in right
        is_in = is_none_in if left is None else left in right
        return is_in == (tree.op == "in")

    def _strictly(self, tree: Tree) -> Any:  # noqa: ANN401 -- any value of the language
        values = [self.worth(part) for part in tree.parts]
        if any(value is MISSING for value in values):
            return MISSING
        if tree.op == "not":
            return not values[0]
        if any(value is None for value in values):
            return False if tree.op in _ORDER else MISSING
        return _plainly(tree.op, values, by_zero=0)


def _plainly(op: str, values: list[Any], *, by_zero: object) -> Any:  # noqa: ANN401, PLR0911 -- one case an operator
    match op:
        case "not":
            return not values[0]
        case "-1":
            return -values[0]
        case "length":
            return len(values[0])
        case "list":
            return list(values)
        case "==" | "!=":
            return (values[0] == values[1]) == (op == "==")
        case "in" | "not in":
            return (values[0] in values[1]) == (op == "in")
        case _ if op in _ORDER:
            return _ORDER[op](values[0], values[1])
        case _:
            return _made(op, values[0], values[1], by_zero=by_zero)
