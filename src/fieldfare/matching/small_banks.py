"""Banks in memory: for a file that is compared with a few others, with no store and no index.

In: banks with their entries and frames. Out: the shelf and the rows that KnownContent asks.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.fingerprints import FrameTable, joined
from fieldfare.matching.flat import FlatIndex
from fieldfare.matching.frame_stage import RowHits
from fieldfare.matching.known import KnownContent, Stage
from fieldfare.matching.pdq import MIN_QUALITY, RADIUS
from fieldfare.matching.repositories import BankEntryRecord, BankRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallBank:
    """A bank with all its entries and their frames (form 0)."""

    bank: BankRecord
    entries: Sequence[tuple[BankEntryRecord, FrameTable]] = ()


class SmallRows:
    """Rows side by side, compared one by one: quick for some ten thousand."""

    def __init__(self, owners: Sequence[int], tables: Sequence[FrameTable]) -> None:
        rows = joined(*tables)
        lengths = [len(table) for table in tables]
        owner = np.repeat(np.array(owners, np.int64), lengths)
        good = rows.quality >= MIN_QUALITY
        self._rows, self._owner = rows.chosen(good), owner[good]
        self._flat = FlatIndex(self._rows.bits)

    def search(self, bits: NDArray[np.uint8], radius: int = RADIUS) -> RowHits:
        """Find every row within `radius` bits of each query. Exact."""
        hits = self._flat.search(bits, radius)
        t_ms = np.round(self._rows.t * 1000)
        return RowHits(
            query=hits.query,
            owner=self._owner[hits.entry],
            t_ms=t_ms[hits.entry].astype(np.uint32),
            variant=self._rows.window[hits.entry],
            distance=hits.distance,
        )


class SmallShelf:
    """A few banks, as KnownContent asks for them."""

    def __init__(self, banks: Sequence[SmallBank]) -> None:
        self._banks = {each.bank.name: each.bank for each in banks}
        entries = [entry for each in banks for entry, _ in each.entries]
        self._entries = {int(entry.id): entry for entry in entries}
        self._digests: dict[str, list[BankEntryRecord]] = defaultdict(list)
        for entry in entries:
            for digest in filter(None, (entry.sha256, entry.md5)):
                self._digests[digest].append(entry)

    def banks(self) -> Mapping[str, BankRecord]:
        return self._banks

    def of_digest(self, digest: str, /) -> Sequence[BankEntryRecord]:
        return self._digests.get(digest, ())

    def entry(self, entry_id: int, /) -> BankEntryRecord | None:
        return self._entries.get(entry_id)


def known_in(banks: Sequence[SmallBank], stages: Sequence[Stage] = ()) -> KnownContent:
    """Make what looks files up in some banks in memory; ids of entries are all different.

    stages: further ways of finding entries, as KnownContent takes them.
    """
    pairs = [pair for each in banks for pair in each.entries]
    rows = SmallRows([int(entry.id) for entry, _ in pairs], [table for _, table in pairs])
    return KnownContent(SmallShelf(banks), rows, stages)


NOTHING_KNOWN = known_in(())
"""No bank at all."""
