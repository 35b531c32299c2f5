"""The loop of seeking features: every code that shares a part with a query's, compared.

In and out: plain arrays. Compiled when first asked for (`warm` compiles it before). The rows of a
bucket lie anywhere in the file, so each is asked for some rows before it is compared: at two
million features a tenth of the time of gathering them with NumPy.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.index.compiled import (
    COUNT,
    HITS,
    OFFSETS,
    WORDS,
    compiled,
    ones,
    prefetch_row,
)

AHEAD: Final = 16
"""How many rows are asked for before the first of them is compared."""

_0, _1, _2, _3 = (np.uint64(n) for n in range(4))
_AHEAD: Final = np.uint64(AHEAD)

Words = NDArray[np.uint64]
Places = NDArray[np.uint32]


@compiled(COUNT, WORDS, OFFSETS, OFFSETS, OFFSETS, WORDS, COUNT, COUNT, HITS)
def compare_parts(
    queries: Words,
    parts: Places,
    starts: Places,
    order: Places,
    words: Words,
    radius: int,
    most: int,
    near: Places,
) -> int:
    """Note features within the radius; returns how many there are, one for each part shared.

    queries: (m, 4). parts: (8, m), of each query in each table. starts: (8, buckets + 1), order:
    (8, n): the tables. words: (n, 4). most: buckets that hold more are passed over. near: (k, 2),
    written: query and feature of the first k.
    """
    found, limit = 0, np.uint64(radius)
    last = np.uint64(order.shape[1])
    for table in range(len(starts)):
        for query in range(len(queries)):
            q, part = np.uint64(query), np.uint64(parts[table, query])
            at, stop = np.uint64(starts[table, part]), np.uint64(starts[table, part + _1])
            if stop > last or stop - at > np.uint64(most):
                continue
            for ahead in range(at, min(stop, at + _AHEAD)):
                prefetch_row(words, np.uint64(order[table, np.uint64(ahead)]))
            while at < stop:
                if at + _AHEAD < stop:
                    prefetch_row(words, np.uint64(order[table, at + _AHEAD]))
                row = np.uint64(order[table, at])
                at += _1
                if row >= np.uint64(len(words)):
                    continue
                distance = (
                    ones(words[row, _0] ^ queries[q, _0])
                    + ones(words[row, _1] ^ queries[q, _1])
                    + ones(words[row, _2] ^ queries[q, _2])
                    + ones(words[row, _3] ^ queries[q, _3])
                )
                if distance <= limit:
                    if found < len(near):
                        near[found, 0], near[found, 1] = np.uint32(query), np.uint32(row)
                    found += 1
    return found
