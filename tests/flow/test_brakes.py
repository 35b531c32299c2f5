"""Quotas and snoozes on a whole platform: what rules may do by themselves, and who is let be."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldfare.decisions.breakers import DAY_MS
from fieldfare.engine.administration import activate_rules
from fieldfare.engine.brake_administration import lift_quota, set_quota, snooze, wake
from fieldfare.engine.rule_moves import Proposal
from fieldfare.kernel import BadInput, NotFound
from fieldfare.metrics.brakes import quota_states
from fieldfare.records import Subject, Webhook
from fieldfare.rules.lifecycle import VersionState
from fieldfare.testing.platforms import Community, Installed, a_comment, a_community

RULES = """
Text: str = JsonData(path='$.item.text')
Loud = Rule(when_all=['kazoo' in Text], description='says kazoo')
WhenRules(rules_any=[Loud], then=[Limit(policy='IN.SPAM')])
Grave = Rule(when_all=['gromm' in Text], description='says gromm')
WhenRules(rules_any=[Grave], then=[Remove(policy='CS.CSAM')])
"""
FRESH = """
Fresh = Rule(when_all=['fnord' in Text], description='says fnord')
WhenRules(rules_any=[Fresh], then=[Limit(policy='IN.SPAM')])
"""


@pytest.fixture
def community(tmp_path: Path, installed: Installed) -> Iterator[Community]:
    with a_community(tmp_path / "home", installed) as made:
        platform = made.platform
        platform.store.write(
            lambda uow: activate_rules(
                uow, made.org, {"main.sml": RULES}, platform.pack(made.org), by="test"
            )
        )
        made.settle()
        yield made


def may(community: Community, rule: str, action: str, *, a_minute: int) -> None:
    in_force = community.platform.books.of(community.org)
    community.platform.store.write(
        lambda uow: set_quota(
            uow,
            community.org,
            in_force,
            rule=rule,
            action=action,
            per_minute=a_minute,
            per_day=None,
            by="test",
        )
    )
    community.settle()


def actions(community: Community, word: str, count: int, *, start: int = 0) -> list[str]:
    return [
        community.posted(
            a_comment(f"{word} number {at}", host_id=f"{word}{at}", author=f"a{at}")
        ).judgement.action
        for at in range(start, start + count)
    ]


def test_over_its_quota_a_rule_asks_instead_of_acting(community: Community) -> None:
    may(community, "Loud", "limit", a_minute=2)

    assert actions(community, "kazoo", 4) == ["limit", "limit", "allow", "allow"]
    last = community.decision("comment", "kazoo3")
    assert last is not None
    assert [request.policy for request in last.judgement.review] == ["IN.SPAM"]
    assert "circuit breaker: Loud would limit" in last.judgement.review[0].reason


def test_the_next_minute_begins_anew(community: Community) -> None:
    may(community, "Loud", "limit", a_minute=1)
    actions(community, "kazoo", 2)

    community.clock.advance(60_000)

    assert actions(community, "kazoo", 2, start=2) == ["limit", "allow"]


def test_the_rules_of_what_is_rolled_out_or_in_the_shadow_are_braked_too(
    community: Community,
) -> None:
    versioning, org = community.platform.versioning, community.org
    made = versioning.propose(org, {"main.sml": RULES + FRESH}, Proposal(by="ira")).hash
    versioning.move(org, made, VersionState.REVIEW, by="ira")
    versioning.move(org, made, VersionState.SHADOW, by="ola")
    community.settle()

    may(community, "Fresh", "limit", a_minute=0)
    versioning.move(org, made, VersionState.ROLLOUT, share=50, by="ola")
    community.settle()
    may(community, "Fresh", "limit", a_minute=1)

    posted = [a_comment("fnord", host_id=f"f{n}", author=f"author-{n}") for n in range(12)]
    decided = [community.posted(each) for each in posted]
    by_it = [each.judgement.action for each in decided if each.rule_set == made]
    assert by_it == ["limit", *["allow"] * (len(by_it) - 1)]
    assert len(by_it) > 1


def test_a_grave_policy_fails_closed(community: Community) -> None:
    may(community, "*", "remove", a_minute=1)

    assert actions(community, "gromm", 2) == ["remove", "hold"]
    assert community.may_see("comment", "gromm1").show == "no"


def test_somebody_is_told_once_a_window(community: Community) -> None:
    community.subscribe(
        Webhook(
            org=community.org, id="ops", url="https://host.example/hook", secrets=("whsec_AA==",)
        )
    )
    may(community, "Loud", "limit", a_minute=1)
    actions(community, "kazoo", 4)

    platform, org = community.platform, community.org
    told = platform.store.read(
        lambda uow: uow.log.of_subject(org, Subject("rule", "Loud"), limit=99)
    )
    tripped = [event for event in told if event.kind == "breaker.tripped"]
    assert [event.data for event in tripped] == [
        {"rule": "Loud", "action": "limit", "window": "minute", "quota": 1}
    ]
    rows = platform.store.read(lambda uow: uow.outbox.page(org, states=None, before=None, limit=99))
    alerts = [json.loads(row.body) for row in rows if row.subject.kind == "rule"]
    assert [alert["type"] for alert in alerts] == ["alert.breaker_tripped"]


def test_what_is_used_is_seen(community: Community) -> None:
    may(community, "Loud", "limit", a_minute=1)
    actions(community, "kazoo", 3)

    platform = community.platform
    now_ms = community.clock.now_ms()
    states = platform.store.read(lambda uow: quota_states(uow, community.org, now_ms=now_ms))
    (loud,) = [state for state in states if state.quota.rule == "Loud"]
    assert (loud.used_this_minute, loud.tripped_today, loud.tripped_now) == (3, True, True)
    assert {state.quota.action for state in states} == {"limit", "remove", "suspend", "ban"}


def test_a_lifted_quota_stops_nothing(community: Community) -> None:
    may(community, "Loud", "limit", a_minute=0)
    assert actions(community, "kazoo", 1) == ["allow"]

    community.platform.store.write(
        lambda uow: lift_quota(uow, community.org, "Loud", "limit", by="test")
    )
    community.settle()

    assert actions(community, "kazoo", 1, start=1) == ["limit"]
    with pytest.raises(NotFound, match="no quota"):
        community.platform.store.write(
            lambda uow: lift_quota(uow, community.org, "Loud", "limit", by="test")
        )


def test_a_snoozed_rule_lets_one_account_be(community: Community) -> None:
    platform, org = community.platform, community.org
    in_force, now_ms = platform.books.of(org), community.clock.now_ms()
    made = platform.store.write(
        lambda uow: snooze(
            uow,
            org,
            in_force,
            rule="Loud",
            entity=Subject("account", "ana"),
            until=now_ms + DAY_MS,
            now_ms=now_ms,
            reason="plays the kazoo",
            by="test",
        )
    )
    community.settle()

    assert community.posted(a_comment("kazoo", host_id="k1")).judgement.action == "allow"
    assert (
        community.posted(a_comment("kazoo", host_id="k2", author="ben")).judgement.action == "limit"
    )
    (seen,) = platform.store.read(lambda uow: uow.snoozes.all(org, until_after=now_ms))
    assert seen.held == 1

    platform.store.write(lambda uow: wake(uow, org, made.id, now_ms=now_ms, by="test"))
    community.settle()
    assert community.posted(a_comment("kazoo", host_id="k3")).judgement.action == "limit"
    with pytest.raises(NotFound, match="no snooze"):
        platform.store.write(lambda uow: wake(uow, org, made.id, now_ms=now_ms, by="test"))


def test_a_snooze_ends_by_itself(community: Community) -> None:
    platform, org = community.platform, community.org
    in_force, now_ms = platform.books.of(org), community.clock.now_ms()
    platform.store.write(
        lambda uow: snooze(
            uow,
            org,
            in_force,
            rule="Loud",
            entity=Subject("account", "ana"),
            until=now_ms + 60_000,
            now_ms=now_ms,
            reason="for a minute",
            by="test",
        )
    )
    community.clock.advance(60_000)

    assert community.posted(a_comment("kazoo", host_id="k1")).judgement.action == "limit"


def test_an_erased_account_is_named_by_no_snooze(community: Community) -> None:
    platform, org = community.platform, community.org
    in_force, now_ms = platform.books.of(org), community.clock.now_ms()
    community.posted(a_comment("hello", host_id="k0"))
    platform.store.write(
        lambda uow: snooze(
            uow,
            org,
            in_force,
            rule="Loud",
            entity=Subject("account", "ana"),
            until=now_ms + DAY_MS,
            now_ms=now_ms,
            reason="known",
            by="test",
        )
    )
    platform.erase(org, Subject("account", "ana"), "test")

    (left,) = platform.store.read(lambda uow: uow.snoozes.all(org, until_after=now_ms))
    assert left.entity.host_id != "ana"


@pytest.mark.parametrize(
    ("rule", "action", "most", "told"),
    [
        ("Laud", "limit", 1, "Did you mean 'Loud'"),
        ("Loud", "limmit", 1, "Did you mean 'limit'"),
        ("Loud", "limit", None, "bounds nothing"),
    ],
)
def test_a_quota_that_means_nothing_is_refused(
    community: Community, rule: str, action: str, most: int | None, told: str
) -> None:
    in_force = community.platform.books.of(community.org)
    with pytest.raises(BadInput, match=told):
        community.platform.store.write(
            lambda uow: set_quota(
                uow,
                community.org,
                in_force,
                rule=rule,
                action=action,
                per_minute=most,
                per_day=None,
                by="test",
            )
        )
