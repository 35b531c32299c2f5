"""Frozen counters: a store as of one event, written in pieces while it goes on counting.

In flow a store, out flow pieces of bytes that make an equal store again. `CounterStore.frozen`
takes no longer than listing the keys: what is frozen is not copied, but copied when next touched.
"""

import ast
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec

from fieldfare.kernel import BadInput
from fieldfare.rules.counters import Counter, CounterStore, Held, Key
from fieldfare.rules.tallies import Tally

PIECE_KEYS: Final = 500
"""Keys of one piece: about a millisecond of work at a time, as other threads wait for it."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """Counters as of an event. `evicted`: keys that had gone by then."""

    newest: int
    evicted: int
    counters: tuple[tuple[Counter, list[Key], list[Tally]], ...]

    def keys(self) -> int:
        return sum(len(keys) for _, keys, _ in self.counters)


class _Begin(msgspec.Struct, frozen=True, array_like=True):
    newest: int
    evicted: int
    counters: tuple[Counter, ...]


class _Piece(msgspec.Struct, frozen=True, array_like=True):
    """Some keys of the counter at a place. odd: keys and tallies as Python would write them, where
    MessagePack cannot (whole numbers of more than 64 bits).
    """

    at: int
    keys: list[tuple[str | int | float | bool, ...]]
    tallies: list[tuple[Any, ...]]
    odd: str = ""


_READ: Final = msgspec.msgpack.Decoder(_Piece)
_READ_BEGIN: Final = msgspec.msgpack.Decoder(_Begin)


def freeze(store: CounterStore) -> Frozen:
    """Take hold of a store as it stands. Of the thread that counts."""
    store.epoch += 1
    held = store.held.values()
    # In the order of the table below, not of the keys: walking those takes ten times as long.
    listed = (
        (one.counter, list(dict.keys(one.tallies)), list(dict.values(one.tallies))) for one in held
    )
    return Frozen(store.newest, store.evicted, tuple(listed))


def pieces(frozen: Frozen) -> Iterator[bytes]:
    """Write what is frozen. Of any thread."""
    counters = tuple(counter for counter, _, _ in frozen.counters)
    yield msgspec.msgpack.encode(_Begin(frozen.newest, frozen.evicted, counters))
    for at, (_, keys, tallies) in enumerate(frozen.counters):
        both = zip(keys, tallies, strict=True)
        while some := list(islice(both, PIECE_KEYS)):
            yield _piece(at, [key for key, _ in some], [tally.written() for _, tally in some])


def thawed(pieces: Iterable[bytes], *, max_keys: int) -> CounterStore:
    """Make the store again. Raises BadInput for what `pieces` did not write."""
    reading = iter(pieces)
    try:
        begin = _READ_BEGIN.decode(next(reading))
        store = CounterStore(begin.counters, max_keys=max_keys)
        found: list[list[tuple[int, Key, Tally]]] = [[] for _ in begin.counters]
        for piece in reading:
            _read(_READ.decode(piece), begin.counters, found)
    except (ValueError, TypeError, IndexError, SyntaxError, StopIteration) as error:
        raise BadInput(f"these are no counters: {error}", hint="Count anew from the log.") from None
    for counter, dated in zip(begin.counters, found, strict=True):
        dated.sort(key=lambda each: each[0])
        held = Held(counter)
        held.tallies = OrderedDict((key, tally) for _, key, tally in dated[-max_keys:])
        store.held[counter.name] = held
    store.newest, store.evicted = begin.newest, begin.evicted
    return store


def _piece(at: int, keys: list[Key], tallies: list[tuple[Any, ...]]) -> bytes:
    try:
        return msgspec.msgpack.encode(_Piece(at, keys, tallies))
    except (OverflowError, UnicodeEncodeError):
        return msgspec.msgpack.encode(_Piece(at, [], [], ascii((keys, tallies))))


def _read(
    piece: _Piece, counters: tuple[Counter, ...], found: list[list[tuple[int, Key, Tally]]]
) -> None:
    keys, tallies = piece.keys, piece.tallies
    if piece.odd:
        keys, tallies = ast.literal_eval(piece.odd)
    read = counters[piece.at].tally.read
    for key, written in zip(keys, tallies, strict=True):
        tally = read(*written)
        found[piece.at].append((tally.last, key, tally))
