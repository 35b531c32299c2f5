"""Sounds of banks are found in sounds and, for priority banks, under other pictures."""

from io import BytesIO
from pathlib import Path

import pytest

from fieldfare.engine.banks import add_to_bank, change_bank, put_bank
from fieldfare.ingest.schemas import PostedItem
from fieldfare.matching.repositories import BankRecord
from fieldfare.review import Action, Choice, Hold
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_video

SECONDS = 8


def _tune(folder: Path, name: str, codec: str, *, tune: int = 1) -> Path:
    clip = Clip(codec="", sound=codec, tune=tune, frames=10 * SECONDS)
    return write_clip(folder / name, clip)


def _clip(folder: Path, name: str, seed: int) -> Path:
    clip = Clip(
        codec="vp9", sound="libopus", tune=1, seed=seed, width=64, height=64, frames=10 * SECONDS
    )
    return write_clip(folder / name, clip)


def _bank(community: Community, file: Path, *, priority: bool = False) -> None:
    platform, org = community.platform, community.org
    bank = BankRecord(org=org, name="known", policy="VE.TERROR", vetted=True, priority=priority)
    piece = platform.known_file(file.name, BytesIO(file.read_bytes()), bank=bank)
    platform.store.write(lambda uow: put_bank(uow, bank, platform.pack(org), by="test"))
    platform.store.write(lambda uow: add_to_bank(uow, org, "known", [piece], by="test"))


def _a_sound(host_id: str = "s1") -> PostedItem:
    return PostedItem(kind="sound", host_id=host_id, author="ben", market="DE")


def test_a_sound_of_a_bank_is_found_coded_otherwise(community: Community, tmp_path: Path) -> None:
    _bank(community, _tune(tmp_path, "known.ogg", "libopus"))

    copy = community.posted(_a_sound(), _tune(tmp_path, "copy.mp3", "libmp3lame"))
    other = community.posted(_a_sound("s2"), _tune(tmp_path, "other.ogg", "libopus", tune=2))

    assert copy.judgement.policy == "VE.TERROR"
    assert other.judgement.policy != "VE.TERROR"


@pytest.mark.parametrize("priority", [False, True])
def test_the_sound_of_a_clip_alone_is_enough_for_priority_only(
    community: Community, tmp_path: Path, *, priority: bool
) -> None:
    _bank(community, _clip(tmp_path, "known.webm", 1), priority=priority)

    decision = community.posted(a_video(), _clip(tmp_path, "other.webm", 2))

    assert (decision.judgement.policy == "VE.TERROR") == priority


def test_a_copy_of_a_sound_that_a_person_removed_needs_no_person(
    community: Community, tmp_path: Path
) -> None:
    community.posted(_a_sound(), _tune(tmp_path, "first.ogg", "libopus"))
    community.send(
        {
            "kind": "report.filed",
            "key": "r",
            "item": {"kind": "sound", "host_id": "s1"},
            "reporter": "ana",
            "reason": "child_safety",
        }
    )
    community.settle()
    platform, org = community.platform, community.org
    held = platform.store.write(lambda uow: platform.reviewing.claim(uow, org, "ann"))
    assert held is not None
    hold = Hold(org=org, case_id=held.case.id, reviewer="ann", token=held.token)
    choice = Choice(action=Action.REMOVE, policy="HS.SLUR")
    platform.store.write(lambda uow: platform.reviewing.close(uow, hold, choice))
    community.settle()

    copy = community.posted(_a_sound("s2"), _tune(tmp_path, "copy.mp3", "libmp3lame"))
    other = community.posted(_a_sound("s3"), _tune(tmp_path, "other.ogg", "libopus", tune=2))

    assert (copy.judgement.action, copy.judgement.policy) == ("remove", "HS.SLUR")
    assert other.judgement.action != "remove"


def _decided(community: Community, kind: str, host_id: str) -> str:
    decision = community.decision(kind, host_id)
    assert decision is not None
    return decision.judgement.policy if decision.judgement.action != "allow" else ""


def test_a_sound_that_is_banked_later_meets_the_sounds_and_clips_it_is_in(
    community: Community, tmp_path: Path
) -> None:
    community.posted(_a_sound(), _tune(tmp_path, "copy.mp3", "libmp3lame"))
    community.posted(_a_sound("s2"), _tune(tmp_path, "other.ogg", "libopus", tune=2))
    community.posted(a_video(), _clip(tmp_path, "clip.webm", 2))

    _bank(community, _tune(tmp_path, "known.ogg", "libopus"))
    community.settle()

    assert _decided(community, "sound", "s1") == "VE.TERROR"
    assert _decided(community, "sound", "s2") == ""
    assert _decided(community, "video", "v1") == "VE.TERROR"


def test_a_clip_that_is_banked_later_meets_its_sound_once_its_bank_is_of_priority(
    community: Community, tmp_path: Path
) -> None:
    community.posted(a_video(), _clip(tmp_path, "clip.webm", 2))
    _bank(community, _clip(tmp_path, "known.webm", 1))
    community.settle()
    before = _decided(community, "video", "v1")

    community.platform.store.write(
        lambda uow: change_bank(uow, community.org, "known", {"priority": True}, by="test")
    )
    community.settle()

    assert (before, _decided(community, "video", "v1")) == ("", "VE.TERROR")


def test_a_sound_that_was_deleted_is_met_no_more(community: Community, tmp_path: Path) -> None:
    community.posted(_a_sound(), _tune(tmp_path, "copy.mp3", "libmp3lame"))
    sounds = community.platform.recognising.uploads.sounds.index(community.org)
    held = len(sounds.owners())

    community.send({"kind": "item.deleted", "key": "d", "item": {"kind": "sound", "host_id": "s1"}})
    community.settle()

    assert (held, len(sounds.owners())) == (1, 0)
