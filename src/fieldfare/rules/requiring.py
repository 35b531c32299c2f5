"""`Require`: which files a line takes in, and under which condition.

A template, `f'actions/{ActionName}.sml'`, is one Require for each file it may come to, with the
condition that it does; where it names the event's kind alone, that is settled when rules load.
"""

import ast
import re
from collections.abc import Sequence
from typing import Final

from fieldfare.rules.checking import Scope, bind
from fieldfare.rules.definitions import Requirement
from fieldfare.rules.nodes import AllOf, Compare, Const, EventKind, Node, Text
from fieldfare.rules.signatures import Param
from fieldfare.rules.sml_types import BOOL, STR
from fieldfare.rules.written_arguments import read_arguments

_REQUIRE: Final = (
    Param(name="rule", type=STR),
    Param(name="require_if", type=BOOL, required=False),
)


def read_require(call: ast.Call, scope: Scope, files: Sequence[str]) -> list[Requirement]:
    """Read a Require; its file is a literal or a template."""
    bound = bind(call, "Require", _REQUIRE, scope)
    args = read_arguments(_REQUIRE, bound, scope) if bound is not None else None
    if bound is None or args is None:
        return []
    rule, condition = scope.resolved(args["rule"]), args.get("require_if")
    written = bound["rule"]
    if isinstance(rule, Const):
        if rule.value in files:
            return [Requirement(rule=rule, condition=condition)]
        scope.unknown(written, "file", str(rule.value), files)
    elif isinstance(rule, Text):
        return _template(rule, condition, written, scope, files)
    else:
        scope.problem(written, "rule is a file name or a template like f'{ActionName}.sml'")
    return []


def _template(
    rule: Text, condition: Node | None, written: ast.expr, scope: Scope, files: Sequence[str]
) -> list[Requirement]:
    parts = [part if isinstance(part, str) else scope.resolved(part) for part in rule.parts]
    fits = re.compile("".join(re.escape(part) if isinstance(part, str) else ".*" for part in parts))
    found = [file for file in files if fits.fullmatch(file)]
    if not found:
        scope.problem(written, "this template fits no file")
    elif all(isinstance(part, str | EventKind) for part in parts):
        _check_kinds(parts, written, scope, files)
    place = scope.place(written)
    requirements = []
    for file in found:
        name = Const(STR, place, file)
        is_it: Node = Compare(BOOL, place, "==", rule, name)
        both = AllOf(BOOL, place, (condition, is_it)) if condition is not None else is_it
        requirements.append(Requirement(rule=name, condition=both))
    return requirements


def _check_kinds(
    parts: Sequence[object], written: ast.expr, scope: Scope, files: Sequence[str]
) -> None:
    """Note a template over the event's kind that fits a file for no kind there is."""
    for kind in scope.vocabulary.event_kinds:
        if "".join(part if isinstance(part, str) else kind for part in parts) in files:
            return
    scope.foreign(written, "this template fits no file, whatever the event's kind")
