"""What was once taken away stays away: over edits, restarts, deletions and second verdicts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from prometheus_client import REGISTRY

from fieldfare.engine.administration import activate_rules
from fieldfare.engine.history import import_history
from fieldfare.ingest.schemas import EVENT_KINDS
from fieldfare.kernel import EventId, NotFound
from fieldfare.metrics.rule_hits import HitsOf
from fieldfare.records import ACCOUNT, Subject
from fieldfare.records.rule_hits import THREW
from fieldfare.review import Action, Choice, Hold, UndoTooLate
from fieldfare.rules import extensions
from fieldfare.rules.functions import FUNCTIONS
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_comment, a_video, reopened

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


END_MS = 4_000_000_000_000
THROWING = """
Text: str = JsonData(path='$.item.text')
Broken = Rule(when_all=[HashMd5(input=Text) != 'x'], description='')
WhenRules(rules_any=[Broken], then=[Hold(policy='POLICY')])
"""


def run_throwing(
    community: Community, monkeypatch: pytest.MonkeyPatch, policy: str, *, more: str = ""
) -> None:
    """Run a rule that throws on every text and would hold for a policy."""

    def throws(text: str) -> str:
        raise RuntimeError(text)

    broken = replace(FUNCTIONS["HashMd5"], run=throws)
    monkeypatch.setattr(extensions, "FUNCTIONS", {**FUNCTIONS, "HashMd5": broken})
    platform, org = community.platform, community.org
    pack, rules = platform.pack(org), {"main.sml": THROWING.replace("POLICY", policy) + more}
    platform.store.write(lambda uow: activate_rules(uow, org, rules, pack, by="test"))
    community.settle()


def test_a_rule_that_throws_holds_what_a_grave_policy_could_not_judge(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    org, platform = community.org, community.platform
    run_throwing(community, monkeypatch, "VC.THREAT")
    before = thrown(org)

    decision = community.posted(a_comment("sarno wivel"))

    assert (decision.judgement.action, decision.judgement.policy) == ("hold", "")
    (case,) = platform.store.read(lambda uow: uow.cases.of_subject(org, COMMENT))
    assert case.queue == "unjudged"
    assert "could not be judged" in case.reason
    assert "sarno" not in case.reason
    assert community.may_see("comment", "c1").reason == "hold"
    assert thrown(org) == before + 1


def test_what_throws_while_an_event_is_counted_holds_for_a_grave_policy(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    org, platform = community.org, community.platform
    rules = """
Flood = Rule(
    when_all=[Count(key=Text, where=HashMd5(input=Text) == 'x', window='1h') >= 2], description='')
WhenRules(rules_any=[Flood], then=[Hold(policy='VC.THREAT')])
"""
    run_throwing(community, monkeypatch, "HS.SLUR", more=rules)
    before = thrown(org, by="line 7 of main.sml")

    decision = community.posted(a_comment("sarno wivel"))

    assert (decision.judgement.action, decision.judgement.policy) == ("hold", "")
    (case,) = platform.store.read(lambda uow: uow.cases.of_subject(org, COMMENT))
    assert case.queue == "unjudged"
    assert "line 7 of main.sml" in case.reason
    assert thrown(org, by="line 7 of main.sml") == before + 1


@pytest.mark.parametrize(
    "effect", ["Review(queue='fraud')", "Review(queue=Hash)", "Review(queue=Missing)"]
)
def test_a_review_that_could_not_be_placed_is_asked_for_and_holds_nothing(
    community: Community, monkeypatch: pytest.MonkeyPatch, effect: str
) -> None:
    org, platform = community.org, community.platform
    rule = "Broken" if "fraud" in effect else "Fine"
    rules = f"""
Hash = HashMd5(input=Text)
Missing: str = JsonData(path='$.missing')
Fine = Rule(when_all=[Text != None], description='')
WhenRules(rules_any=[{rule}], then=[{effect}])
"""
    run_throwing(community, monkeypatch, "HS.SLUR", more=rules)

    decision = community.posted(a_comment("sarno wivel"))

    assert decision.judgement.action == "allow"
    (case,) = platform.store.read(lambda uow: uow.cases.of_subject(org, COMMENT))
    assert case.queue == "unjudged"
    assert "could not be judged" in case.reason
    assert community.may_see("comment", "c1").show == "yes"


def test_a_rule_that_throws_is_counted_and_holds_nothing_for_a_mild_policy(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    org, platform = community.org, community.platform
    run_throwing(community, monkeypatch, "HS.SLUR")
    before = thrown(org)

    decision = community.posted(a_comment("sarno wivel"))

    assert decision.judgement.action == "allow"
    assert not platform.store.read(lambda uow: uow.cases.of_subject(org, COMMENT))
    assert thrown(org) == before + 1
    kept = platform.store.read(
        lambda uow: uow.rule_measures.counts(org, HitsOf(from_ms=0, to_ms=END_MS, rule="Broken"))
    )
    assert [(each.action, each.hits) for each in kept] == [(THREW, 1)]


def thrown(org: str, by: str = "Broken") -> float:
    """Count the errors of a rule, or of a place in the files."""
    found = (
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "fieldfare_rule_errors_total"
        and (sample.labels["org"], sample.labels["rule"]) == (org, by)
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


def test_a_restart_opens_no_stage_before_the_rules_ran_on_its_views(
    community: Community, tmp_path: Path
) -> None:
    community.posted(a_video(), write_clip(tmp_path / "a.webm", Clip(codec="vp9", seed=3)))
    told = EVENT_KINDS.decode(msgspec.json.encode(views_of("video", "v1", 1_500)))
    community.platform.intake.post_events(community.org, [told]).result(30)

    with restarted(community) as counted:
        assert counted.may_see("video", "v1").max_views == 100
        counted.platform.evaluator.step(limit=1)
        with restarted(counted) as noted:
            assert noted.may_see("video", "v1").max_views == 100
            noted.settle()
            assert noted.may_see("video", "v1").max_views == 10_000
            with restarted(noted) as judged:
                assert judged.may_see("video", "v1").max_views == 10_000


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Make a film, a copy of it in another coding, and another film."""
    home = tmp_path_factory.mktemp("clips")
    return (
        write_clip(home / "film.webm", Clip(codec="vp9", seed=3)),
        write_clip(home / "copy.mp4", Clip(codec="h264", seed=3)),
        write_clip(home / "other.webm", Clip(codec="vp9", seed=9)),
    )


def test_taking_back_one_decision_forgets_no_copies_of_another_version(
    community: Community, clips: tuple[Path, Path, Path]
) -> None:
    film, copy, other = clips
    community.posted(a_video(caption="zorblat"), film)
    decide(community, Action.REMOVE, "HS.SLUR")
    community.posted(a_video(caption="zorblat again"), other)
    undo(community, decide(community, Action.ALLOW))

    assert community.posted(a_video(host_id="v2"), copy).judgement.action == "remove"


def test_a_removal_that_a_later_person_overturned_removes_no_more_copies(
    community: Community, clips: tuple[Path, Path, Path]
) -> None:
    film, copy, _ = clips
    community.posted(a_video(caption="zorblat"), film)
    decide(community, Action.REMOVE, "HS.SLUR")
    report(community, "r", kind="video", host_id="v1")
    overturned = decide(community, Action.ALLOW)

    assert community.posted(a_video(host_id="v2"), copy).judgement.action == "allow"

    undo(community, overturned)
    assert community.posted(a_video(host_id="v3"), copy).judgement.action == "remove"


def test_reports_after_a_person_allowed_ask_a_person_again(community: Community) -> None:
    community.posted(a_comment())
    report(community, "first")
    decide(community, Action.ALLOW)
    assert community.may_see("comment", "c1").show == "yes"

    for round_ in ("second", "third"):
        report(community, round_)
        report(community, f"{round_}-too")
        decide(community, Action.ALLOW)

    cases = community.platform.store.read(lambda uow: uow.cases.of_subject(community.org, COMMENT))
    asked = [case.state for case in cases if "CS.CSAM" in case.policies]
    assert asked == ["decided"] * 3


def test_imported_history_counts_at_once_and_not_only_after_a_restart(
    community: Community,
) -> None:
    text = "win a free quimsa now"
    past = [
        {
            "kind": "item.posted",
            "key": f"h{number}",
            "occurred_at": f"2026-03-02T08:5{number}:00Z",
            "item": {
                "kind": "comment",
                "host_id": f"h{number}",
                "author": f"u{number}",
                "text": text,
            },
        }
        for number in range(9)
    ]
    events = [EVENT_KINDS.decode(msgspec.json.encode(each)) for each in past]
    org, now_ms = community.org, community.clock.now_ms()
    community.platform.store.write(lambda uow: import_history(uow, org, events, now_ms=now_ms))
    community.settle()

    assert community.posted(a_comment(text, author="u9")).judgement.action == "limit"


OFTEN_SEEN = """
Author: Entity[str] = EntityJson(type='Account', path='$.item.author')
Reached = Count(key=[Author], window='1d', where=GetActionName() == 'views.reached')
Twice = Rule(when_all=[Reached >= 2], description='')
WhenRules(rules_any=[Twice], then=[Hold(policy='HS.SLUR')])
"""


def test_stages_reached_before_a_restart_are_counted_after_it(community: Community) -> None:
    platform, org = community.platform, community.org
    pack, rules = platform.pack(org), {"main.sml": OFTEN_SEEN}
    platform.store.write(lambda uow: activate_rules(uow, org, rules, pack, by="test"))
    community.posted(a_comment())
    community.send(views_of("comment", "c1", 150))
    assert community.may_see("comment", "c1").show == "yes"

    with restarted(community) as again:
        again.send(views_of("comment", "c1", 1_000))
        assert again.may_see("comment", "c1").reason == "hold"


def views_of(kind: str, host_id: str, views: int) -> dict[str, object]:
    return {
        "kind": "item.viewed",
        "key": f"seen-{views}",
        "item": {"kind": kind, "host_id": host_id},
        "window_start": "2026-03-02T09:00:00Z",
        "window_s": 60,
        "views": views,
        "watch_ms": 1,
        "surface": "feed",
        "market": "DE",
        "age_band": "18_plus",
    }
