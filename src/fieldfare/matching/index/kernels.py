"""The loops that take the time: filling buckets, seeking in them, and comparing all with all.

In and out: plain arrays; nothing here knows of files or owners. Compiled at import (`warm`).

Multi-index hashing: 256 bits are 16 chunks of 16 bits. Two hashes within 31 bits differ in at most
one bit in at least one chunk (else they differed in 16 x 2 bits), so the 17 buckets around each
chunk of a query hold every row within the radius. Source: Norouzi, Punjani and Fleet, "Fast Search
in Hamming Space with Multi-Index Hashing" (CVPR 2012). With `reach` of each chunk (0, 1 or 2 bits,
-1 to leave it out), a radius r is exact if the sum of reach + 1 is r + 1.

A bucket's entry is 16 bytes: the row's position in the lower half of the first word, and above it
the six chunks before, a signature of 96 bits that turns away nearly all rows without reading them;
and most of those that an earlier chunk's buckets held already.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.index.compiled import (
    COUNT,
    ENTRIES,
    HITS,
    NOTHING,
    OFFSETS,
    PLACES,
    REACHES,
    WORDS,
    WORDS_OUT,
    compiled,
    inlined,
    ones,
    prefetch,
    prefetch_row,
)

N_CHUNKS: Final = 16
N_BUCKETS: Final = 65_536
EXACT_UP_TO: Final = 47
"""The largest radius that the buckets find everything within."""

_LOW_HALF: Final = np.uint64(0xFFFF_FFFF)
_CHUNK: Final = np.uint64(0xFFFF)
_LAST: Final = np.uint64(15)
_1, _2, _3, _4, _5, _6, _7, _8 = (np.uint64(n) for n in range(1, 9))
_16, _32, _48 = np.uint64(16), np.uint64(32), np.uint64(48)
WAITING: Final = 128
"""How many rows are asked for before the first of them is measured."""

_FLAT_BLOCK: Final = 2_048

Words = NDArray[np.uint64]
Places = NDArray[np.uint32]
Reaches = NDArray[np.int64]


def _near_values() -> Words:
    """Give what turns a chunk into itself, the 16 one bit away, and the 120 two bits away."""
    ones_of = [1 << bit for bit in range(16)]
    twos_of = [one | other for at, one in enumerate(ones_of) for other in ones_of[:at]]
    return np.array([0, *ones_of, *twos_of], np.uint64)


NEAR: Final = _near_values()
WITHIN: Final = np.array([1, 17, 137], np.int64)
"""How many of them are within 0, 1 and 2 bits."""


@inlined
def _chunk(words: Words, row: np.uint64, c: np.uint64) -> np.uint64:
    """Give chunk c (modulo 16) of a row: 16 bits."""
    at = c & _LAST
    word: np.uint64 = words[row, at >> _2]
    return (word >> ((at & _3) * _16)) & _CHUNK


@inlined
def _upper(words: Words, row: np.uint64, c: np.uint64) -> np.uint64:
    """Give the first two chunks of the signature, in the upper half of a word."""
    return (_chunk(words, row, c - _1) << _32) | (_chunk(words, row, c - _2) << _48)


@inlined
def _rest(words: Words, row: np.uint64, c: np.uint64) -> np.uint64:
    """Give the other four chunks of the signature."""
    return (
        _chunk(words, row, c - _3)
        | (_chunk(words, row, c - _4) << _16)
        | (_chunk(words, row, c - _5) << _32)
        | (_chunk(words, row, c - _6) << _48)
    )


@compiled(NOTHING, WORDS, COUNT, PLACES, WORDS_OUT)
def fill_buckets(words: Words, chunk: int, offsets: Places, entries: Words) -> None:
    """Sort rows into the buckets of one chunk, in their order within each.

    words: (n, 4). offsets: (65537,), written: bucket b is entries offsets[b] to offsets[b + 1].
    entries: (n, 2), written.
    """
    c = np.uint64(chunk)
    n = np.uint64(len(words))
    offsets[:] = np.uint32(0)
    row = np.uint64(0)
    while row < n:
        offsets[_chunk(words, row, c) + _1] += np.uint32(1)
        row += _1
    for bucket in range(1, len(offsets)):
        offsets[bucket] += offsets[bucket - 1]
    free = offsets.copy()
    row = np.uint64(0)
    while row < n:
        bucket_of = _chunk(words, row, c)
        place = np.uint64(free[bucket_of])
        free[bucket_of] += np.uint32(1)
        entries[place, 0] = row | _upper(words, row, c)
        entries[place, 1] = _rest(words, row, c)
        row += _1


@inlined
def _apart(words: Words, row: np.uint64, queries: Words, query: np.uint64) -> np.uint64:
    """Count the bits in which a row and a query differ."""
    return (
        ones(words[row, 0] ^ queries[query, 0])
        + ones(words[row, 1] ^ queries[query, 1])
        + ones(words[row, 2] ^ queries[query, 2])
        + ones(words[row, 3] ^ queries[query, 3])
    )


@inlined
def _note(
    hits: Places, room: Places, found: int, query: np.uint64, row: np.uint64, distance: np.uint64
) -> int:
    """Count a hit if its query may have more, and write it down if there is space."""
    if room[query] == 0:
        return found
    room[query] -= np.uint32(1)
    if found < len(hits):
        hits[found, 0] = np.uint32(query)
        hits[found, 1] = np.uint32(row)
        hits[found, 2] = np.uint32(distance)
    return found + 1


@inlined
def _met_before(upper: np.uint64, rest: np.uint64, c: np.uint64, reach: Reaches) -> bool:
    """Tell from how the signatures differ whether buckets of one of the six chunks before, those
    that come earlier, held the row.
    """
    differing = upper >> _32
    before = _1
    while before <= min(_6, c):
        if before == _3:
            differing = rest
        if np.int64(ones(differing & _CHUNK)) <= reach[c - before]:
            return True
        differing >>= _16
        before += _1
    return False


@inlined
def _measure(
    waiting: Words,
    count: int,
    c: np.uint64,
    words: Words,
    queries: Words,
    reach: Reaches,
    to: tuple[Places, Places],
    found: int,
) -> int:
    """Measure rows that were asked for; note those that are near and that no earlier chunk had.

    waiting: (k, 2), row and query of the first `count`. to: hits and room, as in `seek`.
    """
    for at in range(count):
        row, query = waiting[at, 0], waiting[at, 1]
        distance = _apart(words, row, queries, query)
        new = np.int64(distance) <= reach[N_CHUNKS]
        earlier = np.uint64(0)
        while new and earlier + _6 < c:
            differing = _chunk(words, row, earlier) ^ _chunk(queries, query, earlier)
            new = np.int64(ones(differing)) > reach[earlier]
            earlier += _1
        if new:
            found = _note(to[0], to[1], found, query, row, distance)
    return found


@inlined
def _ask(
    entry: np.uint64,
    rest: np.uint64,
    signature: tuple[np.uint64, np.uint64, np.uint64],
    at: tuple[np.uint64, np.uint64],
    words: Words,
    reach: Reaches,
    waiting: Words,
    count: int,
) -> int:
    """Ask for the row of an entry and let it wait, unless an earlier chunk's buckets held it."""
    row = entry & _LOW_HALF
    if row >= np.uint64(len(words)):
        return count
    if _met_before(entry ^ signature[0], rest ^ signature[1], at[1], reach):
        return count
    prefetch_row(words, row)
    waiting[count, 0], waiting[count, 1] = row, at[0]
    return count + 1


@inlined
def _look_up(
    value: np.uint64,
    chunk: int,
    offsets: Places,
    base: np.uint64,
    spans: Words,
    at: tuple[int, int],
) -> None:
    """Note where the buckets around a chunk's value begin and end; the value's own comes first.

    spans: (2, 274). at: which row is written, and for how many buckets: where each begins and ends
    in the entries, in turn.
    """
    side, count = at
    for n in range(count):
        near = value ^ NEAR[n]
        spans[side, 2 * n] = base + np.uint64(offsets[chunk, near]) * _2
        spans[side, 2 * n + 1] = base + np.uint64(offsets[chunk, near + _1]) * _2


@inlined
def _scan(
    span: tuple[np.uint64, np.uint64],
    wanted: tuple[np.uint64, np.uint64],
    signature: tuple[np.uint64, np.uint64, np.uint64],
    at: tuple[np.uint64, np.uint64],
    entries: Words,
    words: Words,
    reach: Reaches,
    waiting: Words,
    count: int,
    i: np.uint64,
) -> tuple[int, np.uint64]:
    """Compare a query with the signatures of one bucket from `i` on, and ask for another's lines.

    Stops where no more rows can wait, and says where that was. Four entries are a line of the
    cache; they are compared without a branch between them.
    """
    upper, rest, least = signature
    stop = span[1]
    ahead = wanted[0] + (i - span[0])
    while i + _8 <= stop and count + 4 <= WAITING:
        prefetch(entries, ahead)
        ahead += _8
        d0 = ones((entries[i] ^ upper) >> _32) + ones(entries[i + _1] ^ rest)
        d1 = ones((entries[i + _2] ^ upper) >> _32) + ones(entries[i + _3] ^ rest)
        d2 = ones((entries[i + _4] ^ upper) >> _32) + ones(entries[i + _5] ^ rest)
        d3 = ones((entries[i + _6] ^ upper) >> _32) + ones(entries[i + _7] ^ rest)
        if (d0 <= least) | (d1 <= least) | (d2 <= least) | (d3 <= least):
            for step, distance in enumerate((d0, d1, d2, d3)):
                if distance <= least:
                    e = i + np.uint64(step) * _2
                    count = _ask(
                        entries[e], entries[e + _1], signature, at, words, reach, waiting, count
                    )
        i += _8
    while i < stop and count < WAITING:
        if ones((entries[i] ^ upper) >> _32) + ones(entries[i + _1] ^ rest) <= least:
            count = _ask(entries[i], entries[i + _1], signature, at, words, reach, waiting, count)
        i += _2
    while i == stop and ahead < wanted[1]:
        prefetch(entries, ahead)
        ahead += _8
    return count, i


@inlined
def _seek_by_chunk(
    chunk: int,
    queries: Words,
    index: tuple[Places, Words, Words],
    reach: Reaches,
    spans: Words,
    waiting: Words,
    to: tuple[Places, Places],
    found: int,
) -> int:
    """Seek in the buckets of one chunk, for each query in turn, one query ahead of reading."""
    offsets, entries, words = index
    c, count = np.uint64(chunk), 0
    base = c * np.uint64(len(words)) * _2
    around = WITHIN[reach[chunk]]
    for turn in range(len(queries) + 1):
        ahead = turn & 1
        if turn < len(queries):
            value = _chunk(queries, np.uint64(turn), c)
            _look_up(value, chunk, offsets, base, spans, (ahead, around))
        if turn == 0:
            continue
        at, now = (np.uint64(turn - 1), c), 1 - ahead
        upper, rest = _upper(queries, at[0], c), _rest(queries, at[0], c)
        for n in range(around):
            least = np.uint64(reach[N_CHUNKS] - (n >= WITHIN[0]) - (n >= WITHIN[1]))
            span = spans[now, 2 * n], spans[now, 2 * n + 1]
            wanted = spans[ahead, 2 * n], spans[ahead, 2 * n + 1]
            i = span[0]
            while True:
                signature = (upper, rest, least)
                count, i = _scan(
                    span, wanted, signature, at, entries, words, reach, waiting, count, i
                )
                if count + 4 > WAITING:
                    found = _measure(waiting, count, c, words, queries, reach, to, found)
                    count = 0
                if i >= span[1]:
                    break
    return _measure(waiting, count, c, words, queries, reach, to, found)


@compiled(COUNT, WORDS, OFFSETS, ENTRIES, WORDS, REACHES, HITS, PLACES)
def seek(
    queries: Words,
    offsets: Places,
    entries: Words,
    words: Words,
    reach: Reaches,
    hits: Places,
    room: Places,
) -> int:
    """Find every row near each query, once. Returns how many there are.

    queries: (m, 4). offsets: (16, 65537). entries: (32 n,), chunk after chunk. words: (n, 4).
    reach: (17,): of each chunk, then the radius (`reaches`). hits: (k, 3), written: query, row and
    distance of the first k. room: (m,), how many rows each query may still have; lessened.

    Chunk after chunk, over all queries: so the offsets of a chunk stay in the cache. While one
    query's buckets are read, those of the next are asked for line by line, so that reading and
    comparing go on side by side: a third more lookups at ten million rows.
    """
    spans = np.zeros((2, 2 * len(NEAR)), np.uint64)
    waiting = np.empty((WAITING, 2), np.uint64)
    found = 0
    for chunk in range(N_CHUNKS):
        if reach[chunk] >= 0:
            index, to = (offsets, entries, words), (hits, room)
            found = _seek_by_chunk(chunk, queries, index, reach, spans, waiting, to, found)
    return found


@compiled(COUNT, WORDS, WORDS, COUNT, HITS, PLACES)
def compare_all(queries: Words, words: Words, radius: int, hits: Places, room: Places) -> int:
    """Compare each query with each row, for any radius. Returns how many are near.

    queries: (m, 4). words: (n, 4). hits, room: as in `seek`. The first half of the bits decides
    nearly every pair. Block by block, so that a block stays in the cache for all queries.
    """
    n, m = np.uint64(len(words)), np.uint64(len(queries))
    most = np.uint64(radius)
    found = 0
    for start in range(0, len(words), _FLAT_BLOCK):
        stop = min(n, np.uint64(start + _FLAT_BLOCK))
        query = np.uint64(0)
        while query < m:
            first, second = queries[query, 0], queries[query, 1]
            row = np.uint64(start)
            while row < stop:
                if ones(words[row, 0] ^ first) + ones(words[row, 1] ^ second) <= most:
                    distance = _apart(words, row, queries, query)
                    if distance <= most:
                        found = _note(hits, room, found, query, row, distance)
                row += _1
            query += _1
    return found


def reaches(radius: int) -> Reaches:
    """Say how far to look around each chunk, and the radius last. Exact for 0..47."""
    reach = np.full(N_CHUNKS + 1, -1, np.int64)
    steps = radius + 1
    for chunk in range(N_CHUNKS):
        reach[chunk] = (steps + N_CHUNKS - 1 - chunk) // N_CHUNKS - 1
    reach[N_CHUNKS] = radius
    return reach
