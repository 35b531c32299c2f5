"""Counters over windows of ids: how often, or by how many, in the half-open window (id - w, id].

In: updates in id order, as the rule set computes them. Out: the count with the current event in it.
The id is the only clock, so a replay of the last window gives the same counts as having run on.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec

from fieldfare.kernel.ids import TIME_SHIFT

SATURATION: Final = 4_096
"""CountDistinct is exact up to here; beyond it stays here."""

KeyPart: TypeAlias = str | int | float | bool


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """One counter of a rule set.

    name: digest of what it counts, so that a changed definition starts afresh; window_ms: length;
    written: as it stands in the rules, for people.
    """

    name: str
    kind: Literal["count", "distinct"]
    window_ms: int
    written: str


class CounterUpdate(msgspec.Struct, frozen=True, gc=False):
    """What one event does to one counter.

    key: None where a part of it is Unknown, then nothing is counted. adds: False only reads.
    value: what is told apart by a distinct counter.
    """

    counter: Counter
    key: tuple[KeyPart, ...] | None
    adds: bool = True
    value: KeyPart | None = None


class _Panes:
    """The keys of one counter in two generations, so that idle keys are dropped without a sweep.

    A key touched in the running window lives in `young`. After a window's length `young` becomes
    `old`; what is not touched for a further window can no longer count and is dropped whole.
    """

    __slots__ = ("old", "turns_at", "width", "young")

    def __init__(self, width: int) -> None:
        self.width = width
        self.turns_at = 0
        self.young: dict[object, _Ids | _Values] = {}
        self.old: dict[object, _Ids | _Values] = {}

    def turn(self, event_id: int) -> None:
        is_idle = event_id >= self.turns_at + self.width
        self.old = {} if is_idle else self.young
        self.young = {}
        self.turns_at = event_id + self.width


class _Ids:
    """The ids of one key within its window."""

    __slots__ = ("ids",)

    def __init__(self) -> None:
        self.ids: deque[int] = deque()

    def count(self, update: CounterUpdate, event_id: int, width: int) -> int:
        ids = self.ids
        start = event_id - width
        while ids and ids[0] <= start:
            ids.popleft()
        if ids and ids[-1] >= event_id:
            return sum(1 for at in ids if at <= event_id)  # delivered again: not counted again
        if update.adds:
            ids.append(event_id)
        return len(ids)


class _Values:
    """The newest distinct values of one key, each with its last id, oldest first.

    Only the newest SATURATION are kept: whether a value counts depends on the last window alone,
    so that a replay from there gives the same count.
    """

    __slots__ = ("seen",)

    def __init__(self) -> None:
        self.seen: OrderedDict[object, int] = OrderedDict()

    def count(self, update: CounterUpdate, event_id: int, width: int) -> int:
        seen = self.seen
        if update.adds and update.value is not None and seen.get(update.value, 0) <= event_id:
            seen[update.value] = event_id
            seen.move_to_end(update.value)
            if len(seen) > SATURATION:
                seen.popitem(last=False)
        start = event_id - width
        while seen and seen[next(iter(seen))] <= start:
            seen.popitem(last=False)
        return len(seen)


class CounterStore:
    """Counts in memory, for one organisation. Deterministic; events must come in id order."""

    def __init__(self, counters: Iterable[Counter] = ()) -> None:
        self._panes: dict[str, _Panes] = {}
        self._horizon_ms = 0
        self.adopt(counters)

    @property
    def horizon_ms(self) -> int:
        """The longest window: replaying that much of the log restores every count."""
        return self._horizon_ms

    def adopt(self, counters: Iterable[Counter]) -> None:
        """Take up the counters of a rule set; those already known go on counting."""
        for counter in counters:
            if counter.name not in self._panes:
                self._panes[counter.name] = _Panes(counter.window_ms << TIME_SHIFT)
                self._horizon_ms = max(self._horizon_ms, counter.window_ms)

    def bump(self, update: CounterUpdate, event_id: int) -> int:
        """Count the event (if the update adds) and give the count as of its id.

        0 for an update without a key; the rules see Unknown there.
        """
        key = update.key
        if key is None:
            return 0
        counter = update.counter
        panes = self._panes.get(counter.name)
        if panes is None:
            self.adopt((counter,))
            panes = self._panes[counter.name]
        if event_id >= panes.turns_at:
            panes.turn(event_id)
        entry = panes.young.get(key)
        if entry is None:
            entry = panes.old.pop(key, None)
            if entry is None:
                if not update.adds:
                    return 0
                entry = _Ids() if counter.kind == "count" else _Values()
            panes.young[key] = entry
        return entry.count(update, event_id, panes.width)

    def keys_held(self) -> int:
        """Count the keys in memory, over all counters."""
        return sum(len(panes.young) + len(panes.old) for panes in self._panes.values())
