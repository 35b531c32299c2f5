"""What was once taken away stays away: over edits, restarts, deletions and second verdicts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import pytest
from prometheus_client import REGISTRY

from fieldfare.engine.administration import activate_rules
from fieldfare.ingest.schemas import EVENT_KINDS
from fieldfare.kernel import EventId, NotFound
from fieldfare.records import ACCOUNT, Subject
from fieldfare.review import Action, Choice, Hold, UndoTooLate
from fieldfare.rules import lowering
from fieldfare.rules.functions import FUNCTIONS
from fieldfare.testing.platforms import Community, a_comment, reopened

COMMENT = Subject("comment", "c1")
DELETED = {"kind": "item.deleted", "key": "gone", "item": {"kind": "comment", "host_id": "c1"}}


@contextmanager
def restarted(community: Community) -> Iterator[Community]:
    """Close the platform and open it again, as a new process would."""
    community.platform.close()
    with reopened(community.platform.settings, community.clock) as platform:
        platform.confirm_watermark()
        yield replace(community, platform=platform)


def report(community: Community, key: str, *, kind: str = "comment", host_id: str = "c1") -> None:
    community.send(
        {
            "kind": "report.filed",
            "key": key,
            "item": {"kind": kind, "host_id": host_id},
            "reporter": f"reporter-{key}",
            "reason": "child_safety",
        }
    )


def leased(community: Community) -> Hold:
    platform, org = community.platform, community.org
    held = platform.store.write(lambda uow: platform.reviewing.claim(uow, org, "ann"))
    assert held is not None
    return Hold(org=org, case_id=held.case.id, reviewer="ann", token=held.token)


def give(community: Community, hold: Hold, action: Action, policy: str = "") -> None:
    platform, choice = community.platform, Choice(action=action, policy=policy)
    platform.store.write(lambda uow: platform.reviewing.close(uow, hold, choice))
    community.settle()


def decide(community: Community, action: Action, policy: str = "") -> EventId:
    hold = leased(community)
    give(community, hold, action, policy)
    return hold.case_id


def undo(community: Community, case: EventId) -> None:
    platform, org = community.platform, community.org
    platform.store.write(lambda uow: platform.reviewing.undo(uow, org, case, "ann"))
    community.settle()


def state_of(community: Community) -> str:
    read = community.platform.store.read
    item = read(lambda uow: uow.items.current(community.org, COMMENT))
    assert item is not None
    return item.state.value


def test_what_an_erased_person_made_is_not_shown_after_a_restart(community: Community) -> None:
    community.posted(a_comment())
    community.platform.erase(community.org, Subject(ACCOUNT, "ana"), "me")

    with restarted(community) as again:
        assert again.may_see("comment", "c1").reason == "deleted"


def test_a_removal_outlives_an_edit_that_is_undone(community: Community) -> None:
    community.posted(a_comment("lumet one"))
    report(community, "r")
    decide(community, Action.REMOVE, "CS.CSAM")

    community.posted(a_comment("other words"))
    community.posted(a_comment("lumet one"))

    assert community.may_see("comment", "c1").reason == "remove"


def test_a_removal_outlives_a_deletion_and_a_second_post(community: Community) -> None:
    community.posted(a_comment("lumet one"))
    report(community, "r")
    decide(community, Action.REMOVE, "CS.CSAM")

    community.send(DELETED)
    community.posted(a_comment("lumet one"))

    assert community.may_see("comment", "c1").reason == "remove"


def test_a_removal_outlives_an_edit_that_is_undone_and_not_evaluated_in_time(
    community: Community,
) -> None:
    community.posted(a_comment("lumet one"))
    report(community, "r")
    decide(community, Action.REMOVE, "CS.CSAM")
    community.posted(a_comment("other words"))

    community.post(a_comment("lumet one"))
    community.clock.advance(3_600_000)
    community.platform.deadlines.step()
    community.platform.confirm_watermark()

    assert community.may_see("comment", "c1").reason == "remove"


def test_a_decision_on_what_was_deleted_since_is_not_taken_back(community: Community) -> None:
    community.posted(a_comment("zorblat one"))
    case = decide(community, Action.ALLOW)
    community.send(DELETED)

    with pytest.raises(UndoTooLate, match="deleted since"):
        undo(community, case)

    assert state_of(community) == "deleted"


def test_a_verdict_on_what_was_deleted_meanwhile_is_refused(community: Community) -> None:
    community.posted(a_comment("zorblat one"))
    hold = leased(community)
    told = EVENT_KINDS.decode(msgspec.json.encode(DELETED))
    community.platform.intake.post_events(community.org, [told]).result(30)

    with pytest.raises(NotFound):
        give(community, hold, Action.ALLOW)

    community.settle()
    assert state_of(community) == "deleted"
    with restarted(community) as again:
        assert again.may_see("comment", "c1").show == "no"


THROWING = """
Text: str = JsonData(path='$.item.text')
Broken = Rule(when_all=[HashMd5(input=Text) != 'x'], description='')
WhenRules(rules_any=[Broken], then=[Hold(policy='HS.SLUR')])
"""


def test_a_rule_that_throws_holds_what_it_could_not_judge(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    def throws(text: str) -> str:
        raise RuntimeError(text)

    broken = replace(FUNCTIONS["HashMd5"], run=throws)
    monkeypatch.setattr(lowering, "FUNCTIONS", {**FUNCTIONS, "HashMd5": broken})
    platform, org = community.platform, community.org
    pack, rules = platform.pack(org), {"main.sml": THROWING}
    platform.store.write(lambda uow: activate_rules(uow, org, rules, pack, by="test"))
    community.settle()
    before = thrown(org)

    decision = community.posted(a_comment("sarno wivel"))

    assert (decision.judgement.action, decision.judgement.policy) == ("hold", "")
    (case,) = platform.store.read(lambda uow: uow.cases.of_subject(org, COMMENT))
    assert case.queue == "unjudged"
    assert "could not be judged" in case.reason
    assert "sarno" not in case.reason
    assert community.may_see("comment", "c1").reason == "hold"
    assert thrown(org) == before + 1


def thrown(org: str) -> float:
    """Count the errors of all rules."""
    found = (
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "fieldfare_rule_errors_total" and sample.labels["org"] == org
    )
    return sum(found)


def test_an_account_that_was_deleted_is_not_brought_back_by_a_late_change(
    community: Community,
) -> None:
    community.posted(a_comment())
    community.send({"kind": "account.deleted", "key": "a", "actor": "ana"})

    community.send({"kind": "account.changed", "key": "b", "actor": "ana", "market": "DE"})

    assert community.may_see("comment", "c1").reason == "account_deleted"
    with restarted(community) as again:
        assert again.may_see("comment", "c1").reason == "account_deleted"
        again.send({"kind": "account.created", "key": "c", "actor": "ana", "market": "DE"})
        assert again.may_see("comment", "c1").show == "yes"
