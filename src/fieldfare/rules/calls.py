"""Calls in expressions: the standard functions and the calls that are syntax of their own."""

import ast
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeAlias

from fieldfare.kernel import did_you_mean
from fieldfare.rules.call_sites import call_site
from fieldfare.rules.checking import Scope, bind, checked
from fieldfare.rules.counter_calls import call_of
from fieldfare.rules.counting import read_count, read_key
from fieldfare.rules.effect_table import EFFECTS
from fieldfare.rules.experiments import read_experiment, read_experiment_when
from fieldfare.rules.functions import BY_PLACE, SYNTAX
from fieldfare.rules.json_paths import read_path
from fieldfare.rules.label_calls import read_has_label
from fieldfare.rules.named_lists import BANK_CALLS
from fieldfare.rules.nodes import (
    AllOf,
    Call,
    Const,
    CountMatches,
    Default,
    EventKind,
    EventNumber,
    FactOf,
    Field,
    InNamedList,
    ListOf,
    Literal_,
    Matches,
    Node,
    Present,
    RuleOf,
)
from fieldfare.rules.patterns import Pattern, PatternRefused, read_pattern, unsafe_pattern
from fieldfare.rules.signatures import FACT, AnyFunction
from fieldfare.rules.sml_types import (
    ANY,
    BOOL,
    BY_NAME,
    INT,
    NONE,
    RULE,
    STR,
    TIMEDELTA,
    SmlType,
    accepts,
    plain,
    unmarked,
)

Read: TypeAlias = Callable[[ast.expr, Scope], Node | None]
Args: TypeAlias = Mapping[str, Node]

_BRACED: Final = re.compile(r"\{[^\W\d]\w*\}")
_STATEMENTS: Final = {"Import", "Require", "WhenRules"}


def read_call(written: ast.Call, scope: Scope, read: Read) -> Node | None:
    """Check a call within an expression. None after noting a problem."""
    if isinstance(written.func, ast.Name) and written.func.id == "ExperimentWhen":
        return read_experiment_when(written, scope, read)
    return _read_call(written, scope, read)


def _read_call(written: ast.Call, scope: Scope, read: Read) -> Node | None:
    if not isinstance(written.func, ast.Name):
        scope.problem(written, "only functions of the language can be called")
        return None
    name = written.func.id
    function = scope.vocabulary.functions.get(name)
    counts = call_of(written, name)
    params = counts.params if counts else function.params if function else SYNTAX.get(name)
    if params is None:
        _refuse(written.func, scope)
        return None
    bound = bind(written, name, params, scope, by_place=name in BY_PLACE)
    if bound is None:
        return None
    args: dict[str, Node] = {}
    for param in params:
        if param.name in bound:
            value = bound[param.name]
            if counts and param.name == "key":
                node = read_key(value, scope, read)
            else:
                node = checked(param, read(value, scope), value, scope)
            if node is None:
                return None
            args[param.name] = node
    if counts:
        return read_count(args, written, scope)
    return (
        _standard(function, args, written, scope)
        if function
        else _SPECIAL[name](args, written, scope)
    )


def _special(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    return _SPECIAL[ast.unparse(written.func)](args, written, scope)


def _refuse(func: ast.Name, scope: Scope) -> None:
    if func.id in EFFECTS:
        hint = "Put it into WhenRules(rules_any=[...], then=[...])."
        scope.problem(func, f"{func.id} is an effect, not a value", hint)
    elif func.id in _STATEMENTS:
        scope.problem(func, f"{func.id} stands on a line of its own")
    else:
        known = [*scope.vocabulary.functions, *SYNTAX, *EFFECTS]
        close = did_you_mean(func.id, known) or "List them: fieldfare rules functions."
        hint = f"{close} To bring one of your own: docs/how-to/functions.md"
        scope.problem(func, f"unknown function {func.id!r}", hint)


def _bank_is_known(bank: str, written: ast.Call, scope: Scope) -> bool:
    banks = scope.vocabulary.banks
    if banks is not None and bank not in banks:
        hint = f"Make it: fieldfare bank create {bank} --policy ..."
        scope.unknown(written, "bank", bank, banks, hint)
        return False
    scope.banks.add(bank)
    return True


def _standard(function: AnyFunction, args: Args, written: ast.Call, scope: Scope) -> Node | None:
    place = scope.place(written)
    full = [
        args[p.name] if p.name in args else Const(p.type, place, p.default) for p in function.params
    ]
    literals = {
        param.name: node.value
        for param, node in zip(function.params, full, strict=True)
        if param.const and isinstance(node, Const)
    }
    bank = str(literals.get("bank"))
    if function.name in BANK_CALLS and not _bank_is_known(bank, written, scope):
        return None
    if function.check and (wrong := function.check(literals)):
        scope.problem(written, wrong, f"As in {function.example}." if function.example else "")
        return None
    if function.returns == TIMEDELTA and len(literals) == len(full):
        return Const(TIMEDELTA, place, function.run(*literals.values()))
    for what in function.given:
        if what == "event_id":
            full.append(EventNumber(INT, place))
        elif what == "site":
            full.append(Const(STR, place, call_site(written, scope.file)))
        else:
            name = what.removeprefix(FACT)
            of = BY_NAME.get(scope.vocabulary.facts.get(name, ""), ANY)
            full.append(FactOf(of, place, name))
    is_secret = any(node.type.secret for node in full)
    returns = replace(function.returns, secret=is_secret)
    return Call(returns, place, function.name, tuple(full))


def _literal(args: Args, name: str, default: Literal_) -> Literal_:
    node = args.get(name)
    return node.value if isinstance(node, Const) else default


def _json(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    text = str(_literal(args, "path", ""))
    path = read_path(text, needs_root=scope.semantics == "safe")
    if isinstance(path, str):
        scope.problem(written, f"{text!r} is not a path this language reads", path)
        return None
    coerce = _literal(args, "coerce_type", True) is True
    return Field(ANY, scope.place(written), path, coerce)


def _entity_json(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    node = _json(args, written, scope)
    if not isinstance(node, Field):
        return None
    of = SmlType("entity", ANY, str(_literal(args, "type", "")))
    return Field(of, node.place, node.path, node.coerce)


def _entity(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    node = args["id"]
    given, kind = node.type, str(_literal(args, "type", ""))
    of = SmlType("entity", plain(given), kind, given.optional, given.secret)
    return replace(node, type=of, place=scope.place(written))


def _fact(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    name = str(_literal(args, "name", ""))
    base = scope.vocabulary.facts.get(name)
    if base is None:
        scope.unknown(written, "fact", name, scope.vocabulary.facts)
        return None
    return FactOf(BY_NAME.get(base, ANY), scope.place(written), name)


def _default(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    of = args["x"] if "x" in args else args["optional_value"]
    otherwise = args.get("v") or args.get("default_value")
    if otherwise is None or otherwise.type == NONE:  # without a default Unknown stays Unknown
        if not scope.refuses_optional(of):
            return of
        otherwise = Const(NONE, scope.place(written), None)
        return Default(plain(unmarked(of.type)), scope.place(written), of, otherwise)
    if accepts(of.type, otherwise.type):
        together = of.type
    elif accepts(otherwise.type, of.type):
        together = otherwise.type
    else:
        scope.problem(written, f"the default for {of.type} cannot be {otherwise.type}")
        return None
    is_secret = of.type.secret or otherwise.type.secret
    together = replace(plain(unmarked(together)), secret=is_secret)
    return Default(together, scope.place(written), of, otherwise)


def _pattern(text: Literal_, args: Args, at: ast.expr, scope: Scope) -> Pattern | None:
    is_insensitive = _literal(args, "case_insensitive", False) is True
    try:
        return read_pattern(str(text), case_insensitive=is_insensitive)
    except PatternRefused as refused:
        if scope.semantics == "osprey":
            with suppress(PatternRefused):
                pattern = unsafe_pattern(str(text), case_insensitive=is_insensitive)
                hint = f"It runs on the first {pattern.limit:,} characters and may be slow there."
                scope.problems.warn(scope.place(at), refused.message, f"{hint} {refused.hint}")
                return pattern
        scope.problem(at, refused.message, refused.hint)
        return None


def _count_matches(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    listed = args["patterns"]
    items = listed.items if isinstance(listed, ListOf) else ()
    at = next((k.value for k in written.keywords if k.arg == "patterns"), written)
    place = scope.place(written)
    parts = []
    for item in dict.fromkeys(item.value for item in items if isinstance(item, Const)):
        pattern = _pattern(item, args, at, scope)
        if pattern is None:
            return None
        parts.append(Matches(BOOL, place, args["target"], pattern))
    if not parts:
        scope.problem(at, "CountRegexMatches needs at least one pattern")
        return None
    return CountMatches(INT, place, tuple(parts))


def _regex(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    at = next((k.value for k in written.keywords if k.arg == "pattern"), written)
    pattern = _pattern(_literal(args, "pattern", ""), args, at, scope)
    if pattern is None:
        return None
    is_map = isinstance(written.func, ast.Name) and written.func.id == "RegexMatchMap"
    mode = ("all" if _literal(args, "mode", "any") == "all" else "any") if is_map else ""
    return Matches(BOOL, scope.place(written), args["target"], pattern, mode)  # type: ignore[arg-type]


def _in_list(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    name = str(_literal(args, "list", ""))
    if name not in scope.vocabulary.lists:
        hint = f"Bring it: fieldfare lists import FILE --name {name}"
        scope.unknown(written, "list", name, scope.vocabulary.lists, hint)
        return None
    words = "target" in args
    value = args["target" if words else "value"]
    return InNamedList(BOOL, scope.place(written), name, value, words)


def _rule(args: Args, written: ast.Call, scope: Scope) -> Node | None:
    when, description = args["when_all"], args["description"]
    found = scope.resolved(when)
    when = found if isinstance(found, ListOf) else when
    if not isinstance(when, ListOf) or not when.items:
        hint = "Write when_all=[A, B]; for an always true rule, when_all=[True]."
        scope.problem(written, "when_all is a list of conditions", hint)
        return None
    for item in when.items:
        if not accepts(BOOL, item.type):
            scope.problems.add(
                item.place,
                f"a condition is true or false, this is {item.type}",
                "Compare it with something, as in X == 'a' or X > 3.",
            )
            return None
        if scope.refuses_optional(item):
            scope.problems.add(item.place, "a condition is true or false, this may be None")
            return None
    if isinstance(description, Const) and _BRACED.search(str(description.value)):
        hint = "Write f'...' for the value of the name to stand in it."
        scope.problems.warn(description.place, "{...} in a text that is no f-string", hint)
    conditions = AllOf(BOOL, when.place, when.items)
    return RuleOf(RULE, scope.place(written), conditions, description)


def _is_missing(args: Args, written: ast.Call, scope: Scope) -> Node:
    return Present(BOOL, scope.place(written), args["x"], negate=True)


_SPECIAL: Final[Mapping[str, Callable[[Args, ast.Call, Scope], Node | None]]] = {
    "JsonData": _json,
    "EntityJson": _entity_json,
    "Entity": _entity,
    "GetActionName": lambda _, written, scope: EventKind(STR, scope.place(written)),
    "GetActionId": lambda _, written, scope: EventNumber(INT, scope.place(written)),
    "Fact": _fact,
    "is_missing": _is_missing,
    "default": _default,
    "ResolveOptional": _default,
    "RegexMatch": _regex,
    "RegexMatchMap": _regex,
    "CountRegexMatches": _count_matches,
    "InList": _in_list,
    "TextMatch": _in_list,
    "Experiment": read_experiment,
    "HasLabel": read_has_label,
    "Rule": _rule,
}
