from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from prometheus_client import REGISTRY

from fieldfare.decisions.unknowns import UNJUDGED_QUEUE
from fieldfare.engine.deadlines import HELD_TOO_LONG, NOT_EVALUATED, NOT_SCANNED, Elapsed
from fieldfare.engine.in_force import InForce
from fieldfare.ingest.schemas import EVENT_KINDS, HostEvent
from fieldfare.kernel import EventId, JsonValue
from fieldfare.policies import OnUnknown
from fieldfare.records import Case, CaseState, Decision, Event, Subject
from fieldfare.review import Action, Choice, Hold
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_comment, a_video

UNDECIDED_MS = 900_000
MINUTE_MS = 60_000
NOTHING = Elapsed(held=0, asked=0, announced=0)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.webm", Clip(codec="vp9"))


def later(community: Community, ms: int) -> Elapsed:
    """Let time pass, and look once at what is late by then."""
    community.clock.advance(ms)
    elapsed = community.platform.deadlines.step()
    community.platform.confirm_watermark()
    return elapsed


def cases(community: Community, kind: str, host_id: str) -> Sequence[Case]:
    return community.platform.store.read(
        lambda uow: uow.cases.of_subject(community.org, Subject(kind, host_id))
    )


def announced(community: Community) -> list[Event]:
    return list(
        community.platform.store.read(
            lambda uow: uow.recall.of_kind("case.overdue", EventId(0), limit=99)
        )
    )


def decided(community: Community, kind: str, host_id: str) -> Decision:
    decision = community.decision(kind, host_id)
    assert decision is not None
    return decision


def cancel(community: Community, case: Case) -> None:
    gone = replace(case, state=CaseState.CANCELLED)
    community.platform.store.write(lambda uow: uow.cases.put(gone))


def overdue_in_health(community: Community) -> JsonValue:
    (part,) = [p for p in community.platform.health().parts if p.name == "deadlines"]
    assert part.ok
    return part.detail["cases_overdue"]


def test_a_video_not_scanned_in_time_is_held_and_a_person_is_asked(
    community: Community, clip: Path
) -> None:
    accepted = community.post(a_video(), clip)

    assert later(community, UNDECIDED_MS) == NOTHING
    assert later(community, 1).held == 1

    decision = decided(community, "video", "v1")
    assert decision.judgement.action == "hold"
    assert [(r.by, r.description) for r in decision.judgement.reasons] == [
        ("deadline", NOT_SCANNED)
    ]
    assert decision.causes == (accepted.event_id,)
    (case,) = cases(community, "video", "v1")
    assert NOT_SCANNED in case.reason
    assert community.may_see("video", "v1").reason == "hold"


def test_a_comment_not_evaluated_in_time_is_held_until_it_is(community: Community) -> None:
    community.post(a_comment())

    later(community, UNDECIDED_MS + 1)
    held = decided(community, "comment", "c1")
    community.settle()

    assert (held.judgement.action, held.judgement.reasons[0].description) == (
        "hold",
        NOT_EVALUATED,
    )
    assert community.may_see("comment", "c1").show == "yes"
    assert [case.state for case in cases(community, "comment", "c1")] == ["cancelled"]


def test_a_scan_that_comes_late_still_decides_and_takes_its_question_back(
    community: Community, clip: Path
) -> None:
    community.post(a_video(), clip)
    later(community, UNDECIDED_MS + 1)

    community.settle()

    assert decided(community, "video", "v1").judgement.action == "allow"
    (case,) = cases(community, "video", "v1")
    assert (case.state, case.outcome) == ("cancelled", "answered")


def test_a_case_somebody_has_taken_is_not_taken_from_them(community: Community, clip: Path) -> None:
    community.post(a_video(), clip)
    later(community, UNDECIDED_MS + 1)
    platform, org = community.platform, community.org
    platform.store.write(lambda uow: platform.reviewing.claim(uow, org, "reviewer-1"))

    community.settle()

    assert [case.state for case in cases(community, "video", "v1")] == ["leased"]


def test_looking_again_changes_nothing(community: Community, clip: Path) -> None:
    community.post(a_video(), clip)
    later(community, UNDECIDED_MS + 1)
    first = decided(community, "video", "v1")

    assert later(community, 0) == NOTHING
    assert decided(community, "video", "v1") == first
    assert len(cases(community, "video", "v1")) == 1


def test_more_than_a_page_is_held_in_one_step(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldfare.engine.deadlines.PAGE", 2)
    for number in range(5):
        community.post(a_comment(host_id=f"c{number}"))

    assert later(community, UNDECIDED_MS + 1).held == 5


def test_time_alone_releases_nothing_even_where_no_policy_minds(
    community: Community, clip: Path
) -> None:
    in_force: InForce = community.platform.books.of(community.org)
    policies = {
        code: replace(policy, on_unknown=OnUnknown.ALLOW, judged_by=())
        for code, policy in in_force.pack.policies.items()
    }
    pack = replace(in_force.pack, policies=policies)
    community.platform.books.put(community.org, replace(in_force, pack=pack))
    community.post(a_video(), clip)

    later(community, UNDECIDED_MS + 1)

    judgement = decided(community, "video", "v1").judgement
    assert [(r.kind, r.policy) for r in judgement.restrictions] == [("hold", "")]
    assert [case.queue for case in cases(community, "video", "v1")] == [UNJUDGED_QUEUE]


def test_what_waited_while_nobody_served_waits_for_the_evaluator_first(
    community: Community, clip: Path
) -> None:
    community.clock.advance(UNDECIDED_MS - 1)
    community.post(a_video(), clip)

    assert later(community, 1) == NOTHING
    assert later(community, UNDECIDED_MS).held == 1


def test_what_an_erased_person_posted_is_nobodys_question(community: Community, clip: Path) -> None:
    community.post(a_video(), clip)
    community.platform.erase(community.org, Subject("account", "ben"), "test")

    assert later(community, UNDECIDED_MS + 1) == NOTHING


def test_a_hold_nobody_is_asked_about_becomes_a_case_at_its_deadline(
    community: Community,
) -> None:
    decision = community.posted(a_comment("zorblat"))
    (first,) = cases(community, "comment", "c1")
    cancel(community, first)
    deadline_min = community.platform.pack(community.org).policy("HS.SLUR").deadline_min

    assert later(community, deadline_min * MINUTE_MS - 1).asked == 0
    assert later(community, 1).asked == 1

    _, case = cases(community, "comment", "c1")
    assert (case.state, case.reason, case.policies) == ("ready", HELD_TOO_LONG, ("HS.SLUR",))
    assert case.decision_id == decision.id
    assert later(community, 0).asked == 0
    assert community.may_see("comment", "c1").show == "no"


def test_a_hold_that_was_lifted_is_not_asked_about(community: Community) -> None:
    community.posted(a_comment("zorblat"))
    close(community)

    assert later(community, 10**8).asked == 0


def test_an_overdue_case_is_told_once_on_the_log_and_counted(community: Community) -> None:
    community.posted(a_comment("zorblat"))
    (case,) = cases(community, "comment", "c1")

    before = later(community, case.due_at - community.clock.now_ms() - 1).announced
    reached = later(community, 1).announced
    again = later(community, MINUTE_MS).announced

    assert (before, reached, again) == (0, 1, 0)
    (event,) = announced(community)
    assert (event.subject, event.causes) == (case.subject, (case.id,))
    assert event.data is not None
    assert (event.data["queue"], event.data["policies"]) == (case.queue, ["HS.SLUR"])
    assert overdue_in_health(community) == 1
    assert REGISTRY.get_sample_value("fieldfare_cases_overdue", {"org": "main"}) == 1


def test_a_case_that_is_closed_is_overdue_no_more(community: Community) -> None:
    community.posted(a_comment("zorblat"))
    (case,) = cases(community, "comment", "c1")
    later(community, case.due_at - community.clock.now_ms())

    close(community)
    later(community, MINUTE_MS)

    assert overdue_in_health(community) == 0
    assert REGISTRY.get_sample_value("fieldfare_cases_overdue", {"org": "main"}) == 0
    assert len(announced(community)) == 1


def test_one_that_fails_stops_no_other(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    community.post(a_comment(host_id="c1"))
    community.post(a_comment(host_id="c2"))
    decide = community.platform.deciding.decide

    def fails_for_the_first(uow: object, org: object, question: object) -> Decision | None:
        if getattr(question, "subject") == Subject("comment", "c1"):  # noqa: B009
            raise RuntimeError("broken")
        answer: Callable[..., Decision | None] = decide
        return answer(uow, org, question)

    monkeypatch.setattr(community.platform.deciding, "decide", fails_for_the_first)

    assert later(community, UNDECIDED_MS + 1).held == 1
    assert community.decision("comment", "c1") is None
    assert decided(community, "comment", "c2").judgement.action == "hold"


def test_a_report_on_an_unscanned_video_does_not_release_it(
    community: Community, clip: Path
) -> None:
    community.post(a_video(), clip)
    reports: list[dict[str, JsonValue]] = [
        {
            "kind": "report.filed",
            "key": f"r{number}",
            "item": {"kind": "video", "host_id": "v1"},
            "reporter": f"reporter-{number}",
            "reason": "child_safety",
        }
        for number in range(3)
    ]
    for report in reports:
        community.platform.intake.post_events(community.org, [decoded(report)]).result(30)
    while community.platform.evaluator.step():
        pass
    community.platform.confirm_watermark()

    assert decided(community, "video", "v1").judgement.action == "hold"
    assert community.may_see("video", "v1").show == "no"


def test_a_change_supersedes_the_question_and_a_deletion_cancels_it(
    community: Community,
) -> None:
    community.posted(a_comment("zorblat"))
    community.posted(a_comment("zorblat zorblat"))
    changed = [case.state for case in cases(community, "comment", "c1")]

    community.send(
        {"kind": "item.deleted", "key": "d", "item": {"kind": "comment", "host_id": "c1"}}
    )

    assert changed == ["superseded", "ready"]
    assert [c.state for c in cases(community, "comment", "c1")] == ["superseded", "cancelled"]


def close(community: Community) -> None:
    """Let a person allow the most urgent case."""
    platform, org = community.platform, community.org
    held = platform.store.write(lambda uow: platform.reviewing.claim(uow, org, "reviewer-1"))
    assert held is not None
    hold = Hold(org=org, case_id=held.case.id, reviewer="reviewer-1", token=held.token)
    choice = Choice(action=Action.ALLOW)
    platform.store.write(lambda uow: platform.reviewing.close(uow, hold, choice))
    community.settle()


def decoded(event: dict[str, JsonValue]) -> HostEvent:
    return EVENT_KINDS.decode(msgspec.json.encode(event))
