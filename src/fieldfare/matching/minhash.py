"""MinHash: which of many sets are like a given one, without comparing it with each.

In: sets of hashed pieces, each under a row number. Out: the rows that probably share enough of
their pieces. Sets agree in one minimum with a probability equal to their Jaccard similarity J
(Broder 1997, "On the resemblance and containment of documents"); bands of several minima turn that
into a lookup (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BANDS: Final = 42
ROWS: Final = 3
"""Two bands have to agree. A set with J = .5 is proposed with P = .974, with J = .6 with .9995,
and one with J = .05, as unrelated comments have, with 1.4e-5: 42 bands of 3, two of which agree."""

_HASHES: Final = BANDS * ROWS
_TAIL: Final = 512
_YOUNG: Final = 8_192
"""Rows that may stand in the parts that are quick to change."""
_AT_ONCE: Final = 1 << 14
"""Pieces whose minima are taken in one step: 8 MB of working memory."""


def _mixed(numbers: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Scatter numbers over 32 bits: the finaliser of MurmurHash3 (Appleby, public domain)."""
    mixed = numbers ^ (numbers >> np.uint32(16))
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed


_SEEDS: Final = np.arange(1, _HASHES + 1, dtype=np.uint32)
_FACTORS: Final = (_mixed(_SEEDS) | np.uint32(1))[:, None]
_ADDENDS: Final = _mixed(_SEEDS + np.uint32(_HASHES))[:, None]
_ODD: Final = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA77))
_BAND_SALTS: Final = _mixed(np.arange(1, BANDS + 1, dtype=np.uint32) * _ODD[0])


def minima(sets: Sequence[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """Give the minima of each set under every hash function, (n, BANDS * ROWS).

    sets: n arrays of hashed pieces (uint32), none of them empty.
    """
    found = np.empty((len(sets), _HASHES), np.uint32)
    if len(sets) == 1:
        # The frequent case, and the quicker way for it.
        np.min(_FACTORS * sets[0] + _ADDENDS, axis=1, out=found[0])
        return found
    begin = 0
    while begin < len(sets):
        end, pieces = begin + 1, len(sets[begin])
        while end < len(sets) and pieces + len(sets[end]) <= _AT_ONCE:
            pieces += len(sets[end])
            end += 1
        together = np.concatenate(sets[begin:end])
        starts = np.cumsum([0, *(len(each) for each in sets[begin : end - 1])])
        hashed = _FACTORS * together[None, :] + _ADDENDS
        found[begin:end] = np.minimum.reduceat(hashed, starts, axis=1).T
        begin = end
    return found


def bands_of(sets: Sequence[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """Give the key of each set in every band, (n, BANDS)."""
    parts = minima(sets).reshape(len(sets), BANDS, ROWS)
    first, second, third = (parts[:, :, row] for row in range(ROWS))
    return _mixed((first * _ODD[0] ^ second) * _ODD[1] ^ third + _BAND_SALTS)


def agreement(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    """Estimate J from two rows of `minima`; the standard error is sqrt(J (1 - J) / 126)."""
    return float(np.mean(one == other))


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Rows in the order of their keys: keys, rows (both n * BANDS uint32)."""

    keys: NDArray[np.uint32]
    rows: NDArray[np.uint32]

    def at(self, bands: NDArray[np.uint32]) -> list[NDArray[np.uint32]]:
        begins = self.keys.searchsorted(bands, "left")
        ends = self.keys.searchsorted(bands, "right")
        hit = np.nonzero(ends > begins)[0].tolist()
        return [self.rows[begins[band] : ends[band]] for band in hit]

    def joined(self, keys: NDArray[np.uint32], rows: NDArray[np.uint32]) -> "_Sorted":
        # Two sorted runs: a stable sort merges them in linear time.
        keys, rows = np.concatenate([self.keys, keys]), np.concatenate([self.rows, rows])
        order = keys.argsort(kind="stable")
        return _Sorted(keys[order], rows[order])


_NO_ROWS: Final = _Sorted(np.empty(0, np.uint32), np.empty(0, np.uint32))


class BandTable:
    """Rows by the keys of their bands: two sorted parts, and a dictionary of what came lately.

    8 bytes a band and row, 336 a row; up to 512 rows stand in the dictionary, at some 9 KB each.
    One thread at a time.
    """

    def __init__(self) -> None:
        self._main = _NO_ROWS
        self._young = _NO_ROWS
        self._tail: dict[int, list[int]] = {}
        self._waiting: list[tuple[NDArray[np.uint32], NDArray[np.uint32]]] = []
        self._recent = 0

    @property
    def nbytes(self) -> int:
        """Bytes of the sorted parts."""
        return sum(p.keys.nbytes + p.rows.nbytes for p in (self._main, self._young))

    def add(self, bands: NDArray[np.uint32], rows: NDArray[np.uint32]) -> None:
        """Hold the bands (n, BANDS) of n rows."""
        self._waiting.append((bands, rows))
        self._recent += len(rows)
        if self._recent > _TAIL:
            self._merge()
            return
        for row, keys in zip(rows.tolist(), bands.tolist(), strict=True):
            for key in keys:
                self._tail.setdefault(key, []).append(row)

    def like(self, bands: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Give the rows that agree with (BANDS,) keys in two bands, in order."""
        found = [*self._main.at(bands), *self._young.at(bands)]
        if self._tail:
            lately = [row for key in bands.tolist() for row in self._tail.get(key, ())]
            found.append(np.array(lately, np.uint32))
        if not found:
            return np.empty(0, np.uint32)
        rows = np.concatenate(found)
        rows.sort()
        twice = rows[1:][rows[1:] == rows[:-1]]
        return np.unique(twice) if len(twice) else twice

    def _merge(self) -> None:
        """Move what came lately into the young part, and that into the main one once it is big."""
        keys = np.concatenate([bands.ravel() for bands, _ in self._waiting])
        rows = np.concatenate([each.repeat(BANDS) for _, each in self._waiting])
        order = keys.argsort(kind="stable")
        self._young = self._young.joined(keys[order], rows[order])
        self._tail, self._waiting, self._recent = {}, [], 0
        if len(self._young.keys) > max(_YOUNG * BANDS, len(self._main.keys) // 8):
            self._main = self._main.joined(self._young.keys, self._young.rows)
            self._young = _NO_ROWS
