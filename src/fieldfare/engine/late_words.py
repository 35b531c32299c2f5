"""Late words: a text or URL that comes into a bank meets the posts of the last day that hold it.

In flow the entries that came since the last time, and those of banks that were vetted or widened;
out flows a fresh item.scanned for each item whose words they match, so that rules hold or queue it
as they would a new post. Recent posts are read from the log and compared with these entries alone.
Behind cursors on the log: a crash repeats a step, and what was told is not told twice.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import structlog

from fieldfare.engine.banks import CHANGED, WIDENED
from fieldfare.engine.grounds import CONTENT_KINDS, SCANNED, awaits_scan, text_fields
from fieldfare.engine.known_words import entry_of
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import Clock, EventId, JsonValue, Org, is_history, make_id
from fieldfare.kernel.ids import LAST_ID
from fieldfare.matching.known_text import KnownText, When
from fieldfare.matching.repositories import BankEntryRecord, EntryState
from fieldfare.matching.thresholds import Asking
from fieldfare.records import Event, ItemState, NewEvent

READER: Final = "late_words"
OF_BANKS: Final = "late_words/banks"
"""The cursor on what befell banks as a whole."""
RECENT_MS: Final = 24 * 3_600_000
"""How old a post may be for words that come later to find it. Reading and comparing takes some
half a second of one core for 1,000 posts."""
PAGE: Final = 500
IDLE_S: Final = 0.5
BREATH_S: Final = 0.01
"""Between two pages, so that whoever decides on new posts is not kept waiting."""

_log = structlog.get_logger(__name__)


class LateWords:
    """Looks recent posts up in words that came later. `run` on one thread; `step` by hand."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._stop = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Look up until told to stop."""
        self._stop = stop
        while not stop.is_set():
            try:
                done = self.step(breath_s=BREATH_S)
            except Exception:  # noqa: BLE001  # worker boundary: the cursor stands where it stood
                _log.exception("looking up late words failed")
                done = 0
            if not done:
                stop.wait(IDLE_S)

    def step(self, *, breath_s: float = 0.0) -> int:
        """Take the next entries and changes of banks; returns how many there were."""
        found = self._take_entries(breath_s)
        return found + (0 if self._stop.is_set() else self._take_banks(breath_s))

    def _take_entries(self, breath_s: float) -> int:
        after = self._store.read(lambda uow: uow.cursors.get(READER))
        orgs = self._store.read(lambda uow: [*uow.organisations.all()])
        fresh = {org: found for org in orgs if (found := self._fresh(org, after))}
        for org, entries in fresh.items():
            up_to = max(entry.changed for entry in entries)
            self._look_up(org, entries, {}, up_to, breath_s)
            if self._stop.is_set():
                return 0  # to be done again, from the same place
        if fresh:
            up_to = max(entry.changed for entries in fresh.values() for entry in entries)
            self._store.write(lambda uow: uow.cursors.move(READER, up_to))
        return sum(map(len, fresh.values()))

    def _take_banks(self, breath_s: float) -> int:
        """Look up the entries of banks that may match or act where they did not."""
        after = self._store.read(lambda uow: uow.cursors.get(OF_BANKS))
        events = self._events(CHANGED, after)
        widened: dict[Org, dict[str, EventId]] = {}
        for event in events:
            if (event.data or {}).get(WIDENED):
                widened.setdefault(event.org, {})[event.subject.host_id] = event.id
        for org, banks in widened.items():
            entries = [each for each in self._fresh(org, EventId(0)) if each.bank in banks]
            self._look_up(org, entries, banks, max(banks.values()), breath_s)
            if self._stop.is_set():
                return 0
        if events:
            self._store.write(lambda uow: uow.cursors.move(OF_BANKS, events[-1].id))
        return sum(map(len, widened.values()))

    def _fresh(self, org: Org, after: EventId) -> list[BankEntryRecord]:
        """Read what changed since; all of it, as a cursor is one for all organisations."""
        found: list[BankEntryRecord] = []
        while page := self._page(org, after):
            found += page
            after = page[-1].changed
        return found

    def _page(self, org: Org, after: EventId) -> Sequence[BankEntryRecord]:
        def read(uow: UnitOfWork) -> Sequence[BankEntryRecord]:
            return uow.word_trail.changed(org, after, up_to=LAST_ID, limit=PAGE)

        return self._store.read(read)

    def _look_up(
        self,
        org: Org,
        entries: Sequence[BankEntryRecord],
        widened: Mapping[str, EventId],
        up_to: EventId,
        breath_s: float,
    ) -> None:
        """Find the posts up to an event that hold entries. widened: banks, since when they are."""
        known = KnownText()
        known.put_banks(self._store.read(lambda uow: uow.banks.banks(org)))
        known.add(entry_of(each) for each in entries if each.state is not EntryState.DISABLED)
        told = 0
        for event in self._recent(org, up_to, breath_s) if len(known) else ():
            if self._is_new_to(event, known, widened):
                told += self._store.write(lambda uow, event=event: _tell(uow, event, up_to))  # type: ignore[misc]  # a default binds the loop's value
        if told:
            _log.info("late words were found", org=org, items=told, entries=len(entries))

    def _recent(self, org: Org, up_to: EventId, breath_s: float) -> Iterator[Event]:
        """Give the events of the last day that brought words to be judged, by kind."""
        since = make_id(max(self._clock.now_ms() - RECENT_MS, _FIRST_MS))
        for kind in sorted(CONTENT_KINDS):
            after = since
            while page := self._events(kind, after):
                after = page[-1].id
                for event in page:
                    if event.org == org and event.id <= up_to and _has_words(event):
                        yield event
                if after > up_to or self._stop.wait(breath_s):
                    break

    def _events(self, kind: str, after: EventId) -> Sequence[Event]:
        return self._store.read(lambda uow: uow.recall.of_kind(kind, after, limit=PAGE))

    def _is_new_to(self, event: Event, known: KnownText, widened: Mapping[str, EventId]) -> bool:
        """Tell whether entries match that came after an event, or whose banks were widened after
        it; by the others it was judged.
        """
        fields = text_fields(_item(event))
        drawn_by = f"{event.subject.kind}/{event.subject.host_id}"
        asking = Asking(at_ms=self._clock.now_ms(), item=drawn_by)
        found = known.match(fields, When(asking=asking))
        return any(
            max(match.entry, widened.get(match.bank, 0)) > event.id
            for match in (*found.texts, *found.urls)
        )


_FIRST_MS: Final = 1_704_067_200_000
"""2024 begins: no id is older."""


def _item(event: Event) -> Mapping[str, JsonValue]:
    item = (event.data or {}).get("item")
    return item if isinstance(item, dict) else {}


def _has_words(event: Event) -> bool:
    return not is_history(event.id) and not awaits_scan(event) and bool(text_fields(_item(event)))


def _tell(uow: UnitOfWork, event: Event, cause: EventId) -> int:
    """Write a fresh scan of an item's version, unless it went or was judged anew meanwhile."""
    item = uow.items.current(event.org, event.subject)
    if item is None or event.data is None or item.state is ItemState.DELETED:
        return 0
    following = (
        uow.log.get(event.org, each) for each in uow.log.caused_by(event.org, item.event_id)
    )
    scans = [each.id for each in following if each is not None and each.kind == SCANNED]
    if item.digest != event.data.get("version") or max([item.event_id, *scans]) != event.id:
        return 0
    uow.log.append(
        event.org,
        NewEvent(
            kind=SCANNED,
            subject=event.subject,
            person=item.author,
            occurred_at=event.occurred_at,
            causes=(item.event_id, cause),
            data={**event.data, "retroactive": True},
        ),
    )
    return 1
