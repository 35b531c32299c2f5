"""Frame hashes as records and as tables: what the sealed child took, and what events carry."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.fingerprints import FrameTable
from fieldfare.matching.pdq import PDQ_BYTES, FrameHash, row_of


def hashes_of(
    t: NDArray[np.float64], bits: NDArray[np.uint8], quality: NDArray[np.uint8]
) -> tuple[FrameHash, ...]:
    """Make records of what the PDQ tap took. t: (n,) s; bits: (n, 32); quality: (n,)."""
    return tuple(
        FrameHash(t=round(float(at), 3), hex=row.tobytes().hex(), quality=int(good))
        for at, row, good in zip(t, bits, quality, strict=True)
    )


def table_of(frames: Sequence[FrameHash]) -> FrameTable:
    """Put records of hashes into one table, as they are and of the whole picture."""
    return FrameTable.of(
        np.array([frame.t for frame in frames], np.float64),
        np.array([row_of(frame.hex) for frame in frames], np.uint8).reshape(-1, PDQ_BYTES),
        np.array([frame.quality for frame in frames], np.uint8),
    )
