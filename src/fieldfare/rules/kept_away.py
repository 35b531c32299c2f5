"""What something that threw kept away: from the label of an error to the effects that rest on it.

In flow compiled functions, as text, and the label under which one of them noted an error (what
stands before its first colon); out flow the places of the WhenRules whose conditions rest on what
threw, through features, other rules, counters and labels too.
Read from the generated code itself, so that nothing it shares is forgotten; on the first error only
and once a label, so that rules that throw nothing pay nothing.
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_ERRORS: Final = "errors"
_DEEDS: Final = "deeds"
_EVALUATE: Final = "evaluate"
NOTHING: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A compiled function and its text. It knows the objects behind the names in the text."""

    python: str
    compiled: Callable[..., Any]


class KeptAway:
    """The way from errors of an event kind's functions to the deeds that rest on them.

    evaluate: gives the deeds. before: under the name by which it reads their answers, place by
    place, the functions that run before it.
    """

    def __init__(self, evaluate: Generated, before: Mapping[str, Generated]) -> None:
        self._functions = {**before, _EVALUATE: evaluate}
        self._steps: _Steps | None = None
        self._found: dict[str, frozenset[int] | None] = {}

    def deeds(self, label: str) -> frozenset[int] | None:
        """Give the places of the WhenRules that something noted under a label may have kept away.

        What threw while words or arguments were gathered kept none away: its rule had fired. None
        for a label that no function notes anything under: it may have kept away any.
        """
        if label not in self._found:
            if self._steps is None:
                self._steps = _Steps(self._functions)
            self._found[label] = self._steps.deeds(label)
        return self._found[label]


class _Steps:
    """What each statement writes, and where each variable is read.

    A variable is known by its function, too; an answer by its place, as in `counts[2]`.
    """

    def __init__(self, functions: Mapping[str, Generated]) -> None:
        self._thrown: dict[str, set[str]] = {}
        self._leads: defaultdict[str, set[str]] = defaultdict(set)
        self._deeds: defaultdict[str, set[int]] = defaultdict(set)
        for name, function in functions.items():
            names: Mapping[str, object] = getattr(function.compiled, "__globals__", {})
            (written,) = ast.parse(function.python).body[:1]
            for statement in written.body if isinstance(written, ast.FunctionDef) else ():
                if isinstance(statement, ast.Return):
                    self._answers(name, statement)
                else:
                    self._take(name, statement, names)

    def deeds(self, label: str) -> frozenset[int] | None:
        """Follow what threw through every variable that rests on it."""
        if label not in self._thrown:
            return None
        waiting, seen = list(self._thrown[label]), set[str]()
        found: set[int] = set()
        while waiting:
            variable = waiting.pop()
            if variable not in seen:
                seen.add(variable)
                found |= self._deeds.get(variable, NOTHING)
                waiting += self._leads.get(variable, ())
        return frozenset(found)

    def _take(self, function: str, statement: ast.stmt, names: Mapping[str, object]) -> None:
        read = {f"{function}.{name}" for name in _variables(statement, ast.Load)}
        written = {f"{function}.{name}" for name in _variables(statement, ast.Store)}
        read.update(_places(statement))
        if isinstance(statement, ast.If) and (done := list(_deeds(statement))):
            written = set()  # the deed is there, and so is whatever it is captured with
            for name in _variables(statement.test, ast.Load):
                self._deeds[f"{function}.{name}"].update(done)
        for variable in read:
            self._leads[variable] |= written
        for label in _labels(statement, names):
            self._thrown.setdefault(label, set()).update(written)

    def _answers(self, function: str, statement: ast.Return) -> None:
        """Lead what a function that runs before gives to where its answers are read."""
        match statement.value:
            case ast.Tuple(elts=[ast.Tuple(elts=answers), ast.Name(id=last)]) if last == _ERRORS:
                for at, answer in enumerate(answers):
                    for name in _variables(answer, ast.Load):
                        self._leads[f"{function}.{name}"].add(f"{function}[{at}]")


def _variables(within: ast.AST, use: type[ast.expr_context]) -> Iterator[str]:
    for node in ast.walk(within):
        if isinstance(node, ast.Name) and isinstance(node.ctx, use) and node.id[:1] == "v":
            yield node.id


def _places(statement: ast.stmt) -> Iterator[str]:
    """Name the answers a statement reads: `counts[2]`."""
    for node in ast.walk(statement):
        match node:
            case ast.Subscript(value=ast.Name(id=of), slice=ast.Constant(value=int(at))):
                yield f"{of}[{at}]"


def _deeds(statement: ast.If) -> Iterator[int]:
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
