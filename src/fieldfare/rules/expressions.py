"""Expressions: from Python's syntax to checked nodes. Every problem is noted, none is raised.

A part that has a problem becomes None, and so does what it is part of, quietly: one mistake is
reported once.
"""

import ast
import math
from typing import Final

from fieldfare.kernel import did_you_mean
from fieldfare.rules.calls import read_call
from fieldfare.rules.checking import Scope
from fieldfare.rules.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Compare,
    CompareOp,
    Const,
    EventKind,
    ListOf,
    Name,
    Negative,
    Node,
    Not,
    Present,
    Text,
)
from fieldfare.rules.problems import Severity
from fieldfare.rules.sml_types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    STR,
    SmlType,
    accepts,
    comparable,
    is_number,
    joined,
    plain,
    unmarked,
)

_COMPARE: Final[dict[type[ast.cmpop], CompareOp]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_ARITHMETIC: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
}
_LITERALS: Final[dict[type, SmlType]] = {str: STR, int: INT, float: FLOAT, bool: BOOL}
_ORDERED: Final = {"str", "int", "float", "timedelta", "any"}
_NOT_IN_THE_LANGUAGE: Final = {
    ast.IfExp: "Write two rules, or use and/or.",
    ast.Subscript: "Use ListRead(list=..., index=...), or a path in JsonData.",
    ast.Attribute: "Read a field with JsonData(path='$.a.b').",
    ast.Dict: "There are no dictionaries in rules.",
    ast.Tuple: "Write a list: [a, b].",
    ast.Set: "Write a list: [a, b].",
    ast.Lambda: "There are no functions in rules.",
}


def read(written: ast.expr, scope: Scope) -> Node | None:  # noqa: PLR0911 -- one case a node
    """Check an expression. None after noting a problem."""
    match written:
        case ast.Constant():
            return _constant(written, scope)
        case ast.Name():
            return _name(written, scope)
        case ast.BoolOp():
            return _bool(written, scope)
        case ast.UnaryOp():
            return _unary(written, scope)
        case ast.Compare():
            return _compare(written, scope)
        case ast.BinOp():
            return _arithmetic(written, scope)
        case ast.List():
            return _list(written, scope)
        case ast.JoinedStr():
            return _text(written, scope)
        case ast.Call():
            return read_call(written, scope, read)
        case _:
            hint = next(
                (h for kind, h in _NOT_IN_THE_LANGUAGE.items() if isinstance(written, kind)), ""
            )
            scope.problem(written, "this is not part of the language", hint)
            return None


def _name(written: ast.Name, scope: Scope) -> Node | None:
    found = scope.lookup(written)
    if found is None:
        return None
    of = unmarked(found.type) if found.key in scope.narrowed else found.type
    return Name(of, scope.place(written), found.key)


def _constant(written: ast.Constant, scope: Scope) -> Node | None:
    value = written.value
    if value is None:
        return Const(NONE, scope.place(written), None)
    of = _LITERALS.get(type(value))
    if of is None or not isinstance(value, str | int | float):
        scope.problem(written, f"a literal of type {type(value).__name__} is not in the language")
        return None
    if isinstance(value, float) and not math.isfinite(value):
        scope.problem(written, "this number is too large")
        return None
    return Const(of, scope.place(written), value)


def _truth(written: ast.expr, scope: Scope) -> Node | None:
    node = read(written, scope)
    if node is None:
        return None
    if accepts(BOOL, node.type):
        return node if scope.is_there(node, written) else None
    hint = "Compare it with something, as in X == 'a' or X > 3."
    scope.problem(written, f"a condition is true or false, this is {node.type}", hint)
    return None


def _bool(written: ast.BoolOp, scope: Scope) -> Node | None:
    kind = AllOf if isinstance(written.op, ast.And) else AnyOf
    found = []
    narrowed: set[str] = set()
    for value in written.values:
        part = _truth(value, scope)
        if part is None:
            continue
        found.append(part)
        key = _found_there(part, where=kind is AllOf)
        if key and key not in scope.narrowed:
            narrowed.add(key)
            scope.narrowed.add(key)
    scope.narrowed.difference_update(narrowed)
    if len(found) < len(written.values):
        return None
    return kind(BOOL, scope.place(written), tuple(found))


def _found_there(part: Node, *, where: bool) -> str:
    """Give the name that is surely there in what follows `X != None and`, `X == None or`."""
    if not isinstance(part, Present) or part.negate is where:
        return ""
    return part.of.key if isinstance(part.of, Name) else ""


def _unary(written: ast.UnaryOp, scope: Scope) -> Node | None:
    if isinstance(written.op, ast.Not):
        node = _truth(written.operand, scope)
        return Not(BOOL, scope.place(written), node) if node else None
    node = read(written.operand, scope)
    if node is None:
        return None
    if not isinstance(written.op, ast.USub) or not is_number(node.type):
        scope.problem(written, f"only a number can have a sign, this is {node.type}")
        return None
    if not scope.is_there(node, written.operand):
        return None
    if isinstance(node, Const) and isinstance(node.value, int | float):
        return Const(node.type, scope.place(written), -node.value)
    return Negative(plain(node.type), scope.place(written), node)


def _arithmetic(written: ast.BinOp, scope: Scope) -> Node | None:
    left, right = read(written.left, scope), read(written.right, scope)
    op = _ARITHMETIC.get(type(written.op))
    if left is None or right is None:
        return None
    if not (scope.is_there(left, written.left) and scope.is_there(right, written.right)):
        return None
    if op is not None and (of_text := _text_made(op, left.type, right.type)):
        return Arithmetic(of_text, scope.place(written), op, left, right)
    if op is None or not is_number(left.type) or not is_number(right.type):
        scope.problem(
            written, f"{op or 'this operator'} does not go with {left.type} and {right.type}"
        )
        return None
    bases = {plain(left.type).base, plain(right.type).base}
    if op in {"<<", ">>", "&", "|", "^"} and bases != {"int"}:
        scope.problem(written, f"{op} takes whole numbers")
        return None
    of = INT if bases == {"int"} and op != "/" else FLOAT
    return Arithmetic(of, scope.place(written), op, left, right)


def _text_made(op: str, left: SmlType, right: SmlType) -> SmlType | None:
    """Give str where texts are joined by + or repeated by *; None where this is about numbers."""
    bases = [plain(left).base, plain(right).base]
    is_made = (op == "+" and bases == ["str", "str"]) or (
        op == "*" and bases in (["str", "int"], ["int", "str"])
    )
    return STR if is_made else None


def _compare(written: ast.Compare, scope: Scope) -> Node | None:
    left = read(written.left, scope)
    right = read(written.comparators[0], scope)
    op = _COMPARE.get(type(written.ops[0]))
    if len(written.ops) > 1 or op is None:
        scope.problem(written, "one comparison at a time", "Write a < b and b < c.")
        return None
    if left is None or right is None:
        return None
    if NONE in {left.type, right.type}:
        return _presence(written, op, left, right, scope)
    if not _may_be_none(op, right.type) and not (
        scope.is_there(left, written.left) and scope.is_there(right, written.comparators[0])
    ):
        return None
    if not _fits(op, left.type, right.type, scope):
        what = f"{left.type} {op} {right.type}"
        scope.problem(written, f"these cannot be compared: {what}", _compare_hint(op))
        return None
    _check_event_kinds(left, right, scope)
    return Compare(BOOL, scope.place(written), op, left, right)


def _compare_hint(op: str) -> str:
    return "in takes a list, or a text within a text." if op in {"in", "not in"} else ""


def _may_be_none(op: CompareOp, right: SmlType) -> bool:
    return op in {"==", "!="} or (op in {"in", "not in"} and right.base == "list")


def _fits(op: CompareOp, left: SmlType, right: SmlType, scope: Scope) -> bool:
    if op in {"in", "not in"}:
        if right.base == "list":
            return right.item is None or _fits_item(right.item, left)
        return plain(right).base in {"str", "any"} and plain(left).base in {"str", "any"}
    if left.base == right.base == "entity":
        is_same = left.entity == right.entity or scope.semantics == "osprey"
        return op in {"==", "!="} and is_same
    if op in {"==", "!="}:
        return comparable(left, right)
    return comparable(left, right) and {plain(left).base, plain(right).base} <= _ORDERED


def _fits_item(item: SmlType, of: SmlType) -> bool:
    if item.base == of.base == "entity" and item.entity != of.entity:
        return False
    return comparable(item, of)


def _presence(
    written: ast.Compare, op: CompareOp, left: Node, right: Node, scope: Scope
) -> Node | None:
    of = right if left.type == NONE else left
    if op not in {"==", "!="} or of.type == NONE:
        scope.problem(written, "None is only for X == None and X != None")
        return None
    return Present(BOOL, scope.place(written), of, op == "==")


def _check_event_kinds(left: Node, right: Node, scope: Scope) -> None:
    """Note literals compared with the event's kind that are no event kind."""
    sides = [scope.resolved(left), scope.resolved(right)]
    if not any(isinstance(side, EventKind) for side in sides):
        return
    for side in sides:
        items = side.items if isinstance(side, ListOf) else (side,)
        for item in items:
            kinds = scope.vocabulary.event_kinds
            if isinstance(item, Const) and item.value not in kinds:
                hint = did_you_mean(str(item.value), kinds)
                severity: Severity = "warning" if scope.semantics == "osprey" else "error"
                message = f"unknown event kind {item.value!r}"
                scope.problems.add(item.place, message, hint, severity=severity)


def _list(written: ast.List, scope: Scope) -> Node | None:
    items = [read(item, scope) for item in written.elts]
    found = [item for item in items if item is not None]
    if len(found) < len(items):
        return None
    types = [item.type for item in found]
    given = [of for of in types if of != NONE]
    of = joined(given)
    is_mixed = len({one.entity for one in given if one.base == "entity"}) > 1
    if of is None or is_mixed or (len(given) < len(types) and scope.semantics == "safe"):
        is_none = len(given) < len(types)
        hint = "Under safe nothing is None: write `X == None or X in [...]`." if is_none else ""
        scope.problem(written, "the items of a list are of one type", hint)
        return None
    item = of if of.base == "entity" else plain(of)
    is_secret = any(one.secret for one in types)
    return ListOf(SmlType("list", item, secret=is_secret), scope.place(written), tuple(found))


def _is_shown(node: Node, written: ast.expr, scope: Scope) -> bool:
    """Tell whether a value may stand in a text: it is there and no secret."""
    if node.type.secret:
        scope.problem(written, "a secret is never shown in a text")
        return False
    return scope.is_there(node, written)


def _text(written: ast.JoinedStr, scope: Scope) -> Node | None:
    parts: list[str | Node] = []
    is_fine = True
    for value in written.values:
        if isinstance(value, ast.Constant):
            parts.append(str(value.value))
        elif (
            isinstance(value, ast.FormattedValue)
            and isinstance(value.value, ast.Name)
            and value.conversion == -1
            and value.format_spec is None
        ):
            node = read(value.value, scope)
            is_fine = is_fine and node is not None and _is_shown(node, value.value, scope)
            parts += [node] if node else []
        else:
            scope.problem(value, "an f-string holds names only", "Give the value a name first.")
            is_fine = False
    return Text(STR, scope.place(written), tuple(parts)) if is_fine else None
