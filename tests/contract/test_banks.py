"""Banks, their entries, what these matched and what people said of it, on either database."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from alembic.command import upgrade
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from fieldfare.kernel import EventId, Org, SimulatedClock
from fieldfare.ledger import Vault
from fieldfare.matching.fingerprints import unpack_frames
from fieldfare.matching.repositories import (
    DECIDED,
    NO_HASHES,
    BankEntryRecord,
    BankRecord,
    EntryHashes,
    EntryHit,
    EntryKeys,
    EntryKind,
    EntryState,
    Feedback,
    KeptStill,
    Opinion,
    Polarity,
    UploadRecord,
)
from fieldfare.records import Subject
from fieldfare.storage import SqlStore
from fieldfare.storage.schema import MIGRATIONS
from fieldfare.storage.unit import SqlUnit

MAIN = Org("main")
NOW_MS = 1_795_000_000_000
SHA256, MD5 = "a" * 64, "b" * 32
VIDEO = Subject("video", "v1")
BANK = BankRecord(
    org=MAIN,
    name="b",
    policy="GV.GORE",
    vetted=True,
    note="n",
    polarity=Polarity.KNOWN_GOOD,
    min_seconds=1.5,
    min_frames=3,
    enabled_ratio=0.25,
    disabled_until=NOW_MS,
    priority=True,
    hourly_limit=7,
    keeps_stills=True,
)
PLAIN = BankEntryRecord(
    org=MAIN, id=EventId(1), bank="b", label="", sha256="", added_at=0, changed=EventId(1)
)
FULL = BankEntryRecord(
    org=MAIN,
    id=EventId(4),
    bank="b",
    label="l",
    sha256=SHA256,
    added_at=NOW_MS,
    changed=EventId(9),
    kind=EntryKind.TEXT,
    state=EntryState.QUARANTINED,
    md5=MD5,
    content="c",
    note="n",
    labels=("one", "two"),
    source="exchange:x",
    source_id="77",
    frames=3,
    seconds=12.5,
    disabled_until=NOW_MS + 1,
    stills=(KeptStill(sha256="s", t=1.25), KeptStill(sha256="old", t=None)),
)
HASHES = EntryHashes(frames=b"f", sound=b"s", features=b"\x00\xff")


def an_entry(number: int, *, changed: int = 1, bank: str = "b") -> BankEntryRecord:
    return replace(PLAIN, id=EventId(number), changed=EventId(changed), bank=bank)


def test_a_bank_is_kept_with_all_it_says_and_goes_when_told(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> None:
        uow.banks.put(replace(BANK, enabled=False, disabled_until=None))
        uow.banks.put(BANK)

    store.write(work)

    assert store.read(lambda uow: uow.banks.banks(MAIN)) == [BANK]
    assert store.read(lambda uow: uow.banks.get(MAIN, "b")) == BANK
    assert store.read(lambda uow: uow.banks.get(MAIN, "c")) is None
    assert store.write(lambda uow: uow.banks.remove(MAIN, "b")) is True
    assert store.write(lambda uow: uow.banks.remove(MAIN, "b")) is False


def test_an_entry_is_kept_with_its_hashes(store: SqlStore) -> None:
    store.write(lambda uow: uow.entries.add(FULL, HASHES))
    store.write(lambda uow: uow.entries.add(PLAIN))

    assert store.read(lambda uow: uow.entries.get(MAIN, FULL.id)) == FULL
    assert store.read(lambda uow: uow.entries.hashes(MAIN, FULL.id)) == HASHES
    assert store.read(lambda uow: uow.entries.get(MAIN, PLAIN.id)) == PLAIN
    assert store.read(lambda uow: uow.entries.hashes(MAIN, PLAIN.id)) == NO_HASHES
    assert store.read(lambda uow: uow.entries.hashes(MAIN, EventId(99))) is None
    assert store.write(lambda uow: uow.entries.remove(MAIN, FULL.id)) is True
    assert store.write(lambda uow: uow.entries.remove(MAIN, FULL.id)) is False
    assert store.read(lambda uow: uow.entries.get(MAIN, FULL.id)) is None


def test_entries_are_counted_as_they_come_change_move_and_go(store: SqlStore) -> None:
    elsewhere = replace(PLAIN, org=Org("other"))
    hidden = replace(PLAIN, id=EventId(2), state=EntryState.DISABLED)
    gone = replace(PLAIN, id=EventId(3))

    def work(uow: SqlUnit) -> None:
        for entry in (PLAIN, PLAIN, hidden, gone, elsewhere):
            uow.entries.add(entry, HASHES)
        uow.entries.change(replace(PLAIN, label="as it was"))
        uow.entries.add(replace(hidden, state=EntryState.QUARANTINED))
        uow.entries.remove(MAIN, gone.id)

    store.write(work)
    before = store.read(lambda uow: (uow.banks.counts(MAIN), uow.bank_measures.states(MAIN, "b")))
    store.write(lambda uow: uow.entries.change(replace(PLAIN, bank="c")))
    after = store.read(lambda uow: (uow.banks.counts(MAIN), uow.bank_measures.states(MAIN, "b")))

    assert before == ({"b": 2}, {EntryState.ACTIVE: 1, EntryState.QUARANTINED: 1})
    assert after == ({"b": 1, "c": 1}, {EntryState.QUARANTINED: 1})
    assert store.read(lambda uow: uow.banks.counts(Org("other"))) == {"b": 1}


def test_entries_of_a_bank_are_found_by_many_keys_at_once(store: SqlStore) -> None:
    elsewhere = replace(FULL, id=EventId(5), bank="c")
    other = replace(PLAIN, id=EventId(6), sha256="c" * 64, source="import", source_id="77")
    for entry in (FULL, PLAIN, elsewhere, other):
        store.write(lambda uow, entry=entry: uow.entries.add(entry))  # type: ignore[misc]  # a default binds the loop's value

    def found(**keys: Any) -> list[int]:  # noqa: ANN401  # fields of EntryKeys
        wanted = EntryKeys(**keys)
        return sorted(e.id for e in store.read(lambda u: u.entry_pages.of_keys(MAIN, "b", wanted)))

    assert found(sha256=[SHA256, "c" * 64, "d" * 64]) == [4, 6]
    assert found(md5=[MD5]) == [4]
    assert found(source_ids=["77", "'; x"]) == [6]
    assert found(source="exchange:x", source_ids=["77"], md5=[MD5]) == [4, 4]
    assert found() == []


def test_a_changed_entry_keeps_its_hashes(store: SqlStore) -> None:
    store.write(lambda uow: uow.entries.add(FULL, HASHES))
    changed = replace(FULL, state=EntryState.ACTIVE, note="", disabled_until=None, labels=())

    store.write(lambda uow: uow.entries.change(changed))

    assert store.read(lambda uow: uow.entries.get(MAIN, FULL.id)) == changed
    assert store.read(lambda uow: uow.entries.hashes(MAIN, FULL.id)) == HASHES


def test_entries_are_found_by_digest_and_by_source(store: SqlStore) -> None:
    store.write(lambda uow: uow.entries.add(FULL))
    store.write(lambda uow: uow.entries.add(PLAIN))

    def found(uow: SqlUnit) -> list[list[EventId]]:
        pages = uow.entry_pages
        asked = (
            pages.of_digest(MAIN, SHA256),
            pages.of_digest(MAIN, MD5),
            pages.of_source(MAIN, "exchange:x", "77"),
            pages.of_digest(MAIN, ""),
            pages.of_digest(MAIN, "c" * 64),
            pages.of_source(MAIN, "exchange:y", "77"),
            pages.of_source(MAIN, "upload", ""),
        )
        return [[entry.id for entry in each] for each in asked]

    assert store.read(found) == [[FULL.id]] * 3 + [[]] * 4


def test_a_bank_is_read_page_by_page_and_from_its_end(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> None:
        for number in range(1, 6):
            uow.entries.add(an_entry(number))
        uow.entries.add(an_entry(6, bank="other"))

    store.write(work)

    def ids(uow: SqlUnit) -> list[list[int]]:
        pages = uow.entry_pages
        return [
            [entry.id for entry in pages.of_bank(MAIN, "b", after=EventId(2), limit=2)],
            [entry.id for entry in pages.newest(MAIN, "b", limit=2)],
        ]

    assert store.read(ids) == [[3, 4], [5, 4]]
    assert store.read(lambda uow: uow.banks.counts(MAIN)) == {"b": 5, "other": 1}


def test_the_trail_never_cuts_what_one_event_changed(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> None:
        for number, changed in ((1, 10), (2, 20), (3, 20), (4, 20), (5, 30)):
            uow.entries.add(an_entry(number, changed=changed))

    store.write(work)

    def trail(after: int, limit: int) -> list[int]:
        read = store.read(lambda u: u.entry_trail.changed(MAIN, EventId(after), limit=limit))
        return [entry.id for entry in read]

    assert trail(0, 2) == [1, 2, 3, 4]
    assert trail(20, 2) == [5]
    assert trail(30, 2) == []
    assert store.read(lambda uow: uow.entry_trail.last_id(MAIN)) == 5
    assert store.read(lambda uow: uow.entry_trail.last_id(Org("nobody"))) == 0


def test_the_trail_tells_what_an_index_takes_in_of_an_entry(store: SqlStore) -> None:
    store.write(lambda uow: uow.entries.add(FULL, HASHES))

    (told,) = store.read(lambda uow: uow.entry_trail.changed(MAIN, EventId(0), limit=1))
    of_its_bank = store.read(
        lambda uow: uow.entry_trail.of_bank(MAIN, "b", after=EventId(0), limit=1)
    )

    assert of_its_bank == [told]
    assert not store.read(lambda uow: uow.entry_trail.of_bank(MAIN, "b", after=EventId(4), limit=1))
    assert (told.id, told.changed, told.added_at, told.bank) == (4, 9, NOW_MS, "b")
    assert (told.state, told.sha256, told.md5) == (EntryState.QUARANTINED, SHA256, MD5)
    assert (told.frames, told.sound, told.features) == (b"f", b"s", b"\x00\xff")
    assert told.size == HASHES.size == 4


def test_words_are_read_past_all_media_and_up_to_an_event(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> None:
        kinds = (EntryKind.MEDIA, EntryKind.TEXT, EntryKind.URL, EntryKind.MEDIA, EntryKind.TEXT)
        for number, kind in enumerate(kinds, 1):
            entry = an_entry(number, changed=10 * number)
            uow.entries.add(replace(entry, kind=kind, content="some words"))

    store.write(work)

    def trail(after: int, up_to: int, limit: int = 9) -> list[int]:
        def read(uow: SqlUnit) -> list[int]:
            trail = uow.word_trail
            found = trail.changed(MAIN, EventId(after), up_to=EventId(up_to), limit=limit)
            return [entry.id for entry in found]

        return store.read(read)

    assert trail(0, 100) == [2, 3, 5]
    assert trail(0, 100, limit=1) == [2]
    assert trail(20, 49) == [3]


def test_hits_count_each_item_once_and_only_lately(store: SqlStore) -> None:
    def hit(host_id: str, at: int, event_id: int = 7, means: str = "pdq") -> EntryHit:
        return EntryHit(
            org=MAIN,
            entry=EventId(4),
            item=Subject("video", host_id),
            event_id=EventId(event_id),
            at=at,
            means=means,
            distance=3,
        )

    equal = hit("v3", 5, means="sha256")

    def work(uow: SqlUnit) -> None:
        for each in (hit("v1", 10), hit("v1", 30, 8), hit("v2", 20), equal):
            uow.entry_hits.put(each)

    store.write(work)

    def count(since_ms: int) -> int:
        return store.read(lambda u: u.entry_hits.count(MAIN, EventId(4), since_ms=since_ms))

    assert (count(0), count(11), count(21)) == (2, 1, 0)
    newest = store.read(lambda uow: uow.entry_hits.of_entry(MAIN, EventId(4), limit=9))
    assert list(newest) == [hit("v2", 20), hit("v1", 10, 8), equal]
    assert store.write(lambda uow: uow.entry_hits.forget_before(15)) == 2
    assert count(0) == 1


def test_a_change_of_mind_takes_the_place_of_what_was_said(store: SqlStore) -> None:
    said = Feedback(
        org=MAIN,
        entry=EventId(4),
        item=VIDEO,
        by="p",
        opinion=Opinion.CONFIRMED,
        note="",
        at=1,
        event_id=EventId(11),
    )
    changed = replace(said, opinion=Opinion.DENIED, event_id=EventId(12))

    store.write(lambda uow: uow.feedback.put(said))
    store.write(lambda uow: uow.feedback.put(changed))

    assert list(store.read(lambda uow: uow.feedback.of_entry(MAIN, EventId(4)))) == [changed]
    since = store.read(lambda uow: uow.feedback.since(MAIN, EventId(11), limit=9))
    assert list(since) == [changed]
    assert not store.read(lambda uow: uow.feedback.since(MAIN, EventId(12), limit=9))


def test_uploads_are_found_by_digest_item_and_person_until_they_go(store: SqlStore) -> None:
    upload = UploadRecord(
        org=MAIN,
        event_id=EventId(9),
        part=0,
        item=VIDEO,
        person="p",
        sha256=SHA256,
        md5=MD5,
        at=NOW_MS,
    )
    uploads = [upload, replace(upload, part=1, sha256="c" * 64, md5="")]
    store.write(lambda uow: uow.uploads.add(uploads))

    def found(uow: SqlUnit) -> list[list[UploadRecord]]:
        return [
            list(uow.uploads.of_digest(MAIN, SHA256)),
            list(uow.uploads.of_digest(MAIN, MD5)),
            list(uow.uploads.of_digest(MAIN, "")),
            list(uow.uploads.of_item(MAIN, VIDEO)),
            list(uow.uploads.of_person(MAIN, "p")),
        ]

    assert store.read(found) == [[upload], [upload], [], uploads, uploads]
    assert store.write(lambda uow: uow.uploads.remove(MAIN, EventId(9))) == 2
    assert store.read(found) == [[], [], [], [], []]


def test_entries_of_before_keep_their_hashes(
    tmp_path: Path, clock: SimulatedClock, vault: Vault
) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        upgrade(config, "0009")
        bank = "INSERT INTO banks VALUES ('main', :name, 'GV.GORE', 1, 31, :quality, 1, '')"
        entry = "INSERT INTO bank_entries VALUES ('main', :id, :bank, 'l', :sha, :pdq, 5)"
        for number, name in enumerate(("known", "_decided.GV.GORE")):
            connection.execute(text(bank), {"name": name, "quality": 40 + 20 * number})
            pdq = json.dumps(["01" * 32, "fe" * 32][: 2 - number])
            told = {"id": 7 + number, "bank": name, "sha": SHA256, "pdq": pdq}
            connection.execute(text(entry), told)
    engine.dispose()

    store = SqlStore.open(url, clock=clock, vault=vault)
    banks = store.read(lambda uow: uow.banks.banks(MAIN))
    known, decided = store.read(lambda uow: uow.entry_pages.of_digest(MAIN, SHA256))
    hashes = store.read(lambda uow: uow.entries.hashes(MAIN, known.id))
    counts = store.read(lambda uow: uow.banks.counts(MAIN))
    store.close()

    assert counts == {"known": 1, "_decided.GV.GORE": 1}
    assert [bank.min_quality for bank in banks] == [60, 50]
    assert (known.id, known.changed, known.frames, known.added_at) == (7, 7, 2, 5)
    assert (known.source, decided.source) == ("upload", DECIDED)
    assert hashes is not None
    table = unpack_frames(hashes.frames)
    assert [row.tobytes().hex() for row in table.bits] == ["01" * 32, "fe" * 32]
    assert (table.t.tolist(), table.quality.tolist()) == ([0.0, 1.0], [100, 100])
