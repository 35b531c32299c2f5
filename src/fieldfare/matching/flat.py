"""The flat index: every query against every entry, exactly, without any structure to build.

In: rows of 32 bytes. Out: all pairs within a radius. At some ten thousand entries this is quicker
than keeping a better index up to date, and a new entry matches at once.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.pdq import PDQ_BYTES, RADIUS

_WORDS: Final = 4
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Pairs within the radius, by query and then entry. All three: (n,), positions and bits."""

    query: NDArray[np.intp]
    entry: NDArray[np.intp]
    distance: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.query)


class FlatIndex:
    """All entries side by side. `rows`: (n, 32) uint8."""

    def __init__(self, rows: NDArray[np.uint8]) -> None:
        words = _words(rows)
        # One array a word: the first two decide nearly every pair, and are read in sequence.
        self._columns = [np.ascontiguousarray(words[:, i]) for i in range(_WORDS)]
        self._size = len(words)

    def __len__(self) -> int:
        return self._size

    def search(self, queries: NDArray[np.uint8], radius: int = RADIUS) -> Hits:
        """Find every entry within `radius` bits of each query. `queries`: (m, 32) uint8. Exact."""
        found: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int32]]] = []
        for number, query in enumerate(_words(queries)):
            for start in range(0, self._size, _CHUNK):
                entry, distance = self._near(query, start, radius)
                found.append((np.full(len(entry), number, np.intp), entry, distance))
        if not found:
            nothing = np.empty(0, np.intp)
            return Hits(query=nothing, entry=nothing, distance=np.empty(0, np.int32))
        query_of, entry_of, distance_of = (
            np.concatenate(part) for part in zip(*found, strict=True)
        )
        return Hits(query=query_of, entry=entry_of, distance=distance_of)

    def _near(
        self, query: NDArray[np.uint64], start: int, radius: int
    ) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """Measure the first half of each entry, then the rest of those that may still be near."""
        stop = start + _CHUNK
        first, second, *rest = self._columns
        half = np.bitwise_count(first[start:stop] ^ query[0]).astype(np.int32)
        half += np.bitwise_count(second[start:stop] ^ query[1])
        near = np.flatnonzero(half <= radius)
        distance = half[near]
        for word, column in enumerate(rest, start=2):
            distance += np.bitwise_count(column[start + near] ^ query[word])
        kept = distance <= radius
        return near[kept] + start, distance[kept]


def _words(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    plain = np.ascontiguousarray(rows, np.uint8).reshape(-1, PDQ_BYTES)
    return plain.view(np.uint64)
