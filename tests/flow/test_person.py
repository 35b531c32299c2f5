from pathlib import Path

from fieldfare.records import Case
from fieldfare.review import Action, Choice, Closed, Hold
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_comment, a_video


def claim(community: Community) -> tuple[Case, Hold]:
    platform, org = community.platform, community.org
    held = platform.store.write(lambda uow: platform.reviewing.claim(uow, org, "reviewer-1"))
    assert held is not None
    hold = Hold(org=org, case_id=held.case.id, reviewer="reviewer-1", token=held.token)
    return held.case, hold


def close(community: Community, hold: Hold, action: Action, policy: str = "") -> Closed:
    choice = Choice(action=action, policy=policy)
    platform = community.platform
    closed = platform.store.write(lambda uow: platform.reviewing.close(uow, hold, choice))
    community.settle()
    return closed


def test_a_person_who_allows_a_held_comment_has_it_shown(community: Community) -> None:
    community.posted(a_comment("zorblat"))
    case, hold = claim(community)

    decision = close(community, hold, Action.ALLOW).decision

    assert case.policies == ("HS.SLUR",)
    assert decision is not None
    assert (decision.judgement.action, decision.judgement.by) == ("allow", "person")
    assert community.may_see("comment", "c1").show == "yes"


def test_a_decision_taken_back_is_held_again_and_the_case_is_open(community: Community) -> None:
    community.posted(a_comment("zorblat"))
    case, hold = claim(community)
    close(community, hold, Action.ALLOW)

    platform, org = community.platform, community.org
    platform.store.write(lambda uow: platform.reviewing.undo(uow, org, case.id, "reviewer-1"))
    community.settle()

    assert community.may_see("comment", "c1").reason == "hold"
    again = platform.store.read(lambda uow: uow.cases.get(org, case.id))
    assert again is not None
    assert again.state == "leased"


def test_what_a_person_removed_is_known_when_it_comes_back(
    community: Community, tmp_path: Path
) -> None:
    first = write_clip(tmp_path / "a.webm", Clip(codec="vp9", seed=3))
    again = write_clip(tmp_path / "b.mp4", Clip(codec="h264", seed=3))
    community.posted(a_video(caption="zorblat"), first)
    _, hold = claim(community)
    close(community, hold, Action.REMOVE, "HS.SLUR")

    decision = community.posted(a_video(host_id="v2"), again)

    assert any(reason.by == "NearCopyOfDecided" for reason in decision.judgement.reasons)
    assert decision.judgement.policy == "HS.SLUR"
    assert community.may_see("video", "v2").show == "no"


def test_what_was_removed_by_mistake_is_forgotten_with_the_undo(
    community: Community, tmp_path: Path
) -> None:
    first = write_clip(tmp_path / "a.webm", Clip(codec="vp9", seed=3))
    again = write_clip(tmp_path / "b.mp4", Clip(codec="h264", seed=3))
    community.posted(a_video(caption="zorblat"), first)
    case, hold = claim(community)
    close(community, hold, Action.REMOVE, "HS.SLUR")

    platform, org = community.platform, community.org
    platform.store.write(lambda uow: platform.reviewing.undo(uow, org, case.id, "reviewer-1"))
    community.settle()

    assert community.posted(a_video(host_id="v2"), again).judgement.action == "allow"
