"""A hash that arrives meets its copies on the platform; one that floods becomes a question."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from fieldfare.engine import retroactive
from fieldfare.engine.banks import KnownPiece, add_to_bank, change_entry, put_bank
from fieldfare.engine.content import scan_of
from fieldfare.engine.retroactive import READER
from fieldfare.engine.unit import UnitOfWork
from fieldfare.engine.uploads import parts_of
from fieldfare.ingest.schemas import PostedItem
from fieldfare.kernel import EventId, JsonValue, Org
from fieldfare.matching.fingerprints import FrameTable, forms_of, pack_frames, unpack_frames
from fieldfare.matching.repositories import BankRecord, EntryHashes, EntryState
from fieldfare.records import Event, Subject
from fieldfare.testing.clips import Clip, texture, write_clip
from fieldfare.testing.platforms import Community, a_video

VIDEO = Subject("video", "v1")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.webm", Clip(codec="vp9"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "copy.mp4", Clip())


def hashed(community: Community, path: Path) -> KnownPiece:
    return community.platform.known_file(path.name, BytesIO(path.read_bytes()))


def bank_of(community: Community, *pieces: KnownPiece, **fields: object) -> list[EventId]:
    platform, org = community.platform, community.org
    given = {"policy": "VE.TERROR", "vetted": True, **fields}
    record = BankRecord(org=org, name="known", **given)  # type: ignore[arg-type]  # fields of a bank
    platform.store.write(lambda uow: put_bank(uow, record, platform.pack(org), by="test"))
    return platform.store.write(lambda u: add_to_bank(u, org, "known", pieces, by="test"))


def scans(community: Community, subject: Subject = VIDEO) -> Sequence[Event]:
    def read(uow: UnitOfWork) -> list[Event]:
        after = uow.recall.of_kind("item.scanned", EventId(0), limit=100)
        return [event for event in after if event.subject == subject]

    return community.platform.store.read(read)


def facts_of(event: Event) -> dict[str, JsonValue]:
    facts = (event.data or {})["facts"]
    assert isinstance(facts, dict)
    return {name: told.get("value") for name, told in facts.items() if isinstance(told, dict)}


def action(community: Community, host_id: str = "v1") -> str:
    decision = community.decision("video", host_id)
    assert decision is not None
    return decision.judgement.action


def test_an_entry_holds_the_copy_that_was_posted_before_it(
    community: Community, clip: Path, copy: Path
) -> None:
    community.posted(a_video(), copy)
    before = action(community)

    (entry,) = bank_of(community, hashed(community, clip))
    community.settle()

    first, second = scans(community)
    facts = facts_of(second)
    assert (before, action(community)) == ("allow", "remove")
    assert facts["hash.match.policy"] == "VE.TERROR"
    assert facts["hash.match.means"] == "pdq"
    assert facts_of(first)["media.duration_s"] == facts["media.duration_s"]
    assert second.data is not None
    assert second.data["retroactive"] is True
    assert entry in second.causes
    hits = community.platform.store.read(
        lambda uow: uow.entry_hits.of_entry(community.org, entry, limit=9)
    )
    assert [(hit.item, hit.event_id) for hit in hits] == [(VIDEO, second.id)]


def test_what_was_told_once_is_not_told_twice(community: Community, clip: Path) -> None:
    community.posted(a_video(), clip)
    bank_of(community, hashed(community, clip))
    community.settle()
    told = len(scans(community))

    community.platform.store.write(
        lambda u: u.cursors.move(f"{READER}/{community.org}", EventId(0))
    )
    community.settle()

    assert len(scans(community)) == told == 2


@pytest.mark.parametrize("digest", ["sha256", "md5"])
def test_a_digest_alone_is_enough(community: Community, clip: Path, digest: str) -> None:
    community.posted(a_video(), clip)
    known = hashed(community, clip)
    piece = KnownPiece(**{digest: getattr(known, digest)})

    bank_of(community, piece)
    community.settle()

    assert facts_of(scans(community)[-1])["hash.match.means"] == digest


def test_a_copy_with_borders_is_met_too(community: Community, tmp_path: Path) -> None:
    drawn = Image.fromarray(texture(Clip(width=320, height=240), 0))
    page = Image.new("RGB", (320, 400), "black")
    page.paste(drawn, (0, 80))
    known, bordered = tmp_path / "known.png", tmp_path / "bordered.png"
    drawn.save(known)
    page.save(bordered)
    community.posted(PostedItem(kind="photo_set", host_id="v1", author="ben"), bordered)

    bank_of(community, hashed(community, known))
    community.settle()

    found = facts_of(scans(community, Subject("photo_set", "v1"))[-1])
    assert (found["hash.match.means"], found["hash.match.transform"]) == ("pdq", "with borders")


def test_a_mirrored_copy_is_met_too(community: Community, clip: Path) -> None:
    community.posted(a_video(), clip)
    frames = unpack_frames(hashed(community, clip).hashes.frames)
    mirrored = FrameTable.of(frames.t, forms_of(frames.bits)[:, 1], frames.quality)

    bank_of(
        community,
        KnownPiece(frames=len(mirrored), hashes=EntryHashes(frames=pack_frames(mirrored))),
    )
    community.settle()

    assert facts_of(scans(community)[-1])["hash.match.transform"] == "mirrored, speed not known"


def test_what_was_deleted_or_erased_is_not_met(community: Community, clip: Path) -> None:
    community.posted(a_video(), clip)
    community.posted(a_video(host_id="v2", author="ana"), clip)
    item = {"kind": "video", "host_id": "v1"}
    community.send({"key": "k", "kind": "item.deleted", "item": item})
    community.platform.erase(community.org, Subject("account", "ana"), "test")
    community.settle()

    bank_of(community, hashed(community, clip))
    community.settle()

    every = community.platform.store.read(
        lambda uow: uow.recall.of_kind("item.scanned", EventId(0), limit=9)
    )
    assert len(every) == 2
    index = community.platform.recognising.uploads.index(community.org)
    assert len(index) == 0


def test_a_picture_that_many_uploads_share_meets_all_of_them(
    community: Community, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        community.posted(a_video(host_id=f"v{number}"), clip)
    monkeypatch.setattr(retroactive, "MOST_UPLOADS", 1)

    bank_of(community, replace(hashed(community, clip), sha256="", md5=""))
    community.settle()

    assert [action(community, f"v{number}") for number in (1, 2, 3)] == ["remove"] * 3


def test_each_part_of_an_item_tells_how_long_it_lasts(community: Community, tmp_path: Path) -> None:
    short = write_clip(tmp_path / "short.mp4", Clip(frames=10))
    long = write_clip(tmp_path / "long.mp4", Clip(frames=30))

    community.posted(a_video(), short, long)

    (scan,) = scans(community)
    lasts = [float(str(part["duration_s"])) for part in parts_of(scan)]
    assert lasts == pytest.approx([1.0, 3.0], abs=0.2)


def test_a_scan_made_while_the_entry_came_is_looked_up_again(
    community: Community, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = community.platform
    known = hashed(community, clip)
    scan = platform.scanner.scan

    def and_meanwhile(*args: object, **kwargs: object) -> object:
        found = scan(*args, **kwargs)  # type: ignore[arg-type]  # as they came
        bank_of(community, known)
        # The retroactive search is done before the scan is on the log.
        platform.recognising.step()
        return found

    monkeypatch.setattr(platform.scanner, "scan", and_meanwhile)
    community.post(a_video(), clip)
    platform.scanning.step()
    monkeypatch.undo()
    community.settle()

    first, second = scans(community)
    assert facts_of(first)["hash.match.policy"] is None
    assert facts_of(second)["hash.match.policy"] == "VE.TERROR"


def test_a_crash_before_the_cursor_moved_repeats_the_search_and_nothing_else(
    community: Community, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = community.platform
    community.posted(a_video(), clip)
    community.posted(a_video(host_id="v2"), clip)
    bank_of(community, hashed(community, clip))
    look_up = platform.recognising.retroactive.look_up
    done: list[EventId] = []

    def crashes_at_the_second(*args: object, **kwargs: object) -> bool:
        if done:
            raise OSError("no")
        done.append(EventId(1))
        return look_up(*args, **kwargs)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(platform.recognising.retroactive, "look_up", crashes_at_the_second)
    platform.recognising.retroactive.step()
    monkeypatch.undo()
    community.settle()

    told = [len(scans(community, Subject("video", host_id))) for host_id in ("v1", "v2")]
    assert told == [2, 2]
    assert (action(community), action(community, "v2")) == ("remove", "remove")


def test_a_scan_that_cannot_be_read_keeps_no_other_from_being_met(
    community: Community, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = community.platform.recognising.retroactive
    community.posted(a_video(), clip)
    community.posted(a_video(host_id="v2"), clip)
    unreadable = scans(community)[0].id
    look_up = found.look_up

    def cannot_read_one(org: Org, scan_id: EventId, *, cause: EventId) -> bool:
        if scan_id == unreadable:
            raise KeyError("hashes")
        return look_up(org, scan_id, cause=cause)

    monkeypatch.setattr(found, "look_up", cannot_read_one)
    bank_of(community, hashed(community, clip))
    community.settle()

    assert (action(community), action(community, "v2")) == ("allow", "remove")
    assert found.step() == 0


def test_an_entry_that_floods_is_asked_about_until_a_person_releases_it(
    community: Community, clip: Path
) -> None:
    platform, org = community.platform, community.org
    known = replace(hashed(community, clip), sha256="", md5="")
    (entry,) = bank_of(community, known, hourly_limit=2)
    for number in (1, 2, 3):
        community.posted(a_video(host_id=f"v{number}"), clip)
    after_three = platform.store.read(lambda uow: uow.entries.get(org, entry))

    community.posted(a_video(host_id="v4"), clip)
    asked = facts_of(scans(community, Subject("video", "v4"))[-1])
    community.clock.advance(1_000)
    platform.store.write(
        lambda uow: change_entry(uow, org, entry, {"state": EntryState.ACTIVE}, by="nora")
    )
    community.settle()

    assert after_three is not None
    assert after_three.state is EntryState.QUARANTINED
    assert (asked["hash.match.vetted"], asked["hash.match.quarantined"]) == (False, True)
    told = platform.store.read(lambda u: u.recall.of_kind("entry.quarantined", EventId(0), limit=9))
    assert [(event.data or {})["entry"] for event in told] == [str(entry)]
    # Released, it holds what was only asked about.
    assert facts_of(scans(community, Subject("video", "v4"))[-1])["hash.match.vetted"] is True


def test_equal_bytes_are_no_flood_however_often_they_come(community: Community, clip: Path) -> None:
    (entry,) = bank_of(community, hashed(community, clip), hourly_limit=1)

    for number in (1, 2, 3):
        community.posted(a_video(host_id=f"v{number}"), clip)

    assert state_of(community, entry) is EntryState.ACTIVE
    assert action(community, "v3") == "remove"


def test_the_copies_from_before_an_entry_make_no_flood_of_the_next_upload(
    community: Community, clip: Path
) -> None:
    for number in (1, 2, 3):
        community.posted(a_video(host_id=f"v{number}"), clip)
    community.clock.advance(1_000)
    known = replace(hashed(community, clip), sha256="", md5="")
    (entry,) = bank_of(community, known, hourly_limit=2)
    community.settle()

    community.posted(a_video(host_id="v4"), clip)

    met = [action(community, f"v{number}") for number in (1, 2, 3, 4)]
    assert met == ["remove"] * 4
    assert state_of(community, entry) is EntryState.ACTIVE


def state_of(community: Community, entry: EventId) -> EntryState:
    found = community.platform.store.read(lambda uow: uow.entries.get(community.org, entry))
    assert found is not None
    return found.state


def test_a_newer_scan_is_the_one_that_counts(community: Community, clip: Path) -> None:
    platform, org = community.platform, community.org
    community.posted(a_video(), clip)
    bank_of(community, hashed(community, clip))
    community.settle()

    item = platform.store.read(lambda uow: uow.items.current(org, VIDEO))
    assert item is not None
    newest = platform.store.read(lambda uow: scan_of(uow, org, item))
    first = platform.store.read(lambda uow: scan_of(uow, org, item, as_of=scans(community)[0].id))

    assert newest is not None
    assert first is not None
    assert (newest.id, first.id) == (scans(community)[1].id, scans(community)[0].id)


def test_lost_indexes_are_made_anew(community: Community, clip: Path) -> None:
    known = replace(hashed(community, clip), sha256="", md5="")
    (entry,) = bank_of(community, known)
    community.posted(a_video(), clip)
    recognising = community.platform.recognising
    rows = (recognising.shelf.rows(community.org), len(recognising.uploads.index(community.org)))
    recognising.close()
    for file in (community.platform.settings.home / "index").rglob("*"):
        if file.is_file():
            file.unlink()

    community.posted(a_video(host_id="v2"), clip)

    assert rows[0] == recognising.shelf.rows(community.org) > 0
    assert len(recognising.uploads.index(community.org)) == 2 * rows[1]
    assert str(entry) in str(facts_of(scans(community, Subject("video", "v2"))[-1]))
