"""TLSH: known long texts of which only a locality-sensitive hash was passed on.

In: TLSH digests (`T1` and 70 hex digits) under their owners, and a text. Out: the owners within a
distance. Texts we hold ourselves are found by their pieces, which does better by far
(docs/performance.md); this is for the hashes of others. Source: Oliver, Cheng and Chen 2013, "TLSH
- a locality sensitive hash", and the reference implementation, whose `diff` this equals.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import tlsh
from numpy.typing import NDArray

from fieldfare.kernel import BadInput

TLSH_DISTANCE: Final = 80
"""At most so far apart are copies. Of 400,000 unrelated pairs of 200 to 400 letters none but equal
ones came nearer than 100 in 99.999 %; 5 % of the words changed is 34 in the median."""

MIN_LETTERS: Final = 200
"""A shorter text has a hash that says little."""

_BYTES: Final = 35
_DIGITS: Final = 2 * _BYTES
_HEAD: Final = 3
_FAR: Final = 12
_MISMATCH: Final = 6


def tlsh_of(text: str) -> str:
    """Hash a text as peers do, its bytes as they are; "" if it is too short or too uniform."""
    if len(text) < MIN_LETTERS:
        return ""
    found = str(tlsh.hash(text.encode()))
    return found if len(found) == _DIGITS + 2 else ""


def read_tlsh(text: str) -> NDArray[np.uint8]:
    """Read a digest as (35,) uint8: checksum, length, two ratios in one byte, 32 of buckets.

    Raises BadInput. Digits come with their two halves changed about in the first three bytes.
    """
    digits = text.strip().removeprefix("T1").removeprefix("t1")
    try:
        row = np.frombuffer(bytes.fromhex(digits), np.uint8).copy()
    except ValueError:
        row = np.empty(0, np.uint8)
    if len(row) != _BYTES:
        hint = f"A TLSH digest is T1 and {_DIGITS} hex digits."
        raise BadInput(f"{text[:80]!r} is not a TLSH digest", hint=hint)
    row[:_HEAD] = (row[:_HEAD] << 4) | (row[:_HEAD] >> 4)
    return row


def _pair_costs() -> NDArray[np.uint8]:
    """Cost of two bytes of buckets, (256, 256): 0 to 3 a pair of bits, where 3 costs 6."""
    byte = np.arange(256, dtype=np.uint8)
    total = np.zeros((256, 256), np.uint8)
    for shift in (0, 2, 4, 6):
        part = (byte >> shift) & 3
        apart = np.abs(part[:, None].astype(np.int8) - part[None, :].astype(np.int8))
        total += np.where(apart == 3, _MISMATCH, apart).astype(np.uint8)  # noqa: PLR2004 -- the farthest of two bits
    return total


_COSTS: Final = _pair_costs()


def distances(row: NDArray[np.uint8], rows: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Give the TLSH distance of one digest to n others, (n,); `rows` is (n, 35)."""
    length = _round(int(row[1]), rows[:, 1], 256)
    total = np.where(length <= 1, length, length * _FAR)
    for shift in (np.uint8(4), np.uint8(0)):
        ratio = _round(int(row[2] >> shift) & 15, (rows[:, 2] >> shift) & np.uint8(15), 16)
        total += np.where(ratio <= 1, ratio, (ratio - 1) * _FAR)
    total += rows[:, 0] != row[0]
    total += _COSTS[row[_HEAD:], rows[:, _HEAD:]].sum(axis=1, dtype=np.int64)
    return total


def _round(one: int, others: NDArray[np.uint8], top: int) -> NDArray[np.int64]:
    """Give how far numbers are apart on a circle of `top`."""
    apart: NDArray[np.int64] = np.abs(others.astype(np.int64) - one)
    return np.minimum(apart, top - apart)


class TlshIndex:
    """Digests by owner; a search compares with all of them, some 1 ms for 10,000."""

    def __init__(self) -> None:
        self._rows: dict[int, NDArray[np.uint8]] = {}
        self._together: tuple[NDArray[np.int64], NDArray[np.uint8]] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, owner: int, digest: str) -> None:
        """Hold a digest. Raises BadInput."""
        self._rows[owner] = read_tlsh(digest)
        self._together = None

    def remove(self, owners: Iterable[int]) -> None:
        for owner in owners:
            if self._rows.pop(owner, None) is not None:
                self._together = None

    def search(self, text: str) -> list[tuple[int, int]]:
        """Give (owner, distance) of what is near enough, the nearest first."""
        digest = tlsh_of(text) if self._rows else ""
        if not digest:
            return []
        if self._together is None:
            owners = np.fromiter(self._rows, np.int64, len(self._rows))
            self._together = owners, np.stack([*self._rows.values()])
        owners, rows = self._together
        apart = distances(read_tlsh(digest), rows)
        near = np.nonzero(apart <= TLSH_DISTANCE)[0]
        return sorted(
            ((int(owners[i]), int(apart[i])) for i in near), key=lambda hit: (hit[1], hit[0])
        )
