"""A regular expression as a small tree: what Python's parser reads, in our own words.

Python's `re._parser` is private and untyped; this module is its one adapter. Each piece carries the
text that means the same in RE2, as far as there is one.
"""

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

_PARSER: Final = importlib.import_module("re._parser")
_INFINITE: Final = 4_294_967_295
_MAX_OPTIONS: Final = 4
_SETS: Final = {
    "CATEGORY_DIGIT": r"\p{Nd}",
    "CATEGORY_NOT_DIGIT": r"\P{Nd}",
    "CATEGORY_SPACE": r"\t-\r\x1c-\x20\x{85}\p{Z}",
    "CATEGORY_WORD": r"\p{L}\p{N}_",
}
_NEGATED: Final = {
    "CATEGORY_NOT_SPACE": _SETS["CATEGORY_SPACE"],
    "CATEGORY_NOT_WORD": _SETS["CATEGORY_WORD"],
}


class Untranslatable(Exception):
    """A part of a pattern has no equal in RE2; `hint` says what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Char:
    """One character. options: the few it can be, () if many; in_re2: "" if RE2 has no equal."""

    options: tuple[str, ...]
    in_re2: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A place between characters: "AT_BEGINNING", "AT_END", "AT_BOUNDARY", ..."""

    kind: str


@dataclass(frozen=True, slots=True)
class Repeat:
    low: int
    high: int | None
    body: "Sequence_"


@dataclass(frozen=True, slots=True)
class Choice:
    branches: "tuple[Sequence_, ...]"


Piece: TypeAlias = Char | Edge | Repeat | Choice
Sequence_: TypeAlias = tuple[Piece, ...]


def read_tree(text: str, *, case_insensitive: bool) -> Sequence_:
    """Read a valid pattern. Raises Untranslatable for flags inside it and unknown parts."""
    parsed = _PARSER.parse(text)
    if parsed.state.flags & ~re.UNICODE:
        raise Untranslatable(
            "flags inside a pattern are not supported",
            "Say case_insensitive=True instead of (?i).",
        )
    return _sequence(parsed, case_insensitive=case_insensitive)


def _sequence(items: Sequence[tuple[object, Any]], *, case_insensitive: bool) -> Sequence_:
    pieces: list[Piece] = []
    for op, argument in items:
        match str(op):
            case "SUBPATTERN":
                _, add, remove, body = argument
                if add or remove:
                    raise Untranslatable("flags for a part of a pattern are not supported")
                pieces += _sequence(body, case_insensitive=case_insensitive)
            case "MAX_REPEAT" | "MIN_REPEAT":
                low, high, body = argument
                within = _sequence(body, case_insensitive=case_insensitive)
                pieces.append(Repeat(low, None if high >= _INFINITE else high, within))
            case "BRANCH":
                branches = (_sequence(b, case_insensitive=case_insensitive) for b in argument[1])
                pieces.append(Choice(tuple(branches)))
            case "AT":
                pieces.append(Edge(str(argument)))
            case name:
                pieces.append(_char(name, argument, case_insensitive=case_insensitive))
    return tuple(pieces)


def _char(op: str, argument: Any, *, case_insensitive: bool) -> Char:  # noqa: ANN401 -- sre's own
    match op:
        case "LITERAL":
            return Char((chr(argument),), f"[{_range(argument, argument, case_insensitive)}]")
        case "NOT_LITERAL":
            return Char((), f"[^{_range(argument, argument, case_insensitive)}]")
        case "ANY":
            return Char((), r"[^\n]")
        case "IN":
            return _char_set(argument, case_insensitive=case_insensitive)
        case _:
            raise Untranslatable(f"{op.lower()} is not supported in a pattern")


def _char_set(items: Sequence[tuple[object, Any]], *, case_insensitive: bool) -> Char:
    ops = [str(op) for op, _ in items]
    if ops == ["CATEGORY"] and str(items[0][1]) in _NEGATED:
        return Char((), f"[^{_NEGATED[str(items[0][1])]}]")
    written = ""
    for op, argument in items:
        match str(op):
            case "LITERAL":
                written += _range(argument, argument, case_insensitive)
            case "RANGE":
                written += _range(argument[0], argument[1], case_insensitive)
            case "CATEGORY" if str(argument) in _SETS:
                written += _SETS[str(argument)]
            case "NEGATE":
                written += "^"
            case _:
                return Char((), "")
    is_few = all(op == "LITERAL" for op in ops) and len(items) <= _MAX_OPTIONS
    return Char(tuple(chr(a) for _, a in items) if is_few else (), f"[{written}]")


def _range(low: int, high: int, case_insensitive: bool) -> str:  # noqa: FBT001 -- three in a row
    written = rf"\x{{{low:x}}}" if low == high else rf"\x{{{low:x}}}-\x{{{high:x}}}"
    has_i = low <= ord("i") <= high or low <= ord("I") <= high
    return written + r"\x{130}\x{131}" if case_insensitive and has_i else written


def re2_text(pieces: Sequence_, *, last: bool = True) -> str:
    """Write the pieces for RE2 with Python's meaning. Raises Untranslatable."""
    written = ""
    for at, piece in enumerate(pieces):
        is_last = last and at == len(pieces) - 1
        match piece:
            case Char(in_re2=in_re2):
                if not in_re2:
                    raise Untranslatable("it has a negated class within a class")
                written += in_re2
            case Edge(kind="AT_BEGINNING" | "AT_BEGINNING_STRING"):
                written += r"\A"
            case Edge(kind="AT_END_STRING"):
                written += r"\z"
            case Edge(kind="AT_END") if is_last:
                written += r"\n?\z"
            case Edge(kind=kind):
                sign = "$ in its middle" if kind == "AT_END" else r"\b or \B"
                raise Untranslatable(f"RE2 has no equal to {sign}")
            case Choice(branches=branches):
                texts = (re2_text(branch, last=is_last) for branch in branches)
                written += f"(?:{'|'.join(texts)})"
            case Repeat(low=low, high=high, body=body):
                times = f"{{{low},{'' if high is None else high}}}"
                written += f"(?:{re2_text(body, last=False)}){times}"
    return written
