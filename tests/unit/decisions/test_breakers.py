"""What becomes of a verdict whose action is over its quota, and of one whose rule is snoozed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.decisions.breakers import DAY_MS, MINUTE_MS, Quota, braked
from fieldfare.decisions.snoozes import Snooze, let_be
from fieldfare.installation import pack_files
from fieldfare.kernel import EventId, Org, make_id
from fieldfare.policies import PolicyPack, load_pack
from fieldfare.records import (
    ItemState,
    ItemVersion,
    Reason,
    Restriction,
    Subject,
    Verdict,
    Voice,
)

MAIN = Org("main")
ANA, BEN = Subject("account", "ana"), Subject("account", "ben")
VIDEO = Subject("video", "v1")
AT_MS = 1_795_000_000_000
ITEM = ItemVersion(
    subject=VIDEO,
    number=1,
    digest="d",
    state=ItemState.SCANNED,
    author=ANA,
    market="DE",
    media=(),
    event_id=EventId(1),
    posted_at=0,
)


@pytest.fixture(scope="module")
def pack() -> PolicyPack:
    return load_pack(pack_files("default").policies["policies.yaml"])


def a_verdict(
    *restrictions: tuple[str, str], subject: Subject = VIDEO, rules: tuple[str, ...] = ("Loud",)
) -> Verdict:
    return Verdict(
        by=Voice.RULE,
        author=", ".join(rules),
        subject=subject,
        version="" if subject.kind == "account" else "d",
        event_id=EventId(5),
        restrictions=tuple(Restriction(kind=kind, policy=code) for kind, code in restrictions),
        reasons=tuple(Reason(by=rule) for rule in rules),
    )


def a_snooze(rule: str = "Loud", entity: Subject = ANA, **more: int | None) -> Snooze:
    told = {"id": make_id(AT_MS), "until": AT_MS + DAY_MS, "ended": None, **more}
    return Snooze(org=MAIN, rule=rule, entity=entity, by="p", reason="known", **told)  # type: ignore[arg-type]  # built from plain numbers


def test_an_action_within_its_quota_stands(pack: PolicyPack) -> None:
    verdict = a_verdict(("limit", "IN.SPAM"))

    assert braked(verdict, {"remove": "5 times a day"}, ITEM, pack) == (verdict,)


def test_a_mild_action_over_its_quota_only_asks(pack: PolicyPack) -> None:
    (left,) = braked(a_verdict(("limit", "IN.SPAM")), {"limit": "so often"}, ITEM, pack)

    assert left.restrictions == ()
    (request,) = left.review
    assert request.policy == "IN.SPAM"
    assert request.queue == pack.policy("IN.SPAM").queue
    assert request.reason == "circuit breaker: Loud would limit, but so often"


def test_a_grave_action_over_its_quota_holds_until_a_person_has_looked(pack: PolicyPack) -> None:
    (left,) = braked(a_verdict(("remove", "CS.CSAM")), {"remove": "so often"}, ITEM, pack)

    assert left.restrictions == (Restriction(kind="hold", policy="CS.CSAM"),)
    assert [request.policy for request in left.review] == ["CS.CSAM"]


def test_only_the_action_over_its_quota_is_taken_out(pack: PolicyPack) -> None:
    verdict = a_verdict(("limit", "IN.SPAM"), ("label", "IN.SPAM"))

    (left,) = braked(verdict, {"limit": "so often"}, ITEM, pack)

    assert [restriction.kind for restriction in left.restrictions] == ["label"]


def test_what_an_account_would_have_suffered_is_asked_about_the_item(pack: PolicyPack) -> None:
    (left,) = braked(a_verdict(("ban", "IN.SPAM"), subject=ANA), {"ban": "so often"}, ITEM, pack)

    assert (left.subject, left.version, left.restrictions) == (VIDEO, "d", ())
    assert len(left.review) == 1


def test_what_is_over_its_quota_is_asked_also_where_the_account_suffers_something_else(
    pack: PolicyPack,
) -> None:
    verdict = a_verdict(("ban", "IN.SPAM"), ("feature_block", "IN.SPAM"), subject=ANA)

    suffered, asked = braked(verdict, {"ban": "so often"}, ITEM, pack)

    assert (suffered.subject, suffered.version) == (ANA, "")
    assert [restriction.kind for restriction in suffered.restrictions] == ["feature_block"]
    assert (asked.subject, asked.version, asked.restrictions) == (VIDEO, "d", ())
    assert [request.reason for request in asked.review] == [
        "circuit breaker: Loud would ban, but so often"
    ]


def test_a_quota_holds_after_the_event_that_set_it_until_the_one_that_ended_it() -> None:
    quota = Quota(
        org=MAIN,
        rule="*",
        action="remove",
        per_minute=3,
        per_day=None,
        since=EventId(10),
        by="p",
        ended=EventId(20),
    )

    assert [quota.holds(EventId(at)) for at in (10, 11, 20, 21)] == [False, True, True, False]
    assert list(quota.limits()) == [(MINUTE_MS, 3)]


def test_a_snoozed_rule_says_nothing_about_its_entity() -> None:
    left, used = let_be([a_verdict(("limit", "IN.SPAM"))], [a_snooze()], frozenset({VIDEO, ANA}))

    assert (left, used) == ([], [a_snooze()])


def test_a_snoozed_rule_goes_on_about_everybody_else() -> None:
    verdict = a_verdict(("limit", "IN.SPAM"))

    left, used = let_be([verdict], [a_snooze(entity=BEN)], frozenset({VIDEO, ANA}))

    assert (left, used) == ([verdict], [])


def test_a_verdict_of_two_rules_stays_with_the_one_that_is_awake() -> None:
    verdict = a_verdict(("limit", "IN.SPAM"), rules=("Loud", "Long"))

    (left,), _ = let_be([verdict], [a_snooze()], frozenset({ANA}))

    assert left.author == "Long"
    assert [reason.by for reason in left.reasons] == ["Long"]
    assert left.restrictions == verdict.restrictions


def test_a_verdict_on_another_account_is_about_that_account() -> None:
    verdict = a_verdict(("suspend", "IN.SPAM"), subject=BEN)

    left, _ = let_be([verdict], [a_snooze(entity=BEN)], frozenset({VIDEO, ANA}))

    assert left == []


@given(offset=st.integers(-5, DAY_MS + 5), ended=st.none() | st.integers(1, DAY_MS))
def test_a_snooze_holds_from_its_event_until_its_end_or_until_it_is_woken(
    offset: int, ended: int | None
) -> None:
    woken = None if ended is None else make_id(AT_MS + ended)
    snooze = a_snooze(ended=woken)
    event = make_id(AT_MS + offset, sequence=1)

    lasts = 0 <= offset < DAY_MS
    assert snooze.holds(event) == (lasts and (woken is None or event <= woken))
