"""Statements: `Import`, `Require` and `WhenRules` with its effects, checked."""

import ast
from collections.abc import Sequence
from typing import Final

from fieldfare.kernel import did_you_mean
from fieldfare.rules.checking import Scope, bind
from fieldfare.rules.definitions import When
from fieldfare.rules.durations import duration_ms
from fieldfare.rules.effect_table import EFFECTS, RESTRICT, EffectSpec
from fieldfare.rules.expressions import read
from fieldfare.rules.functions import Param
from fieldfare.rules.label_effects import LABEL_EFFECTS, label_effect
from fieldfare.rules.nodes import Const, EffectOf, Name, Node
from fieldfare.rules.policy_limits import too_grave
from fieldfare.rules.restricting import restrict_spec
from fieldfare.rules.sml_types import EFFECT, LIST, RULE
from fieldfare.rules.written_arguments import read_arguments

_IMPORT: Final = (Param(name="rules", type=LIST, const=True),)
_WHEN: Final = (Param(name="rules_any", type=LIST), Param(name="then", type=LIST))
_NO_EFFECT: Final = (
    f"Effects: {', '.join(EFFECTS)}. For a restriction of your own declare its kind in the pack, "
    f"under kinds: (docs/reference/policies.md), and write {RESTRICT}(kind=...)."
)
_STATEMENTS: Final = ("Import", "Require", "WhenRules")


def statement_of(statement: ast.stmt, scope: Scope) -> tuple[str, ast.Call] | None:
    """Tell which statement a line is; None after noting that it is none of the language's."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        func = statement.value.func
        if isinstance(func, ast.Name):
            if func.id in _STATEMENTS:
                return func.id, statement.value
            if func.id == "Rule":
                scope.problem(statement, "a rule needs a name", "Write `MyRule = Rule(...)`.")
                return None
            if func.id in EFFECTS:
                hint = "Put it into WhenRules(rules_any=[...], then=[...])."
                scope.problem(func, f"{func.id} stands alone", hint)
                return None
            scope.problem(
                func,
                f"{func.id} does nothing on a line of its own",
                did_you_mean(func.id, _STATEMENTS),
            )
            return None
    scope.problem(
        statement,
        "this statement is not in the language",
        "A file holds assignments, Import, Require and WhenRules.",
    )
    return None


def read_imports(call: ast.Call, scope: Scope, files: Sequence[str]) -> list[str]:
    """Read the file names of an Import; unknown ones are noted."""
    bound = bind(call, "Import", _IMPORT, scope)
    if bound is None:
        return []
    listed = bound["rules"]
    if not isinstance(listed, ast.List):
        scope.problem(listed, "rules is a list of file names", "Write rules=['models/base.sml'].")
        return []
    found = []
    for item in listed.elts:
        if not isinstance(item, ast.Constant) or not isinstance(item.value, str):
            scope.problem(item, "a file name is a literal here")
        elif item.value not in files:
            scope.unknown(item, "file", item.value, files)
        else:
            found.append(item.value)
    return found


def read_when(call: ast.Call, scope: Scope) -> When | None:
    """Read a WhenRules: rules by name, effects as calls or by name."""
    bound = bind(call, "WhenRules", _WHEN, scope)
    if bound is None:
        return None
    rules_any, then = bound["rules_any"], bound["then"]
    if not isinstance(rules_any, ast.List) or not isinstance(then, ast.List):
        scope.problem(
            call, "rules_any and then are lists", "Write rules_any=[A], then=[Hold(...)]."
        )
        return None
    rules = []
    for item in rules_any.elts:
        node = read(item, scope) if isinstance(item, ast.Name) else None
        if isinstance(node, Name) and node.type == RULE:
            rules.append(node)
        elif node is not None or not isinstance(item, ast.Name):
            scope.problem(item, "rules_any takes rules by name", "Write `R = Rule(...)` first.")
    effects = [effect for item in then.elts if (effect := _effect(item, scope))]
    if len(rules) < len(rules_any.elts) or len(effects) < len(then.elts):
        return None
    if not rules or not effects:
        scope.problem(call, "WhenRules needs at least one rule and one effect")
        return None
    return When(rules=tuple(rules), effects=tuple(effects), place=scope.place(call))


def _effect(written: ast.expr, scope: Scope) -> EffectOf | None:
    if isinstance(written, ast.Call):
        return read_effect(written, scope)
    node = read(written, scope) if isinstance(written, ast.Name) else None
    found = scope.resolved(node)
    if isinstance(found, EffectOf):
        return found
    if node is not None or not isinstance(written, ast.Name):
        scope.problem(written, "then takes effects", "Write for example Hold(policy='IN.SPAM').")
    return None


def read_effect(call: ast.Call, scope: Scope) -> EffectOf | None:  # noqa: PLR0911 -- one way out a problem
    """Check the call of an effect against its parameters and the vocabulary."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    spec = EFFECTS.get(name)
    if spec is None:
        scope.unknown(call.func, "effect", name, EFFECTS, _NO_EFFECT)
        return None
    if name == RESTRICT and (spec := restrict_spec(call, scope)) is None:
        return None
    bound = bind(call, name, spec.params, scope)
    args = read_arguments(spec.params, bound, scope) if bound is not None else None
    if bound is None or args is None:
        return None
    if spec.kind and spec.kind not in scope.vocabulary.restriction_kinds:
        kinds = scope.vocabulary.restriction_kinds
        scope.unknown(call.func, "kind of restriction", spec.kind, kinds)
        return None
    if name in LABEL_EFFECTS:
        return label_effect(name, args, call, scope)
    if not _names_are_known(spec, args, call, scope):
        return None
    return EffectOf(EFFECT, scope.place(call), name, tuple(args.items()))


def _names_are_known(spec: EffectSpec, args: dict[str, Node], call: ast.Call, scope: Scope) -> bool:
    """Check what an effect names as a literal: policy, queue, duration, account."""
    policy, queue = scope.resolved(args.get("policy")), scope.resolved(args.get("queue"))
    written = {keyword.arg: keyword.value for keyword in call.keywords}
    known = scope.vocabulary
    is_fine = True
    if isinstance(policy, Const):
        terms = known.policies.get(str(policy.value))
        if terms is None:
            hint = "Policies are those of the pack in force: see Policies in the console."
            scope.unknown(written["policy"], "policy", str(policy.value), known.policies, hint)
            is_fine = False
        elif hint := too_grave(spec, terms, known.kinds, ends="for_" in args):
            what = f"{name}(kind={spec.kind!r})" if (name := spec.name) == RESTRICT else name
            scope.problem(call, f"{terms.code} does not allow {what}", hint)
            is_fine = False
    if isinstance(queue, Const) and queue.value not in known.queues:
        hint = f"Queues: {', '.join(sorted(known.queues))}."
        scope.unknown(written["queue"], "queue", str(queue.value), known.queues, hint)
        is_fine = False
    if spec.name == "Review" and policy is None and queue is None:
        scope.problem(call, "Review needs a policy or a queue")
        is_fine = False
    length = args.get("for_")
    if isinstance(length, Const) and duration_ms(str(length.value)) is None:
        hint = "Write it like 30m, 24h or 7d; at most 400 days."
        scope.problem(written["for_"], f"{length.value!r} is not a duration", hint)
        is_fine = False
    return is_fine
