"""Retroactive matching: an entry that arrives meets its copies that are on the platform already.

In flow the events by which entries came, and scans that were made while they did; out flows a fresh
item.scanned for each item that is known by now, so that rules and policies hold or queue it as they
would an upload. The uploads' frames are searched with those of the entries in all eight forms, and
their sounds with those of entries that are found by sound alone; whether an item matches is then
decided as for any upload, by the banks. Behind a cursor on the log: a crash repeats a step, and
what was found once is not told twice.
"""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
import structlog
from prometheus_client import Counter

from fieldfare.engine.banks import CHANGED
from fieldfare.engine.content import scan_of
from fieldfare.engine.entry_news import news_of, with_tables
from fieldfare.engine.floods import matches_of, note_hits
from fieldfare.engine.near_copies import frames_of
from fieldfare.engine.part_facts import joined
from fieldfare.engine.scanning import fact_json
from fieldfare.engine.shelf import Shelf
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.engine.upload_sounds import sound_of_part
from fieldfare.engine.uploads import Uploads, parts_of
from fieldfare.engine.widened_banks import WidenedBanks
from fieldfare.kernel import BadInput, Clock, EventId, JsonValue, Org, Unknown
from fieldfare.matching import BankMatch
from fieldfare.matching.fingerprints import Fingerprint, FrameTable, probes_of
from fieldfare.matching.fingerprints import joined as stacked
from fieldfare.matching.frame_stage import WIDEST
from fieldfare.matching.matches import by_weight
from fieldfare.matching.pdq import MIN_QUALITY
from fieldfare.matching.repositories import BankRecord, ChangedEntry, EntryState
from fieldfare.matching.sound import SoundPrint, unpack_sound
from fieldfare.records import Event, ItemState, NewEvent
from fieldfare.signals.hashes import MATCH_FACTS, facts_of_matches

READER: Final = "retroactive"
SCANNED: Final = "item.scanned"
BANKS_AS_OF: Final = "banks_as_of"
ROWS_AT_ONCE: Final = 64
"""Rows of entries that are searched together; each is eight queries."""
MOST_UPLOADS: Final = 2_000
"""Rows that a query among others is told. One that finds more, as of a picture many begin with, is
asked once more and alone: no upload is missed, and the memory holds all rows of one query at most.
"""
IDLE_S: Final = 0.5
UNREADABLE: Final = (BadInput, LookupError, TypeError, ValueError, msgspec.MsgspecError)
"""What one scan that says something else than scans say now may raise; it must stop no other."""

_SKIPPED: Final = Counter(
    "fieldfare_uploads_not_matched_again_total", "Uploads a new entry may match, skipped.", ("org",)
)
_log = structlog.get_logger(__name__)


class Retroactive:
    """Looks recent uploads up anew. `run` on one thread; `step` by hand."""

    def __init__(self, store: Store, clock: Clock, *, shelf: Shelf, uploads: Uploads) -> None:
        self._store = store
        self._clock = clock
        self._shelf = shelf
        self._uploads = uploads
        self._news = threading.Event()
        self._widened = WidenedBanks(store, READER)

    def observe(self, events: Sequence[Event]) -> None:
        """Follow the log: there may be something to do."""
        if any(event.kind == CHANGED for event in events):
            self._news.set()

    def run(self, stop: threading.Event) -> None:
        """Look up until told to stop."""
        while not stop.is_set():
            try:
                done = self.step()
            except Exception:  # noqa: BLE001  # worker boundary: the cursor stands where it stood
                _log.exception("retroactive matching failed")
                done = 0
                stop.wait(IDLE_S)
            if not done:
                self._news.wait(IDLE_S)
                self._news.clear()

    def wake(self) -> None:
        """Let `run` look up."""
        self._news.set()

    def step(self) -> int:
        """Take the next changes of banks; returns how many organisations had any to work on.

        Each has a cursor of its own: trouble of one holds up no other.
        """
        found = 0
        for org in self._store.read(lambda uow: uow.organisations.all()):
            try:
                found += self._step(org)
            except Exception:  # noqa: BLE001  # tried again from where this cursor stands
                _log.exception("retroactive matching failed", org=str(org))
        return found

    def _step(self, org: Org) -> bool:
        reader = f"{READER}/{org}"
        news = self._store.read(lambda uow: news_of(uow, org, uow.cursors.get(reader)))
        if news is None:
            return self._meet_again(org)
        for scan_id in self._hit(org, news.tables):
            self._look_up(org, scan_id, cause=news.up_to)

        def follow(uow: UnitOfWork) -> None:
            uow.cursors.move(reader, news.up_to)
            self._widened.ask(uow, org, news.widened, news.up_to)

        self._store.write(follow)
        self._widened.seen(org, news.widened)
        return True

    def _meet_again(self, org: Org) -> bool:
        """Search with some entries of a bank that was widened; tells whether there were any."""
        page = self._widened.next_page(org)
        if page is None:
            return False
        for scan_id in self._hit(org, with_tables(page.entries)):
            self._look_up(org, scan_id, cause=page.asked)
        self._widened.finish(page)
        return True

    def scanned(self, scan: Event) -> None:
        """Look up an upload again whose scan was made while the banks changed."""
        as_of = (scan.data or {}).get(BANKS_AS_OF)
        if as_of is not None and int(str(as_of)) < self._shelf.as_of(scan.org):
            self._look_up(scan.org, scan.id, cause=scan.id)

    def _look_up(self, org: Org, scan_id: EventId, *, cause: EventId) -> None:
        """Look a scan up; one that cannot be read is told of, and no other waits for it."""
        try:
            self.look_up(org, scan_id, cause=cause)
        except UNREADABLE:
            _SKIPPED.labels(org).inc()
            _log.exception("an upload could not be matched again", scan_id=str(scan_id))

    def look_up(self, org: Org, scan_id: EventId, *, cause: EventId) -> bool:
        """Match what a scan found with the banks of now; tells whether there was more to tell."""
        scan = self._store.read(lambda uow: uow.log.get(org, scan_id))
        if scan is None or scan.data is None:
            return False
        found = [self._matches(scan, part) for part in parts_of(scan)]
        if not _is_more(found, scan.data):
            return False
        data = _retold(scan.data, parts_of(scan), found)
        as_of = self._shelf.as_of(org)
        data[BANKS_AS_OF] = str(as_of)
        return self._store.write(lambda uow: _tell(uow, scan, data, cause))

    def _matches(self, scan: Event, part: Mapping[str, JsonValue]) -> list[BankMatch]:
        frames = frames_of({**part})
        fingerprint = Fingerprint(
            sha256=str(part.get("sha256", "")),
            md5=str(part.get("md5", "")),
            seconds=_duration(scan, part),
            frames=probes_of(frames),
            sound=(sound := sound_of_part({**part})),
        )
        known = self._shelf.known(scan.org)
        matches = list(known.match(fingerprint, at_ms=self._clock.now_ms(), item=str(scan.subject)))
        banks = {match.bank for match in matches}
        means = {"features"} if sound else {"features", "sound"}
        older = [each for each in _kept_matches(part, means) if each.bank not in banks]
        return matches + [each for each in older if self._still_stands(scan.org, each)]

    def _still_stands(self, org: Org, match: BankMatch) -> bool:
        """Tell whether the entry of a match that cannot be looked up anew is asked about."""
        entry = self._store.read(lambda uow: uow.entries.get(org, EventId(int(match.entry))))
        return entry is not None and entry.is_asked(self._clock.now_ms())

    def _hit(self, org: Org, changed: Sequence[tuple[ChangedEntry, FrameTable]]) -> list[EventId]:
        """Name the scans of recent uploads that changed entries may match, the newest last."""
        entries = [each for each in changed if each[0].state != EntryState.DISABLED]
        found: set[int] = set()
        if not entries:
            return []
        for entry, _ in entries:
            for digest in filter(None, (entry.sha256, entry.md5)):
                uploads = self._store.read(lambda uow, d=digest: uow.uploads.of_digest(org, d))  # type: ignore[misc]  # a default binds the loop's value
                found |= {upload.event_id for upload in uploads}
        banks = {each.name: each for each in self._store.read(lambda uow: uow.banks.banks(org))}
        for radius, table in _by_radius(entries, banks).items():
            found |= self._near(org, table, radius)
        for sound in _telling_sounds(entries, banks):
            found.update(self._uploads.sounds.hearing(org, sound))
        return sorted(map(EventId, found))

    def _near(self, org: Org, table: FrameTable, radius: int) -> set[int]:
        found: set[int] = set()
        index = self._uploads.index(org)
        good = table.chosen(table.quality >= MIN_QUALITY)
        for start in range(0, len(good), ROWS_AT_ONCE):
            probes = probes_of(good.chosen(np.arange(start, min(start + ROWS_AT_ONCE, len(good)))))
            bits = np.ascontiguousarray(probes.bits)
            hits = index.search(bits, radius, most=MOST_UPLOADS)
            found.update(np.unique(hits.owner).tolist())
            for query in hits.cut.tolist():
                alone = index.search(bits[query : query + 1], radius)
                found.update(np.unique(alone.owner).tolist())
        return found


def _by_radius(
    entries: Sequence[tuple[ChangedEntry, FrameTable]], banks: Mapping[str, BankRecord]
) -> dict[int, FrameTable]:
    """Sort the frames of entries by how far their bank reaches."""
    tables: dict[int, list[FrameTable]] = {}
    for entry, table in entries:
        if len(table) and entry.bank in banks:
            reach = min(banks[entry.bank].radius, WIDEST)
            tables.setdefault(reach, []).append(table)
    return {radius: stacked(*each) for radius, each in tables.items()}


def _telling_sounds(
    entries: Sequence[tuple[ChangedEntry, FrameTable]], banks: Mapping[str, BankRecord]
) -> Iterator[SoundPrint]:
    """Give the sounds of entries that are found by sound alone (`matching.thresholds`)."""
    for entry, table in entries:
        bank = banks.get(entry.bank)
        if entry.sound and bank is not None and (bank.priority or not len(table)):
            try:
                yield unpack_sound(entry.sound)
            except BadInput as error:
                _log.error("an entry cannot be read", entry=entry.id, why=error.message)


def _duration(scan: Event, part: Mapping[str, JsonValue]) -> float:
    """Say how long a part lasts, in s; 0 for what is not known.

    Scans have not always said so of each part; then what they say of the item holds for its only
    one.
    """
    told: JsonValue = part.get("duration_s")
    facts = (scan.data or {}).get("facts")
    if told is None and len(parts_of(scan)) == 1 and isinstance(facts, dict):
        fact = facts.get("media.duration_s")
        told = fact.get("value") if isinstance(fact, dict) else None
    return float(told) if isinstance(told, int | float) else 0.0


def _kept_matches(part: Mapping[str, JsonValue], means: Collection[str]) -> Iterator[BankMatch]:
    """Give the matches a scan told of that cannot be looked up anew. means: by which they are."""
    for match in matches_of({"hashes": [{**part}]}):
        if match.get("means") in means:
            try:
                yield msgspec.convert(match, BankMatch)
            except msgspec.ValidationError:  # of a version that told of matches otherwise
                continue


def _is_more(found: Sequence[Sequence[BankMatch]], told: Mapping[str, JsonValue]) -> bool:
    """Tell whether there is a match, or standing of one, that a scan did not tell of."""
    now = {(m.bank, m.entry, m.vetted) for matches in found for m in matches if m.counts}
    then = {(str(m["bank"]), str(m["entry"]), bool(m.get("vetted"))) for m in matches_of(told)}
    return bool(now - then)


def _retold(
    data: Mapping[str, JsonValue],
    parts: Sequence[Mapping[str, JsonValue]],
    found: Sequence[Sequence[BankMatch]],
) -> dict[str, JsonValue]:
    """Tell of a scan again, with the matches and the facts that hold now."""
    facts = data.get("facts")
    told = facts if isinstance(facts, dict) else {}
    before = told.get(MATCH_FACTS[0])
    why = before.get("unknown") if isinstance(before, dict) else None
    unseen = None if why is None else Unknown(str(why))
    whole = joined([facts_of_matches(sorted(each, key=by_weight), unseen) for each in found])
    return {
        **data,
        "facts": {**told, **{name: fact_json(fact) for name, fact in whole.items()}},
        "hashes": [
            {**part, "matches": [msgspec.to_builtins(match) for match in matches]}
            for part, matches in zip(parts, found, strict=True)
        ],
        "retroactive": True,
    }


def _tell(uow: UnitOfWork, scan: Event, data: dict[str, JsonValue], cause: EventId) -> bool:
    """Write a fresh scan, unless the item went or was told of meanwhile."""
    item = uow.items.current(scan.org, scan.subject)
    if item is None or item.state is ItemState.DELETED or item.digest != data.get("version"):
        return False
    newest = scan_of(uow, scan.org, item)
    if newest is None or newest.id != scan.id:
        return False
    causes = (item.event_id, *(() if cause == scan.id else (cause,)))
    told = uow.log.append(
        scan.org,
        NewEvent(
            kind=SCANNED,
            subject=scan.subject,
            person=item.author,
            occurred_at=scan.occurred_at,
            causes=causes,
            data=data,
        ),
    )
    note_hits(uow, told, first=scan)
    return True
