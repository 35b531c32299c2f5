"""Recent uploads: the frames of what was scanned lately, for a hash that arrives later.

In flow item.scanned events, and those by which items leave: changed, deleted, erased. Out flow rows
of an index, sounds of another and digests in a table, each by the id of the scan they are from, so
that the oldest go first. Derived from the log, behind a cursor of its own; a crash repeats a batch.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from fieldfare.engine.entry_news import rows_of
from fieldfare.engine.near_copies import frames_of
from fieldfare.engine.shelf import open_index, renewed
from fieldfare.engine.tail import Tail
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.engine.upload_sounds import UploadSounds
from fieldfare.kernel import EventId, JsonValue, Org, is_history
from fieldfare.kernel.ids import first_id
from fieldfare.ledger import ACCOUNT_ERASED, Vault
from fieldfare.matching.fingerprints import FrameTable, joined
from fieldfare.matching.index import HashIndex, HashRows, IndexDamaged
from fieldfare.matching.repositories import UploadRecord
from fieldfare.records import Event, Subject

READER: Final = "uploads"
SCANNED: Final = "item.scanned"
LEAVING: Final = frozenset({"item.changed", "item.deleted", ACCOUNT_ERASED})
BATCH: Final = 100
NO_EVENT: Final = EventId(0)

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Change:
    """What a batch of events comes to for one organisation."""

    up_to: EventId = NO_EVENT
    added: dict[EventId, Event] = field(default_factory=dict)
    gone: set[EventId] = field(default_factory=set)


class Uploads:
    """Follows the log. `step` on one thread; `index` from any.

    folder: of all indexes. scanned: told of every scan once it can be found.
    """

    def __init__(
        self, store: Store, folder: Path, vault: Vault, *, scanned: Callable[[Event], None]
    ) -> None:
        self._store = store
        self._folder = folder
        self._vault = vault
        self._scanned = scanned
        self.sounds = UploadSounds(folder)
        self._indexes: dict[Org, HashIndex] = {}
        self._lock = threading.Lock()
        self.tail = Tail(store, store.read(lambda uow: uow.cursors.get(READER)))

    def index(self, org: Org) -> HashIndex:
        """Give the index of an organisation's uploads; owners are ids of scans."""
        with self._lock:
            found = self._indexes.get(org)
            if found is None:
                opened = open_index(self._folder / str(org) / "uploads")
                found = self._indexes[org] = self._filled(org, opened)
            return found

    def _filled(self, org: Org, index: HashIndex) -> HashIndex:
        """Give an index that has what is known to have been uploaded; one is new, or was lost."""
        try:
            if not index.applied_to:
                self._refill(org, index)
        except BaseException:
            index.close()
            raise
        return index

    def _refill(self, org: Org, index: HashIndex) -> None:
        # Only at the end does it say how far it is: filling that was cut short begins anew.
        after = NO_EVENT
        while scans := self._store.read(partial(_scans_after, org=org, after=after)):
            if len(index):
                index.remove(scan.id for scan in scans)
            index.add(_rows_of_scans(scans))
            after = scans[-1].id
        index.add(_rows_of_scans([]), applied_to=after)

    def _change(self, org: Org, work: Callable[[HashIndex], object]) -> None:
        """Change an index; one in which damage comes to light is made anew, and then changed."""
        index = self.index(org)
        try:
            work(index)
        except IndexDamaged as error:
            with self._lock:
                if self._indexes.pop(org, None) is index:
                    self._indexes[org] = self._filled(org, renewed(index, error))
            work(self.index(org))

    def step(self, *, wait_s: float = 0.0) -> int:
        """Follow one batch; returns how many events it had.

        A batch that fails is read again.
        """
        position = self.tail.position
        events = self.tail.take(BATCH, wait_s=wait_s)
        if not events:
            return 0
        try:
            changes = self._store.read(lambda uow: self._changes(uow, events))
            for org, change in changes.items():
                self._change(org, partial(_put, change=change))
                scans = [*change.added.values()]
                self.sounds.put(org, scans, change.gone, up_to=change.up_to)
            self._store.write(lambda uow: self._keep(uow, changes, events[-1].id))
        except BaseException:
            self.tail.rewind(position)
            raise
        for event in events:
            if event.kind == SCANNED:
                self._scanned(event)
        return len(events)

    def merge(self) -> None:
        """Merge indexes where that is due."""
        for org in list(self._indexes):
            self._change(org, _merge)

    def forget_before(self, at_ms: int) -> None:
        """Let go of what was scanned before a moment (ms since 1970)."""
        first = first_id(at_ms)
        for org in self._store.read(lambda uow: uow.organisations.all()):
            if self._store.write(partial(_forget_before, org=org, first=first)):
                self._change(org, partial(HashIndex.drop_below, owner=first))
            self.sounds.forget_before(org, first)

    def close(self) -> None:
        """Let others write the indexes."""
        with self._lock:
            for index in self._indexes.values():
                index.close()
            self._indexes.clear()
        self.sounds.close()

    def _changes(self, uow: UnitOfWork, events: Sequence[Event]) -> dict[Org, _Change]:
        changes: dict[Org, _Change] = {}
        for event in events:
            change = changes.setdefault(event.org, _Change())
            change.up_to = event.id
            if event.kind in LEAVING or event.kind == SCANNED:
                self._leave(uow, event, change)
            if event.kind == SCANNED and event.data is not None and not is_history(event.id):
                change.added[event.id] = event
        return changes

    def _leave(self, uow: UnitOfWork, event: Event, change: _Change) -> None:
        """Let what an event ends go; a newer scan of an item takes the place of the one before."""
        if event.kind == ACCOUNT_ERASED:
            pseudonym = event.subject.host_id
            kept = uow.uploads.of_person(event.org, pseudonym)
            here = {scan.id for scan in change.added.values() if self._person(scan) == pseudonym}
        else:
            kept = uow.uploads.of_item(event.org, event.subject)
            here = {scan.id for scan in change.added.values() if scan.subject == event.subject}
        change.gone |= {upload.event_id for upload in kept if upload.event_id != event.id}
        for scan_id in here:
            # It may stand in the index from before a crash.
            change.gone.add(scan_id)
            del change.added[scan_id]

    def _person(self, scan: Event) -> str:
        return "" if scan.person is None else self._vault.pseudonym(scan.org, scan.person)

    def _keep(self, uow: UnitOfWork, changes: dict[Org, _Change], up_to: EventId) -> None:
        for org, change in changes.items():
            for event_id in change.gone:
                uow.uploads.remove(org, event_id)
            for scan in change.added.values():
                uow.uploads.add(_records(scan, self._person(scan)))
        uow.cursors.move(READER, up_to)


def _put(index: HashIndex, change: _Change) -> None:
    """Put a batch into an index, unless it was before a crash."""
    if change.up_to <= index.applied_to:
        return
    if change.gone:
        index.remove(change.gone)
    # A batch that is repeated after a crash may be cut otherwise.
    new = [scan for scan_id, scan in change.added.items() if scan_id > index.applied_to]
    index.add(_rows_of_scans(new), applied_to=change.up_to)


def _merge(index: HashIndex) -> None:
    while index.merge_once():
        pass


def _rows_of_scans(scans: Sequence[Event]) -> HashRows:
    owners = np.array([scan.id for scan in scans], np.int64)
    return rows_of(owners, [*map(frames_of_scan, scans)])


def _scans_after(uow: UnitOfWork, *, org: Org, after: EventId) -> list[Event]:
    found = (uow.log.get(org, each) for each in uow.uploads.scans(org, after, limit=BATCH))
    return [scan for scan in found if scan is not None]


def _forget_before(uow: UnitOfWork, *, org: Org, first: EventId) -> int:
    return uow.uploads.forget_before(org, first)


def frames_of_scan(scan: Event) -> FrameTable:
    """Give the frames of all parts of an item, as its scan tells of them."""
    return joined(*[frames_of(part) for part in parts_of(scan)])


def parts_of(scan: Event) -> list[dict[str, JsonValue]]:
    """Give what a scan tells of each part of its item."""
    hashes = (scan.data or {}).get("hashes")
    return [part for part in hashes if isinstance(part, dict)] if isinstance(hashes, list) else []


def _records(scan: Event, person: str) -> list[UploadRecord]:
    return [
        UploadRecord(
            org=scan.org,
            event_id=scan.id,
            part=number,
            item=Subject(scan.subject.kind, scan.subject.host_id),
            person=person,
            sha256=str(part.get("sha256", "")),
            md5=str(part.get("md5", "")),
            at=scan.at,
        )
        for number, part in enumerate(parts_of(scan))
    ]
