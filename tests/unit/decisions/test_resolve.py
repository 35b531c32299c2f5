from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from fieldfare.decisions import effective, resolve
from fieldfare.decisions.unknowns import UNJUDGED_QUEUE, UNKNOWN_LANE
from fieldfare.kernel import EventId, Unknown
from fieldfare.policies import (
    RESTRICTION_KINDS,
    PolicyPack,
    UnfitRestriction,
    UnknownKind,
    UnknownPolicy,
    load_default_pack,
)
from fieldfare.records import (
    ACCOUNT,
    FactValue,
    Judgement,
    Reason,
    Restriction,
    ReviewRequest,
    Subject,
    Verdict,
    Voice,
)

PACK = load_default_pack()
VIDEO = Subject("video", "v1")
AUTHOR = Subject(ACCOUNT, "a1")


def a_restriction(kind: str = "limit", policy: str = "IN.SPAM") -> Restriction:
    return Restriction(kind=kind, policy=policy)


def a_verdict(
    *restrictions: Restriction,
    by: Voice = Voice.RULE,
    at: int = 1,
    author: str = "",
    review: tuple[ReviewRequest, ...] = (),
    subject: Subject = VIDEO,
) -> Verdict:
    return Verdict(
        by=by,
        author=author or by.value,
        subject=subject,
        version="d1",
        event_id=EventId(at),
        restrictions=restrictions,
        review=review,
    )


def judge(
    verdicts: Sequence[Verdict],
    *,
    facts: Mapping[str, FactValue | Unknown] | None = None,
    subject: Subject = VIDEO,
    pack: PolicyPack = PACK,
) -> Judgement:
    return resolve(
        verdicts, subject=subject, pack=pack, kinds=pack.kinds, facts=facts or {}, version="d1"
    )


def test_nothing_said_about_known_facts_is_allowed_by_rule() -> None:
    facts: dict[str, FactValue | Unknown] = {
        "visual.nsfw.max": 0.02,
        "hash.match.policy": None,
        "text.lexicon.policy": None,
    }

    found = judge([], facts=facts)

    assert (found.action, found.policy, found.by) == ("allow", "", Voice.RULE)
    assert (found.restrictions, found.review, found.unknown) == ((), (), {})


def test_the_headline_is_the_gravest_kind_under_the_policy_that_asked_for_it() -> None:
    found = judge(
        [a_verdict(a_restriction("limit", "HS.SLUR")), a_verdict(a_restriction("warn", "GV.MILD"))]
    )

    assert (found.action, found.policy) == ("limit", "HS.SLUR")
    assert [one.kind for one in found.restrictions] == ["limit", "warn"]


def test_the_policy_named_first_has_the_highest_harm_weight_and_ties_go_by_code() -> None:
    heavy = judge([a_verdict(a_restriction("limit", "HB.LOW"), a_restriction("warn", "GV.GORE"))])
    tie = judge([a_verdict(a_restriction("limit", "HB.LOW"), a_restriction("warn", "GV.MILD"))])

    assert (heavy.action, heavy.policy) == ("limit", "GV.GORE")
    assert tie.policy == "GV.MILD"


def test_removal_makes_everything_else_moot_and_a_hold_all_but_removal() -> None:
    held = judge([a_verdict(a_restriction("hold", "GV.GORE"), a_restriction("limit"))])
    removed = judge(
        [a_verdict(*(a_restriction(kind) for kind in ("remove", "hold", "limit", "label")))]
    )

    assert [one.kind for one in held.restrictions] == ["hold"]
    assert [one.kind for one in removed.restrictions] == ["remove"]


def test_a_removal_in_one_market_leaves_the_limit_elsewhere() -> None:
    removed_in_de = Restriction(kind="remove", policy="HS.IDEOL", markets=frozenset({"DE"}))
    limited = a_restriction("limit", "HB.LOW")

    found = judge([a_verdict(removed_in_de, limited)])

    assert found.restrictions == (removed_in_de, limited)


def test_a_hold_that_ends_does_not_swallow_a_label_that_stays() -> None:
    hold = Restriction(kind="hold", policy="MI.HARM", until=1_000)
    label = Restriction(kind="label", policy="SY.UNLAB", params={"label": "ai"})

    assert judge([a_verdict(hold, label)]).restrictions == (hold, label)


def test_of_two_alike_the_wider_one_stays_and_names_the_graver_policy() -> None:
    for_minors = Restriction(kind="age_gate", policy="GV.MILD", min_age=16)
    for_adults = Restriction(kind="age_gate", policy="GV.GORE", min_age=18)
    same_reach = replace(for_adults, policy="GV.FICT")

    found = judge([a_verdict(for_minors, same_reach), a_verdict(for_adults)])

    assert found.restrictions == (for_adults,)


def test_of_two_that_end_the_later_end_stays() -> None:
    sooner, later = (replace(a_restriction(), until=until) for until in (10, 20))

    assert judge([a_verdict(sooner, later)]).restrictions == (later,)


def test_a_narrow_restriction_of_a_graver_policy_stays_beside_the_wide_one() -> None:
    everywhere = a_restriction("limit", "HB.LOW")
    in_germany = replace(everywhere, policy="GV.GORE", markets=frozenset({"DE"}))

    found = judge([a_verdict(everywhere, in_germany)])

    assert found.restrictions == (in_germany, everywhere)
    assert found.policy == "GV.GORE"


def test_two_labels_of_different_words_both_stay() -> None:
    labels = [
        Restriction(kind="label", policy="SY.UNLAB", params={"label": word})
        for word in ("ai", "ad")
    ]

    assert len(judge([a_verdict(*labels)]).restrictions) == 2


def test_the_highest_class_that_spoke_decides() -> None:
    rule = a_verdict(a_restriction("remove"))
    person = a_verdict(a_restriction("limit"), by=Voice.PERSON, at=2)
    appeal = a_verdict(by=Voice.APPEAL, at=3)
    order = a_verdict(a_restriction("remove", "VE.TERROR"), by=Voice.ORDER, at=4)

    assert judge([rule]).action == "remove"
    assert (judge([rule, person]).action, judge([rule, person]).by) == ("limit", Voice.PERSON)
    assert (judge([rule, person, appeal]).action) == "allow"
    assert judge([rule, person, appeal, order]).by is Voice.ORDER


def test_a_verdict_on_an_older_version_or_another_subject_says_nothing() -> None:
    older = structs.replace(a_verdict(a_restriction("remove"), by=Voice.PERSON), version="d0")
    other = structs.replace(a_verdict(a_restriction("remove")), subject=Subject("video", "v2"))

    assert judge([older, other]).action == "allow"


def test_a_person_who_changes_their_mind_is_taken_at_the_newest_word() -> None:
    first = a_verdict(a_restriction("remove"), by=Voice.PERSON, at=2, author="reviewer:1")
    second = a_verdict(by=Voice.PERSON, at=5, author="reviewer:1")
    another = a_verdict(a_restriction("limit"), by=Voice.PERSON, at=3, author="reviewer:2")

    assert judge([second, first]).action == "allow"
    assert judge([second, first, another]).action == "limit"


def test_a_rule_marked_after_person_overrules_a_person_but_not_an_appeal() -> None:
    person = a_verdict(by=Voice.PERSON, at=2)
    known = structs.replace(a_verdict(a_restriction("remove", "SA.NCII"), at=3), after_person=True)
    appeal = a_verdict(by=Voice.APPEAL, at=2)

    overruled = judge([person, known])

    assert (overruled.action, overruled.by) == ("remove", Voice.RULE)
    assert judge([appeal, known]).action == "allow"
    assert judge([person, structs.replace(known, after_person=False)]).action == "allow"


def test_a_person_who_looked_after_the_match_is_not_overruled_by_it() -> None:
    known = structs.replace(a_verdict(a_restriction("remove", "SA.NCII"), at=3), after_person=True)
    person = a_verdict(by=Voice.PERSON, at=4)

    assert judge([known, person]).action == "allow"


def test_a_lower_class_may_reopen_what_a_higher_one_decided_before() -> None:
    wish = ReviewRequest(queue="harassment", policy="HB.BULLY", lane=0)
    person = a_verdict(by=Voice.PERSON, at=2)

    later = judge([person, a_verdict(a_restriction("remove"), at=3, review=(wish,))])
    earlier = judge([person, a_verdict(a_restriction("remove"), at=1, review=(wish,))])

    assert (later.action, later.review) == ("allow", (wish,))
    assert earlier.review == ()


def test_one_request_a_queue_and_policy_and_the_soonest_comes_first() -> None:
    def wish(policy: str, lane: int, reason: str) -> ReviewRequest:
        return ReviewRequest(queue="q", policy=policy, lane=lane, reason=reason)

    found = judge(
        [
            a_verdict(review=(wish("HB.LOW", 1, "a"), wish("HS.ATTACK", 1, "b"))),
            a_verdict(review=(wish("HB.LOW", 0, "c"),)),
        ]
    )

    assert [(one.policy, one.lane) for one in found.review] == [("HB.LOW", 0), ("HS.ATTACK", 1)]


def test_sixty_policies_waiting_for_one_unknown_give_one_hold_and_one_case() -> None:
    found = judge([], facts={"hash.match.policy": Unknown("decoder ran out of memory")})

    assert [(one.kind, one.policy) for one in found.restrictions] == [("hold", "")]
    assert [(one.queue, one.policy, one.lane) for one in found.review] == [
        (UNJUDGED_QUEUE, "", UNKNOWN_LANE)
    ]
    assert found.unknown == {"hash.match.policy": "decoder ran out of memory; hold"}


def test_an_unknown_of_middling_policies_is_shown_while_a_person_is_asked() -> None:
    found = judge([], facts={"visual.nsfw.max": Unknown("model file missing")})

    assert found.action == "allow"
    assert [(one.policy, one.queue) for one in found.review] == [("", UNJUDGED_QUEUE)]
    assert found.unknown == {"visual.nsfw.max": "model file missing; review"}


def test_an_unknown_that_judges_no_policy_is_nobodys_business() -> None:
    found = judge([], facts={"text.language": Unknown("too short to tell")})

    assert (found.action, found.review, found.unknown) == ("allow", (), {})


def test_an_unknown_no_longer_matters_once_a_person_has_looked() -> None:
    person = a_verdict(by=Voice.PERSON)

    found = judge([person], facts={"hash.match.policy": Unknown("unreadable")})

    assert (found.action, found.review, found.unknown) == ("allow", (), {})


def test_an_account_is_never_held_but_somebody_is_asked() -> None:
    found = judge([], facts={"hash.match.policy": Unknown("no avatar")}, subject=AUTHOR)

    assert (found.action, len(found.review)) == ("allow", 1)


def test_a_ban_makes_the_other_restrictions_of_an_account_moot() -> None:
    block = Restriction(kind="feature_block", policy="IN.SPAM", params={"feature": "comments"})
    ban = a_restriction("ban", "IN.CIO")

    found = judge([a_verdict(block, ban, subject=AUTHOR)], subject=AUTHOR)

    assert (found.action, found.restrictions) == ("ban", (ban,))


def test_a_hold_for_a_technical_reason_may_go_without_a_policy() -> None:
    found = judge([a_verdict(a_restriction("hold", ""))])

    assert (found.action, found.policy) == ("hold", "")


def test_an_operators_own_kind_takes_part_like_ours() -> None:
    renamed = a_restriction("rename", "IN.IMPERS")

    found = judge([a_verdict(renamed, subject=AUTHOR)], subject=AUTHOR)

    assert found.action == "rename"


def test_names_nobody_knows_are_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownPolicy, match=r"HB\.BULLY"):
        judge([a_verdict(a_restriction("limit", "HB.BULY"))])
    with pytest.raises(UnknownPolicy):
        judge([a_verdict(review=(ReviewRequest(queue="q", policy="XX.NO"),))])
    with pytest.raises(UnknownKind, match="Did you mean 'remove'"):
        judge([a_verdict(a_restriction("remov"))])
    with pytest.raises(UnfitRestriction, match="not item"):
        judge([a_verdict(a_restriction("ban"))])


def test_reasons_come_once_and_those_of_the_gravest_policy_first() -> None:
    mild = Reason(by="rule:a", policy="HB.LOW", description="insult")
    grave = Reason(by="rule:b", policy="VC.THREAT", description="threat")
    verdict = structs.replace(a_verdict(a_restriction()), reasons=(mild, grave, mild))

    assert judge([verdict, verdict]).reasons == (grave, mild)


ITEM_KINDS = [kind.name for kind in RESTRICTION_KINDS if "item" in kind.scopes]
MARKETS = ["DE", "FR", "BR"]
SURFACES = ["feed", "search", "profile"]
AGES = ["under13", "13_15", "16_17", "18_plus", "unknown"]


_PARAMS = {"expose": {"up_to": "100"}}
_LABELS = st.sampled_from(["ai", "ad"])


@st.composite
def restrictions(draw: st.DrawFn) -> Restriction:
    kind = draw(st.sampled_from(ITEM_KINDS))
    markets = draw(st.none() | st.frozensets(st.sampled_from(MARKETS), min_size=1))
    return Restriction(
        kind=kind,
        policy=draw(st.sampled_from(["HB.LOW", "HS.SLUR", "GV.GORE", "VC.THREAT", ""])),
        surfaces=draw(st.none() | st.frozensets(st.sampled_from(SURFACES), min_size=1)),
        markets=markets or frozenset({"DE"}) if kind == "geo_block" else markets,
        min_age=draw(st.sampled_from([13, 16, 18] if kind == "age_gate" else [None, 16, 18])),
        until=draw(st.sampled_from([None, 10, 20])),
        params=_PARAMS.get(kind, {}) | ({"label": draw(_LABELS)} if kind == "label" else {}),
    )


@st.composite
def verdicts(draw: st.DrawFn, voices: Sequence[Voice] = tuple(Voice)) -> Verdict:
    wish = ReviewRequest(queue="q", policy="HB.LOW", lane=draw(st.integers(0, 2)))
    return structs.replace(
        a_verdict(
            *draw(st.lists(restrictions(), max_size=3)),
            by=draw(st.sampled_from(voices)),
            at=draw(st.integers(1, 4)),
            author=draw(st.sampled_from(["one", "two"])),
            review=draw(st.sampled_from([(), (wish,)])),
        ),
        after_person=draw(st.booleans()),
        reasons=(Reason(by="r", policy="HB.LOW", description=draw(st.sampled_from("ab"))),),
    )


FACTS = st.sampled_from(
    [{}, {"hash.match.policy": Unknown("x")}, {"visual.nsfw.max": Unknown("x")}, {"a": 1}]
)
CASES = [(s, m, a, t) for s in SURFACES for m in [*MARKETS, ""] for a in AGES for t in (5, 15, 25)]
STRICT = {"yes": 0, "warn": 1, "no": 2}


def shown(judgement: Judgement) -> list[int]:
    return [
        STRICT[
            effective(
                judgement.restrictions, surface=surface, market=market, age_band=age, at_ms=at
            ).show
        ]
        for surface, market, age, at in CASES
    ]


@given(st.lists(verdicts(), max_size=5), FACTS, st.randoms(use_true_random=False))
def test_the_order_of_the_verdicts_does_not_matter(
    spoken: list[Verdict], facts: dict[str, FactValue | Unknown], random: Random
) -> None:
    turned = random.sample(spoken, len(spoken))

    assert judge(turned, facts=facts) == judge(spoken, facts=facts)
    assert judge(spoken + turned, facts=facts) == judge(spoken, facts=facts)


@settings(max_examples=60)
@given(st.lists(verdicts(), max_size=4), verdicts([Voice.RULE]), FACTS)
def test_one_more_rule_never_shows_more(
    spoken: list[Verdict], rule: Verdict, facts: dict[str, FactValue | Unknown]
) -> None:
    before = shown(judge(spoken, facts=facts))
    after = shown(judge([*spoken, rule], facts=facts))

    assert all(later >= earlier for earlier, later in zip(before, after, strict=True))


@settings(max_examples=60)
@given(st.lists(verdicts([Voice.RULE]), max_size=4))
def test_joining_takes_away_exactly_what_was_asked_for(spoken: list[Verdict]) -> None:
    asked = tuple(one for verdict in spoken for one in verdict.restrictions)

    separately = [
        max(
            (
                STRICT[
                    effective((one,), surface=surface, market=market, age_band=age, at_ms=at).show
                ]
                for one in asked
            ),
            default=0,
        )
        for surface, market, age, at in CASES
    ]

    assert shown(judge(spoken)) == separately


@given(st.lists(verdicts([Voice.RULE]), max_size=4), FACTS)
def test_the_allow_of_a_person_who_spoke_last_beats_every_rule(
    spoken: list[Verdict], facts: dict[str, FactValue | Unknown]
) -> None:
    found = judge([*spoken, a_verdict(by=Voice.PERSON, at=9)], facts=facts)

    assert (found.action, found.by, found.review) == ("allow", Voice.PERSON, ())


@settings(max_examples=60)
@given(st.lists(verdicts([Voice.RULE]), max_size=4), FACTS)
def test_an_unknown_never_shows_more_than_a_known_fact(
    spoken: list[Verdict], facts: dict[str, FactValue | Unknown]
) -> None:
    known = shown(judge(spoken))

    assert all(a >= b for a, b in zip(shown(judge(spoken, facts=facts)), known, strict=True))
