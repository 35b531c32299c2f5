"""Measuring: small communities whose figures can be reckoned by hand."""

import io
import json

from rich.console import Console

from fieldfare.kernel import rfc3339
from fieldfare.simulator.community import Community, Posting, Showing
from fieldfare.simulator.play import Seen
from fieldfare.simulator.report import figures_json, print_report
from fieldfare.simulator.truth import (
    Outcome,
    figures_of,
    hands_of,
    measure,
    outcome_of,
    prevented,
    views_without,
)

BEGIN = 1_767_571_200_000


def a_posting(host_id: str, truth: str = "", how: str = "clean") -> Posting:
    return Posting(
        minute=30,
        kind="comment",
        host_id=host_id,
        author="reader-1",
        market="DE",
        text="miru talo",
        how=how,
        truth=truth,
        parent="v1",
    )


def an_outcome(
    host_id: str,
    truth: str = "",
    *policies: str,
    views: int = 0,
    planned: int = 100,
    is_unseen: bool = False,
) -> Outcome:
    return Outcome(
        posting=a_posting(host_id, truth),
        views=views,
        views_without=planned,
        restricted_for=frozenset(policies),
        is_unseen=is_unseen,
    )


OUTCOMES = [
    an_outcome("a", "HS.SLUR", "HS.SLUR", is_unseen=True),
    an_outcome("b", "HS.SLUR", "HS.SLUR", views=10),
    an_outcome("c", "HS.SLUR", views=90),
    an_outcome("d", "", "HS.SLUR"),
    an_outcome("e", "", views=100),
    an_outcome("f", "HB.LOW", "HS.SLUR", is_unseen=True),
]


def test_precision_and_recall_are_per_policy() -> None:
    row = figures_of("HS.SLUR", OUTCOMES)

    assert (row.violating, row.restricted, row.caught) == (3, 4, 2)
    assert row.precision == 2 / 4
    assert row.recall == 2 / 3


def test_over_all_policies_any_restriction_of_a_violating_item_counts() -> None:
    row = figures_of("", OUTCOMES)

    assert (row.violating, row.restricted, row.caught) == (4, 4, 3)
    assert row.precision == 3 / 4


def test_before_any_view_is_a_share_of_what_was_caught() -> None:
    assert figures_of("HS.SLUR", OUTCOMES).before_any_view == 1 / 2


def test_violative_views_are_of_ten_thousand_views_of_everything() -> None:
    row = figures_of("HS.SLUR", OUTCOMES)

    assert row.violative_views == 10_000 * 100 / 200
    assert row.violative_views_without == 10_000 * 300 / 600


def test_what_could_not_be_written_counts_only_without_the_platform() -> None:
    never = prevented(a_posting("g", "HS.SLUR"), views_without=600)

    row = figures_of("HS.SLUR", [*OUTCOMES, never])

    assert row.violating == 3
    assert row.violative_views == 5_000
    assert row.violative_views_without == 10_000 * 900 / 1_200


def test_shares_of_nothing_are_none() -> None:
    row = figures_of("VC.THREAT", OUTCOMES)

    assert (row.precision, row.recall, row.before_any_view) == (None, None, None)
    assert figures_of("", []).violative_views == 0


def a_decision(number: int, at: int, *policies: str) -> dict[str, object]:
    return {
        "id": str(number),
        "at": rfc3339(at),
        "restrictions": [{"policy": policy} for policy in policies],
    }


def seen_at(start: int, views: int) -> Seen:
    seen = Seen()
    seen.views["comment", "a"] = views
    seen.windows["comment", "a"] = [(start, views)]
    return seen


def test_the_last_decision_says_what_holds_and_the_first_restriction_since_when() -> None:
    item = {
        "decisions": [
            a_decision(12, BEGIN + 9_000, "HS.SLUR"),
            a_decision(9, BEGIN, "HB.LOW"),  # the order of the answer does not matter
        ]
    }

    early = outcome_of(a_posting("a"), item, seen_at(BEGIN, 5), views_without=7)
    late = outcome_of(a_posting("a"), item, seen_at(BEGIN - 1, 5), views_without=7)

    assert early.restricted_for == {"HS.SLUR"}
    assert (early.views, early.views_without) == (5, 7)
    assert early.is_unseen
    assert not late.is_unseen


def test_a_restriction_that_was_lifted_is_none() -> None:
    item = {"decisions": [a_decision(1, BEGIN, "HB.LOW"), a_decision(2, BEGIN)]}

    outcome = outcome_of(a_posting("a"), item, Seen(), views_without=0)

    assert outcome.restricted_for == frozenset()
    assert not outcome.is_unseen


def test_an_item_that_waits_for_a_person_is_told_apart() -> None:
    allowed = {"decisions": [a_decision(1, BEGIN)]}
    held = {"decisions": [a_decision(1, BEGIN, "HB.LOW")]}
    posting = a_posting("a", "HB.LOW")
    waiting = Seen(waiting={("comment", "a")})

    outcomes = [
        outcome_of(posting, item, seen, views_without=0)
        for item, seen in ((allowed, waiting), (held, waiting), (allowed, Seen()))
    ]

    assert [o.is_waiting for o in outcomes] == [True, True, False]
    assert figures_of("HB.LOW", outcomes).for_review == 1
    assert hands_of(outcomes).waiting == 2


def test_what_people_decided_is_counted_apart_and_held_against_the_truth() -> None:
    def decided(truth: str, verdict: str | None) -> Outcome:
        policies = frozenset({verdict} if verdict else ())
        posting = a_posting("a", truth)
        return Outcome(
            posting=posting, views=0, views_without=0, restricted_for=policies, verdict=verdict
        )

    people = [
        decided("HB.LOW", "HB.LOW"),
        decided("HB.LOW", "HS.SLUR"),
        decided("HB.LOW", ""),
        decided("", "HB.LOW"),
        decided("", ""),
    ]

    hands = hands_of([*people, *OUTCOMES])

    assert (hands.by_people, hands.restricted_by_people, hands.wrong_by_people) == (5, 3, 3)
    assert (hands.by_machine, hands.restricted_by_machine) == (6, 4)


def test_a_verdict_is_read_from_what_was_played() -> None:
    seen = Seen(verdicts={("comment", "a"): ""})

    outcome = outcome_of(a_posting("a"), {"decisions": []}, seen, views_without=0)

    assert outcome.verdict == ""
    assert outcome_of(a_posting("b"), {"decisions": []}, seen, views_without=0).verdict is None


def a_community() -> Community:
    views = {("comment", "a"): 30, ("comment", "g"): 5}
    showing = Showing(minute=120, age_band="18_plus", market="DE", views=views)
    return Community(
        seed=1,
        accounts=(),
        known=(),
        postings=(a_posting("a"),),
        reports=(),
        showings=(showing, showing),
        flooders=frozenset({"flood-0", "flood-1"}),
    )


def test_views_without_the_platform_are_those_of_the_plan() -> None:
    assert views_without(a_community())["comment", "a"] == 60


def test_the_report_has_a_row_for_every_policy_of_truth_or_restriction() -> None:
    seen = Seen(stopped={"flood-0", "maker-1"}, reports=3)

    measured = measure(a_community(), OUTCOMES, seen)
    told = figures_json(measured, seed=7)

    assert list(json.loads(json.dumps(told))["policies"]) == ["HB.LOW", "HS.SLUR"]
    assert told["accounts"] == {"flooders": 2, "flooders_stopped": 1, "others_stopped": 1}
    assert told["views"] == {"with": 200, "without": 600}
    assert told["decided"]["by_machine"] == 6  # type: ignore[index,call-overload]  # JSON
    assert told["postings"] == {"clean": {"posted": 6, "restricted": 4}}


def test_the_report_can_be_read_by_a_person() -> None:
    console = Console(file=io.StringIO(), width=120)

    print_report(measure(a_community(), OUTCOMES, Seen()), console)

    text = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above
    assert "HS.SLUR" in text
    assert "67%" in text
    assert "6 comments" in text
    assert "Decided by machine alone: 6 items, 4 of them restricted; by people: 0" in text
