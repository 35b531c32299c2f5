"""`HasLabel` and what label effects are checked against: declared labels, entity types, lengths.

In: arguments that were read already. Out: a node of the checked form or a problem with its place.
At run time `has_label` answers from the labels gathered before the function ran.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fieldfare.kernel.ids import at_of
from fieldfare.rules.checking import Scope
from fieldfare.rules.durations import duration_ms
from fieldfare.rules.label_book import EntityLabels
from fieldfare.rules.nodes import Const, CountOf, LabelOf, Literal_, Name, Node, children
from fieldfare.rules.operands import Operand, guards_of, literal
from fieldfare.rules.sml_types import BOOL, INT, STR, TIMEDELTA
from fieldfare.rules.values import as_text

if TYPE_CHECKING:
    from fieldfare.rules.lowering import Lowering

_STATUSES: Final = ("added", "removed")


def has_label(  # noqa: PLR0917 -- called from generated code, by place
    labels: EntityLabels | None,
    label: str,
    added: bool,  # noqa: FBT001 -- likewise
    manual: bool | None,  # noqa: FBT001 -- likewise
    min_age_ms: int | None,
    event_id: int,
) -> bool | None:
    """Answer HasLabel: a label that expired, or never was, counts as removed, by no person.

    Unknown without labels: what names the entity threw.
    """
    if labels is None:
        return None
    at_ms = at_of(event_id)
    state = labels.labels.get(label)
    if state is None or not state.holds(at_ms):
        return not added and manual is not True
    return (
        state.status.is_added is added
        and manual in {None, state.status.is_manual}
        and (min_age_ms is None or at_ms - state.since(at_ms) > min_age_ms)
    )


def label_variable(node: LabelOf, lowering: "Lowering") -> str:
    """Emit the answer of a HasLabel; Unknown where the entity is."""
    entity = lowering.needed(node.entity)
    at = lowering.asked.setdefault(node.entity, len(lowering.asked))
    operands = [entity] if node.min_age is None else [entity, lowering.needed(node.min_age)]
    guards = guards_of(operands)
    if node.error_on_empty:
        guards = (*guards, f"{lowering.writer.bind(as_text)}({entity.code}) != ''")
    age = "None" if node.min_age is None else operands[1].code
    told = f"{literal(node.label)}, {node.added}, {node.manual}, {age}, event_id"
    code = f"{lowering.writer.bind(has_label)}(labels[{at}], {told})"
    return lowering.writer.emit(Operand(guards, code).value(), f"HasLabel {node.label}")


def read_has_label(args: Mapping[str, Node], written: ast.Call, scope: Scope) -> Node | None:
    """Check a HasLabel: its label is declared for entities of this type."""
    given = {keyword.arg or "": keyword.value for keyword in written.keywords}
    label = known_label(args, given, scope)
    status = _literal(args, "status", "added")
    entity = args["entity"]
    if label is None:
        return None
    if status not in _STATUSES:
        hint = f"It is {' or '.join(_STATUSES)}; for what a person set, say manual=True."
        scope.problem(given["status"], f"unknown label status {str(status)!r}", hint)
        return None
    age = args.get("min_label_age")
    if age is not None and (age := length_of("min_label_age", age, given, scope)) is None:
        return None
    manual = _literal(args, "manual")
    if _holds(entity, scope, CountOf) or _holds(entity, scope, LabelOf):
        scope.problem(given["entity"], "the entity of a label cannot rest on a counter or a label")
        return None
    return LabelOf(
        BOOL,
        scope.place(written),
        entity,
        label,
        added=status == "added",
        manual=manual if isinstance(manual, bool) else None,
        min_age=age,
        error_on_empty=_literal(args, "error_on_empty") is True,
    )


def known_label(
    args: Mapping[str, Node], given: Mapping[str, ast.expr], scope: Scope
) -> str | None:
    """Give the label an entity may have; None after noting that it is unknown or does not fit."""
    label, entity = str(_literal(args, "label", "")), args["entity"]
    terms = scope.labels.get(label)
    if terms is None:
        if not scope.labels:
            hint = "Declare labels in config/labels.yaml, or as labels: in ruleset.yaml."
            scope.problem(given["label"], f"unknown label {label!r}", hint)
        else:
            scope.unknown(given["label"], "label", label, scope.labels)
        return None
    if entity.type.base == "entity" and not terms.fits(entity.type.entity):
        scope.problem(
            given["entity"],
            f"{label!r} is no label for entities of type {entity.type.entity!r}",
            f"It is for {', '.join(terms.valid_for)}.",
        )
        return None
    return label


def length_of(name: str, node: Node, given: Mapping[str, ast.expr], scope: Scope) -> Node | None:
    """Read a length of time, a TimeDelta or a text like '7d', as a node in ms."""
    found = scope.resolved(node)
    if node.type == TIMEDELTA:
        return node
    if isinstance(found, Const) and found.type == STR:
        ms = duration_ms(str(found.value))
        if ms is not None:
            return Const(INT, found.place, ms)
    hint = "Write TimeDelta(days=7), or '7d'; at most 400 days."
    scope.problem(given[name], f"{name} is no length of time", hint)
    return None


def lengths_of(
    args: dict[str, Node], names: Sequence[str], given: Mapping[str, ast.expr], scope: Scope
) -> dict[str, Node] | None:
    """Read several lengths among arguments; None after noting one that is none."""
    read = dict(args)
    for name in names:
        if name in args:
            length = length_of(name, args[name], given, scope)
            if length is None:
                return None
            read[name] = length
    return read


def _literal(args: Mapping[str, Node], name: str, default: Literal_ = None) -> Literal_:
    node = args.get(name)
    return node.value if isinstance(node, Const) else default


def _holds(node: Node, scope: Scope, kind: type[Node]) -> bool:
    return any(isinstance(found, kind) for found in _below(node, scope))


def _below(node: Node, scope: Scope) -> Iterator[Node]:
    found = scope.resolved(node) if isinstance(node, Name) else node
    if found is None:
        return
    yield found
    for child in children(found):
        yield from _below(child, scope)
