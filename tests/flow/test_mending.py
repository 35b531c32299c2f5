"""Indexes whose rows are damaged are made anew when that comes to light, and miss nothing."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from fieldfare.engine import banks, entry_news, shelf
from fieldfare.engine.banks import KnownPiece, add_to_bank, put_bank
from fieldfare.engine.entry_news import News, news_of
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching.fingerprints import FrameTable, pack_frames
from fieldfare.matching.index import disk, merging
from fieldfare.matching.repositories import BankRecord, EntryHashes
from fieldfare.records import Event, Subject
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_video

MATCH_FACT = "hash.match.bank"
ROWS = 5_000
"""More than the tail of an index takes: they come as a segment."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.webm", Clip(codec="vp9"))


def hashed(community: Community, path: Path) -> KnownPiece:
    found = community.platform.known_file(path.name, BytesIO(path.read_bytes()))
    return replace(found, sha256="", md5="")


def many(rows: int, seed: int) -> KnownPiece:
    bits = np.random.default_rng(seed).integers(0, 256, (rows, 32), np.uint8)
    table = FrameTable.of(np.arange(rows) / 10, bits, np.full(rows, 100, np.uint8))
    return KnownPiece(frames=rows, hashes=EntryHashes(frames=pack_frames(table)))


def banked(community: Community, *pieces: KnownPiece) -> list[EventId]:
    """Put pieces into the bank "known", which is made if it is not there."""
    platform, org = community.platform, community.org

    def write(uow: UnitOfWork) -> list[EventId]:
        if uow.banks.get(org, "known") is None:
            record = BankRecord(org=org, name="known", policy="VE.TERROR", vetted=True)
            put_bank(uow, record, platform.pack(org), by="test")
        return add_to_bank(uow, org, "known", pieces, by="test")

    return platform.store.write(write)


def changes(community: Community) -> list[Event]:
    return [
        *community.platform.store.read(
            lambda uow: uow.recall.of_kind("bank.changed", EventId(0), limit=100)
        )
    ]


def damaged(community: Community, index: str) -> None:
    """Turn bits round in the hashes of an index with one segment, where they are mapped."""
    folder = community.platform.settings.home / "index" / str(community.org) / index
    (segment,) = folder.glob("*.segment")
    with segment.open("r+b") as file:
        page = file.read(4_096)
        header = json.loads(page[16 : 16 + int.from_bytes(page[8:12], "little")])
        start = header["sections"]["bits"]["start"]
        file.seek(start)
        turned = bytes(byte ^ 1 for byte in file.read(64))
        file.seek(start)
        file.write(turned)


def matched(community: Community, host_id: str = "v1") -> object:
    """Give the bank that the newest scan of a video matched."""
    scans = community.platform.store.read(
        lambda uow: uow.recall.of_kind("item.scanned", EventId(0), limit=100)
    )
    (*_, newest) = [scan for scan in scans if scan.subject == Subject("video", host_id)]
    facts = (newest.data or {})["facts"]
    assert isinstance(facts, dict)
    told = facts[MATCH_FACT]
    return told.get("value") if isinstance(told, dict) else None


@pytest.mark.parametrize("folded", [merging.FOLDED_ROWS, 1], ids=["when flushed", "when merged"])
def test_banks_whose_rows_are_damaged_are_made_anew(
    community: Community, clip: Path, folded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "FOLDED_ROWS", folded)
    kept = community.platform.recognising.shelf
    banked(community, hashed(community, clip), many(ROWS, 1))
    kept.observe(changes(community))
    kept.step()
    before = kept.rows(community.org)
    damaged(community, "banks")

    banked(community, many(ROWS, 2))
    kept.observe(changes(community))
    kept.step()
    community.posted(a_video(), clip)

    assert kept.rows(community.org) == before + ROWS
    assert matched(community) == "known"


def test_banks_that_may_not_last_are_opened_again_as_they_are(
    community: Community, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, org = community.platform.recognising.shelf, community.org
    banked(community, hashed(community, clip))
    kept.observe(changes(community))
    kept.step()
    before = kept.rows(org)
    lock = community.platform.settings.home / "index" / str(org) / "banks" / "writer.lock"
    file = lock.stat().st_ino
    sync, failures = disk.sync_folder, [OSError(5, "input/output error")]

    def sync_folder(folder: Path) -> None:
        if failures:
            raise failures.pop()
        sync(folder)

    monkeypatch.setattr(disk, "sync_folder", sync_folder)
    banked(community, many(ROWS, 2))
    kept.observe(changes(community))
    kept.step()
    community.posted(a_video(), clip)

    assert not failures
    assert lock.stat().st_ino == file
    assert kept.rows(org) == before + ROWS
    assert matched(community) == "known"


def test_no_scan_is_told_of_half_an_index_that_is_made_anew(
    community: Community, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "FOLDED_ROWS", 1)
    kept = community.platform.recognising.shelf
    banked(community, hashed(community, clip), many(ROWS, 1))
    kept.observe(changes(community))
    kept.step()
    damaged(community, "banks")
    read: list[EventId] = []

    def fails_from_the_beginning(uow: UnitOfWork, org: Org, after: EventId) -> News | None:
        read.append(after)
        if after == 0:
            raise OSError("no")
        return news_of(uow, org, after)

    banked(community, many(ROWS, 2))
    monkeypatch.setattr(shelf, "news_of", fails_from_the_beginning)
    kept.observe(changes(community))
    kept.step()
    with pytest.raises(OSError, match="no"):
        kept.known(community.org)
    monkeypatch.undo()

    community.posted(a_video(), clip)

    assert 0 in read
    assert matched(community) == "known"


def test_uploads_whose_rows_are_damaged_are_made_anew(community: Community, clip: Path) -> None:
    uploads, org = community.platform.recognising.uploads, community.org
    community.posted(a_video(), clip)
    rows = len(uploads.index(org))
    community.posted(a_video(host_id="v2"), clip)
    broken = uploads.index(org)
    broken.flush()
    damaged(community, "uploads")
    item = {"kind": "video", "host_id": "v1"}
    community.send({"key": "k", "kind": "item.deleted", "item": item})

    uploads.merge()
    banked(community, hashed(community, clip))
    community.settle()

    assert uploads.index(org) is not broken
    assert len(uploads.index(org)) == rows
    assert matched(community, "v2") == "known"


def test_what_is_held_of_news_is_bounded_and_none_of_it_is_left_out(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, org = community.platform.store, community.org
    pieces = [many(100, seed) for seed in range(6)]
    size = pieces[0].hashes.size
    monkeypatch.setattr(banks, "BATCH_BYTES", 2 * size)
    monkeypatch.setattr(entry_news, "NEWS_BYTES", size)

    added = banked(community, *pieces)

    found: list[list[EventId]] = []
    after = EventId(0)
    while (news := store.read(lambda uow, a=after: news_of(uow, org, a))) is not None:  # type: ignore[misc]  # a default binds the loop's value
        found.append([entry.id for entry in news.entries])
        after = news.up_to
    told = [ids for ids in found if ids]
    assert [len(ids) for ids in told] == [2, 2, 2]
    assert [each for ids in told for each in ids] == added
