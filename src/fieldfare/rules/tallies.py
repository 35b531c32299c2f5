"""Tallies: what a counter holds of one key, and how an event is added to it.

In: an event's id, what it adds, and the id after which events count (`start`). Out: the figure as
of that event. Each tally is a function of the events after `start` alone, so that having run on,
counting anew from the log and going on from a snapshot give the same figures.
"""

from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, ClassVar, Final, Protocol, TypeAlias

from fieldfare.kernel import Unknown
from fieldfare.kernel.ids import TIME_SHIFT

SATURATION: Final = 4_096
"""CountDistinct is exact up to here; beyond it stays here."""
MAX_EVENTS: Final = 1 << 20
"""A key's newest events that Count and Sum remember; older ones are as good as past the window."""
MAX_PART: Final = 256
"""Characters of a text that is kept as it is in a key or among distinct values; ids are shorter."""
DAY_MS: Final = 86_400_000
NOT_BEFORE: Final = Unknown("no such event before this one")
TOO_LARGE: Final = Unknown("the sum is too large for a number")

KeyPart: TypeAlias = str | int | float | bool
Figure: TypeAlias = int | float | Unknown
Written: TypeAlias = tuple[Any, ...]

_SLACK: Final = 32
_SMALL: Final = 64
_LONGEST: Final = 1 << 63
_FINEST: Final = 1_074
"""Every float is a whole number of 2**-1074, so sums of floats can be kept as whole numbers."""


Takes: TypeAlias = Callable[[object], bool] | None
"""Tells whether a value can be added; None where events bring none."""


def is_whole(value: object) -> bool:
    """Tell whether a value is a whole number of at most 64 bits."""
    return type(value) is int and -_LONGEST <= value < _LONGEST


def is_number(value: object) -> bool:
    """Tell whether a value is finite, and if whole of at most 64 bits."""
    if type(value) is float:
        return value - value == 0.0
    return is_whole(value)


def short(part: object) -> object:
    """Give what is kept of a key's part or a value: of a long text its digest, which tells it apart
    as well and lets nobody fill the memory with captions.
    """
    if type(part) is not str or len(part) <= MAX_PART:
        return part
    return blake2b(part.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class Tally(Protocol):
    """What is held of one key. `epoch` tells whether a snapshot still reads it."""

    epoch: int

    @property
    def last(self) -> int:
        """The id of the newest event that was added; 0 if none was."""
        ...

    def take(self, event_id: int, start: int, value: KeyPart | None, *, adds: bool) -> Figure:
        """Add the event unless it came already, and give the figure as of its id."""
        ...

    def copy(self) -> "Tally":
        """Give one that can be changed apart from this one."""
        ...

    def written(self) -> Written:
        """Give it in plain values; `read` of its class makes one of them again."""
        ...


class Events:
    """The ids of one key's events: how many there are."""

    __slots__ = ("epoch", "first", "ids")

    takes: ClassVar[Takes] = None

    def __init__(self, ids: "array[int] | None" = None) -> None:
        self.ids = array("q") if ids is None else ids
        self.first = 0
        self.epoch = 0

    @property
    def last(self) -> int:
        return self.ids[-1] if self.ids else 0

    def take(self, event_id: int, start: int, _value: KeyPart | None, *, adds: bool) -> Figure:
        ids, first = self.ids, self.first
        held = len(ids)
        if held and ids[-1] >= event_id:  # delivered again: not counted again
            return bisect_right(ids, event_id) - max(first, bisect_right(ids, start))
        while first < held and ids[first] <= start:
            first += 1
        if first > _SLACK and 2 * first > held:
            first -= _dropped(first, ids)
        if adds:
            ids.append(event_id)
            if len(ids) - first > MAX_EVENTS:
                first += 1
        self.first = first
        return len(ids) - first

    def copy(self) -> "Events":
        return Events(self.ids[self.first :] if self.first < len(self.ids) else self.ids[-1:])

    def written(self) -> Written:
        return (self.ids[min(self.first, len(self.ids) - 1) :].tobytes(),)

    @classmethod
    def read(cls, ids: bytes) -> "Events":
        return cls(_array("q", ids))


class Days:
    """How many events of one key there were on each UTC day."""

    __slots__ = ("counts", "days", "epoch", "last", "total")

    takes: ClassVar[Takes] = None

    def __init__(self) -> None:
        self.days = array("q")
        self.counts = array("q")
        self.total = 0
        self.last = 0
        self.epoch = 0

    def take(self, event_id: int, start: int, _value: KeyPart | None, *, adds: bool) -> Figure:
        days, counts = self.days, self.counts
        first_day = day_of(start + 1)
        while days and days[0] < first_day:
            self.total -= counts[0]
            del days[0], counts[0]
        if adds and event_id > self.last:
            day = day_of(event_id)
            if days and days[-1] == day:
                counts[-1] += 1
            else:
                days.append(day)
                counts.append(1)
            self.total += 1
            self.last = event_id
        return self.total

    def copy(self) -> "Days":
        return Days.read(self.days.tobytes(), self.counts.tobytes(), self.last)

    def written(self) -> Written:
        return (self.days.tobytes(), self.counts.tobytes(), self.last)

    @classmethod
    def read(cls, days: bytes, counts: bytes, last: int) -> "Days":
        made = cls()
        made.days, made.counts = _array("q", days), _array("q", counts)
        made.total, made.last = sum(made.counts), last
        return made


class Values:
    """The newest distinct values of one key, each with its last id, oldest first.

    Only the newest SATURATION are kept: whether a value counts depends on the window alone.
    """

    __slots__ = ("epoch", "last", "seen")

    takes: ClassVar[Takes] = staticmethod(lambda value: value is not None)

    def __init__(self, seen: Mapping[KeyPart, int] | None = None, last: int = 0) -> None:
        self.seen: dict[KeyPart, int] | OrderedDict[KeyPart, int] = (
            {} if seen is None else OrderedDict(seen) if len(seen) > _SMALL else dict(seen)
        )
        self.last = last
        self.epoch = 0

    def take(self, event_id: int, start: int, value: KeyPart | None, *, adds: bool) -> Figure:
        seen = self.seen
        if adds and value is not None and event_id > self.last:
            self.last = event_id
            if type(seen) is OrderedDict:
                seen[value] = event_id
                seen.move_to_end(value)
                if len(seen) > SATURATION:
                    seen.popitem(last=False)
            else:
                # A small dictionary takes a fraction of the memory; its oldest is found as fast.
                seen.pop(value, None)
                seen[value] = event_id
                if len(seen) > _SMALL:
                    self.seen = seen = OrderedDict(seen)
        while seen and seen[oldest := next(iter(seen))] <= start:
            del seen[oldest]
        return len(seen)

    def copy(self) -> "Values":
        return Values(self.seen, self.last)

    def written(self) -> Written:
        return (list(self.seen), array("q", self.seen.values()).tobytes(), self.last)

    @classmethod
    def read(cls, values: Sequence[KeyPart], ids: bytes, last: int) -> "Values":
        return cls(dict(zip(values, _array("q", ids), strict=True)), last)


class Sums:
    """The numbers one key's events brought, and their exact sum.

    Whole numbers add up exactly. The sum of floats is kept as a whole number of 2**-1074 and
    rounded once, when it is read: the same whatever the order, as `math.fsum` would give it.
    """

    __slots__ = ("epoch", "first", "ids", "numbers", "total")

    code = "q"
    takes: ClassVar[Takes] = staticmethod(is_whole)

    def __init__(self) -> None:
        self.ids = array("q")
        self.numbers: array[Any] = array(self.code)
        self.first = 0
        self.total = 0
        self.epoch = 0

    @property
    def last(self) -> int:
        return self.ids[-1] if self.ids else 0

    def take(self, event_id: int, start: int, value: KeyPart | None, *, adds: bool) -> Figure:
        ids = self.ids
        first = self.first
        while first < len(ids) and ids[first] <= start:
            self.total -= self.exact(self.numbers[first])
            first += 1
        if first > _SLACK and 2 * first > len(ids):
            first -= _dropped(first, ids, self.numbers)
        if adds and event_id > self.last:
            ids.append(event_id)
            self.numbers.append(value)
            self.total += self.exact(value)
            if len(ids) - first > MAX_EVENTS:
                self.total -= self.exact(self.numbers[first])
                first += 1
        self.first = first
        return self.rounded()

    @staticmethod
    def exact(value: Any) -> int:  # noqa: ANN401 -- what the array holds
        return int(value)

    def rounded(self) -> Figure:
        return self.total

    def copy(self) -> "Sums":
        made = type(self)()
        made.ids, made.numbers = self.ids[:], self.numbers[:]
        made.first, made.total = self.first, self.total
        return made

    def written(self) -> Written:
        since = min(self.first, len(self.ids) - 1) if self.ids else 0
        gone = self.first - since
        return (self.ids[since:].tobytes(), self.numbers[since:].tobytes(), gone)

    @classmethod
    def read(cls, ids: bytes, numbers: bytes, gone: int) -> "Sums":
        made = cls()
        made.ids, made.numbers, made.first = _array("q", ids), _array(cls.code, numbers), gone
        made.total = sum(map(cls.exact, made.numbers[gone:]))
        return made


class FloatSums(Sums):
    """The same for floats; what is not finite never comes in."""

    __slots__ = ()

    code = "d"
    takes: ClassVar[Takes] = staticmethod(is_number)

    @staticmethod
    def exact(value: Any) -> int:  # noqa: ANN401 -- what the array holds
        above, below = float(value).as_integer_ratio()
        return above << (_FINEST + 1 - below.bit_length())

    def rounded(self) -> Figure:
        try:
            return self.total / (1 << _FINEST)
        except OverflowError:
            return TOO_LARGE


class Latest:
    """The two newest events of one key: how long ago the one before this one was, in ms."""

    __slots__ = ("before", "epoch", "last")

    takes: ClassVar[Takes] = None

    def __init__(self, last: int = 0, before: int = 0) -> None:
        self.last = last
        self.before = before
        self.epoch = 0

    def take(self, event_id: int, start: int, _value: KeyPart | None, *, adds: bool) -> Figure:
        found = self.last if self.last < event_id else self.before
        if adds and event_id > self.last:
            self.before, self.last = self.last, event_id
        if found <= start or found >= event_id:
            return NOT_BEFORE
        return (event_id >> TIME_SHIFT) - (found >> TIME_SHIFT)

    def copy(self) -> "Latest":
        return Latest(self.last, self.before)

    def written(self) -> Written:
        return (self.last, self.before)

    @classmethod
    def read(cls, last: int, before: int) -> "Latest":
        return cls(last, before)


def day_of(event_id: int) -> int:
    """Count the UTC days from the first day ids can name to that of an id."""
    return (event_id >> TIME_SHIFT) // DAY_MS


def _dropped(first: int, *arrays: "array[Any]") -> int:
    """Drop what stands before `first`, but never all: the last id tells repeats apart."""
    gone = min(first, len(arrays[0]) - 1)
    for each in arrays:
        del each[:gone]
    return gone


def _array(code: Any, written: bytes) -> "array[Any]":  # noqa: ANN401 -- a type code of `array`
    made = array(code)
    made.frombytes(written)
    return made
