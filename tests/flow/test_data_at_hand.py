"""Real files through the whole platform, where a folder with some is at hand."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldfare.engine.banks import add_to_bank, put_bank
from fieldfare.ingest.schemas import PostedItem
from fieldfare.matching.repositories import BankRecord
from fieldfare.testing.platforms import Community, Installed, a_community

pytestmark = pytest.mark.data

ORIGINALS = ("video/chair-orig-22-sd-bar.mp4", "image/aaa-orig.jpg")
COPIES = (
    "video/chair-22-with-small-logo-bar.mp4",
    "image/blur-a-little.jpg",
    "image/high-contrast.jpg",
    "image/high-saturation.jpg",
    "image/sharpen-a-little.jpg",
    "image/shrink-a-little.jpg",
    "image/square-512x512.jpg",
)


@pytest.fixture(scope="module")
def data() -> Path:
    named = os.environ.get("FIELDFARE_DATA_AT_HAND")
    if not named:
        pytest.skip("FIELDFARE_DATA_AT_HAND names no folder")
    return Path(named)


@pytest.fixture(scope="module")
def judged(
    data: Path, installed: Installed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Community]:
    """Bank the originals, then post every clip, picture and sound of the folder."""
    with a_community(tmp_path_factory.mktemp("data") / "home", installed) as community:
        bank(community, [data / name for name in ORIGINALS])
        for path in files(data):
            community.post(item_of(path), path)
        community.settle()
        yield community


def files(data: Path) -> list[Path]:
    folders = ("video", "image", "audio")
    kinds = {".mp4", ".jpg", ".png", ".flac"}
    return sorted(p for f in folders for p in (data / f).iterdir() if p.suffix in kinds)


def item_of(path: Path) -> PostedItem:
    kind = {"video": "video", "image": "photo_set", "audio": "audio"}[path.parent.name]
    return PostedItem(kind=kind, host_id=path.name, author="ben", market="DE")


def bank(community: Community, originals: list[Path]) -> None:
    platform, org = community.platform, community.org
    record = BankRecord(org=org, name="known", policy="GV.GORE", vetted=True)
    platform.store.write(lambda uow: put_bank(uow, record, platform.pack(org), by="test"))
    known = []
    for path in originals:
        with path.open("rb") as stream:
            known.append(platform.known_file(path.name, stream))
    platform.store.write(lambda uow: add_to_bank(uow, org, "known", known, by="test"))
    community.settle()


def test_every_file_is_decided_with_its_evidence(judged: Community, data: Path) -> None:
    for path in files(data):
        item = item_of(path)
        decision = judged.decision(item.kind, item.host_id)
        assert decision is not None, path
        assert not decision.judgement.unknown, (path, decision.judgement.unknown)


def test_edited_copies_of_what_is_banked_are_shown_to_nobody(judged: Community, data: Path) -> None:
    for name in (*ORIGINALS, *COPIES):
        item = item_of(data / name)
        decision = judged.decision(item.kind, item.host_id)
        assert decision is not None
        assert decision.judgement.policy == "GV.GORE", name
        assert judged.may_see(item.kind, item.host_id).show == "no", name


def test_what_is_not_banked_is_shown(judged: Community, data: Path) -> None:
    for name in ("video/bottle-detection.mp4", "video/pattern-hd-no-bar.mp4", "audio/jfk.flac"):
        item = item_of(data / name)
        assert judged.may_see(item.kind, item.host_id).show == "yes", name
