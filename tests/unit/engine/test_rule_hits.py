"""From outcomes to hits: what each rule asked for, and what nothing else found."""

from fieldfare.engine.rule_hits import Ran, hits_of
from fieldfare.kernel import EventId, Org
from fieldfare.policies.kinds import RESTRICTION_KINDS
from fieldfare.records import (
    Event,
    HitMode,
    Reason,
    Restriction,
    ReviewRequest,
    RuleHit,
    Subject,
    Verdict,
    Voice,
)
from fieldfare.rules import Outcome

COMMENT = Subject("comment", "c1")
EVENT = Event(org=Org("main"), id=EventId(7), at=0, kind="item.posted", subject=COMMENT, data={})


def asks(*rules: str, kinds: tuple[str, ...] = (), queue: str = "") -> Verdict:
    return Verdict(
        by=Voice.RULE,
        author=", ".join(rules),
        subject=COMMENT,
        version="d",
        event_id=EVENT.id,
        restrictions=tuple(Restriction(kind=kind, policy="P") for kind in kinds),
        review=(ReviewRequest(queue=queue, policy="P"),) if queue else (),
        reasons=tuple(Reason(by=rule) for rule in rules),
    )


def hits(*ran: tuple[HitMode, Outcome]) -> dict[tuple[str, str], RuleHit]:
    runs = [
        Ran(rule_set=f"v{n}", mode=mode, outcome=outcome) for n, (mode, outcome) in enumerate(ran)
    ]
    return {(hit.rule_set, hit.rule): hit for hit in hits_of(EVENT, "d", runs, RESTRICTION_KINDS)}


def test_the_gravest_restriction_is_the_action() -> None:
    outcome = Outcome(fired=("A",), verdicts=(asks("A", kinds=("limit", "remove"), queue="q"),))

    (hit,) = hits((HitMode.LIVE, outcome)).values()

    assert (hit.action, hit.queue, hit.novel) == ("remove", "q", True)


def test_a_rule_that_only_asks_a_person_reviews_and_one_without_effect_does_nothing() -> None:
    outcome = Outcome(fired=("A", "B"), verdicts=(asks("A", queue="q"),))

    found = hits((HitMode.LIVE, outcome))

    assert (found["v0", "A"].action, found["v0", "B"].action) == ("review", "")


def test_two_rules_that_decide_on_one_event_are_not_novel() -> None:
    outcome = Outcome(
        fired=("A", "B"), verdicts=(asks("A", kinds=("hold",)), asks("B", kinds=("hold",)))
    )

    assert not any(hit.novel for hit in hits((HitMode.LIVE, outcome)).values())


def test_a_shadow_is_novel_where_what_decides_asked_for_nothing() -> None:
    shadow = Outcome(fired=("A",), verdicts=(asks("A", kinds=("hold",)),))
    silent = Outcome(fired=("Quiet",))
    loud = Outcome(fired=("Loud",), verdicts=(asks("Loud", queue="q"),))

    new = hits((HitMode.LIVE, silent), (HitMode.SHADOW, shadow))["v1", "A"]
    known = hits((HitMode.LIVE, loud), (HitMode.SHADOW, shadow))["v1", "A"]

    assert (new.novel, known.novel) == (True, False)


def test_rules_that_threw_are_counted_once_each_beside_those_that_fired() -> None:
    outcome = Outcome(
        fired=("C",),
        errors=("rule A: boom", "rule A: again", "rule B: Hold: the account is Unknown"),
    )

    found = hits((HitMode.SHADOW, outcome))

    assert {rule: hit.action for (_, rule), hit in found.items()} == {
        "A": "error",
        "B": "error",
        "C": "",
    }


def test_a_rule_that_fired_threw_where_none_of_its_effects_came_of_it() -> None:
    errors = ("rule Lost: Limit: no policy 'de'", "rule Half: Limit: no policy 'de'")
    outcome = Outcome(
        fired=("Lost", "Half"), verdicts=(asks("Half", kinds=("hold",)),), errors=errors
    )

    found = hits((HitMode.LIVE, outcome))

    assert {rule: hit.action for (_, rule), hit in found.items()} == {
        "Lost": "error",
        "Half": "hold",
    }


def test_nothing_fired_is_nothing_kept() -> None:
    assert hits((HitMode.LIVE, Outcome()), (HitMode.SHADOW, Outcome())) == {}
