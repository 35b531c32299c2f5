"""Segments: features of many stills in files that are mapped, never changed, and shared.

In: features with their owners. Out: a folder of plain NumPy files, and the stills that share
features with a query. Features are found by parts of their codes: eight tables, each from 16 bits
of the code (fewer in a small segment) to the features that have just those bits. Not every pair has
a part in common; a picture has hundreds of features, and a few dozen that do are enough.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.features.codes import CODE_BYTES
from fieldfare.matching.features.local import PLACES, LocalFeatures
from fieldfare.matching.segment_files import write_columns

TABLES: Final = 8
BYTES_A_FEATURE: Final = CODE_BYTES + 4 + 2 + 4 * TABLES
"""On disk, and in memory as far as pages are read: code, place, angle and size, tables."""

_MOST_BITS: Final = 16
_FEWEST_BITS: Final = 4
_PART_BYTES: Final = CODE_BYTES // TABLES
_COMMON: Final = 64
_LEAST_COMMON: Final = 512
_ROOM: Final = 1 << 18
_COLUMNS: Final = (
    "owner", "t", "frame", "bounds", "code", "place", "angle", "size", "starts", "order",
)  # fmt: skip


class Near(NamedTuple):
    """Pairs of features within a radius: (m,) rows of the query, (m,) stills of the segment."""

    query: NDArray[np.int64]
    still: NDArray[np.int64]


class StillFeatures(NamedTuple):
    """The features of one still, as in LocalFeatures; frame: (width, height)."""

    frame: NDArray[np.uint16]
    place: NDArray[np.float32]
    angle: NDArray[np.uint8]
    size: NDArray[np.uint8]
    code: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """Stills of owners, f in all, with n features. All arrays are mapped and read only.

    owner: (f,) int64. t: (f,) float64 s. frame: (f, 2) uint16. bounds: (f + 1,) int64, where each
    still's features begin. code, place, angle, size: (n, ...), places in 1/32 pixel.
    starts: (8, 2^bits + 1) uint32 and order: (8, n) uint32, the tables.
    """

    name: str
    owner: NDArray[np.int64]
    t: NDArray[np.float64]
    frame: NDArray[np.uint16]
    bounds: NDArray[np.int64]
    code: NDArray[np.uint8]
    place: NDArray[np.uint16]
    angle: NDArray[np.uint8]
    size: NDArray[np.uint8]
    starts: NDArray[np.uint32]
    order: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.owner)

    @classmethod
    def opened(cls, folder: Path) -> Self:
        """Map the files of a folder. Raises OSError or ValueError if they are not all there."""
        columns = {
            name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))
            for name in _COLUMNS
        }
        return cls(name=folder.name, **columns)

    def features_of(self, still: int) -> StillFeatures:
        """Read one still's features."""
        part = slice(int(self.bounds[still]), int(self.bounds[still + 1]))
        return StillFeatures(
            frame=np.asarray(self.frame[still]),
            place=self.place[part].astype(np.float32) / np.float32(PLACES),
            angle=np.asarray(self.angle[part]),
            size=np.asarray(self.size[part]),
            code=np.asarray(self.code[part]),
        )

    def near(self, code: NDArray[np.uint8], radius: int) -> Near:
        """Find features within `radius` bits of the codes (m, 32) that share a part with them.

        A pair is given once. Parts that far too many features have tell nothing and are passed
        over: 64 times the mean, and more than 512.
        """
        from fieldfare.matching.features.comparing import compare_parts

        bits = int(self.starts.shape[1] - 1).bit_length() - 1
        most = max(_LEAST_COMMON, _COMMON * self.order.shape[1] >> bits)
        codes = np.ascontiguousarray(code)
        parts = np.stack([_parts(codes, table, bits) for table in range(TABLES)]).astype(np.uint32)
        asked = codes.view(np.uint64), parts, self.starts, self.order, self.code.view(np.uint64)
        shared = np.empty((_ROOM, 2), np.uint32)
        found = compare_parts(*asked, radius, most, shared)
        if found > len(shared):
            shared = np.empty((found, 2), np.uint32)
            compare_parts(*asked, radius, most, shared)
        query, feature = shared[:found].astype(np.int64).T
        pairs = np.unique(query * self.order.shape[1] + feature)
        query, feature = np.divmod(pairs, max(1, self.order.shape[1]))
        return Near(query, np.searchsorted(self.bounds, feature, side="right") - 1)


def write_segment(folder: Path, owned: Sequence[tuple[int, LocalFeatures]]) -> None:
    """Write features as a new segment, whole or not at all; durable on return."""
    counts = [np.diff(features.bounds()) for _, features in owned]
    columns = {
        "owner": np.repeat([owner for owner, _ in owned], [len(f.t) for _, f in owned]),
        "t": np.concatenate([features.t for _, features in owned]),
        "frame": np.concatenate([features.frame for _, features in owned]),
        "bounds": np.concatenate(([0], np.cumsum(np.concatenate(counts)))),
        "code": np.concatenate([features.code for _, features in owned]),
        "place": np.concatenate(
            [np.clip(np.round(f.place * PLACES), 0, 2**16 - 1).astype(np.uint16) for _, f in owned]
        ),
        "angle": np.concatenate([features.angle for _, features in owned]),
        "size": np.concatenate([features.size for _, features in owned]),
    }
    columns["starts"], columns["order"] = _tables(columns["code"])
    write_columns(folder, columns)


def owned_features(
    segment: Segment, kept: NDArray[np.bool_]
) -> Iterator[tuple[int, LocalFeatures]]:
    """Give the kept stills of a segment as runs of one owner: for writing them anew."""
    stills = np.flatnonzero(kept)
    cuts = np.flatnonzero(np.diff(segment.owner[stills])) + 1
    for run in np.split(stills, cuts):
        if len(run):
            yield int(segment.owner[run[0]]), _joined(segment, run)


def _joined(segment: Segment, run: NDArray[np.intp]) -> LocalFeatures:
    parts = [segment.features_of(int(still)) for still in run]
    return LocalFeatures(
        t=np.asarray(segment.t[run]),
        frame=np.asarray(segment.frame[run]),
        still=np.repeat(np.arange(len(run)), [len(p.code) for p in parts]).astype(np.uint16),
        place=np.concatenate([part.place for part in parts]),
        angle=np.concatenate([part.angle for part in parts]),
        size=np.concatenate([part.size for part in parts]),
        code=np.concatenate([part.code for part in parts]),
    )


def _parts(code: NDArray[np.uint8], table: int, bits: int) -> NDArray[np.int64]:
    """Give the part of each code that a table is asked by: (m,), below 2^bits."""
    high, low = code[:, table * _PART_BYTES], code[:, table * _PART_BYTES + 1]
    whole = high.astype(np.int64) << 8 | low
    return whole >> (_MOST_BITS - bits)


def _tables(code: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    bits = min(_MOST_BITS, max(_FEWEST_BITS, len(code).bit_length()))
    starts = np.zeros((TABLES, 2**bits + 1), np.uint32)
    order = np.empty((TABLES, len(code)), np.uint32)
    for table in range(TABLES):
        part = _parts(code, table, bits).astype(np.uint16)
        order[table] = np.argsort(part, kind="stable")
        starts[table, 1:] = np.cumsum(np.bincount(part, minlength=2**bits))
    return starts, order
