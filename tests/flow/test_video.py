import os
from pathlib import Path

import pytest

from fieldfare.engine.banks import add_to_bank, put_bank
from fieldfare.ingest.schemas import PostedItem
from fieldfare.kernel import BadInput
from fieldfare.matching.repositories import BankRecord
from fieldfare.records import Subject
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_video


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.webm", Clip(codec="vp9"))


def bank(community: Community, path: Path, *, vetted: bool = True) -> None:
    platform, org = community.platform, community.org
    with path.open("rb") as stream:
        known = platform.known_file(path.name, stream)
    record = BankRecord(org=org, name="known", policy="VE.TERROR", vetted=vetted)
    platform.store.write(lambda uow: put_bank(uow, record, platform.pack(org), by="test"))
    platform.store.write(lambda uow: add_to_bank(uow, org, "known", [known], by="test"))
    community.settle()


def test_a_clean_video_is_held_until_scanned_and_then_allowed(
    community: Community, clip: Path
) -> None:
    community.post(a_video(), clip)

    assert community.may_see("video", "v1").reason == "undecided"
    community.settle()
    answer = community.may_see("video", "v1")
    assert (answer.show, answer.max_views) == ("yes", 100)
    assert len(answer.media_sha256) == 1


def test_a_copy_of_banked_content_is_restricted_before_anybody_sees_it(
    community: Community, clip: Path, tmp_path: Path
) -> None:
    bank(community, clip)
    copy = write_clip(tmp_path / "copy.mp4", Clip(codec="h264", options=(("crf", "33"),)))

    decision = community.posted(a_video(), copy)

    assert decision.judgement.policy == "VE.TERROR"
    assert decision.judgement.action == "remove"
    assert community.may_see("video", "v1").show == "no"


def test_a_file_that_is_no_video_is_held_with_its_reason(
    community: Community, tmp_path: Path
) -> None:
    text = tmp_path / "clip.mp4"
    text.write_text("ffconcat version 1.0\nfile /etc/hostname\n")

    decision = community.posted(a_video(), text)

    assert decision.judgement.action == "hold"
    assert any(reason.by == "MediaUnreadable" for reason in decision.judgement.reasons)
    assert community.may_see("video", "v1").show == "no"


def test_a_bad_word_in_the_caption_of_a_video_counts(community: Community, clip: Path) -> None:
    decision = community.posted(a_video(caption="what a zorblat"), clip)

    assert decision.judgement.policy == "HS.SLUR"
    assert [reason.by for reason in decision.judgement.reasons] == ["TermInCaption"]


def test_a_video_without_its_file_is_refused(community: Community) -> None:
    with pytest.raises(BadInput, match="needs its media"):
        community.post(a_video())


def test_views_open_the_next_stage_only_after_the_rules_looked_again(
    community: Community, clip: Path
) -> None:
    community.posted(a_video(), clip)
    seen = {
        "kind": "item.viewed", "item": {"kind": "video", "host_id": "v1"}, "version": 1,
        "window_start": "2026-03-02T09:00:00Z", "window_s": 60, "watch_ms": 9, "surface": "feed",
        "market": "DE", "age_band": "18_plus",
    }  # fmt: skip

    community.send({**seen, "key": "w1", "views": 99})
    before = community.may_see("video", "v1").max_views
    community.send({**seen, "key": "w2", "views": 2})
    community.settle()

    assert before == 100
    assert community.may_see("video", "v1").max_views == 1_000


def test_scanned_evidence_is_kept_encrypted_and_can_be_read_back(
    community: Community, clip: Path
) -> None:
    community.posted(a_video(), clip)
    platform = community.platform
    events = platform.store.read(
        lambda uow: uow.log.of_subject(community.org, Subject("video", "v1"), limit=10)
    )
    (scan,) = [event for event in events if event.kind == "item.scanned"]
    assert scan.data is not None
    stills = scan.data["stills"]
    assert isinstance(stills, list)
    assert isinstance(stills[0], dict)

    blurred = platform.blobs.read(community.org, scan.person, str(stills[0]["blurred"]))

    assert blurred[:2] == b"\xff\xd8"
    at_rest = [path.read_bytes()[:2] for path in _files(platform.settings.home / "blobs")]
    assert b"\xff\xd8" not in at_rest


def _files(folder: Path) -> list[Path]:
    return [Path(root) / name for root, _, names in os.walk(folder) for name in names]


@pytest.mark.parametrize(
    ("kind", "clip"),
    [("video", Clip(codec="", sound="libmp3lame")), ("photo_set", Clip()), ("audio", Clip())],
)
def test_media_of_another_kind_than_the_item_are_held(
    community: Community, tmp_path: Path, kind: str, clip: Clip
) -> None:
    path = write_clip(tmp_path / ("a.mp3" if not clip.codec else "a.mp4"), clip)
    item = PostedItem(kind=kind, host_id="x", author="ben", market="DE")

    decision = community.posted(item, path)

    assert decision.judgement.action == "hold"
    assert community.may_see(kind, "x").show == "no"


def test_sound_is_judged_by_what_can_be_heard_of_it(community: Community, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp3", Clip(codec="", sound="libmp3lame"))
    item = PostedItem(kind="audio", host_id="x", author="ben", market="DE")

    decision = community.posted(item, path)
    with path.open("rb") as stream:
        known = community.platform.known_file("a.mp3", stream)

    assert decision.judgement.action == "allow"
    assert (known.frames, len(known.sha256), len(known.md5)) == (0, 64, 32)
