"""Functions that installed packages bring to the language, found by their entry points.

A package names a Function, or a sequence of them, in the entry point group
`fieldfare.rule_functions`. What cannot be taken is left out and said in `failures`: a broken
package never keeps a rule set from loading that does not use it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from fieldfare.rules.functions import FUNCTIONS, SYNTAX
from fieldfare.rules.signatures import AnyFunction, Function, FunctionRefused

GROUP: Final = "fieldfare.rule_functions"
_STATEMENTS: Final = frozenset({"Import", "Require", "WhenRules"})


@dataclass(frozen=True, slots=True)
class Extensions:
    """The functions found, by name, and in words what could not be taken."""

    functions: Mapping[str, AnyFunction]
    failures: tuple[str, ...]


def known_functions() -> Mapping[str, AnyFunction]:
    """Give the standard functions and those of installed packages, by name."""
    return {**installed().functions, **FUNCTIONS}


@cache
def installed() -> Extensions:
    """Find what installed packages bring; asked once a process."""
    return found_in(entry_points(group=GROUP))


def found_in(points: Iterable[EntryPoint]) -> Extensions:
    """Load entry points, in the order of their names; the first of two equal names stays."""
    functions: dict[str, AnyFunction] = {}
    failures = []
    for point in sorted(points, key=lambda p: (p.name, p.value)):
        origin = point.dist.name if point.dist else point.value
        try:
            for function in _loaded(point):
                _refuse_taken(function.name, functions)
                functions[function.name] = replace(function, guarded=True, origin=origin)
        except Exception as e:  # noqa: BLE001 -- another package's code; it is told, not raised
            failures.append(f"{origin}, {point.value}: {type(e).__name__}: {e}")
    return Extensions(functions, tuple(failures))


def _loaded(point: EntryPoint) -> Iterator[AnyFunction]:
    thing = point.load()
    listed = thing if isinstance(thing, Sequence) else [thing]
    for function in listed:
        if not isinstance(function, Function):
            raise FunctionRefused(
                f"{type(function).__name__} is no function of the language",
                hint="Make it with fieldfare.rules.function.",
            )
        yield function


def _refuse_taken(name: str, others: Mapping[str, AnyFunction]) -> None:
    if name in FUNCTIONS or name in SYNTAX or name in _STATEMENTS:
        raise FunctionRefused(f"{name} is a word of the language already")
    if name in others:
        raise FunctionRefused(f"{name} is taken by {others[name].origin}")
