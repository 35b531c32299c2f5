"""The static types of the language. Any value may be Unknown, so Optional[T] is the same as T."""

import ast
from dataclasses import dataclass
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
    """A type: `item` is what a list holds or the id type of an entity; `entity` its kind."""

    base: Base
    item: "SmlType | None" = None
    entity: str = ""

    def __str__(self) -> str:
        if self.base == "list":
            return f"list[{self.item}]" if self.item else "list"
        if self.base == "entity":
            return f"Entity[{self.item}]"
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
_TRANSPARENT: Final = frozenset({"Optional", "ExtractLiteral", "Secret", "ExtractSecret"})


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


def read_annotation(written: ast.expr) -> SmlType | None:  # noqa: PLR0911 -- one way out a form
    """Read `int`, `Optional[str]`, `List[str]`, `Entity[int]`, ...; None if it is none of these."""
    if isinstance(written, ast.Name):
        return BY_NAME.get(written.id)
    if not isinstance(written, ast.Subscript) or not isinstance(written.value, ast.Name):
        return None
    outer = written.value.id
    if outer in {"Dict", "dict"}:
        return DICT
    inner = read_annotation(written.slice)
    if inner is None:
        return None
    if outer in _TRANSPARENT:
        return inner
    if outer in {"List", "list"}:
        return SmlType("list", inner)
    return SmlType("entity", inner) if outer == "Entity" else None
