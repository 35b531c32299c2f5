"""What goes into the index and what comes out of it: columns side by side, one place a row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import BadInput

ROW_BYTES: Final = 32

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class About:
    """What rows are of, without their bits. All columns (n,), as in HashRows."""

    owner: NDArray[np.int64]
    t_ms: NDArray[np.uint32]
    quality: NDArray[np.uint8]
    variant: NDArray[np.uint8]

    @classmethod
    def of(cls, owner: NDArray[np.int64], kept: NDArray[np.uint32]) -> Self:
        """Take apart what a segment keeps side by side, (n, 3)."""
        last = kept[:, 2]
        return cls(
            owner, kept[:, 1], last.astype(np.uint8), (last >> np.uint32(8)).astype(np.uint8)
        )

    def where(self, chosen: Mask | NDArray[np.intp]) -> Self:
        """Choose rows by a mask or by their places."""
        return type(self)(
            self.owner[chosen], self.t_ms[chosen], self.quality[chosen], self.variant[chosen]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HashRows:
    """Rows to be found: all columns of one length n.

    bits: (n, 32). owner: what the row belongs to, 0 or more. t_ms: its moment, from the start.
    quality: 0..100. variant: which window of the picture was hashed, 0 for the whole of it.
    """

    bits: NDArray[np.uint8]
    owner: NDArray[np.int64]
    t_ms: NDArray[np.uint32]
    quality: NDArray[np.uint8]
    variant: NDArray[np.uint8]

    def __post_init__(self) -> None:
        n = len(self.owner)
        if self.bits.shape != (n, ROW_BYTES):
            raise BadInput(
                f"hashes of shape {self.bits.shape} for {n} owners",
                hint="A row is 32 bytes, and each row has one owner.",
            )
        if {len(self.t_ms), len(self.quality), len(self.variant)} != {n}:
            raise BadInput("columns of different lengths", hint="Give each row every column.")
        if n and int(self.owner.min()) < 0:
            raise BadInput("an owner below 0", hint="Owners are ids of 63 bits.")

    def __len__(self) -> int:
        return len(self.owner)

    def where(self, kept: Mask) -> Self:
        """Keep the rows that `kept`, (n,), says."""
        return self._at(kept)

    def about(self, places: NDArray[np.uint32]) -> About:
        """Say what the rows at some positions are of."""
        return About(
            self.owner[places], self.t_ms[places], self.quality[places], self.variant[places]
        )

    def part(self, start: int, stop: int) -> Self:
        """Look at the rows from `start` up to `stop`, without copying them."""
        return self._at(slice(start, stop))

    def _at(self, places: Mask | slice) -> Self:
        return type(self)(
            bits=self.bits[places],
            owner=self.owner[places],
            t_ms=self.t_ms[places],
            quality=self.quality[places],
            variant=self.variant[places],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexHits:
    """Rows within the radius, by query, then owner, then moment. All columns (n,).

    query: position of the query. distance: differing bits. The others as in HashRows.
    cut: (k,) positions of the queries of which no more rows were told than asked for: there may be
    some more of them.
    """

    query: NDArray[np.uint32]
    owner: NDArray[np.int64]
    t_ms: NDArray[np.uint32]
    quality: NDArray[np.uint8]
    variant: NDArray[np.uint8]
    distance: NDArray[np.uint16]
    cut: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))

    def __len__(self) -> int:
        return len(self.query)


def spread(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put the bits of hashes, (n, 32), in the order in which the index keeps them."""
    from fieldfare.matching.index import spreading

    words = np.ascontiguousarray(bits, np.uint8).view(np.uint64)
    places = np.zeros_like(words)
    spreading.spread(words, spreading.PLACES_OF, places)
    return places.view(np.uint8)


def kept_form(rows: HashRows) -> HashRows:
    """Give the same rows as the index keeps them: bits spread, types and order as in files."""
    return HashRows(
        bits=spread(rows.bits),
        owner=np.ascontiguousarray(rows.owner, np.int64),
        t_ms=np.ascontiguousarray(rows.t_ms, np.uint32),
        quality=np.ascontiguousarray(rows.quality, np.uint8),
        variant=np.ascontiguousarray(rows.variant, np.uint8),
    )


def joined(parts: Sequence[HashRows]) -> HashRows:
    """Put rows one after the other."""
    if len(parts) == 1:
        return parts[0]
    every = (NO_ROWS, *parts)
    return HashRows(
        bits=np.concatenate([part.bits for part in every]),
        owner=np.concatenate([part.owner for part in every]),
        t_ms=np.concatenate([part.t_ms for part in every]),
        quality=np.concatenate([part.quality for part in every]),
        variant=np.concatenate([part.variant for part in every]),
    )


NO_ROWS: Final = HashRows(
    bits=np.empty((0, ROW_BYTES), np.uint8),
    owner=np.empty(0, np.int64),
    t_ms=np.empty(0, np.uint32),
    quality=np.empty(0, np.uint8),
    variant=np.empty(0, np.uint8),
)
