"""Where the two null semantics part: each place of a rule set that may behave otherwise.

In: a checked program. Out: warnings. A condition only matters where it is true, so `==` of a
missing value (Unknown here, False there) is told under a `not` alone; `!=` (Unknown here, True
there) always. A name that a part beside it finds to be there, as in `X != None and X != 'a'`,
cannot be missing.
"""

from dataclasses import dataclass, field
from typing import Final

from fieldfare.rules.definitions import Program
from fieldfare.rules.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Compare,
    Const,
    CountOf,
    Default,
    EventKind,
    EventNumber,
    ExperimentOf,
    FactOf,
    Field,
    InNamedList,
    LabelOf,
    ListOf,
    Name,
    Node,
    Not,
    Present,
    RuleOf,
    children,
)
from fieldfare.rules.problems import Place, ProblemList
from fieldfare.rules.sml_types import plain

_DIVISIONS: Final = {"/", "//", "%"}
_NOBODY: Final = frozenset[str]()
_SAY: Final = "Say which you mean: `X != None and ...` or `X == None or ...`."


def warn_of_differences(program: Program, problems: ProblemList) -> None:
    """Note every place where `safe` and `osprey` may give another result."""
    walk = _Walk(program, problems)
    for definition in program.definitions.values():
        walk.look(definition.node, _NOBODY)
    for file in program.files.values():
        for required in file.requires:
            if required.condition is not None:
                walk.look(required.condition, _NOBODY)
        for when in file.whens:
            for effect in when.effects:
                walk.look(effect, _NOBODY)


@dataclass(slots=True)
class _Walk:
    """Goes through nodes where being true is what matters. there: names known to be there."""

    program: Program
    problems: ProblemList
    _missing: dict[str, bool] = field(default_factory=dict)
    _differing: dict[str, bool] = field(default_factory=dict)
    _resting: dict[str, frozenset[str]] = field(default_factory=dict)

    def look(self, node: Node, there: frozenset[str]) -> None:
        match node:
            case AllOf() | AnyOf():
                there |= _found_there(node)
            case RuleOf():
                there |= _found_there(node.when)
                self._description(node, there)
            case Not() if self._differs(node.of, there):
                what = "where a part is missing, `not` may hold under osprey, not under safe"
                self._warn(node.place, what)
            case Compare() if node.op in {"!=", "not in"} and self._is_open(node, there):
                what = f"where the value is missing, `{node.op}` holds under osprey, not under safe"
                self._warn(node.place, what)
            case Compare(op="==") if all(self._may_miss(s, there) for s in children(node)):
                what = "where both sides are missing, `==` holds under osprey, not under safe"
                self._warn(node.place, what)
            case Compare() if any(self._differs(s, there) for s in children(node) if _is_truth(s)):
                what = "where a part is missing, one side is Unknown under safe, False under osprey"
                self._warn(node.place, what)
            case Present() if self._differs(node.of, there):
                what = "where a part is missing, this may be there under safe, not under osprey"
                self._warn(node.place, what)
            case Arithmetic() if node.op in _DIVISIONS and not _is_number(node.right):
                what = f"`{node.op}` by zero is Unknown under safe, 0 under osprey"
                self._warn(node.place, what, "Compare the divisor with 0 before it.")
            case _:
                pass
        for child in children(node):
            self.look(child, there)

    def _warn(self, place: Place, what: str, hint: str = _SAY) -> None:
        self.problems.warn(place, what, hint)

    def _description(self, rule: RuleOf, there: frozenset[str]) -> None:
        told = {part.key for part in children(rule.description) if isinstance(part, Name)}
        if any(self._misses(key, there) for key in told - self._rests_on(rule.when)):
            what = "where a name in the description is missing, the rule fires under safe alone"
            self._warn(rule.description.place, what, "Ask for it: `X != None` in when_all.")

    def _rests_on(self, node: Node) -> frozenset[str]:  # noqa: PLR0911 -- one case a node
        """List the names that are there wherever a condition is true."""
        match node:
            case Name():
                if node.key not in self._resting:
                    meant = self.program.definitions[node.key].node
                    self._resting[node.key] = frozenset({node.key}) | self._rests_on(meant)
                return self._resting[node.key]
            case AnyOf():
                return frozenset.intersection(*(self._rests_on(part) for part in node.parts))
            case RuleOf():
                return self._rests_on(node.when)
            case Default() | CountOf() | ListOf():
                return _NOBODY
            case Present():
                return _NOBODY if node.negate else self._rests_on(node.of)
            case Not(of=AllOf() | AnyOf() | Present() | Name()):
                return _NOBODY
            case _:
                return frozenset[str]().union(*(self._rests_on(part) for part in children(node)))

    def _misses(self, key: str, there: frozenset[str]) -> bool:
        if key in there:
            return False
        if key not in self._missing:
            self._missing[key] = self._may_miss(self.program.definitions[key].node, _NOBODY)
        return self._missing[key]

    def _may_miss(self, node: Node, there: frozenset[str]) -> bool:  # noqa: PLR0911 -- one case a node
        match node:
            case Name():
                return self._misses(node.key, there)
            case Field() | FactOf() | InNamedList() | LabelOf() | ExperimentOf():
                return True
            case Const():
                return node.value is None
            case Present() | EventKind() | EventNumber():
                return False
            case CountOf():
                return any(self._may_miss(part, there) for part in node.key)
            case Default():
                return self._may_miss(node.of, there) and self._may_miss(node.otherwise, there)
            case Call() if self.program.functions[node.function].may_be_unknown:
                return True
            case Arithmetic() if node.op in _DIVISIONS and not _is_number(node.right):
                return True
            case _:
                return any(self._may_miss(part, there) for part in children(node))

    def _is_open(self, node: Compare, there: frozenset[str]) -> bool:
        """Tell whether a side that `osprey` takes as None may be missing."""
        is_either = node.op in {"==", "!="} and self._may_miss(node.right, there)
        return is_either or self._may_miss(node.left, there)

    def _differs(self, node: Node, there: frozenset[str]) -> bool:
        """Tell whether a node may have another value, be it only Unknown for False."""
        match node:
            case Name():
                if node.key not in self._differing:
                    meant = self.program.definitions[node.key].node
                    self._differing[node.key] = self._differs(meant, _NOBODY)
                return self._differing[node.key]
            case Compare() if node.op in {"==", "!=", "in", "not in"}:
                is_open = self._is_open(node, there)
            case AllOf() | AnyOf():
                there |= _found_there(node)
                is_open = any(self._may_miss(part, there) for part in node.parts)
            case RuleOf():
                there |= _found_there(node.when)
                parts = node.when.parts
                is_open = len(parts) > 1 and any(self._may_miss(part, there) for part in parts)
                return is_open or any(self._differs(part, there) for part in parts)
            case Arithmetic():
                is_open = node.op in _DIVISIONS and not _is_number(node.right)
            case CountOf():  # what it counts is a condition of its own
                return any(self._differs(part, there) for part in node.key)
            case _:
                is_open = False
        return is_open or any(self._differs(part, there) for part in children(node))


def _found_there(node: AllOf | AnyOf) -> frozenset[str]:
    """List the names that a part of `and` finds to be there, or a part of `or` to be missing."""
    is_or = isinstance(node, AnyOf)
    return frozenset(
        part.of.key
        for part in node.parts
        if isinstance(part, Present) and part.negate is is_or and isinstance(part.of, Name)
    )


def _is_truth(node: Node) -> bool:
    """Tell whether a node is a truth value or holds some; numbers are looked at by themselves."""
    return plain(node.type).base in {"bool", "list", "any"}


def _is_number(node: Node) -> bool:
    return isinstance(node, Const) and node.value not in {0, None}
