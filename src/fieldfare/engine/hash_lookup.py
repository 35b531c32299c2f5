"""Looking a single hash up: every entry that has it, or one near it, and how near.

A match of a file (`KnownContent`) weighs moments and thresholds; who asks with one hash wants every
entry within a distance, one by one, as matchers of other makes answer. Exact, by the same index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching.exchanges import Signal, SignalKind, VpdqFrame, read_vpdq
from fieldfare.matching.fingerprints import WHOLE, FrameTable, unpack_frames
from fieldfare.matching.index import IndexHits
from fieldfare.matching.pdq import MIN_QUALITY, RADIUS
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, EntryKind
from fieldfare.matching.vpdq import QUERY_PERCENT, vpdq_percentages

MOST: Final = 10_000
"""Entries told of one hash: beyond it the nearest."""


class HashSearch(Protocol):
    """The index of an organisation's banks, up to date when it is asked."""

    def __call__(self, org: Org, bits: NDArray[np.uint8], radius: int, /) -> IndexHits: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry:
    """An entry that has a hash, or one near it. distance: in bits, 0 for equal digests.

    words: the distance as ThreatExchange writes it. quality: of the nearest row, None for digests.
    """

    entry: BankEntryRecord
    bank: BankRecord
    distance: int
    words: str
    quality: int | None = None


class HashLookup:
    """Looks up one signal at a time in all banks of an organisation. Any thread."""

    def __init__(self, store: Store, search: HashSearch) -> None:
        self._store = store
        self._search = search

    def find(self, org: Org, signal: Signal, *, radius: int = RADIUS) -> Sequence[FoundEntry]:
        """Find every entry a signal meets, the nearest first; at most MOST."""
        match signal.kind:
            case SignalKind.PDQ:
                return self._near(org, _bits([signal.value]), radius)
            case SignalKind.VPDQ:
                return self._copies(org, read_vpdq(signal.value))
            case SignalKind.MD5 | SignalKind.SHA256:
                return self._equal(org, signal.value)
        return ()

    def _near(self, org: Org, bits: NDArray[np.uint8], radius: int) -> Sequence[FoundEntry]:
        hits = self._search(org, bits, radius)
        nearest: dict[int, tuple[int, int]] = {}
        for owner, distance, quality in zip(
            hits.owner.tolist(), hits.distance.tolist(), hits.quality.tolist(), strict=True
        ):
            if owner not in nearest or distance < nearest[owner][0]:
                nearest[owner] = (distance, quality)
        order = sorted(nearest, key=lambda owner: (nearest[owner][0], owner))[:MOST]

        def read(uow: UnitOfWork) -> list[FoundEntry]:
            banks = {bank.name: bank for bank in uow.banks.banks(org)}
            found = []
            for owner in order:
                entry = uow.entries.get(org, EventId(owner))
                bank = banks.get(entry.bank) if entry else None
                if entry is not None and bank is not None:
                    distance, quality = nearest[owner]
                    found.append(
                        FoundEntry(
                            entry=entry,
                            bank=bank,
                            distance=distance,
                            words=str(distance),
                            quality=quality,
                        )
                    )
            return found

        return self._store.read(read)

    def _equal(self, org: Org, digest: str) -> Sequence[FoundEntry]:
        def read(uow: UnitOfWork) -> list[FoundEntry]:
            banks = {bank.name: bank for bank in uow.banks.banks(org)}
            return [
                FoundEntry(entry=entry, bank=banks[entry.bank], distance=0, words="-")
                for entry in uow.entry_pages.of_digest(org, digest)
                if entry.kind is EntryKind.MEDIA and entry.bank in banks
            ]

        return self._store.read(read)

    def _copies(self, org: Org, frames: Sequence[VpdqFrame]) -> Sequence[FoundEntry]:
        """Find copies of a video by vPDQ's own rule: 80 % of the asked frames are in the entry."""
        asked = table_of_vpdq(frames)
        good = asked.chosen(asked.quality >= MIN_QUALITY)
        if not len(good):
            return ()
        found = []
        for near in self._near(org, good.bits, RADIUS):
            hashes = self._hashes(org, near.entry.id)
            if hashes is None:
                continue
            shares = vpdq_percentages(asked, hashes)
            if shares.query >= QUERY_PERCENT:
                words = f"{shares.query:.0f}%[{shares.compared:.0f}%]"
                found.append(
                    FoundEntry(
                        entry=near.entry,
                        bank=near.bank,
                        distance=near.distance,
                        words=words,
                        quality=near.quality,
                    )
                )
        return found

    def _hashes(self, org: Org, entry: EventId) -> FrameTable | None:
        held = self._store.read(lambda uow: uow.entries.hashes(org, entry))
        if held is None or not held.frames:
            return None
        table = unpack_frames(held.frames)
        return table.chosen(table.window == WHOLE)  # of which percentages are told


def table_of_vpdq(frames: Sequence[VpdqFrame]) -> FrameTable:
    """Make a table of the frames of a vPDQ hash."""
    return FrameTable.of(
        np.array([frame.t for frame in frames], float),
        _bits([frame.hex for frame in frames]),
        np.array([frame.quality for frame in frames], np.uint8),
    )


def _bits(hexes: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(hexes)), np.uint8).reshape(-1, 32)
