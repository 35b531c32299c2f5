"""Segments of the index of sound: landmarks of many owners, sorted, in mapped files.

In: landmarks with their owners. Out: which owners have a landmark, and when. A segment is written
whole and never changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.segment_files import write_columns
from fieldfare.matching.sound import BANK_FAN, SoundPrint, landmarks_of

BYTES_A_LANDMARK: Final = 4 + 4 + 4
"""On disk, and in memory as far as pages are read: key, owner's place, step."""

_COMMON: Final = 64
_LEAST_COMMON: Final = 1024
_COLUMNS: Final = ("owner", "key", "place", "step")


class Met(NamedTuple):
    """Landmarks of a query that owners have too: (m,) each.

    query: positions of the query's landmarks. owner: as given. step: when in the owner's sound.
    """

    query: NDArray[np.intp]
    owner: NDArray[np.int64]
    step: NDArray[np.int64]


class Posted(NamedTuple):
    """Landmarks of one owner."""

    owner: int
    key: NDArray[np.uint32]
    step: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SoundSegment:
    """Landmarks of f owners, n in all, by key. All arrays are mapped and read only.

    owner: (f,) int64. key: (n,) uint32, ascending. place: (n,) uint32, positions in owner. step:
    (n,) int32. number: segments written later have a higher one.
    """

    name: str
    number: int
    owner: NDArray[np.int64]
    key: NDArray[np.uint32]
    place: NDArray[np.uint32]
    step: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def opened(cls, folder: Path) -> Self:
        """Map the files of a folder. Raises OSError or ValueError if they are not all there."""
        columns = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in _COLUMNS
        }
        if not len(columns["key"]) == len(columns["place"]) == len(columns["step"]):
            raise ValueError(f"the columns of {folder.name} are not of one length")
        return cls(name=folder.name, number=int(folder.name.rpartition("-")[2]), **columns)

    def met(self, key: NDArray[np.uint32], *, most: int | None = None) -> Met:
        """Find who has these landmarks. key: (m,) uint32.

        Those that more than `most` have tell nothing and are passed over; None: far more than have
        a landmark in the mean.
        """
        first = np.searchsorted(self.key, key)
        count = np.searchsorted(self.key, key, side="right") - first
        if most is None:
            spread = len(np.unique(self.key[:: max(1, len(self.key) // 4096)]))
            most = max(_LEAST_COMMON, _COMMON * min(4096, len(self.key)) // max(1, spread))
        count[count > most] = 0
        query = np.repeat(np.arange(len(key)), count)
        ends = np.cumsum(count)
        at = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(first - ends + count, count)
        return Met(query, self.owner[self.place[at]], self.step[at].astype(np.int64))

    def posted(self, kept: NDArray[np.bool_]) -> Iterator[Posted]:
        """Give the landmarks of the kept owners, for writing them anew."""
        order = np.argsort(self.place, kind="stable")
        bounds = np.searchsorted(self.place[order], np.arange(len(self.owner) + 1))
        for place in np.flatnonzero(kept):
            rows = order[bounds[place] : bounds[place + 1]]
            yield Posted(int(self.owner[place]), self.key[rows], self.step[rows])


def posted_of(owner: int, sound: SoundPrint) -> Posted:
    """Work out the landmarks of one owner."""
    found = landmarks_of(sound, fan=BANK_FAN)
    return Posted(owner, found.key, sound.frame[found.anchor])


def write_sound_segment(folder: Path, posted: Sequence[Posted]) -> None:
    """Write landmarks as a new segment, whole or not at all; durable on return."""
    key = np.concatenate([each.key for each in posted])
    order = np.argsort(key, kind="stable")
    columns = {
        "owner": np.array([each.owner for each in posted], np.int64),
        "key": key[order],
        "place": np.repeat(np.arange(len(posted), dtype=np.uint32), [len(p.key) for p in posted])[
            order
        ],
        "step": np.concatenate([each.step for each in posted])[order],
    }
    write_columns(folder, columns)
