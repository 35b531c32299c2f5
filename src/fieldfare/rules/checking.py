"""What every part of the checker works with: the vocabulary, the problems, the names in sight."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from fieldfare.kernel import did_you_mean
from fieldfare.rules.definitions import Declared, Definition, key_of
from fieldfare.rules.label_terms import LabelTerms
from fieldfare.rules.manifest import Semantics
from fieldfare.rules.nodes import Const, ListOf, Name, Node
from fieldfare.rules.problems import Place, ProblemList
from fieldfare.rules.signatures import Param
from fieldfare.rules.sml_types import RULE, SmlType, accepts
from fieldfare.rules.source_files import SourceFile
from fieldfare.rules.vocabulary import Vocabulary

Read: TypeAlias = "Callable[[ast.expr, Scope], Node | None]"
"""What checks an expression within a scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A file being checked and what it can see.

    define: gives the checked definition of a key, or None if that has a problem of its own.
    in_sight: the files whose names may be used; used: keys that were asked for. labels: those the
    rule set declares. banks: those it names. narrowed: names a condition before this place has
    found to be there, as in `X != None and X > 3`.
    """

    file: SourceFile
    vocabulary: Vocabulary
    problems: ProblemList
    declared: Mapping[str, Declared]
    in_sight: frozenset[str]
    define: Callable[[str], Definition | None]
    used: set[str]
    labels: Mapping[str, LabelTerms]
    semantics: Semantics = "safe"
    narrowed: set[str] = field(default_factory=set)
    banks: set[str] = field(default_factory=set)

    def place(self, node: ast.expr | ast.stmt | ast.keyword) -> Place:
        return self.file.place(node)

    def problem(self, at: ast.expr | ast.stmt | ast.keyword, message: str, hint: str = "") -> None:
        self.problems.add(self.place(at), message, hint)

    def foreign(self, at: ast.expr, message: str, hint: str = "") -> None:
        """Note what is a mistake here, and under `osprey` may come from where the rules were."""
        if self.semantics == "osprey":
            self.problems.warn(self.place(at), message, hint)
        else:
            self.problem(at, message, hint)

    def unknown(
        self, at: ast.expr, what: str, name: str, known: Iterable[str], hint: str = ""
    ) -> None:
        """Note an unknown name with the closest known one, or the hint where none is close."""
        self.problem(at, f"unknown {what} {name!r}", did_you_mean(name, known) or hint)

    def lookup(self, written: ast.Name) -> Definition | None:
        """Find what a name stands for; notes a problem if it is not in sight."""
        key = key_of(written.id, self.file.name)
        declared = self.declared.get(key)
        if declared is None:
            names = [
                other.name for other in self.declared.values() if other.file.name in self.in_sight
            ]
            self.unknown(written, "name", written.id, names)
            return None
        if declared.file.name not in self.in_sight:
            hint = f"It is defined in {declared.file.name}: Import(rules=[{declared.file.name!r}])."
            self.problem(written, f"{written.id} is not imported here", hint)
            return None
        self.used.add(key)
        held = set(self.narrowed)
        self.narrowed.clear()  # what is known here says nothing of how the name is defined
        try:
            return self.define(key)
        finally:
            self.narrowed.update(held)

    def refuses_optional(self, node: Node, want: SmlType | None = None) -> bool:
        """Tell whether null would come where a value is worked with, as `osprey` does not allow."""
        is_wanted = want is not None and want.optional
        return self.semantics == "osprey" and node.type.optional and not is_wanted

    def is_there(self, node: Node, written: ast.expr) -> bool:
        """Note a problem where a value that may be None is worked with under `osprey`."""
        if not self.refuses_optional(node):
            return True
        name = written.id if isinstance(written, ast.Name) else "X"
        hint = f"Write `{name} != None and ...` before it, or use ResolveOptional."
        self.problem(written, "this may be None (it is Optional)", hint)
        return False

    def resolved(self, node: Node | None) -> Node | None:
        """Follow names to what they stand for."""
        for _ in range(len(self.declared) + 1):
            if not isinstance(node, Name):
                break
            found = self.define(node.key)
            node = found.node if found else None
        return node


def bind(
    call: ast.Call, name: str, params: Sequence[Param], scope: Scope, *, by_place: bool = False
) -> dict[str, ast.expr] | None:
    """Match the arguments of a call with parameters; None after noting what does not fit."""
    bound: dict[str, ast.expr] = {}
    known = [param.name for param in params]
    is_fine = True
    for at, argument in enumerate(call.args):
        if by_place and at < len(known):
            bound[known[at]] = argument
        else:
            hint = f"{name} takes {', '.join(f'{k}=' for k in known) or 'nothing'}."
            scope.problem(argument, "arguments are given by name", hint)
            is_fine = False
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in known:
            hint = did_you_mean(keyword.arg or "", known) or f"It takes: {', '.join(known)}."
            scope.problem(keyword, f"{name} has no argument {keyword.arg or '**'!r}", hint)
            is_fine = False
        elif keyword.arg in bound:
            scope.problem(keyword, f"{keyword.arg} is given twice")
            is_fine = False
        else:
            bound[keyword.arg] = keyword.value
    for param in params:
        if _is_left_out(param, bound.get(param.name)):
            del bound[param.name]
    missing = [param.name for param in params if param.required and param.name not in bound]
    if missing and is_fine:
        scope.problem(call, f"{name} lacks {', '.join(f'{m}=' for m in missing)}")
    return bound if is_fine and not missing else None


def _is_left_out(param: Param, written: ast.expr | None) -> bool:
    """Tell whether an argument is the word None, given to what is None unless it is given.

    Not so `apply_if=None`, which in Osprey keeps the effect from happening: it is no rule.
    """
    is_none = isinstance(written, ast.Constant) and written.value is None
    return is_none and not param.required and param.default is None and param.type != RULE


def checked(param: Param, node: Node | None, written: ast.expr, scope: Scope) -> Node | None:  # noqa: PLR0911 -- one way out a problem
    """Check one argument against its parameter; literals are resolved through names."""
    if node is None:
        return None
    if not accepts(param.type, node.type):
        scope.problem(written, f"{param.name} takes {param.type}, this is {node.type}")
        return None
    if not param.takes_none and not scope.is_there(node, written):
        return None
    if not param.const:
        return node
    found = scope.resolved(node)
    if isinstance(found, ListOf) and param.type.base == "list":
        items = [scope.resolved(item) for item in found.items]
        if all(isinstance(item, Const) for item in items):
            return ListOf(found.type, found.place, tuple(item for item in items if item))
    elif isinstance(found, Const):
        if param.choices and found.value not in param.choices:
            hint = did_you_mean(str(found.value), param.choices)
            scope.problem(
                written,
                f"{param.name} is one of {', '.join(map(repr, param.choices))}",
                hint,
            )
            return None
        return found
    scope.problem(written, f"{param.name} must be a literal", "It is read when the rules load.")
    return None
