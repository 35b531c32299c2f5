"""The tracing twin of an event kind's function: the same rules, and what became of each condition.

In: a checked program and a kind. Out: a function that gives, beside what the plain one gives, every
rule with its truth value, that of each of its conditions, and the values they look at. It is
compiled when somebody asks why, so that the plain function pays nothing for it.
"""

from dataclasses import dataclass
from typing import Any

from fieldfare.rules.assembling import Assembler, Capture
from fieldfare.rules.definitions import Program
from fieldfare.rules.nodes import Node, RuleOf
from fieldfare.rules.plans import Kind, SeenPlan
from fieldfare.rules.problems import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionPlan:
    """A condition of a rule: where it stands and what it looks at."""

    place: Place
    seen: tuple[SeenPlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTracePlan:
    """A rule that can fire for the kind, with its conditions in the order they are written."""

    key: str
    place: Place
    conditions: tuple[ConditionPlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedKind:
    """A kind compiled with tracing. `kind.evaluate` gives (errors, hits, deeds, traces); a trace
    is (truth of the rule, whether its file takes part, ((truth, captured values) a condition)).
    """

    kind: Kind
    rules: tuple[RuleTracePlan, ...]


class TracingAssembler(Assembler):
    """Compiles one event kind with tracing; used once."""

    def __init__(self, program: Program, kind: str) -> None:
        super().__init__(program, kind)
        self._plans: list[RuleTracePlan] = []

    def traced(self) -> TracedKind:
        """Compile the kind and say what each trace is of."""
        kind = self.kind()
        return TracedKind(kind=kind, rules=tuple(self._plans))

    def _referred(self) -> frozenset[str]:
        """Ask for all three truth values of every rule."""
        return frozenset(self._program.definitions)

    def _return_early(self, fires: dict[str, str]) -> None:
        """Go on: a rule that did not fire is what people ask about."""

    def _result(self, fires: dict[str, str]) -> str:
        traces = ", ".join(self._trace(key) for key in fires)
        return f"(errors, hits, deeds, [{traces}])"

    def _trace(self, key: str) -> str:
        node = self._folder.definition(key)
        definition = self._program.definitions[key]
        gate = self._gate(definition.place.file, self._lowering)
        parts = node.when.parts if isinstance(node, RuleOf) else ()
        plans, codes = [], []
        for at, part in enumerate(parts, 1):
            plan, code = self._condition(part, f"condition {at} of {definition.name}")
            plans.append(plan)
            codes.append(code)
        self._plans.append(RuleTracePlan(key=key, place=definition.place, conditions=tuple(plans)))
        truth = self._lowering.variable(key) if parts else "True"
        return f"({truth}, {f'bool({gate})' if gate else 'True'}, [{', '.join(codes)}])"

    def _condition(self, part: Node, label: str) -> tuple[ConditionPlan, str]:
        capture = Capture(self._lowering)
        plan = ConditionPlan(place=part.place, seen=self._seen(part, capture))
        truth = self._writer.emit(self._lowering.value(part), label)
        seen = self._writer.emit(capture.code(), label)
        return plan, f"({truth}, {seen})"


def holds(truth: Any) -> bool | None:  # noqa: ANN401 -- whatever an expression gave
    """Read a truth value: True, False, or None for Unknown and for what is no truth value."""
    return truth if isinstance(truth, bool) else None
