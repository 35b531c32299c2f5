"""Runs rule tests: each case through the same state and functions as a live event.

In: a compiled rule set and its folder's texts. Out: a CaseReport that says of every case whether
it is as expected and, if not, what came instead and which condition decided.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import msgspec

from fieldfare.rules.case_expectations import differences
from fieldfare.rules.case_files import Case, Step, read_cases
from fieldfare.rules.case_names import unknown_names
from fieldfare.rules.explaining import Explanation
from fieldfare.rules.explanations_text import condition_line
from fieldfare.rules.outcomes import Occurrence, Outcome
from fieldfare.rules.rule_set import RuleSet
from fieldfare.rules.running import Running
from fieldfare.rules.vocabulary import Vocabulary

MAX_DECIDING: Final = 3
"""Conditions shown of a rule that did not fire."""


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """One case: `differences` is empty when all is as expected."""

    name: str
    file: str
    line: int
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences


class CaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every case of a rule set, and the rules no case makes fire."""

    rule_set: str
    results: tuple[CaseResult, ...]
    untested: tuple[str, ...]

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        return tuple(result for result in self.results if not result.passed)


def run_cases(
    rules: RuleSet, sources: Mapping[str, str], vocabulary: Vocabulary, *, only: str = ""
) -> CaseReport:
    """Run every case under `tests/` whose name or file holds `only`.

    Each case starts from nothing: its `before` is all that ever happened. A case that names what is
    not there fails, whether it names it as what must happen or as what must not. Raises BadInput
    for what is no case.
    """
    results = []
    fired: set[str] = set()
    asked = replace(vocabulary, lists=vocabulary.lists | rules.needs.lists)
    for case in read_cases(sources, asked):
        if only.casefold() in f"{case.file} {case.name}".casefold():
            outcome, explained = play(rules, case)
            fired.update(outcome.fired)
            names = list(unknown_names(case, rules, vocabulary))
            results.append(_result(case, outcome, explained, names))
    return CaseReport(
        rule_set=rules.hash,
        results=tuple(results),
        untested=tuple(rule.name for rule in rules.rules if rule.name not in fired),
    )


def play(rules: RuleSet, case: Case) -> tuple[Outcome, Explanation]:
    """Take a case's events through the rules; give what came of its own, and why.

    What an earlier event does to labels holds from the next one on.
    """
    running = Running([rules])
    first = case.before[0] if case.before else case.step
    running.labels.apply(case.labels, event_id=first.event_id - 1)
    for step in case.before:
        outcome = running.judge(rules, occurrence_of(step), case.lists)
        running.labels.apply(outcome.labels, event_id=step.event_id)
    explained = running.explain(rules, occurrence_of(case.step), case.lists)
    return explained.outcome, explained


def occurrence_of(step: Step) -> Occurrence:
    return Occurrence(
        kind=step.kind,
        event_id=step.event_id,
        subject=step.subject,
        version=step.version,
        data=step.data,
        facts=step.facts,
    )


def _result(case: Case, outcome: Outcome, explained: Explanation, unknown: list[str]) -> CaseResult:
    found = [*unknown, *differences(case.expect, outcome)]
    wanted = [
        rule
        for wish in case.expect.wishes
        if wish.subject == "fired" and wish.form != "none"
        for rule in wish.entries
        if rule not in outcome.fired
    ]
    for rule in dict.fromkeys(wanted):
        found += _why_not(rule, explained)
    return CaseResult(name=case.name, file=case.file, line=case.line, differences=tuple(found))


def _why_not(rule: str, explained: Explanation) -> Iterator[str]:
    trace = explained.of(rule)
    if trace is not None:
        if not trace.taken_in:
            yield f"  {rule} stands in {trace.file}, which no Require took in for this event"
        for at in trace.decided_by[:MAX_DECIDING]:
            yield f"  {condition_line(trace.conditions[at])}"
    elif rule in explained.never:
        yield f"  {rule} cannot fire on an event of kind {explained.kind}"
