"""Known texts: which of them a text is a copy of, to the letter or nearly.

In: texts under their owners' ids, and a text to look up. Out: every known text it is a copy of,
with how much they share. Derived from the entries of banks and held in memory: arrays of 0.9 KB
and as much in dictionaries for a comment of 100 characters.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import mmh3
import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.minhash import BandTable, bands_of
from fieldfare.matching.shingles import SHINGLE, PlacedSkeleton, pieces_of, shingles, skeleton

N = TypeVar("N", np.uint32, np.int64)
TextMeans = Literal["exact", "near"]
NEAR: Final = ((8, 0.7), (16, 0.6), (32, 0.5), (1_024, 0.6))
"""From so many distinct pieces on (of the smaller text) such a Jaccard similarity makes a near
copy; fewer pieces match to the letter only. Chosen from false matches: docs/performance.md."""

MAX_LETTERS: Final = 20_000
"""Of a longer text the beginning is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextHit:
    """A known text that a text is a copy of. similarity: Jaccard of their pieces, 1 if exact."""

    owner: int
    means: TextMeans
    similarity: float


def least_similarity(pieces: int) -> float | None:
    """Say how alike a text of so many pieces has to be for a near copy; None: never near."""
    found = None
    for least, similarity in NEAR:
        if pieces >= least:
            found = similarity
    return found


class TextIndex:
    """Known texts by owner. Adding and removing take effect at once; one thread at a time."""

    def __init__(self) -> None:
        self._row_of: dict[int, int] = {}
        self._exact: dict[int, list[int]] = {}
        self._owners: list[int] = []
        self._keys: list[int] = []
        self._pieces = np.empty(1_024, np.uint32)
        self._ends = np.empty(64, np.int64)
        self._used = 0
        self._table = BandTable()

    def __len__(self) -> int:
        return len(self._row_of)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays; the dictionaries take about 300 more a text."""
        return self._table.nbytes + self._pieces.nbytes + self._ends.nbytes

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        """Hold texts under their owners; an owner that is known gets the new text."""
        fresh: list[tuple[int, int, NDArray[np.uint32]]] = []
        for owner, text in texts:
            letters = skeleton(text)[:MAX_LETTERS]
            if letters:
                fresh.append((owner, _key(letters), shingles(letters)))
        self.remove(owner for owner, _, _ in fresh)
        self._append(fresh)

    def remove(self, owners: Iterable[int]) -> None:
        """Let go of owners; unknown ones are passed over."""
        for owner in owners:
            row = self._row_of.pop(owner, None)
            if row is None:
                continue
            self._owners[row] = -1
            same = self._exact[self._keys[row]]
            same.remove(owner)
            if not same:
                del self._exact[self._keys[row]]
        if len(self._owners) > 2 * len(self._row_of) + 1_024:
            self._compact()

    def search(self, text: str) -> list[TextHit]:
        """Find what a text is a copy of, the most alike first. Some 200 microseconds."""
        letters = skeleton(text)[:MAX_LETTERS]
        if not letters or not self._row_of:
            return []
        same = self._exact.get(_key(letters), [])
        hits = [TextHit(owner=owner, means="exact", similarity=1.0) for owner in same]
        pieces = shingles(letters)
        if least_similarity(len(pieces)) is not None:
            known = {hit.owner for hit in hits}
            for row in self._table.like(bands_of([pieces])[0]).tolist():
                owner = self._owners[row]
                if owner not in known and owner >= 0:
                    hits += self._judged(owner, pieces, self._pieces_at(row))
        return sorted(hits, key=lambda hit: (-hit.similarity, hit.owner))

    def stretch(self, owner: int, placed: PlacedSkeleton) -> tuple[int, int]:
        """Give the stretch [start, end) of a text, in code points, that is a copy of an owner's.

        It is the one with most known pieces over unknown ones (Bentley 1984, CACM 27(9): the
        largest sum of a run); the whole of a text none of whose pieces is known.
        """
        known = np.isin(pieces_of(placed.letters), self._pieces_at(self._row_of[owner]))
        if not known.any():
            return placed.starts[0], placed.ends[-1]
        sums = np.concatenate([[0], np.cumsum(np.where(known, 1, -1))])
        lowest = np.minimum.accumulate(sums)
        last = int(np.argmax(sums - lowest))
        first = int(np.argmin(sums[: last + 1]))
        end = min(last + SHINGLE - 1, len(placed.ends))
        return placed.starts[first], placed.ends[end - 1]

    def _judged(
        self, owner: int, pieces: NDArray[np.uint32], known: NDArray[np.uint32]
    ) -> list[TextHit]:
        places = known.searchsorted(pieces)
        places[places == len(known)] = 0
        shared = int(np.count_nonzero(known[places] == pieces))
        similarity = shared / (len(pieces) + len(known) - shared)
        least = least_similarity(min(len(pieces), len(known)))
        if least is None or similarity < least:
            return []
        return [TextHit(owner=owner, means="near", similarity=similarity)]

    def _pieces_at(self, row: int) -> NDArray[np.uint32]:
        begin = int(self._ends[row - 1]) if row else 0
        return self._pieces[begin : int(self._ends[row])]

    def _append(self, fresh: list[tuple[int, int, NDArray[np.uint32]]]) -> None:
        if not fresh:
            return
        first = len(self._owners)
        for row, (owner, key, _) in enumerate(fresh, first):
            self._row_of[owner] = row
            self._owners.append(owner)
            self._keys.append(key)
            self._exact.setdefault(key, []).append(owner)
        sets = [pieces for _, _, pieces in fresh]
        at = self._used
        self._used += sum(map(len, sets))
        self._pieces = _with_room(self._pieces, self._used)
        self._ends = _with_room(self._ends, first + len(sets))
        for row, pieces in enumerate(sets, first):
            self._pieces[at : at + len(pieces)] = pieces
            at += len(pieces)
            self._ends[row] = at
        self._table.add(bands_of(sets), np.arange(first, first + len(sets), dtype=np.uint32))

    def _compact(self) -> None:
        kept = [
            (owner, self._keys[row], self._pieces_at(row).copy())
            for row, owner in enumerate(self._owners)
            if owner >= 0
        ]
        self._row_of, self._exact, self._owners, self._keys = {}, {}, [], []
        self._pieces, self._ends = np.empty(1_024, np.uint32), np.empty(64, np.int64)
        self._used, self._table = 0, BandTable()
        self._append(kept)


def _with_room(array: NDArray[N], length: int) -> NDArray[N]:
    """Give an array at least as long, with what it held; it grows by half."""
    if length <= len(array):
        return array
    longer = np.empty(length + length // 2, array.dtype)
    longer[: len(array)] = array
    return longer


def _key(letters: str) -> int:
    return mmh3.hash128(letters.encode("utf-8", "surrogatepass"), signed=False)
