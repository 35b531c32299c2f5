"""Counters over windows of ids: how many, how much, how long ago, in the half-open (id - w, id].

In: updates in id order, as the rule set computes them. Out: the figure with the current event in
it. The id is the only clock, so a replay of the last window gives the same figures as having run
on. That holds for what is evicted too: a counter holds the keys added to last, and which those are
follows from the window alone.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from fieldfare.kernel import Unknown
from fieldfare.kernel.ids import TIME_SHIFT
from fieldfare.rules.tallies import (
    DAY_MS,
    NOT_BEFORE,
    SATURATION,
    Days,
    Events,
    Figure,
    FloatSums,
    KeyPart,
    Latest,
    Sums,
    Tally,
    Values,
    day_of,
)

__all__ = [
    "MAX_KEYS",
    "NO_KEY",
    "SATURATION",
    "Counter",
    "CounterStore",
    "CounterUpdate",
    "Held",
    "Key",
]

NO_KEY: Final = Unknown("what it is counted by is not known")
MAX_KEYS: Final = 1_000_000
"""Keys one counter holds unless told otherwise."""

Key: TypeAlias = tuple[KeyPart, ...]
Kind: TypeAlias = Literal["count", "distinct", "sum", "sum_int", "since"]


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """One counter of a rule set.

    name: digest of what it counts, so that a changed definition is another counter; window_ms: its
    length; days: how many UTC days it covers, the event's own included, 0 for a window to the
    millisecond; written: as it stands in the rules, for people.
    """

    name: str
    kind: Kind
    window_ms: int
    written: str
    days: int = 0

    def start(self, event_id: int) -> int:
        """Give the id after which events count for an event."""
        if not self.days:
            return event_id - (self.window_ms << TIME_SHIFT)
        return (((day_of(event_id) - self.days + 1) * DAY_MS) << TIME_SHIFT) - 1

    @property
    def tally(self) -> type[Events | Days | Values | Sums | Latest]:
        """What it holds of each key."""
        if self.kind == "count":
            return Days if self.days else Events
        return _TALLIES[self.kind]

    @property
    def of_nothing(self) -> Figure:
        """The figure of a key nobody added to."""
        return _OF_NOTHING[self.kind]


_TALLIES: Final[Mapping[str, type[Values | Sums | Latest]]] = {
    "distinct": Values,
    "sum": FloatSums,
    "sum_int": Sums,
    "since": Latest,
}
_OF_NOTHING: Final[Mapping[str, Figure]] = {
    "count": 0,
    "distinct": 0,
    "sum": 0.0,
    "sum_int": 0,
    "since": NOT_BEFORE,
}


class CounterUpdate(msgspec.Struct, frozen=True, gc=False):
    """What one event does to one counter.

    key: None where a part of it is Unknown, then nothing is counted. adds: False only reads.
    value: what is told apart by a distinct counter, and what is added by a sum.
    """

    counter: Counter
    key: Key | None
    adds: bool = True
    value: KeyPart | None = None


class Held:
    """The keys of one counter, those added to longest ago first."""

    __slots__ = ("counter", "days", "of_nothing", "takes", "tallies", "tally", "width")

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.tallies: OrderedDict[Key, Tally] = OrderedDict()
        # Read for every event: kept at hand.
        self.width = counter.window_ms << TIME_SHIFT
        self.days = counter.days
        self.of_nothing = counter.of_nothing
        self.tally = counter.tally
        self.takes = self.tally.takes

    def forget_idle(self, start: int) -> None:
        """Drop up to two keys whose window has passed: for each new key, so that none pile up."""
        tallies = self.tallies
        for _ in range(2):
            if not tallies or tallies[oldest := next(iter(tallies))].last > start:
                return
            del tallies[oldest]


class CounterStore:
    """Counts in memory, for one organisation. Deterministic; events must come in id order.

    max_keys: how many keys each counter holds; beyond it the one added to longest ago goes.
    evicted: how many went so. newest: the last event that came. epoch: grows when the store is
    frozen; a tally of an older one is copied before it changes.
    """

    def __init__(self, counters: Iterable[Counter] = (), *, max_keys: int = MAX_KEYS) -> None:
        self.max_keys = max_keys
        self.evicted = 0
        self.held: dict[str, Held] = {}
        self.newest = 0
        self.epoch = 0
        self.adopt(counters)

    @property
    def horizon_ms(self) -> int:
        """The longest window: replaying that much of the log restores every count."""
        return max((held.counter.window_ms for held in self.held.values()), default=0)

    def adopt(self, counters: Iterable[Counter]) -> list[str]:
        """Take up the counters of a rule set; those already known go on. Gives the new names."""
        new = [counter for counter in counters if counter.name not in self.held]
        self.held.update((counter.name, Held(counter)) for counter in new)
        return [counter.name for counter in new]

    def absorb(self, other: "CounterStore") -> None:
        """Take over the counters of another store; it is used up, and own ones of a name go."""
        for name, held in other.held.items():
            for tally in held.tallies.values():
                tally.epoch = self.epoch
            self.held[name] = held
        self.evicted += other.evicted
        self.newest = max(self.newest, other.newest)

    def forget(self, part: KeyPart) -> None:
        """Drop every key with this part, and the value from what is told apart under others."""
        for held in self.held.values():
            for key in [key for key in held.tallies if part in key]:
                del held.tallies[key]
            if held.counter.kind == "distinct":
                _forget_value(held.tallies, part)

    def keep(self, names: Iterable[str]) -> None:
        """Let go of every counter but these."""
        wanted = frozenset(names)
        self.held = {name: held for name, held in self.held.items() if name in wanted}

    def bump(self, update: CounterUpdate, event_id: int) -> Figure:
        """Count the event (if the update adds) and give the figure as of its id.

        What came before an event already counted adds nothing. 0 for an update without a key; the
        rules see Unknown there.
        """
        (figure,) = self.bump_all((update,), event_id)
        return 0 if figure is NO_KEY else figure

    def bump_all(self, updates: Iterable[CounterUpdate], event_id: int) -> list[Figure]:
        """Do what `bump` does for everything an event counts; NO_KEY where there is no key."""
        figures: list[Figure] = []
        held_by, epoch = self.held, self.epoch
        is_late, is_counted = event_id < self.newest, False
        for update in updates:
            key = update.key
            if key is None:
                figures.append(NO_KEY)
                continue
            is_counted = True
            held = held_by.get(update.counter.name) or self._taken_up(update.counter)
            start = held.counter.start(event_id) if held.days else event_id - held.width
            takes = held.takes
            adds = update.adds and not is_late and (takes is None or takes(update.value))
            tally = held.tallies.get(key)
            if tally is None:
                if not adds:
                    figures.append(held.of_nothing)
                    continue
                tally = self._made(held, key, start)
            elif tally.epoch != epoch:
                tally = held.tallies[key] = tally.copy()
                tally.epoch = epoch
            if adds:
                held.tallies.move_to_end(key)
            figures.append(tally.take(event_id, start, update.value, adds=adds))
        if is_counted and not is_late:  # what counts nothing, as a label's change, makes none late
            self.newest = event_id
        return figures

    def _taken_up(self, counter: Counter) -> Held:
        self.adopt((counter,))
        return self.held[counter.name]

    def _made(self, held: Held, key: Key, start: int) -> Tally:
        held.forget_idle(start)
        if len(held.tallies) >= self.max_keys:
            held.tallies.popitem(last=False)
            self.evicted += 1
        tally = held.tallies[key] = held.tally()
        tally.epoch = self.epoch
        return tally

    def keys_held(self) -> int:
        """Count the keys in memory, over all counters."""
        return sum(len(held.tallies) for held in self.held.values())


def _forget_value(tallies: OrderedDict[Key, Tally], value: KeyPart) -> None:
    for key, tally in tallies.items():
        if isinstance(tally, Values) and value in tally.seen:
            # A snapshot may be reading the old one.
            seen = {each: at for each, at in tally.seen.items() if each != value}
            tallies[key] = fresh = Values(seen, tally.last)
            fresh.epoch = tally.epoch
