"""Frozen counters: written while counting goes on, and equal to having run on."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fieldfare.kernel import BadInput, make_id
from fieldfare.rules import Counter, CounterStore, CounterUpdate
from fieldfare.rules.counters import Kind
from fieldfare.rules.freezing import Frozen, freeze, pieces, thawed
from fieldfare.rules.tallies import DAY_MS, Figure
from fieldfare.testing.rule_sets import START_MS, an_id

KINDS: tuple[Kind, ...] = ("count", "distinct", "sum", "sum_int", "since")
COUNTERS = tuple(
    Counter(name=f"{kind} {days}", kind=kind, window_ms=length, days=days, written="")
    for kind in KINDS
    for length, days in ((100, 0), (8 * DAY_MS, 8))
)
MAX_KEYS = 3


def figures(store: CounterStore, event: tuple[int, str, int, bool]) -> list[Figure]:
    event_id, key, number, adds = event
    found = []
    for counter in COUNTERS:
        value: Any = {"distinct": f"v{number % 5}", "sum": number / 7, "sum_int": number}.get(
            counter.kind
        )
        found.append(store.bump(CounterUpdate(counter, (key,), adds, value), event_id))
    return found


class Restarts(RuleBasedStateMachine):
    """One store runs on; the other is killed, comes back from a snapshot and reads the log on."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[int, str, int, bool]] = []
        self.at_ms = START_MS
        self.straight = CounterStore(COUNTERS, max_keys=MAX_KEYS)
        self.other = CounterStore(COUNTERS, max_keys=MAX_KEYS)
        self.frozen: tuple[Frozen, int] | None = None
        self.saved: tuple[list[bytes], int] = (list(pieces(freeze(CounterStore(COUNTERS)))), 0)

    @rule(
        after=st.one_of(st.integers(0, 60), st.integers(0, 3 * DAY_MS)),
        key=st.sampled_from("abcde"),
        number=st.integers(-(10**9), 10**9),
        adds=st.booleans(),
    )
    def an_event(self, after: int, key: str, number: int, adds: bool) -> None:  # noqa: FBT001 -- drawn
        self.at_ms += after
        event = (int(make_id(self.at_ms, sequence=len(self.log))), key, number, adds)
        self.log.append(event)
        assert figures(self.other, event) == figures(self.straight, event)

    @rule(data=st.data())
    def one_comes_again(self, data: st.DataObject) -> None:
        if self.log:
            figures(self.other, data.draw(st.sampled_from(self.log)))

    @rule()
    def a_snapshot_begins(self) -> None:
        self.frozen = freeze(self.other), len(self.log)

    @rule()
    def the_snapshot_is_written(self) -> None:
        if self.frozen:
            frozen, upto = self.frozen
            self.saved = list(pieces(frozen)), upto

    @rule()
    def a_kill(self) -> None:
        written, upto = self.saved
        self.frozen = None
        self.other = thawed(written, max_keys=MAX_KEYS)
        for event in self.log[upto:]:
            figures(self.other, event)

    @invariant()
    def no_more_keys_than_allowed(self) -> None:
        assert self.other.keys_held() <= MAX_KEYS * len(COUNTERS)


TestRestarts = Restarts.TestCase
TestRestarts.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("key", [("a", 1, 2.5, True), (2**70, "x"), ("\ud800",), ("",), (-1,)])
def test_any_key_comes_back_as_it_was(key: tuple[Any, ...]) -> None:
    store, counter = CounterStore(), COUNTERS[0]
    distinct = Counter(name="d", kind="distinct", window_ms=100, written="")
    store.bump(CounterUpdate(counter, key), an_id())
    store.bump(CounterUpdate(distinct, ("k",), True, key[0]), an_id())

    again = thawed(pieces(freeze(store)), max_keys=9)

    assert again.bump(CounterUpdate(counter, key), an_id(1)) == 2
    assert again.bump(CounterUpdate(distinct, ("k",), True, key[0]), an_id(1)) == 1
    (held,) = (held for held in again.held.values() if held.counter.kind == "count")
    assert [list(map(type, each)) for each in held.tallies] == [list(map(type, key))]


def test_a_store_of_fewer_keys_keeps_the_newest() -> None:
    store, counter = CounterStore(), COUNTERS[0]
    for at in range(5):
        store.bump(CounterUpdate(counter, (at,)), an_id(at))

    again = thawed(pieces(freeze(store)), max_keys=2)

    assert list(again.held[counter.name].tallies) == [(3,), (4,)]


def test_what_no_store_wrote_is_refused() -> None:
    store = CounterStore(COUNTERS[:1])
    store.bump(CounterUpdate(COUNTERS[0], ("a",)), an_id())
    written = list(pieces(freeze(store)))

    for broken in ([], [b"x"], [written[0], b"\xff"], [written[1]], [written[0], written[0]]):
        with pytest.raises(BadInput):
            thawed(broken, max_keys=9)


def test_who_is_forgotten_is_in_no_key_and_no_value() -> None:
    store = CounterStore()
    distinct = Counter(name="d", kind="distinct", window_ms=100, written="")
    for at, name in enumerate(("ana", "ben")):
        store.bump(CounterUpdate(COUNTERS[0], (name, "x")), an_id(at))
        store.bump(CounterUpdate(distinct, ("x",), True, name), an_id(at))

    store.forget("ana")

    assert store.keys_held() == 2
    assert store.bump(CounterUpdate(distinct, ("x",), adds=False), an_id(2)) == 1
    assert b"ana" not in b"".join(pieces(freeze(store)))
