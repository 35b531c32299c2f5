"""Why a rule fired or did not: every rule on one event, condition by condition, with values.

In: a rule set and one event. Out: an Explanation. It runs the plain function for the outcome and
its tracing twin for the reasons; nothing here is on the path of a decision.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from fieldfare.records import SeenValue
from fieldfare.rules.definitions import Program
from fieldfare.rules.label_book import EntityLabels
from fieldfare.rules.labels import Entity
from fieldfare.rules.outcomes import NOTHING, Outcome, RuleInput, seen_value
from fieldfare.rules.problems import Place, ProblemList
from fieldfare.rules.source_files import is_compiled, parse_file
from fieldfare.rules.tracing import RuleTracePlan, TracedKind, TracingAssembler, holds

MAX_CONDITION_TEXT: Final = 300


class ConditionTrace(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of a rule. holds: None where it is Unknown; text: as it is written."""

    text: str
    file: str
    line: int
    holds: bool | None
    seen: tuple[SeenValue, ...] = ()


class RuleTrace(msgspec.Struct, frozen=True, kw_only=True):
    """One rule on one event.

    holds: None where it is Unknown. taken_in: whether the `Require` of its file let it in; a rule
    fires if it holds and is taken in. decided_by: places in `conditions` of those that kept it from
    firing: the False ones, or the Unknown ones if none is False.
    """

    rule: str
    file: str
    line: int
    fired: bool
    holds: bool | None
    taken_in: bool
    conditions: tuple[ConditionTrace, ...] = ()
    decided_by: tuple[int, ...] = ()


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule on one event. never: rules that cannot fire for its kind, whatever it holds."""

    kind: str
    rules: tuple[RuleTrace, ...]
    never: tuple[str, ...]
    outcome: Outcome

    def of(self, rule: str) -> RuleTrace | None:
        """Give the trace of a rule, None if it cannot fire for the event's kind."""
        return next((trace for trace in self.rules if trace.rule == rule), None)


class Explainer:
    """Compiles the tracing twins of a rule set as they are asked for."""

    def __init__(self, program: Program, sources: Mapping[str, str]) -> None:
        self._program = program
        self._sources = sources
        self._texts: dict[Place, str] | None = None
        self._traced: dict[str, TracedKind] = {}

    def explain(
        self,
        event: RuleInput,
        outcome: Outcome,
        *,
        counters: Sequence[str],
        rules: Sequence[str],
        labels: Mapping[Entity | None, EntityLabels | None],
    ) -> Explanation:
        """Trace an event. counters: names, in the order of `event.counts`; rules: all there are.

        labels: of the entities the rules ask about.
        """
        if event.kind not in self._traced:
            self._traced[event.kind] = TracingAssembler(self._program, event.kind).traced()
        traced = self._traced[event.kind]
        counts = dict(zip(counters, event.counts, strict=True))
        asks = traced.kind.asks
        asked, _ = asks(event.event_id, event.data, event.facts) if asks else ((), ())
        _, _, _, traces = traced.kind.evaluate(
            event.event_id,
            event.data,
            event.facts,
            [counts[counter.name] for counter in traced.kind.counters],
            event.lists,
            [labels[entity] for entity in asked],
        )
        found = tuple(
            self._rule(plan, trace, event) for plan, trace in zip(traced.rules, traces, strict=True)
        )
        known = {trace.rule for trace in found}
        return Explanation(
            kind=event.kind,
            rules=found,
            never=tuple(rule for rule in rules if rule not in known),
            outcome=outcome,
        )

    def nothing(self, kind: str, rules: Sequence[str]) -> Explanation:
        """Explain an event of a kind no rule runs on."""
        return Explanation(kind=kind, rules=(), never=tuple(rules), outcome=NOTHING)

    def _rule(
        self,
        plan: RuleTracePlan,
        trace: tuple[object, bool, Sequence[tuple[object, Sequence[object] | None]]],
        event: RuleInput,
    ) -> RuleTrace:
        truth, taken_in, conditions = trace
        traced = tuple(
            ConditionTrace(
                text=self._text(condition.place),
                file=condition.place.file,
                line=condition.place.line,
                holds=holds(value),
                seen=tuple(seen_value(sight, captured, event) for sight in condition.seen),
            )
            for condition, (value, captured) in zip(plan.conditions, conditions, strict=True)
        )
        fired = truth is True and taken_in
        return RuleTrace(
            rule=plan.key,
            file=plan.place.file,
            line=plan.place.line,
            fired=fired,
            holds=holds(truth),
            taken_in=taken_in,
            conditions=traced,
            decided_by=() if fired else _deciding(traced),
        )

    def _text(self, place: Place) -> str:
        """Give a condition as it is written, or the rest of its line."""
        if self._texts is None:
            self._texts = condition_texts(self._sources)
        start = Place(place.file, place.line, place.column)
        if start in self._texts:
            return self._texts[start]
        return self._sources[place.file].splitlines()[place.line - 1][place.column - 1 :].strip()


def _deciding(conditions: Sequence[ConditionTrace]) -> tuple[int, ...]:
    for kept_by in (False, None):
        if found := tuple(at for at, each in enumerate(conditions) if each.holds is kept_by):
            return found
    return ()


def condition_texts(sources: Mapping[str, str]) -> dict[Place, str]:
    """Find the text of every condition in a `when_all`, by where it starts."""
    found = {}
    problems = ProblemList(sources)
    for name in filter(is_compiled, sources):
        file = parse_file(name, sources[name], problems)
        for node in (node for statement in file.body for node in ast.walk(statement)):
            if isinstance(node, ast.keyword) and node.arg == "when_all":
                for condition in node.value.elts if isinstance(node.value, ast.List) else ():
                    place = replace(file.place(condition), width=1)
                    text = ast.get_source_segment(sources[name], condition) or ""
                    found[place] = " ".join(text.split())[:MAX_CONDITION_TEXT]
    return found
