"""Builders for tests of rules: a small vocabulary, a rule set from text, one event through it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import structs

from fieldfare.engine.in_force import FACTS
from fieldfare.kernel import EventId, Unknown, make_id
from fieldfare.records import FactValue, Restriction, Subject
from fieldfare.rules import (
    CounterStore,
    Occurrence,
    Outcome,
    PolicyTerms,
    RuleSet,
    Running,
    Vocabulary,
    load_rule_set,
)
from fieldfare.rules.vocabulary import KindParam, KindTerms

START_MS: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z: the moment of `an_id()`."""


def terms(
    code: str,
    severity: str,
    *,
    queue: str,
    at_high: Sequence[str] = (),
    on_match: Sequence[str] = (),
    on_confirm: Sequence[str] = (),
    review: bool = False,
) -> PolicyTerms:
    """Build the terms of a policy from kinds of restriction."""

    def made(kinds: Sequence[str]) -> tuple[Restriction, ...]:
        return tuple(Restriction(kind=kind, policy=code) for kind in kinds)

    return PolicyTerms(
        code=code,
        severity=severity,
        at_high_confidence=made(at_high),
        on_match=made(on_match),
        on_confirm=made(on_confirm),
        queue=queue,
        review=review,
    )


_POLICIES: Final = (
    terms(
        "CS.CSAM",
        "S4",
        queue="child_safety",
        at_high=["hold", "remove"],
        on_match=["remove"],
        on_confirm=["remove"],
        review=True,
    ),
    terms("VC.THREAT", "S4", queue="violence", at_high=["hold"], on_confirm=["remove"]),
    terms(
        "SA.NCII",
        "S4",
        queue="sexual_abuse",
        at_high=["hold"],
        on_match=["remove"],
        on_confirm=["remove"],
        review=True,
    ),
    terms("PR.SEC", "S3", queue="fraud", at_high=["hold"], on_confirm=["remove"], review=True),
    terms("AD.NUDE", "S2", queue="adult", at_high=["hold"], on_confirm=["remove"], review=True),
    terms("HB.BULLY", "S2", queue="harassment", on_confirm=["remove"], review=True),
    terms("HB.LOW", "S1", queue="harassment", at_high=["limit"], on_confirm=["limit"]),
    terms("IN.SPAM", "S1", queue="authenticity", at_high=["limit"], on_confirm=["limit"]),
)


def a_vocabulary(*, lists: Sequence[str] = ("bad_words",)) -> Vocabulary:
    """Build a vocabulary of eight policies, the usual facts and seven event kinds."""
    return Vocabulary(
        policies={policy.code: policy for policy in _POLICIES},
        facts=FACTS,
        lists=frozenset(lists),
        queues=frozenset({"unjudged", *(policy.queue for policy in _POLICIES)}),
        event_kinds=frozenset(
            {
                "item.posted",
                "item.changed",
                "item.scanned",
                "report.filed",
                "views.reached",
                "like",
                "follow",
            }
        ),
        restriction_kinds=frozenset(
            {
                "label",
                "warn",
                "limit",
                "age_gate",
                "geo_block",
                "interaction",
                "hold",
                "remove",
                "feature_block",
                "verify",
                "suspend",
                "ban",
                "expose",
                "strike",
                "quiet",
            }
        ),
        kinds={
            "quiet": KindTerms(
                name="quiet",
                on=frozenset({"account"}),
                params=(
                    KindParam(name="where", choices=("live", "direct"), many=True, required=True),
                    KindParam(name="minutes", number=True),
                ),
            ),
            "limit": KindTerms(name="limit", on=frozenset({"item", "account"})),
        },
    )


def a_rule_set(main: str, **files: str) -> RuleSet:
    """Compile a rule set; `a_rule_set(main, base=...)` has the files main.sml and base.sml."""
    sources = {"main.sml": main, **{f"{name}.sml": text for name, text in files.items()}}
    return load_rule_set(sources, vocabulary=a_vocabulary())


def an_id(after_ms: int = 0, *, sequence: int = 0) -> EventId:
    """Give an id `after_ms` after the start of 2026."""
    return make_id(START_MS + after_ms, sequence=sequence)


def evaluated(
    rules: RuleSet,
    data: Mapping[str, Any] | None = None,
    *,
    kind: str = "item.posted",
    facts: Mapping[str, FactValue | Unknown] | None = None,
    store: CounterStore | None = None,
    event_id: int | None = None,
    lists: Mapping[str, frozenset[str]] | None = None,
    subject: Subject = Subject("comment", "c1"),  # noqa: B008 -- frozen
) -> Outcome:
    """Take one event through counters and rules."""
    happened = Occurrence(
        kind=kind,
        event_id=an_id() if event_id is None else event_id,
        subject=subject,
        version="v1",
        data={"kind": kind, **(data or {})},
        facts=facts or {},
    )
    return Running([rules], counters=store).judge(rules, happened, lists or {})


def unexplained(outcome: Outcome) -> Outcome:
    """Take the values that rules saw out of an outcome's reasons, as a replay leaves them out."""
    verdicts = (
        structs.replace(
            verdict, reasons=tuple(structs.replace(each, seen=()) for each in verdict.reasons)
        )
        for verdict in outcome.verdicts
    )
    return structs.replace(outcome, verdicts=tuple(verdicts))
