"""News of entries: what the next events say of a bank's entries, and rows of an index made of it.

In: a unit of work and up to which event an index has followed. Out: changed entries with what they
are found by, a bounded part at a time; and the same as rows. When an index is made anew, millions
of entries pass here: they are read event by event, and their hashes unpacked all at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.engine.banks import CHANGED, WIDENED
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching.fingerprints import FrameTable, joined, unpack_each, unpack_frames
from fieldfare.matching.index import HashIndex, HashRows
from fieldfare.matching.pdq import MIN_QUALITY
from fieldfare.matching.repositories import ChangedEntry

EVENTS: Final = 20
"""Events that are followed in one step, and held: at most so many thousand entries."""
NEWS_BYTES: Final = 1 << 26
"""Hashes that are held in one step, beyond those of one event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What some events say of entries. up_to: the last of them.

    widened: banks that may match or act where they did not, in the order of their changes.
    """

    up_to: EventId
    entries: tuple[ChangedEntry, ...]
    gone: tuple[EventId, ...]
    widened: tuple[str, ...] = ()

    @property
    def tables(self) -> list[tuple[ChangedEntry, FrameTable]]:
        """Give each entry with its frames."""
        return with_tables(self.entries)


def with_tables(entries: Sequence[ChangedEntry]) -> list[tuple[ChangedEntry, FrameTable]]:
    """Give each entry with its frames."""
    return [
        (entry, unpack_frames(entry.frames) if entry.frames else FrameTable.empty())
        for entry in entries
    ]


def news_of(uow: UnitOfWork, org: Org, after: EventId) -> News | None:
    """Read what the next events say of an organisation's entries; None: there is no more."""
    events = uow.recall.of_kind(CHANGED, after, limit=EVENTS)
    if not events:
        return None
    entries, up_to = _changed(uow, org, after, events[-1].id)
    gone: list[EventId] = []
    widened: dict[str, None] = {}
    for event in events:
        data = (event.data or {}) if event.org == org and event.id <= up_to else {}
        told = data.get("removed")
        if isinstance(told, list):
            gone += [EventId(int(str(each))) for each in told]
        if data.get(WIDENED):
            widened[event.subject.host_id] = None
    return News(up_to=up_to, entries=tuple(entries), gone=tuple(gone), widened=tuple(widened))


def _changed(
    uow: UnitOfWork, org: Org, after: EventId, up_to: EventId
) -> tuple[list[ChangedEntry], EventId]:
    """Read changed entries, event by event until there are enough; and say up to which."""
    found: list[ChangedEntry] = []
    held = 0
    while after < up_to and (page := uow.entry_trail.changed(org, after, limit=1)):
        if page[-1].changed > up_to:
            break
        found += page
        held += sum(entry.size for entry in page)
        after = page[-1].changed
        if held >= NEWS_BYTES:
            return found, after
    return found, up_to


def apply(index: HashIndex, news: News) -> None:
    """Put news into an index: durable, and done up to their last event, on return."""
    # Only what changed after it came can stand in the index already.
    # Another index may be behind this one, and the news begin where that is.
    before = index.applied_to
    entries = [entry for entry in news.entries if entry.changed > before]
    again = [entry.id for entry in entries if entry.id < entry.changed]
    if again or news.gone:
        index.remove([*again, *news.gone])
    table, counts = unpack_each([entry.frames for entry in entries])
    owners = np.array([entry.id for entry in entries], np.int64)
    index.add(_rows(np.repeat(owners, counts), table), applied_to=news.up_to)


def rows_of(owners: NDArray[np.int64], tables: Sequence[FrameTable]) -> HashRows:
    """Make rows of the index of some tables, each of one owner; plain frames are left out."""
    return _rows(np.repeat(owners, [len(each) for each in tables]), joined(*tables))


def _rows(owner: NDArray[np.int64], table: FrameTable) -> HashRows:
    good = (table.quality >= MIN_QUALITY) & (table.form == 0)
    table, owner = table.chosen(good), owner[good]
    return HashRows(
        bits=table.bits,
        owner=owner,
        t_ms=np.round(table.t * 1000).astype(np.uint32),
        quality=table.quality,
        variant=table.window,
    )
