"""The loops that take the time: filling buckets, seeking in them, and comparing all with all.

In and out: plain arrays; nothing here knows of files or owners. Compiled at import (`warm`).

Multi-index hashing: the buckets around each chunk of a query hold every row within the radius
(`reaching` says why). A row may stand in several of them and is told once, by the first.

A bucket's entry is 16 bytes: the row's position in the lower half of the first word, and above it
the six chunks before, a signature of 96 bits that turns away nearly all rows without reading them;
and most of those that an earlier chunk's buckets held already. Whether a row is near cannot be
foretold, so there is no branch on it: what is near is noted, then sorted out, then measured.
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
from fieldfare.matching.index.reaching import N_CHUNKS, NEAR, WITHIN

_LOW_HALF: Final = np.uint64(0xFFFF_FFFF)
_CHUNK: Final = np.uint64(0xFFFF)
_LAST: Final = np.uint64(15)
_0, _1, _2, _3, _4, _5, _6, _7, _8 = (np.uint64(n) for n in range(9))
_16, _32, _48 = np.uint64(16), np.uint64(32), np.uint64(48)
_LINE: Final = np.uint64(0xFFFF_FFFF_FFFF_FFF8)
_FIVES, _THREES = np.uint64(0x5555_5555_5555_5555), np.uint64(0x3333_3333_3333_3333)
_FIFTEENS, _BYTES = np.uint64(0x0F0F_0F0F_0F0F_0F0F), np.uint64(0x00FF_00FF_00FF_00FF)
_TOPS: Final = np.uint64(0x8000_8000_8000_8000)
AT_ONCE: Final = 64
"""Queries whose buckets are looked up before the first of them is read."""
CANDIDATES: Final = 512
LINES_AHEAD: Final = 24
"""How many lines of the cache are asked for before the first of them is read."""

_FLAT_BLOCK: Final = 2_048

Words = NDArray[np.uint64]
Places = NDArray[np.uint32]
Reaches = NDArray[np.int64]


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
def _unmet(counts: np.uint64, least: np.uint64) -> bool:
    """Tell whether each of four counts, 16 bits wide, is as high as its `least` says.

    least: in each 16 bits, 32,768 less what the count must be.
    """
    return bool((counts + least) & _TOPS == _TOPS)


@inlined
def _ones_by_chunk(word: np.uint64) -> np.uint64:
    """Count the bits set in each of four chunks side by side."""
    word -= (word >> _1) & _FIVES
    word = (word & _THREES) + ((word >> _2) & _THREES)
    word = (word + (word >> _4)) & _FIFTEENS
    return (word + (word >> _8)) & _BYTES


@inlined
def _look_up(
    block: tuple[int, int],
    chunk: int,
    queries: Words,
    index: tuple[Places, Words, Words],
    reach: Reaches,
    spans: Words,
) -> np.uint64:
    """Note where the buckets around a chunk of some queries begin and end; returns how many are not
    empty.

    spans: (k, 6), written: begin and end in the entries, the query, what of the radius is left, and
    the query's signature. After the last, one that stands for what follows.
    """
    offsets, entries, words = index
    c, count = np.uint64(chunk), np.uint64(0)
    base = c * np.uint64(len(words)) * _2
    around = WITHIN[reach[chunk]]
    for query in range(block[0], block[1]):
        q = np.uint64(query)
        value, upper, rest = _chunk(queries, q, c), _upper(queries, q, c), _rest(queries, q, c)
        for n in range(around):
            near = value ^ NEAR[n]
            start, stop = np.uint64(offsets[chunk, near]), np.uint64(offsets[chunk, near + _1])
            spans[count, 0], spans[count, 1] = base + start * _2, base + stop * _2
            spans[count, 2] = q
            spans[count, 3] = np.uint64(reach[N_CHUNKS] - (n >= WITHIN[0]) - (n >= WITHIN[1]))
            spans[count, 4], spans[count, 5] = upper, rest
            count += np.uint64(start != stop)
    spans[count, 0], spans[count, 1] = _0, np.uint64(len(entries))
    return count


@inlined
def _keep_new(
    candidates: Words,
    count: np.uint64,
    spans: Words,
    entries: Words,
    words: Words,
    least: Words,
    waiting: Words,
) -> np.uint64:
    """Keep the candidates that lie in their span, and that buckets of none of the six chunks before
    held. Returns how many.

    candidates: (k, 2), place in the entries and span. least: (6,), of the chunk. waiting:
    (k, 2), written: row and query.
    """
    kept = np.uint64(0)
    for at in range(np.int64(count)):
        i, span = candidates[at, 0], candidates[at, 1]
        upper = _ones_by_chunk((entries[i] ^ spans[span, 4]) >> _32)
        rest = _ones_by_chunk(entries[i + _1] ^ spans[span, 5])
        row = entries[i] & _LOW_HALF
        waiting[kept, 0], waiting[kept, 1] = row, spans[span, 2]
        kept += np.uint64(
            (i >= spans[span, 0])
            & (i < spans[span, 1])
            & (row < np.uint64(len(words)))
            & _unmet(upper, least[4])
            & _unmet(rest, least[5])
        )
    return kept


@inlined
def _measure(
    waiting: Words,
    count: np.uint64,
    words: Words,
    queries: Words,
    radius: np.uint64,
    least: Words,
    to: tuple[Places, Places],
    found: int,
) -> int:
    """Measure rows; note those that are near and that no earlier chunk had.

    waiting: (k, 2), row and query of the first `count`. to: hits and room, as in `seek`.
    """
    for at in range(np.int64(count)):
        prefetch_row(words, waiting[at, 0])
    for at in range(np.int64(count)):
        row, query = waiting[at, 0], waiting[at, 1]
        distance = _apart(words, row, queries, query)
        if distance <= radius:
            new = True
            for word in range(4):
                w = np.uint64(word)
                differing = words[row, w] ^ queries[query, w]
                new &= _unmet(_ones_by_chunk(differing), least[w])
            if new:
                found = _note(to[0], to[1], found, query, row, distance)
    return found


@inlined
def _next_line(ahead: np.uint64, span: np.uint64, spans: Words) -> tuple[np.uint64, np.uint64]:
    """Move on by a line of the cache; behind the end of a span, to the next one."""
    ahead += _8
    is_over = ahead >= spans[span, 1]
    span += np.uint64(is_over)
    return (spans[span, 0] & _LINE if is_over else ahead), span


@inlined
def _scan(
    spans: Words,
    count: np.uint64,
    queries: Words,
    index: tuple[Places, Words, Words],
    radius: np.uint64,
    least: Words,
    room: tuple[Words, Words],
    to: tuple[Places, Places],
    found: int,
) -> int:
    """Compare the signatures in spans with their queries', line by line, and measure what is near.

    Whole lines of the cache, four entries: what of them lies outside of the span is sorted out with
    the candidates. There is no branch on what is compared, for it cannot be foretold.
    """
    entries, words = index[1], index[2]
    candidates, waiting = room
    ahead, ahead_span = spans[0, 0] & _LINE, _0
    for _ in range(LINES_AHEAD):
        prefetch(entries, ahead)
        ahead, ahead_span = _next_line(ahead, ahead_span, spans)
    near = _0
    for at in range(np.int64(count)):
        span = np.uint64(at)
        i, stop = spans[span, 0] & _LINE, spans[span, 1]
        most, upper, rest = spans[span, 3], spans[span, 4], spans[span, 5]
        while i < stop:
            prefetch(entries, ahead)
            ahead, ahead_span = _next_line(ahead, ahead_span, spans)
            for step in range(4):
                e = i + np.uint64(2 * step)
                candidates[near, 0], candidates[near, 1] = e, span
                distance = ones((entries[e] ^ upper) >> _32) + ones(entries[e + _1] ^ rest)
                near += np.uint64(distance <= most)
            i += _8
            if near > np.uint64(CANDIDATES - 4):
                kept = _keep_new(candidates, near, spans, entries, words, least, waiting)
                found = _measure(waiting, kept, words, queries, radius, least, to, found)
                near = _0
    kept = _keep_new(candidates, near, spans, entries, words, least, waiting)
    return _measure(waiting, kept, words, queries, radius, least, to, found)


@compiled(COUNT, WORDS, OFFSETS, ENTRIES, WORDS, REACHES, WORDS, HITS, PLACES)
def seek(
    queries: Words,
    offsets: Places,
    entries: Words,
    words: Words,
    reach: Reaches,
    least: Words,
    hits: Places,
    room: Places,
) -> int:
    """Find every row near each query, once. Returns how many there are.

    queries: (m, 4). offsets: (16, 65537). entries: (32 n,), chunk after chunk. words: (n, 4).
    reach, least: of `reaching`. hits: (k, 3), written: query, row and
    distance of the first k. room: (m,), how many rows each query may still have; lessened.

    Chunk after chunk, over some queries at once: so the offsets of a chunk stay in the cache, and
    buckets that are empty, nearly all in a small segment, are left out before any is read. Lines
    of the cache are asked for some ahead of the one that is compared.
    """
    spans = np.empty((AT_ONCE * WITHIN[2] + 1, 6), np.uint64)
    room_for = np.empty((CANDIDATES, 2), np.uint64), np.empty((CANDIDATES, 2), np.uint64)
    index, to, radius = (offsets, entries, words), (hits, room), np.uint64(reach[N_CHUNKS])
    found = 0
    for chunk in range(N_CHUNKS):
        if reach[chunk] < 0:
            continue
        for start in range(0, len(queries), AT_ONCE):
            block = start, min(start + AT_ONCE, len(queries))
            count = _look_up(block, chunk, queries, index, reach, spans)
            found = _scan(spans, count, queries, index, radius, least[chunk], room_for, to, found)
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
