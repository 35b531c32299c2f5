"""The default rules of the pack, each with an event that makes it fire and one that does not."""

from pathlib import Path

import pytest

from fieldfare.kernel import Unknown
from fieldfare.records import FactValue, Subject, Verdict
from fieldfare.rules import CounterStore, RuleSet, load_rule_set, read_folder
from fieldfare.testing.rule_sets import START_MS, a_vocabulary, an_id, evaluated

FOLDER = Path(__file__).parents[3] / "packs" / "default" / "rules"
Facts = dict[str, FactValue | Unknown]
CLEAN: Facts = {
    "text.normalised": "a mellow afternoon",
    "text.language": "en",
    "text.lexicon.policy": None,
    "text.lexicon.severity": None,
    "text.lexicon.hits": [],
    "media.readable": True,
    "media.duration_s": 12.0,
    "media.black_share": 0.0,
    "media.frozen_share": 0.0,
    "visual.nsfw.max": 0.11,
    "visual.nsfw.mean": 0.05,
    "visual.nsfw.share_60": 0.0,
    "hash.match.policy": None,
    "hash.match.bank": None,
    "hash.match.distance": None,
    "hash.match.vetted": False,
    "hash.decided.policy": None,
    "text.match.policy": None,
    "text.match.bank": None,
    "text.match.vetted": None,
    "text.match.means": None,
    "text.match.similarity": None,
    "text.match.all": None,
    "url.match.policy": None,
    "url.match.bank": None,
    "url.match.vetted": None,
    "url.match.means": None,
    "url.match.found": None,
    "url.match.all": None,
    "url.lookalike": None,
    "author.age_s": 900_000.0,
    "item.views": 0,
}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rule_set(read_folder(FOLDER), vocabulary=a_vocabulary(lists=()))


def test_the_default_rules_mean_the_same_under_both_null_semantics(rules: RuleSet) -> None:
    assert rules.warnings == ()


def item(kind: str = "video", author: str = "u1", host_id: str = "i1") -> dict[str, object]:
    return {
        "item": {
            "kind": kind,
            "host_id": host_id,
            "author": author,
            "caption": "a mellow afternoon",
            "hashtags": [],
            "language": "en",
            "market": "DE",
            "parent": None,
        },
        "actor": author,
    }


def verdict_on(
    rules: RuleSet, kind: str, data: dict[str, object], **facts: FactValue | Unknown
) -> tuple[tuple[str, ...], list[str], list[tuple[str, str, int]], tuple[Verdict, ...]]:
    """Give the fired rules, the kinds of restriction and the cases (queue, policy, lane)."""
    told = {**CLEAN, **{name.replace("__", "."): value for name, value in facts.items()}}
    outcome = evaluated(rules, data, kind=kind, facts=told, subject=Subject("video", "i1"))
    assert outcome.errors == ()
    verdicts = outcome.verdicts
    kinds = [restriction.kind for verdict in verdicts for restriction in verdict.restrictions]
    cases = [(r.queue, r.policy, r.lane) for verdict in verdicts for r in verdict.review]
    return outcome.fired, kinds, cases, verdicts


@pytest.mark.parametrize("kind", ["item.posted", "item.changed", "item.scanned"])
@pytest.mark.parametrize("of", ["video", "comment"])
def test_a_clean_item_is_let_be(rules: RuleSet, kind: str, of: str) -> None:
    assert verdict_on(rules, kind, item(of)) == ((), [], [], ())


def test_unknown_facts_alone_fire_nothing(rules: RuleSet) -> None:
    unknown = {name: Unknown("decoder ran out of memory") for name in CLEAN}
    outcome = evaluated(rules, item(), kind="item.scanned", facts=unknown)

    assert (outcome.fired, outcome.errors) == ((), ())


def test_a_match_of_a_vetted_bank_takes_that_policy_and_may_overrule_a_person(
    rules: RuleSet,
) -> None:
    fired, kinds, cases, verdicts = verdict_on(
        rules,
        "item.scanned",
        item(),
        hash__match__policy="SA.NCII",
        hash__match__bank="known",
        hash__match__vetted=True,
    )

    assert fired == ("VettedMatch",)
    assert kinds == ["remove"]
    assert cases == [("sexual_abuse", "SA.NCII", 0)]
    assert verdicts[0].after_person


def test_a_match_of_a_quarantined_entry_is_held_for_a_person(rules: RuleSet) -> None:
    fired, kinds, cases, _ = verdict_on(
        rules,
        "item.scanned",
        item(),
        hash__match__policy="SA.NCII",
        hash__match__bank="known",
        hash__match__vetted=False,
        hash__match__quarantined=True,
    )

    assert (fired, kinds) == (("QuarantinedMatch",), ["hold"])
    assert [policy for _, policy, _ in cases] == ["SA.NCII"]


def test_a_known_text_takes_its_policy_and_may_overrule_a_person(rules: RuleSet) -> None:
    facts: Facts = {
        "text__match__policy": "SA.NCII",
        "text__match__vetted": True,
        "text__match__means": "exact",
    }

    fired, kinds, _, verdicts = verdict_on(rules, "item.posted", item("comment"), **facts)

    assert fired == ("KnownText",)
    assert kinds == ["remove"]
    assert verdicts[0].after_person


@pytest.mark.parametrize("means", ["near", "tlsh"])
def test_what_is_nearly_a_known_text_is_held_for_a_person(rules: RuleSet, means: str) -> None:
    facts: Facts = {
        "text__match__policy": "IN.SPAM",
        "text__match__vetted": True,
        "text__match__means": means,
    }

    fired, kinds, cases, verdicts = verdict_on(rules, "item.posted", item("comment"), **facts)

    assert fired == ("NearCopyOfKnownText",)
    assert kinds == ["hold"]
    assert [(queue, policy) for queue, policy, _ in cases] == [("authenticity", "IN.SPAM")]
    assert not verdicts[0].after_person


def test_a_known_address_takes_its_policy(rules: RuleSet) -> None:
    facts: Facts = {"url__match__policy": "SA.NCII", "url__match__vetted": True}

    fired, kinds, _, _ = verdict_on(rules, "item.posted", item("comment"), **facts)

    assert fired == ("KnownUrl",)
    assert kinds == ["remove"]


def test_known_words_of_a_bank_nobody_vetted_ask_a_person(rules: RuleSet) -> None:
    facts: Facts = {
        "text__match__policy": "IN.SPAM",
        "text__match__vetted": False,
        "text__match__means": "exact",
        "url__match__policy": "IN.SPAM",
        "url__match__vetted": False,
    }

    fired, kinds, cases, _ = verdict_on(rules, "item.posted", item("comment"), **facts)

    assert (fired, kinds) == (("UnvettedText", "UnvettedUrl"), [])
    assert {policy for _, policy, _ in cases} == {"IN.SPAM"}


def test_a_match_of_a_bank_nobody_vetted_holds_nothing_and_asks_a_person(rules: RuleSet) -> None:
    fired, kinds, cases, _ = verdict_on(
        rules,
        "item.scanned",
        item(),
        hash__match__policy="SA.NCII",
        hash__match__vetted=False,
        hash__match__quarantined=False,
    )

    assert (fired, kinds) == (("UnvettedMatch",), [])
    assert [policy for _, policy, _ in cases] == ["SA.NCII"]


def test_for_child_safety_such_a_match_is_held_until_the_person_has_looked(rules: RuleSet) -> None:
    fired, kinds, cases, _ = verdict_on(
        rules,
        "item.scanned",
        item(),
        hash__match__policy="CS.CSAM",
        hash__match__vetted=False,
        hash__match__quarantined=False,
    )

    assert set(fired) == {"UnvettedMatch", "UnvettedChildSafety"}
    assert kinds == ["hold"]
    assert [policy for _, policy, _ in cases] == ["CS.CSAM"]


def test_a_near_copy_of_decided_content_gets_its_restriction(rules: RuleSet) -> None:
    fired, kinds, cases, verdicts = verdict_on(
        rules, "item.scanned", item(), hash__decided__policy="AD.NUDE"
    )

    assert (fired, kinds, cases) == (("NearCopyOfDecided",), ["remove"], [])
    assert not verdicts[0].after_person


@pytest.mark.parametrize(
    ("most", "share", "fired", "kinds"),
    [
        (0.90, 0.0, ("NudityAlmostCertain",), ["limit"]),
        (0.95, 0.5, ("NudityAlmostCertain",), ["limit"]),
        (0.89, 0.21, ("NudityThroughout",), []),
        (0.89, 0.20, (), []),
        (0.59, 0.90, (), []),
    ],
)
def test_nudity_limits_or_asks_a_person(
    rules: RuleSet, most: float, share: float, fired: tuple[str, ...], kinds: list[str]
) -> None:
    got = verdict_on(
        rules, "item.scanned", item(), visual__nsfw__max=most, visual__nsfw__share_60=share
    )

    assert got[:2] == (fired, kinds)
    assert got[2] == ([("adult", "AD.NUDE", 1)] if fired else [])


@pytest.mark.parametrize(
    ("of", "policy", "severity", "fired", "kinds", "cases"),
    [
        ("video", "AD.NUDE", "S2", "TermInCaption", ["hold"], [("adult", "AD.NUDE", 1)]),
        ("video", "HB.LOW", "S1", "TermInCaption", ["limit"], []),
        ("comment", "HB.BULLY", "S2", "TermInComment", ["hold"], [("harassment", "HB.BULLY", 1)]),
        ("comment", "VC.THREAT", "S4", "TermInComment", ["hold"], [("violence", "VC.THREAT", 1)]),
        ("comment", "HB.LOW", "S1", "MildTermInComment", ["limit"], []),
    ],
)
def test_a_term_of_the_lexicon_takes_the_policy_it_is_about(
    rules: RuleSet,
    *,
    of: str,
    policy: str,
    severity: str,
    fired: str,
    kinds: list[str],
    cases: list[tuple[str, str, int]],
) -> None:
    got = verdict_on(
        rules,
        "item.posted",
        item(of),
        text__lexicon__policy=policy,
        text__lexicon__severity=severity,
    )

    assert got[:3] == ((fired,), kinds, cases)


def test_media_that_cannot_be_read_go_to_a_person(rules: RuleSet) -> None:
    fired, kinds, cases, _ = verdict_on(rules, "item.scanned", item(), media__readable=False)

    assert (fired, kinds, cases) == (("MediaUnreadable",), [], [("unjudged", "", 1)])


def burst(rules: RuleSet, *, accounts: int, text: str, of: str = "comment") -> list[bool]:
    """Post the same words from several accounts a second apart; which posts were limited."""
    store = CounterStore(rules.needs.counters)
    limited = []
    for at in range(accounts):
        outcome = evaluated(
            rules,
            item(of, author=f"u{at}"),
            facts={**CLEAN, "text.normalised": text},
            store=store,
            event_id=an_id(at * 1000),
        )
        limited.append("CommentBurst" in outcome.fired)
    return limited


def test_the_same_comment_from_ten_accounts_is_limited_from_the_tenth_on(rules: RuleSet) -> None:
    assert burst(rules, accounts=11, text="visit my bramble page") == [False] * 9 + [True] * 2


def test_short_comments_and_captions_are_no_burst(rules: RuleSet) -> None:
    assert not any(burst(rules, accounts=15, text="so true"))
    assert not any(burst(rules, accounts=15, text="a mellow afternoon", of="video"))


def test_one_account_repeating_itself_is_no_burst_of_many(rules: RuleSet) -> None:
    store = CounterStore()
    for at in range(15):
        outcome = evaluated(
            rules, item("comment"), facts=CLEAN, store=store, event_id=an_id(at * 60_000)
        )
        assert outcome.fired == ()


@pytest.mark.parametrize(
    ("age_s", "apart_ms", "blocked"),
    [(3599.0, 10_000, True), (3600.0, 10_000, False), (60.0, 20_000, False)],
)
def test_a_new_account_in_a_hurry_loses_comments_for_a_day(
    rules: RuleSet, *, age_s: float, apart_ms: int, blocked: bool
) -> None:
    store = CounterStore()
    facts = {**CLEAN, "author.age_s": age_s, "text.normalised": "short"}
    outcomes = [
        evaluated(rules, item("comment"), facts=facts, store=store, event_id=an_id(at * apart_ms))
        for at in range(20)
    ]

    assert not any(outcome.fired for outcome in outcomes[:19])
    assert (outcomes[19].fired == ("NewAccountInAHurry",)) == blocked
    if blocked:
        (verdict,) = outcomes[19].verdicts
        (restriction,) = verdict.restrictions
        assert verdict.subject == Subject("account", "u1")
        assert restriction.params == {"feature": "comments"}
        assert restriction.until == START_MS + 19 * apart_ms + 86_400_000


def report(by: str) -> dict[str, object]:
    return {"item": {"kind": "video", "host_id": "i1"}, "actor": by, "reason": "spam"}


@pytest.mark.parametrize(
    ("reporters", "views", "fired"),
    [
        (["a", "b", "c"], 1000, ("ReportedByThree",)),
        (["a", "b", "c"], 1001, ()),
        (["a", "b", "c"], Unknown("not told"), ("ReportedByThree",)),
        (["a", "b", "b", "a"], 10, ()),
    ],
)
def test_three_people_reporting_a_little_seen_item_open_a_case(
    rules: RuleSet, reporters: list[str], views: int | Unknown, fired: tuple[str, ...]
) -> None:
    store = CounterStore()
    outcomes = [
        evaluated(
            rules,
            report(by),
            kind="report.filed",
            facts={"item.views": views, "report.class": "spam"},
            store=store,
            event_id=an_id(at),
        )
        for at, by in enumerate(reporters)
    ]

    assert [outcome.fired for outcome in outcomes[:2]] == [(), ()]
    assert outcomes[-1].fired == fired
    if fired:
        assert outcomes[-1].verdicts[0].restrictions == ()
        assert outcomes[-1].verdicts[0].review[0].queue == "harassment"


@pytest.mark.parametrize(
    ("of", "policy", "queue"),
    [
        ("child_safety", "CS.CSAM", "child_safety"),
        ("imminent_harm", "VC.THREAT", "violence"),
        ("spam", "", ""),
    ],
)
def test_a_report_for_a_child_or_a_life_holds_and_goes_to_the_top(
    rules: RuleSet, of: str, policy: str, queue: str
) -> None:
    _, kinds, cases, _ = verdict_on(rules, "report.filed", report("a"), report__class=of)

    assert kinds == (["hold"] if policy else [])
    assert cases == ([(queue, policy, 0)] if policy else [])


def test_every_default_rule_is_tested_here(rules: RuleSet) -> None:
    text = Path(__file__).read_text("utf-8")
    named = {
        "ReportOfChildSafety": "child_safety",
        "ReportOfImminentHarm": "imminent_harm",
    }

    assert [r.name for r in rules.rules if named.get(r.name, f'"{r.name}"') not in text] == []
