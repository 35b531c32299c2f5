"""What could not be decided where something threw: from labels of errors to effects.

In flows a compiled function, as text, and the label under which it noted an error (what stands
before its first colon); out flow the places of the WhenRules whose conditions rest on what threw,
through features and other rules too.
Read from the generated code itself, so that nothing it shares is forgotten; on the first error only
and once a label, so that rules that throw nothing pay nothing.
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

_ERRORS: Final = "errors"
_DEEDS: Final = "deeds"
NOTHING: Final[frozenset[int]] = frozenset()


class Aftermath:
    """The way from errors of one compiled function to the deeds that rest on them.

    python: its text. evaluate: the function itself, which knows the objects behind the names.
    """

    def __init__(self, python: str, evaluate: Callable[..., Any]) -> None:
        self._python = python
        self._names: Mapping[str, object] = getattr(evaluate, "__globals__", {})
        self._steps: _Steps | None = None
        self._found: dict[str, frozenset[int]] = {}

    def deeds(self, label: str) -> frozenset[int]:
        """Give the places of the WhenRules that something noted under a label may have kept away.

        What threw while words or arguments were gathered kept none away: its rule had fired.
        """
        if label not in self._found:
            if self._steps is None:
                self._steps = _Steps(self._python, self._names)
            self._found[label] = self._steps.deeds(label)
        return self._found[label]


class _Steps:
    """What each statement writes, and where each variable is read."""

    def __init__(self, python: str, names: Mapping[str, object]) -> None:
        self._thrown: defaultdict[str, set[str]] = defaultdict(set)
        self._leads: defaultdict[str, set[str]] = defaultdict(set)
        self._deeds: defaultdict[str, set[int]] = defaultdict(set)
        (function,) = ast.parse(python).body[:1]
        for statement in function.body if isinstance(function, ast.FunctionDef) else ():
            self._take(statement, names)

    def deeds(self, label: str) -> frozenset[int]:
        """Follow what threw through every variable that rests on it."""
        waiting, seen = list(self._thrown.get(label, ())), set[str]()
        found: set[int] = set()
        while waiting:
            variable = waiting.pop()
            if variable not in seen:
                seen.add(variable)
                found |= self._deeds.get(variable, NOTHING)
                waiting += self._leads.get(variable, ())
        return frozenset(found)

    def _take(self, statement: ast.stmt, names: Mapping[str, object]) -> None:
        if isinstance(statement, ast.If) and (done := list(_places(statement))):
            for variable in _variables(statement.test, ast.Load):
                self._deeds[variable].update(done)
            return
        written = set(_variables(statement, ast.Store))
        for variable in _variables(statement, ast.Load):
            self._leads[variable] |= written
        for label in _labels(statement, names):
            self._thrown[label] |= written


def _variables(within: ast.AST, use: type[ast.expr_context]) -> Iterator[str]:
    for node in ast.walk(within):
        if isinstance(node, ast.Name) and isinstance(node.ctx, use) and node.id[:1] == "v":
            yield node.id


def _places(statement: ast.If) -> Iterator[int]:
    """Name the deeds a statement adds: `deeds.append((3, ...))`."""
    for node in ast.walk(statement):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=to)),
                args=[ast.Tuple(elts=[ast.Constant(value=int(at)), *_])],
            ) if to == _DEEDS:
                yield at


def _labels(statement: ast.stmt, names: Mapping[str, object]) -> Iterator[str]:
    """Name the labels a statement may note: of `note(errors, label, ...)`, and of fences."""
    for node in ast.walk(statement):
        match node:
            case ast.Call(func=ast.Name(id=called), args=[ast.Name(id=first), *rest]) if (
                first == _ERRORS
            ):
                label = names.get(rest[0].id) if rest and isinstance(rest[0], ast.Name) else None
                fence = getattr(names.get(called), "__name__", "")
                yield (label if isinstance(label, str) else fence).partition(":")[0]
