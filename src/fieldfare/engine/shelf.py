"""The shelf: each organisation's banks, indexed and ready to match.

In flow entries from the store, as events `bank.changed` tell of them; out flows KnownContent. The
index is derived: it remembers up to which event it has followed, catches up at start and before it
is asked, and is made anew from the store if it is lost. Of the entries themselves only those that
were hit lately are held.
"""

import shutil
import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray

from fieldfare.engine.banks import CHANGED
from fieldfare.engine.entry_news import apply, news_of
from fieldfare.engine.shelf_stages import StageKeeping, stages_in
from fieldfare.engine.unit import Store
from fieldfare.kernel import EventId, Org
from fieldfare.matching.index import HashIndex, IndexDamaged, IndexHits, IndexUnsure
from fieldfare.matching.known import KnownContent
from fieldfare.matching.pdq import RADIUS
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.records import Event

KEEP: Final = 10_000
"""Entries held for those that are hit again."""
IDLE_S: Final = 0.5
MOST_ROWS: Final = 2_000
"""Of one hash. More are of a picture that says nothing, as the title of all clips of an app; all of
them for each frame of an upload would fill the memory.
"""
INDEXES: Final = "index"
"""The folder of all indexes, under the home of an installation."""

_log = structlog.get_logger(__name__)


class BoundedRows:
    """An index, of which one hash is told MOST_ROWS rows at most."""

    def __init__(self, index: HashIndex) -> None:
        self.index: Final = index

    def search(self, bits: NDArray[np.uint8], radius: int = RADIUS) -> IndexHits:
        """Find rows within `radius` bits of each query. bits: (m, 32) uint8."""
        return self.index.search(bits, radius, most=MOST_ROWS)


class OrgShelf:
    """The banks of one organisation, read through the store; any thread."""

    def __init__(self, store: Store, org: Org) -> None:
        self._store = store
        self._org = org
        self._lock = threading.Lock()
        self._banks: Mapping[str, BankRecord] | None = None
        self._entries: OrderedDict[int, BankEntryRecord | None] = OrderedDict()
        self._turn = 0

    def forget(self) -> None:
        """Read anew what is asked for from now on."""
        with self._lock:
            self._turn += 1
            self._banks = None
            self._entries.clear()

    def banks(self) -> Mapping[str, BankRecord]:
        with self._lock:
            known, turn = self._banks, self._turn
        if known is None:
            read = self._store.read(lambda uow: uow.banks.banks(self._org))
            known = {bank.name: bank for bank in read}
            with self._lock:
                if turn == self._turn:
                    self._banks = known
        return known

    def of_digest(self, digest: str, /) -> Sequence[BankEntryRecord]:
        return self._store.read(lambda uow: uow.entry_pages.of_digest(self._org, digest))

    def entry(self, entry_id: int, /) -> BankEntryRecord | None:
        with self._lock:
            turn = self._turn
            if entry_id in self._entries:
                self._entries.move_to_end(entry_id)
                return self._entries[entry_id]
        found = self._store.read(lambda uow: uow.entries.get(self._org, EventId(entry_id)))
        with self._lock:
            if turn == self._turn:
                self._entries[entry_id] = found
                if len(self._entries) > KEEP:
                    self._entries.popitem(last=False)
        return found


@dataclass(slots=True)
class _Place:
    """One organisation on the shelf. seen: how many changes it has followed; -1: none yet.

    rows: what is asked; of an index before `index` while that is made anew and has not followed.
    damage: what came to light and is not mended.
    """

    shelf: OrgShelf
    index: HashIndex
    rows: "BoundedRows"
    stages: Sequence[StageKeeping]
    known: KnownContent
    lock: threading.Lock
    seen: int = -1
    damage: IndexDamaged | None = None


class Shelf:
    """Gives the banks of an organisation; told of the log, it knows when one is out of date.

    folder: of all indexes.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._places: dict[Org, _Place] = {}
        self._changes: Counter[Org] = Counter()
        self._lock = threading.Lock()
        self._news = threading.Event()

    def observe(self, events: Sequence[Event]) -> None:
        """Follow the log: a changed bank is followed before the next scan."""
        for event in events:
            if event.kind == CHANGED:
                with self._lock:
                    self._changes[event.org] += 1
                self._news.set()

    def known(self, org: Org) -> KnownContent:
        """Give what an organisation knows, as of now."""
        place = self._place(org)
        self._catch_up(org, place)
        return place.known

    def search(self, org: Org, bits: NDArray[np.uint8], radius: int) -> IndexHits:
        """Find every row of an organisation's banks within `radius` bits. bits: (m, 32)."""
        place = self._place(org)
        self._catch_up(org, place)
        return place.rows.search(bits, radius)

    def as_of(self, org: Org) -> EventId:
        """Say up to which event the banks have been followed, which is now."""
        place = self._place(org)
        self._catch_up(org, place)
        return EventId(place.index.applied_to)

    def rows(self, org: Org) -> int:
        """Count the rows in the index of an organisation."""
        return len(self._place(org).index)

    def run(self, stop: threading.Event) -> None:
        """Follow and merge until told to stop, so that no scan has to wait for it."""
        while not stop.is_set():
            try:
                self.step()
            except Exception:  # noqa: BLE001  # worker boundary: the store may come back
                _log.exception("following the banks failed")
                stop.wait(IDLE_S)
            self._news.wait(IDLE_S)
            self._news.clear()

    def step(self) -> None:
        """Follow every organisation, and merge where that is due."""
        for org in self._store.read(lambda uow: uow.organisations.all()):
            try:
                self._tend(org)
            except Exception:  # noqa: BLE001  # one organisation's trouble stops no other's banks
                _log.exception("following the banks failed", org=str(org))

    def _tend(self, org: Org) -> None:
        self.known(org)
        place = self._place(org)
        index = place.index
        try:
            while index.merge_once():
                pass
        except IndexDamaged as error:
            with place.lock:
                if place.index is index:
                    place.damage, place.seen = error, -1
            self._catch_up(org, place)
        for stage in place.stages:
            stage.merge()

    def wake(self) -> None:
        """Let `run` look up."""
        self._news.set()

    def close(self) -> None:
        """Let others write the indexes."""
        with self._lock:
            places, self._places = list(self._places.values()), {}
        for place in places:
            with place.lock:
                place.index.close()
                for stage in place.stages:
                    stage.close()

    def _place(self, org: Org) -> _Place:
        with self._lock:
            place = self._places.get(org)
            if place is None:
                place = self._places[org] = self._opened(org)
            return place

    def _opened(self, org: Org) -> _Place:
        index = open_index(self._folder / str(org) / "banks")
        stages = stages_in(self._folder / str(org))
        shelf, rows = OrgShelf(self._store, org), BoundedRows(index)
        return _Place(
            shelf=shelf,
            index=index,
            rows=rows,
            stages=stages,
            known=_known(shelf, rows, stages),
            lock=threading.Lock(),
        )

    def _catch_up(self, org: Org, place: _Place) -> None:
        # Counted before reading: a change during the reading is followed the next time.
        changes = self._changes[org]
        if place.seen >= changes:
            return
        with place.lock:
            if place.seen >= changes:
                return
            place.shelf.forget()
            try:
                self._renew(place)
                self._follow(org, place)
            except IndexDamaged as error:
                place.damage = error
                self._renew(place)
                self._follow(org, place)
            if place.rows.index is not place.index:
                place.rows = BoundedRows(place.index)
                place.known = _known(place.shelf, place.rows, place.stages)
            place.shelf.forget()
            place.seen = changes

    @staticmethod
    def _renew(place: _Place) -> None:
        """Begin an index anew if damage came to light; with the lock of the place.

        Nobody is given the new one before it has followed: a scan that finds it half full would
        say that nothing is known, so it waits, and so does the next if following fails midway.
        """
        if place.damage is not None:
            place.index = renewed(place.index, place.damage)
            place.damage = None

    def _follow(self, org: Org, place: _Place) -> None:
        """Bring every index up to the log, each from where it is."""
        after = EventId(min([place.index.applied_to, *(s.applied_to for s in place.stages)]))
        while (news := self._store.read(partial(news_of, org=org, after=after))) is not None:
            if news.up_to > place.index.applied_to:
                apply(place.index, news)
            for stage in place.stages:
                if news.up_to > (before := stage.applied_to):
                    new = [each for each in news.entries if each.changed > before]
                    stage.put(new, news.gone, news.up_to)
            after = news.up_to


def _known(shelf: OrgShelf, rows: BoundedRows, stages: Sequence[StageKeeping]) -> KnownContent:
    return KnownContent(shelf, rows, [keeping.stage for keeping in stages])


def open_index(folder: Path) -> HashIndex:
    """Open an index for writing; one that is damaged is made anew from the store."""
    try:
        return HashIndex.open(folder)
    except IndexDamaged as error:
        _log.error("an index is damaged and made anew", folder=str(folder), why=str(error))
        shutil.rmtree(folder)
        return HashIndex.open(folder)


def renewed(index: HashIndex, error: IndexDamaged) -> HashIndex:
    """Give an empty index, or the one opened anew, in the place of one that cannot go on.

    What opens an index looks at its outlines alone: rows are compared with their checksums when
    they are merged. One that is merely unsure of itself is whole, and opened again as it is.
    """
    _log.error("an index is damaged and made anew", folder=str(index.folder), why=str(error))
    index.close()
    # A second try may find it gone.
    if index.folder.exists() and not isinstance(error, IndexUnsure):
        shutil.rmtree(index.folder)
    return open_index(index.folder)
