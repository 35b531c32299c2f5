"""The static types of the language.

Any value may be missing, so Optional[T] is T with a mark: `safe` does not look at it, under
`osprey` it says that null is a value.
"""

import ast
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

Base: TypeAlias = Literal[
    "str",
    "int",
    "float",
    "bool",
    "list",
    "dict",
    "entity",
    "timedelta",
    "rule",
    "effect",
    "any",
    "none",
]


@dataclass(frozen=True, slots=True)
class SmlType:
    """A type: `item` is what a list holds or the id type of an entity; `entity` its kind.

    optional: written Optional[T]. secret: written Secret[T], or made of what is; never shown. Both
    are marks, not part of equality.
    """

    base: Base
    item: "SmlType | None" = None
    entity: str = ""
    optional: bool = field(default=False, compare=False)
    secret: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        if self.base == "list":
            return f"list[{self.item}]" if self.item else "list"
        if self.base == "entity":
            return f"Entity[{self.item or ANY}]"
        return _WRITTEN.get(self.base, self.base)


_WRITTEN: Final = {
    "none": "None",
    "rule": "Rule",
    "effect": "an effect",
    "timedelta": "TimeDelta",
}

STR: Final = SmlType("str")
INT: Final = SmlType("int")
FLOAT: Final = SmlType("float")
BOOL: Final = SmlType("bool")
DICT: Final = SmlType("dict")
LIST: Final = SmlType("list")
STRINGS: Final = SmlType("list", STR)
RULE: Final = SmlType("rule")
EFFECT: Final = SmlType("effect")
NONE: Final = SmlType("none")
ANY: Final = SmlType("any")
TIMEDELTA: Final = SmlType("timedelta")
"""A length of time; whole milliseconds inside."""

BY_NAME: Final = {
    "str": STR,
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    "dict": DICT,
    "Dict": DICT,
    "list": LIST,
    "List": LIST,
    "Any": ANY,
    "TimeDelta": TIMEDELTA,
    "TimeDeltaT": TIMEDELTA,
}
_WRAPPERS: Final = frozenset({"ExtractLiteral", "Secret", "ExtractSecret"})


def unmarked(of: SmlType) -> SmlType:
    """Give a type that is surely there: the same without the mark of Optional."""
    return replace(of, optional=False) if of.optional else of


def plain(of: SmlType) -> SmlType:
    """See through entities to their id, and through rules to the truth they stand for."""
    if of.base == "entity":
        return of.item or ANY
    return BOOL if of.base == "rule" else of


def accepts(want: SmlType, got: SmlType) -> bool:
    """Tell whether a value of type `got` may stand where `want` is asked for."""
    if "any" in {want.base, got.base}:
        return True
    if want.base == "entity":
        return got.base == "entity"
    want, got = plain(want), plain(got)
    if want.base == "float" and got.base == "int":
        return True
    if want.base == "list" and got.base == "list" and want.item and got.item:
        return accepts(want.item, got.item)
    return want.base == got.base


def comparable(left: SmlType, right: SmlType) -> bool:
    """Tell whether two values can be compared at all."""
    return accepts(left, right) or accepts(right, left) or accepts(plain(left), plain(right))


def is_number(of: SmlType) -> bool:
    return plain(of).base in {"int", "float", "any"}


def joined(types: list[SmlType]) -> SmlType | None:
    """Find the type that takes all of `types`, or None if they do not go together."""
    if not types:
        return ANY
    widest = types[0]
    for of in types[1:]:
        if not accepts(widest, of):
            if not accepts(of, widest):
                return None
            widest = of
    return widest


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """An annotation as written. wrapper: ExtractLiteral, Secret or ExtractSecret around it."""

    type: SmlType
    wrapper: str = ""


def read_annotation(written: ast.expr) -> Annotation | None:
    """Read `int`, `Optional[str]`, `str | None`, `List[str]`, `Secret[Entity[int]]`, ...

    None if it is none of these.
    """
    if isinstance(written, ast.Subscript) and isinstance(written.value, ast.Name):
        wrapper = written.value.id
        if wrapper in _WRAPPERS:
            inner = _type_of(written.slice)
            if inner is None:
                return None
            return Annotation(type=replace(inner, secret=wrapper == "Secret"), wrapper=wrapper)
    found = _type_of(written)
    return Annotation(type=found) if found else None


def _type_of(written: ast.expr) -> SmlType | None:  # noqa: PLR0911 -- one way out a form
    if isinstance(written, ast.Name):
        return BY_NAME.get(written.id)
    if isinstance(written, ast.BinOp) and isinstance(written.op, ast.BitOr):
        return _union([written.left, written.right])
    if not isinstance(written, ast.Subscript) or not isinstance(written.value, ast.Name):
        return None
    outer = written.value.id
    if outer in {"Dict", "dict"}:
        return DICT
    if outer == "Union" and isinstance(written.slice, ast.Tuple):
        return _union(written.slice.elts)
    inner = _type_of(written.slice)
    if inner is None:
        return None
    match outer:
        case "Optional":
            return replace(inner, optional=True)
        case "List" | "list":
            return SmlType("list", inner)
        case "Entity" | "EntityT":
            return SmlType("entity", inner)
        case _:
            return None


def _union(parts: list[ast.expr]) -> SmlType | None:
    """Read a union: with None it is Optional; of several types, any of them."""
    given = [p for p in parts if not (isinstance(p, ast.Constant) and p.value is None)]
    types = [_type_of(part) for part in given]
    found = [of for of in types if of is not None]
    if not found or len(found) < len(types):
        return None
    is_optional = len(given) < len(parts) or any(of.optional for of in found)
    return replace(found[0] if len(found) == 1 else ANY, optional=is_optional)
