"""The shelf beside a running server: read-only, and exact all the same.

The server's index is read where it stands; what the log tells beyond it is compared row by row.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldfare.engine.entry_news import news_of
from fieldfare.engine.shelf import BoundedRows, OrgShelf
from fieldfare.engine.shelf_stages import stages_in
from fieldfare.engine.unit import Store
from fieldfare.kernel import EventId, Org
from fieldfare.matching.fingerprints import FrameTable
from fieldfare.matching.frame_stage import FrameSearch, RowHits
from fieldfare.matching.index import HashIndex
from fieldfare.matching.known import KnownContent
from fieldfare.matching.pdq import RADIUS
from fieldfare.matching.small_banks import SmallRows


class BothRows:
    """Rows of two indexes, searched one after the other.

    again: entries that stand in the second anew, and no longer count in the first.
    """

    def __init__(self, first: FrameSearch, second: FrameSearch, again: frozenset[int]) -> None:
        self._first, self._second = first, second
        self._again = np.fromiter(again, np.int64)

    def search(self, bits: NDArray[np.uint8], radius: int = RADIUS) -> RowHits:
        """Find the rows within `radius` bits of each query; exact where neither is cut."""
        older = RowHits.of(self._first.search(bits, radius))
        older = older.chosen(~np.isin(older.owner, self._again))
        newer = RowHits.of(self._second.search(bits, radius))
        return RowHits(
            query=np.concatenate((older.query, newer.query)),
            owner=np.concatenate((older.owner, newer.owner)),
            t_ms=np.concatenate((older.t_ms, newer.t_ms)),
            variant=np.concatenate((older.variant, newer.variant)),
            distance=np.concatenate((older.distance, newer.distance)),
            cut=np.union1d(older.cut, newer.cut),
        )


def known_beside(store: Store, folder: Path, org: Org) -> KnownContent:
    """Give what an organisation knows, while the store is open. folder: of all indexes."""
    place = folder / str(org) / "banks"
    index = HashIndex.open(place, writable=False)
    after = EventId(index.applied_to)
    # What changed more than once is read as it is now, each time.
    entries: dict[EventId, FrameTable] = {}
    gone: set[EventId] = set()
    while (news := store.read(lambda uow, a=after: news_of(uow, org, a))) is not None:  # type: ignore[misc]  # a default binds the loop's value
        entries |= {entry.id: table for entry, table in news.tables}
        gone |= {*news.gone}
        after = news.up_to
    fresh = {entry_id: table for entry_id, table in entries.items() if entry_id not in gone}
    newer = SmallRows([*fresh], [*fresh.values()])
    rows = BothRows(BoundedRows(index), newer, frozenset(entries.keys() | gone))
    stages = stages_in(folder / str(org), writable=False)
    return KnownContent(OrgShelf(store, org), rows, [keeping.stage for keeping in stages])
