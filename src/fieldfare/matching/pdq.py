"""Frame hashes: PDQ with its moment and its quality, and how hashes are written.

In: rows of 32 bytes as the sealed child made them. Out: records with 64 lower-case hex digits, the
form that banks, exchanges and reports use. The hash itself is worked out in `media`, next to the
decoder.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import BadInput

PDQ_BYTES: Final = 32
PDQ_BITS: Final = 256
MIN_QUALITY: Final = 50
"""Below this a picture is too plain for its hash to tell it from others."""

RADIUS: Final = 31
"""Bits of 256 up to which two hashes are held to be of the same picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameHash:
    """t: seconds from the start. hex: 64 lower-case digits. quality: 0..100."""

    t: float
    hex: str
    quality: int


def row_of(text: str) -> NDArray[np.uint8]:
    """Read 64 hex digits as (32,) uint8. Raises BadInput."""
    try:
        row = np.frombuffer(bytes.fromhex(text), np.uint8)
    except ValueError:
        row = np.empty(0, np.uint8)
    if len(row) != PDQ_BYTES or len(text) != 2 * PDQ_BYTES:
        raise BadInput(f"{text[:80]!r} is not a PDQ hash", hint="A PDQ hash is 64 hex digits.")
    return row


def hex_of(row: NDArray[np.uint8]) -> str:
    """Write (32,) uint8 as 64 lower-case hex digits."""
    return row.tobytes().hex()


def distance(one: str, other: str) -> int:
    """Count the bits (0..256) in which two hashes differ. Raises BadInput."""
    return int(np.bitwise_count(row_of(one) ^ row_of(other)).sum())
