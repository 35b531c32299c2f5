"""What a rule set comes to for one event kind: constants folded, files that do not apply left out.

`GetActionName()` is a constant here, and so is everything that depends on it alone.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from fieldfare.rules.definitions import Program
from fieldfare.rules.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Compare,
    Const,
    CountMatches,
    CountOf,
    Default,
    EffectOf,
    EventKind,
    ExperimentOf,
    InNamedList,
    LabelOf,
    ListOf,
    Matches,
    Name,
    Negative,
    Node,
    Not,
    Present,
    RuleOf,
    Text,
)
from fieldfare.rules.problems import Place, Problem, RuleSetDoesNotCompile
from fieldfare.rules.sml_types import BOOL, STR, TIMEDELTA
from fieldfare.rules.times import written_delta

Gate: TypeAlias = frozenset[Node]
"""Conditions that must all be true for a file to take part; empty: it always does."""

_OPERATORS: Final[Mapping[str, Callable[..., bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda left, right: left in right,
    "not in": lambda left, right: left not in right,
}
_WHOLE: Final[Mapping[str, Callable[..., int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_MAX_WHOLE: Final = 2**53
MAX_WAYS: Final = 500
"""Conditions under any of which a file takes part; more of them are refused, never cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """A file that takes part for this kind; `ways`: alternatives, one of which must be open."""

    file: str
    ways: frozenset[Gate]

    @property
    def always(self) -> bool:
        return frozenset() in self.ways

    def gates(self) -> list[tuple[Node, ...]]:
        """List the ways in one order for every process: a condition may throw before another."""
        ordered = [tuple(sorted(gate, key=_order)) for gate in self.ways]
        return sorted(ordered, key=lambda gate: [*map(_order, gate)])


class Folder:
    """Folds the nodes of a program for one event kind.

    secrets: of names that were asked about, whether a secret stands behind them.
    """

    def __init__(self, program: Program, kind: str) -> None:
        self.program = program
        self.kind = kind
        self._is_osprey = program.manifest.semantics == "osprey"
        self._known: dict[str, Node] = {}
        self.secrets: dict[str, bool] = {}

    def definition(self, key: str) -> Node:
        """Give the folded value of a definition."""
        if key not in self._known:
            self._known[key] = self.fold(self.program.definitions[key].node)
        return self._known[key]

    def fold(self, node: Node) -> Node:  # noqa: C901, PLR0911 -- one case a node
        """Fold a node; what is constant for this kind becomes a Const."""
        match node:
            case EventKind():
                return Const(STR, node.place, self.kind)
            case Name():
                found = self.definition(node.key)
                return found if isinstance(found, Const) else node
            case AllOf() | AnyOf():
                return self._junction(node)
            case Not():
                of = self.fold(node.of)
                return _truth(node, not of.value) if isinstance(of, Const) else replace(node, of=of)
            case Compare():
                return self._compare(node)
            case Present():
                of = self.fold(node.of)
                if isinstance(of, Const):
                    return _truth(node, not node.negate)
                return replace(node, of=of)
            case Default():
                of = self.fold(node.of)
                if isinstance(of, Const):
                    return of
                return replace(node, of=of, otherwise=self.fold(node.otherwise))
            case Text():
                return self._text(node)
            case _:
                return self._parts(node)

    def _parts(self, node: Node) -> Node:  # noqa: C901, PLR0911, PLR0912 -- one case a node
        match node:
            case ListOf():
                return replace(node, items=self._all(node.items))
            case Call():
                return replace(node, args=self._all(node.args))
            case Negative():
                return replace(node, of=self.fold(node.of))
            case Arithmetic():
                return self._arithmetic(node)
            case Matches():
                return replace(node, target=self.fold(node.target))
            case CountMatches():
                parts = (replace(part, target=self.fold(part.target)) for part in node.parts)
                return replace(node, parts=tuple(parts))
            case InNamedList():
                return replace(node, value=self.fold(node.value))
            case LabelOf() | ExperimentOf():
                return self._of_entity(node)
            case CountOf():
                of = self.fold(node.of) if node.of else None
                where = self.fold(node.where) if node.where else None
                return replace(node, key=self._all(node.key), of=of, where=where)
            case RuleOf() if self._is_osprey:
                return self._rule(node)
            case RuleOf():
                when = self.fold(node.when)
                return replace(node, when=when) if isinstance(when, AllOf) else when
            case EffectOf():
                return replace(node, args=tuple((k, self.fold(value)) for k, value in node.args))
            case _:
                return node

    def _of_entity(self, node: LabelOf | ExperimentOf) -> Node:
        entity = self.fold(node.entity)
        if isinstance(node, LabelOf) and node.min_age is not None:
            return replace(node, entity=entity, min_age=self.fold(node.min_age))
        return replace(node, entity=entity)

    def _arithmetic(self, node: Arithmetic) -> Node:
        """Fold whole numbers, as in Hour = 60 * Minute; what may fail is left to the event."""
        left, right = self.fold(node.left), self.fold(node.right)
        make = _WHOLE.get(node.op)
        if make and isinstance(left, Const) and isinstance(right, Const):
            values = left.value, right.value
            if all(type(value) is int and abs(value) <= _MAX_WHOLE for value in values):
                return Const(node.type, node.place, make(*values))
        return replace(node, left=left, right=right)

    def _all(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(self.fold(node) for node in nodes)

    def _junction(self, node: AllOf | AnyOf) -> Node:
        """Fold `and` and `or`: False decides the one, True the other; the rest says nothing."""
        decides = isinstance(node, AnyOf)
        parts = []
        for part in self._all(node.parts):
            if isinstance(part, Const):
                if part.value is decides:
                    return _truth(node, decides)
            else:
                parts.append(part)
        return replace(node, parts=tuple(parts)) if parts else _truth(node, not decides)

    def _rule(self, node: RuleOf) -> RuleOf:
        """Fold a rule under `osprey`: one False does not decide it, since another part may fail."""
        parts = self._all(node.when.parts)
        kept = tuple(part for part in parts if not (isinstance(part, Const) and part.value is True))
        return replace(node, when=replace(node.when, parts=kept))

    def _compare(self, node: Compare) -> Node:
        left, right = self.fold(node.left), self.fold(node.right)
        operand: object = None
        if isinstance(right, Const):
            operand = right.value
        elif isinstance(right, ListOf) and all(isinstance(item, Const) for item in right.items):
            operand = [item.value for item in right.items if isinstance(item, Const)]
        if isinstance(left, Const) and operand is not None:
            return _truth(node, _OPERATORS[node.op](left.value, operand))
        return replace(node, left=left, right=right)

    def _text(self, node: Text) -> Node:
        parts = tuple(part if isinstance(part, str) else self.fold(part) for part in node.parts)
        if all(isinstance(part, str | Const) for part in parts):
            written = (part if isinstance(part, str) else _written(part) for part in parts)
            return Const(STR, node.place, "".join(written))
        return replace(node, parts=parts)

    def included(self) -> dict[str, Included]:
        """Find the files that take part, main.sml first, each with the gates on its ways in.

        Raises RuleSetDoesNotCompile for a file with more ways than can be told apart.
        """
        ways: dict[str, frozenset[Gate]] = {"main.sml": frozenset({frozenset[Node]()})}
        waiting = ["main.sml"]
        while waiting:
            name = waiting.pop(0)
            for target, condition in self._leads_to(name):
                gates = ways[name]
                if condition is not None:
                    gates = frozenset(gate | {condition} for gate in gates)
                before = ways.get(target, frozenset())
                together = _simplest(before, gates)
                if len(together) > MAX_WAYS:
                    raise _too_many_ways(target)
                if together != before:
                    ways[target] = together
                    waiting.append(target)
        return {name: Included(file=name, ways=found) for name, found in ways.items()}

    def _leads_to(self, name: str) -> Iterator[tuple[str, Node | None]]:
        contents = self.program.files[name]
        for imported in contents.imports:
            yield imported, None
        for required in contents.requires:
            condition = self.fold(required.condition) if required.condition else None
            if isinstance(condition, Const):
                if condition.value is not True:
                    continue
                condition = None
            rule = self.fold(required.rule)
            if isinstance(rule, Const) and rule.value in self.program.files:
                yield str(rule.value), condition


def can_fire(node: Node) -> bool:
    """Tell whether a folded rule can fire for its kind of event."""
    if isinstance(node, RuleOf):
        return not any(isinstance(part, Const) for part in node.when.parts)
    return not isinstance(node, Const) or node.value is True


def _simplest(known: frozenset[Gate], more: frozenset[Gate]) -> frozenset[Gate]:
    """Join ways, without those that an easier way makes superfluous."""
    kept = set(known)
    for gate in more:
        if not any(easier <= gate for easier in kept):
            kept = {other for other in kept if not gate <= other}
            kept.add(gate)
    return frozenset(kept)


def _order(node: Node) -> tuple[Place, str]:
    return node.place, repr(node)


def _too_many_ways(file: str) -> RuleSetDoesNotCompile:
    return RuleSetDoesNotCompile(
        [
            Problem(
                message=f"{file} is taken in under more than {MAX_WAYS} conditions",
                file=file,
                line=1,
                column=1,
                source_line="",
                hint="Import it in main.sml, where it needs no condition.",
            )
        ]
    )


def _truth(node: Node, value: object) -> Const:
    return Const(BOOL, node.place, value is True)


def _written(node: Node) -> str:
    if not isinstance(node, Const):
        return ""
    if node.type == TIMEDELTA and isinstance(node.value, int):
        return written_delta(node.value)
    return str(node.value)
