"""What a search sees: a set of segments and the fresh tail, as they were at one moment.

In: hashes asked about. Out: every row within the radius, exactly, in columns. A view never changes:
a search that has begun goes on with it while rows are added, removed, flushed and merged, and the
maps of old segments are closed when the last search that uses them is done.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import BadInput
from fieldfare.matching.index.reaching import EXACT_UP_TO, least_ones, reaches
from fieldfare.matching.index.rows import (
    NO_ROWS,
    ROW_BYTES,
    About,
    HashRows,
    IndexHits,
    Mask,
    spread,
)
from fieldfare.matching.index.segment import Segment

BITS: Final = 256
QUERIES_AT_ONCE: Final = 4_096
HITS_AT_FIRST: Final = 4_096
HITS_A_QUERY: Final = 96
"""For how many there is space: memory that is not written to costs nothing, seeking again does."""

Words = NDArray[np.uint64]
Triples = NDArray[np.uint32]
Room = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Served:
    """A segment and which of its owners are gone.

    gone: (owners,). file, crc: where that is kept; "" while it is kept only in the log.
    """

    segment: Segment
    gone: Mask
    file: str = ""
    crc: int = 0

    def __len__(self) -> int:
        return len(self.segment) - self.dead

    @property
    def dead(self) -> int:
        """How many rows belong to owners that are gone."""
        return int(self.segment.owner_rows[self.gone].sum())

    def without(self, owners: NDArray[np.int64]) -> "Served":
        """Take owners away that it may or may not have."""
        held = self.segment.owners
        places = np.searchsorted(held, owners)
        inside = places < len(held)
        places = places[inside][held[places[inside]] == owners[inside]]
        return self._taken(places)

    def from_owner(self, floor: int) -> "Served":
        """Take all owners below `floor` away."""
        return self._taken(slice(0, int(np.searchsorted(self.segment.owners, floor))))

    def _taken(self, places: NDArray[np.intp] | slice) -> "Served":
        if self.gone[places].all():
            return self
        gone = self.gone.copy()
        gone[places] = True
        return Served(self.segment, gone)


@dataclass(frozen=True, slots=True)
class View:
    segments: tuple[Served, ...]
    tail: HashRows

    def __len__(self) -> int:
        return sum(len(served) for served in self.segments) + len(self.tail)

    def search(self, bits: NDArray[np.uint8], radius: int, most: int) -> IndexHits:
        """Find the rows within `radius` bits of each query, (m, 32), `most` of each at most.

        Raises BadInput.
        """
        queries = _words_of(bits)
        if not 0 <= radius <= BITS:
            raise BadInput(f"a radius of {radius} bits", hint=f"Give 0 to {BITS}.")
        rows, triples, room = [], [], np.full(len(queries), most, np.uint32)
        for start in range(0, len(queries), QUERIES_AT_ONCE):
            block = queries[start : start + QUERIES_AT_ONCE]
            for part, found in self._block(block, radius, room[start : start + len(block)]):
                rows.append(part)
                triples.append(found + np.array([start, 0, 0], np.uint32))
        return replace(_in_order(rows, triples), cut=np.flatnonzero(room == 0))

    def _block(self, queries: Words, radius: int, room: Room) -> list[tuple[About, Triples]]:
        found = []
        for served in self.segments:
            places = _near(queries, served.segment, radius, room)
            about, gone = served.segment.about(places[:, 1], served.gone)
            if gone.any():
                about, places = about.where(~gone), places[~gone]
            found.append((about, places))
        if len(self.tail):
            places = _near_flat(queries, self.tail.bits.view(np.uint64), radius, room)
            found.append((self.tail.about(places[:, 1]), places))
        return found


def _words_of(bits: NDArray[np.uint8]) -> Words:
    if bits.ndim != 2 or bits.shape[1] != ROW_BYTES:  # noqa: PLR2004  # rows and columns
        raise BadInput(
            f"hashes of shape {bits.shape}", hint="Give one row of 32 bytes for each query."
        )
    return spread(bits).view(np.uint64)


def _near(queries: Words, segment: Segment, radius: int, room: Room) -> Triples:
    from fieldfare.matching.index import kernels

    if radius > EXACT_UP_TO:
        return _near_flat(queries, segment.words, radius, room)
    reach, least = reaches(radius), least_ones(radius)
    return _all_of(
        lambda hits, left: kernels.seek(
            queries, segment.offsets, segment.entries, segment.words, reach, least, hits, left
        ),
        room,
    )


def _near_flat(queries: Words, words: Words, radius: int, room: Room) -> Triples:
    from fieldfare.matching.index import kernels

    return _all_of(lambda hits, left: kernels.compare_all(queries, words, radius, hits, left), room)


def _all_of(kernel: Callable[[Triples, Room], int], room: Room) -> Triples:
    """Run a kernel, and once more if it found more than there was space for. Lessens `room`."""
    hits = np.empty((HITS_AT_FIRST + HITS_A_QUERY * len(room), 3), np.uint32)
    left = room.copy()
    found = kernel(hits, left)
    if found > len(hits):
        hits = np.empty((found, 3), np.uint32)
        left = room.copy()
        found = kernel(hits, left)
    room[:] = left
    return hits[:found]


def _in_order(parts: list[About], triples: list[Triples]) -> IndexHits:
    about = NO_ROWS.about(np.empty(0, np.uint32)) if not parts else _joined(parts)
    found = np.concatenate([np.empty((0, 3), np.uint32), *triples])
    order = np.lexsort((found[:, 2], about.t_ms, about.owner, found[:, 0]))
    about = about.where(order)
    return IndexHits(
        query=found[order, 0],
        owner=about.owner,
        t_ms=about.t_ms,
        quality=about.quality,
        variant=about.variant,
        distance=found[order, 2].astype(np.uint16),
    )


def _joined(parts: list[About]) -> About:
    return About(
        np.concatenate([part.owner for part in parts]),
        np.concatenate([part.t_ms for part in parts]),
        np.concatenate([part.quality for part in parts]),
        np.concatenate([part.variant for part in parts]),
    )
