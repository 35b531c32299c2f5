"""Local features of stills, and how they are stored with an entry.

In: what the detector found. Out: one frozen table, and its bytes: 41 a feature, 12 a still.
"""

import struct
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import BadInput
from fieldfare.matching.features.codes import CODE_BYTES

FULL_TURN: Final = 256
"""Angles are kept in so many steps."""

OCTAVE: Final = 16
"""Sizes are kept as logarithms to the base of 2, in so many steps."""

PLACES: Final = 32
"""Places are kept in so many steps a pixel."""

_MAGIC: Final = b"FFL1"
_HEAD: Final = struct.Struct("<4sII")
_STILL_BYTES: Final = 8 + 2 + 2
_FEATURE_BYTES: Final = 2 + 4 + 1 + 1 + CODE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalFeatures:
    """Features of k stills, n in all, still by still. Raises BadInput if they do not fit together.

    t: (k,) float64, seconds. frame: (k, 2) uint16, width and height in pixels. still: (n,) uint16,
    which still, rising. place: (n, 2) float32, x and y in pixels. angle: (n,) uint8, of 256.
    size: (n,) uint8, 16 an octave. code: (n, 32) uint8.
    """

    t: NDArray[np.float64]
    frame: NDArray[np.uint16]
    still: NDArray[np.uint16]
    place: NDArray[np.float32]
    angle: NDArray[np.uint8]
    size: NDArray[np.uint8]
    code: NDArray[np.uint8]

    def __post_init__(self) -> None:
        k, n = len(self.t), len(self.still)
        fits = (
            self.frame.shape == (k, 2)
            and self.place.shape == (n, 2)
            and self.angle.shape == self.size.shape == (n,)
            and self.code.shape == (n, CODE_BYTES)
        )
        if not fits:
            raise BadInput("the columns of a table of local features are not of one length")
        if n and (int(self.still.max()) >= k or bool((np.diff(self.still.astype(int)) < 0).any())):
            raise BadInput("a table of local features names stills that it does not hold")

    def __len__(self) -> int:
        return len(self.still)

    @classmethod
    def empty(cls) -> Self:
        return cls(
            t=np.empty(0),
            frame=np.empty((0, 2), np.uint16),
            still=np.empty(0, np.uint16),
            place=np.empty((0, 2), np.float32),
            angle=np.empty(0, np.uint8),
            size=np.empty(0, np.uint8),
            code=np.empty((0, CODE_BYTES), np.uint8),
        )

    def bounds(self) -> NDArray[np.int64]:
        """Give (k + 1,): still i has the features from bounds[i] up to bounds[i + 1]."""
        return np.searchsorted(self.still, np.arange(len(self.t) + 1)).astype(np.int64)


def pack_features(features: LocalFeatures) -> bytes:
    """Write features as bytes, column by column, little-endian; places to 1/32 pixel."""
    places = np.clip(np.round(features.place * PLACES), 0, 2**16 - 1)
    columns = (
        features.t.astype("<f8"),
        features.frame.astype("<u2"),
        features.still.astype("<u2"),
        places.astype("<u2"),
        features.angle,
        features.size,
        features.code,
    )
    head = _HEAD.pack(_MAGIC, len(features.t), len(features))
    return head + b"".join(column.tobytes() for column in columns)


def unpack_features(data: bytes) -> LocalFeatures:
    """Read what `pack_features` wrote. Raises BadInput for anything else."""
    if len(data) < _HEAD.size:
        raise BadInput("a table of local features is cut short")
    magic, k, n = _HEAD.unpack_from(data)
    if magic != _MAGIC or len(data) != _HEAD.size + k * _STILL_BYTES + n * _FEATURE_BYTES:
        raise BadInput("these bytes are no table of local features, or not all of one")
    at = _HEAD.size

    def column(kind: str, count: int) -> NDArray[np.generic]:
        nonlocal at
        part = np.frombuffer(data, kind, count, at)
        at += part.nbytes
        return part

    return LocalFeatures(
        t=column("<f8", k).astype(np.float64),
        frame=column("<u2", 2 * k).astype(np.uint16).reshape(k, 2),
        still=column("<u2", n).astype(np.uint16),
        place=column("<u2", 2 * n).astype(np.float32).reshape(n, 2) / np.float32(PLACES),
        angle=column("u1", n).astype(np.uint8),
        size=column("u1", n).astype(np.uint8),
        code=column("u1", n * CODE_BYTES).astype(np.uint8).reshape(n, CODE_BYTES),
    )
