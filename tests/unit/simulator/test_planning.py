"""Plans: the same seed gives the same community, and every kind of trouble is in it."""

from collections import Counter, defaultdict

import pytest

from fieldfare.simulator.audience import GROUPS
from fieldfare.simulator.community import MINUTES, TICK_MIN, Community
from fieldfare.simulator.edits import Edit
from fieldfare.simulator.planning import plan
from fieldfare.simulator.wording import Trick, Wording

WORDING = Wording(
    {
        "HB.LOW": ("zorblat", "quibnoodle"),
        "HS.SLUR": ("vexaroon",),
        "FR.SCAM": ("triple your glimcoins",),
    }
)


@pytest.fixture(scope="module")
def community() -> Community:
    return plan(7, 60, WORDING)


def test_the_same_seed_gives_the_same_plan(community: Community) -> None:
    assert plan(7, 60, WORDING) == community
    assert plan(8, 60, WORDING) != community


@pytest.mark.parametrize("videos", [1, 2, 6, 61])
def test_a_community_of_any_size_has_its_videos(videos: int) -> None:
    community = plan(3, videos, WORDING)

    assert Counter(p.kind for p in community.postings)["video"] == videos
    assert len({p.name for p in community.postings}) == len(community.postings)


def test_every_kind_of_posting_is_in_it(community: Community) -> None:
    hows = {p.how for p in community.postings}

    assert hows >= {f"repost: {edit.value}" for edit in Edit}
    assert hows >= {f"term: {trick.value}" for trick in Trick}
    assert hows >= {"clean", "look-alike", "new: in no bank", "burst", "flood"}


def test_only_the_clean_and_the_look_alikes_break_nothing(community: Community) -> None:
    for posting in community.postings:
        assert (posting.truth == "") == (posting.how in {"clean", "look-alike"})


def test_reposts_show_a_known_clip_under_its_policy(community: Community) -> None:
    known = {clip.scene: clip.policy for clip in community.known}

    for posting in community.postings:
        if posting.film is not None:
            assert known.get(posting.film.scene, "") == (
                posting.truth if posting.how.startswith("repost") else ""
            )


def test_a_look_alike_resembles_a_known_clip_and_is_another(community: Community) -> None:
    known = {(clip.scene.palette, clip.scene.title) for clip in community.known}
    alike = [p.film.scene for p in community.postings if p.how == "look-alike" and p.film]

    assert alike
    assert {(scene.palette, scene.title) for scene in alike} <= known


def test_a_burst_is_one_text_by_many_accounts_within_ten_minutes(community: Community) -> None:
    bursts = defaultdict(list)
    for posting in community.postings:
        if posting.how == "burst":
            bursts[posting.parent].append(posting)

    assert bursts
    for posts in bursts.values():
        assert len({p.text for p in posts}) == 1
        assert len({p.author for p in posts}) >= 10
        assert max(p.minute for p in posts) - min(p.minute for p in posts) < 10


def test_a_flood_is_many_texts_by_an_account_minutes_old(community: Community) -> None:
    born = {a.host_id: a.minute for a in community.accounts}

    for flooder in community.flooders:
        posts = [p for p in community.postings if p.author == flooder]
        assert len({p.text for p in posts}) > 20
        assert max(p.minute for p in posts) - min(p.minute for p in posts) < 5
        assert 0 < posts[0].minute - born[flooder] < 60


def test_everybody_who_writes_or_reports_has_an_account_by_then(community: Community) -> None:
    born = {a.host_id: a.minute for a in community.accounts}

    assert all(born[p.author] <= p.minute for p in community.postings)
    assert all(born[r.reporter] <= r.minute for r in community.reports)


def test_what_no_bank_knows_is_reported_by_enough_people(community: Community) -> None:
    told = Counter(r.video for r in community.reports)
    new = [p.host_id for p in community.postings if p.how.startswith("new")]

    assert new
    assert all(told[video] >= 3 for video in new)
    assert any(
        told[p.host_id] for p in community.postings if p.how == "clean" and p.kind == "video"
    )


def test_nothing_is_shown_before_it_is_posted_or_after_the_end(community: Community) -> None:
    posted = {p.name: p.minute for p in community.postings}

    for showing in community.showings:
        assert TICK_MIN <= showing.minute <= MINUTES
        assert all(posted[name] <= showing.minute for name in showing.views)
        assert all(views > 0 for views in showing.views.values())


def test_every_group_of_viewers_gets_its_share(community: Community) -> None:
    totals: Counter[tuple[str, str]] = Counter()
    for showing in community.showings:
        totals[showing.age_band, showing.market] += sum(showing.views.values())

    for group in GROUPS:
        share = totals[group.age_band, group.market] / totals.total()
        assert abs(share - group.share / 100) < 0.02
