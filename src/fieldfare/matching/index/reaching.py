"""How far to look around each chunk of a hash, so that no row within a radius is missed.

In: a radius. Out: small arrays that the kernels go by. 256 bits are 16 chunks of 16 bits, each with
buckets of its own; a chunk's reach says how many bits from the query's a bucket may be: 0, 1 or 2,
or -1 to leave the chunk out.

Why that is exact: let the reaches plus one sum to the radius plus one. A row that is in no bucket
looked at differs from the query in at least reach + 1 bits of each chunk, so in at least radius + 1
bits of all: it is beyond the radius. Source: Norouzi, Punjani and Fleet, "Fast Search in Hamming
Space with Multi-Index Hashing" (CVPR 2012); unlike reaches: Qin et al., "GPH: Similarity Search in
Hamming Space" (ICDE 2018).
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

N_CHUNKS: Final = 16
EXACT_UP_TO: Final = 47
"""The largest radius that the buckets find everything within."""

CHUNKS_BEFORE: Final = 6
"""How many a signature in a bucket holds: those before its chunk, the nearest first."""

_IN_UPPER: Final = 2
"""How many of them stand in the upper half of the first word."""

_TOP: Final = 32_768


def _near_values() -> NDArray[np.uint64]:
    """Give what turns a chunk into itself, the 16 one bit away, and the 120 two bits away."""
    ones_of = [1 << bit for bit in range(16)]
    twos_of = [one | other for at, one in enumerate(ones_of) for other in ones_of[:at]]
    return np.array([0, *ones_of, *twos_of], np.uint64)


NEAR: Final = _near_values()
WITHIN: Final = np.array([1, 17, 137], np.int64)
"""How many of them are within 0, 1 and 2 bits."""


@lru_cache(maxsize=EXACT_UP_TO + 1)
def reaches(radius: int) -> NDArray[np.int64]:
    """Say how far to look around each chunk, and the radius last: (17,). Exact for 0..47."""
    reach = np.full(N_CHUNKS + 1, -1, np.int64)
    steps = radius + 1
    for chunk in range(N_CHUNKS):
        reach[chunk] = (steps + N_CHUNKS - 1 - chunk) // N_CHUNKS - 1
    reach[N_CHUNKS] = radius
    reach.flags.writeable = False
    return reach


@lru_cache(maxsize=EXACT_UP_TO + 1)
def least_ones(radius: int) -> NDArray[np.uint64]:
    """Say how many bits of other chunks differ in a row that no earlier chunk's buckets held.

    Returns (16, 6): for each chunk, four words for the sixteen chunks in their order, then two for
    the six chunks before it as they stand in a signature. In each 16 bits stands 32,768 less the
    number, so that adding what was counted sets the top bit if it is enough.
    """
    reach = reaches(radius)
    least = np.full((N_CHUNKS, 6, 4), _TOP, np.uint16)
    for chunk in range(N_CHUNKS):
        for earlier in range(chunk):
            enough = np.uint16(_TOP - (reach[earlier] + 1))
            least[chunk, earlier // 4, earlier % 4] = enough
            before = chunk - earlier - 1
            if before < _IN_UPPER:
                least[chunk, 4, before] = enough
            elif before < CHUNKS_BEFORE:
                least[chunk, 5, before - _IN_UPPER] = enough
    words = least.view("<u8").astype(np.uint64).reshape(N_CHUNKS, 6)
    words.flags.writeable = False
    return words
