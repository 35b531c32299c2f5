"""Counters: exact over windows of ids, whatever the restart point, in bounded memory."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.kernel import make_id
from fieldfare.rules import Counter, CounterStore, CounterUpdate
from fieldfare.rules.counters import SATURATION
from fieldfare.rules.tallies import MAX_PART, Figure
from fieldfare.testing.rule_sets import START_MS, a_rule_set, an_id, evaluated

WINDOW_MS = 100
COUNT = Counter(name="count", kind="count", window_ms=WINDOW_MS, written="Count(...)")
DISTINCT = Counter(name="distinct", kind="distinct", window_ms=WINDOW_MS, written="...")

STEPS = st.lists(
    st.tuples(
        st.integers(0, 120),  # ms since the last event
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["x", "y", "z"]),
        st.booleans(),
    ),
    max_size=60,
)


def events(steps: list[tuple[int, str, str, bool]]) -> list[tuple[int, str, str, bool]]:
    """Give each step an id; steps within one ms are told apart by their sequence."""
    found, at_ms, sequence = [], START_MS, 0
    for after, key, value, adds in steps:
        sequence = sequence + 1 if after == 0 else 0
        at_ms += after
        found.append((int(make_id(at_ms, sequence=sequence)), key, value, adds))
    return found


def counted(store: CounterStore, happened: list[tuple[int, str, str, bool]]) -> list[list[Figure]]:
    return [
        [
            store.bump(CounterUpdate(COUNT, (key,), adds), at),
            store.bump(CounterUpdate(DISTINCT, (key,), adds, value), at),
        ]
        for at, key, value, adds in happened
    ]


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_counts_are_those_of_the_half_open_window(steps: list[tuple[int, str, str, bool]]) -> None:
    happened = events(steps)

    got = counted(CounterStore([COUNT, DISTINCT]), happened)

    for at, (event_id, key, _, _) in enumerate(happened):
        start = event_id - (WINDOW_MS << 22)
        within = [(i, v) for i, k, v, adds in happened[: at + 1] if k == key and adds and i > start]
        assert got[at] == [len(within), len({v for _, v in within})]


@settings(max_examples=100, deadline=None)
@given(STEPS, st.integers(0, 60))
def test_a_replay_of_the_last_window_restores_every_count(
    steps: list[tuple[int, str, str, bool]], cut: int
) -> None:
    happened = events(steps)
    cut = min(cut, len(happened))
    straight = counted(CounterStore([COUNT, DISTINCT]), happened)

    restarted = CounterStore([COUNT, DISTINCT])
    if cut < len(happened):
        since = happened[cut][0] - (restarted.horizon_ms << 22)
        counted(restarted, [event for event in happened[:cut] if event[0] > since])

    assert counted(restarted, happened[cut:]) == straight[cut:]


def test_a_window_ends_to_the_millisecond() -> None:
    store = CounterStore()
    first, last = an_id(), an_id(WINDOW_MS)

    assert store.bump(CounterUpdate(COUNT, ("a",)), first) == 1
    assert store.bump(CounterUpdate(COUNT, ("a",), adds=False), last - 1) == 1
    assert store.bump(CounterUpdate(COUNT, ("a",), adds=False), last) == 0


def test_what_comes_late_adds_nothing_whatever_its_key() -> None:
    store = CounterStore()

    store.bump(CounterUpdate(COUNT, ("a",)), an_id(5))

    assert store.bump(CounterUpdate(COUNT, ("b",)), an_id(4)) == 0
    assert store.bump(CounterUpdate(COUNT, ("b",)), an_id(5)) == 1


def test_an_event_delivered_twice_counts_once() -> None:
    store = CounterStore()

    store.bump(CounterUpdate(COUNT, ("a",)), an_id())
    store.bump(CounterUpdate(COUNT, ("a",)), an_id(1))

    assert store.bump(CounterUpdate(COUNT, ("a",)), an_id(1)) == 2
    assert store.bump(CounterUpdate(COUNT, ("a",)), an_id()) == 1


def test_without_a_key_nothing_is_counted() -> None:
    store = CounterStore()

    assert store.bump(CounterUpdate(COUNT, None), an_id()) == 0
    assert store.keys_held() == 0


def test_distinct_saturates_and_comes_down_again() -> None:
    wide = Counter(name="wide", kind="distinct", window_ms=10_000, written="...")
    store = CounterStore([wide])

    counts = [
        store.bump(CounterUpdate(wide, ("a",), value=f"v{at}"), an_id(at))
        for at in range(SATURATION + 500)
    ]

    assert counts[SATURATION - 1] == SATURATION
    assert counts[-1] == SATURATION
    later = an_id(SATURATION + 499 + 10_000 - 100)
    assert store.bump(CounterUpdate(wide, ("a",), adds=False), later) == 100


def test_memory_is_given_back_when_the_window_of_a_key_has_passed() -> None:
    store = CounterStore([COUNT])

    for at in range(10_000):
        store.bump(CounterUpdate(COUNT, (f"key{at}",)), an_id(at))

    assert store.keys_held() <= 3 * WINDOW_MS


def test_the_horizon_is_the_longest_window() -> None:
    rules = a_rule_set(
        "A: str = JsonData(path='$.a')\n"
        "R = Rule(when_all=[Count(key=[A], window='5m') > 1], description='')\n"
        "S = Rule(when_all=[CountDistinct(of=A, key=[A], window='2h') > 1], description='')"
    )

    assert CounterStore(rules.needs.counters).horizon_ms == 7_200_000
    assert CounterStore().horizon_ms == 0


COUNTING = """
Author: str = JsonData(path='$.author')
Big: int = JsonData(path='$.big')
Told = Count(key=[Author], window='1m', where=Big > 5)
Few = Rule(when_all=[Told < 2], description='')
Many = Rule(when_all=[Told >= 2], description=f'{Told}')
Gone = Rule(when_all=[Told == None], description='')
"""


def test_a_rule_sees_the_count_with_the_event_in_it_if_the_condition_holds() -> None:
    rules, store = a_rule_set(COUNTING), CounterStore()

    def fired(after_ms: int, data: dict[str, object]) -> tuple[str, ...]:
        return evaluated(rules, data, store=store, event_id=an_id(after_ms)).fired

    assert fired(0, {"author": "u", "big": 6}) == ("Few",)
    assert fired(1, {"author": "u", "big": 5}) == ("Few",)
    assert fired(2, {"author": "u"}) == ("Few",)
    assert fired(3, {"author": "u", "big": 7}) == ("Many",)
    assert fired(4, {"author": "w", "big": 7}) == ("Few",)
    assert fired(5, {"big": 7}) == ("Gone",)
    assert fired(60_000, {"author": "u", "big": 1}) == ("Few",)


def test_a_counter_counts_every_kind_its_file_is_required_for_even_where_no_rule_can_fire() -> None:
    rules = a_rule_set(
        "Kind = GetActionName()\nRequire(rule='some.sml', require_if=Kind in ['like', 'follow'])",
        some="Import(rules=['main.sml'])\nA: str = JsonData(path='$.a')\n"
        "R = Rule(when_all=[Kind == 'like', Count(key=[A], window='1m') >= 3], description='')",
    )
    store = CounterStore()

    def fired(kind: str, after_ms: int) -> tuple[str, ...]:
        event_id = an_id(after_ms)
        return evaluated(rules, {"a": "x"}, kind=kind, store=store, event_id=event_id).fired

    assert fired("item.posted", 0) == ()
    assert fired("follow", 1) == ()
    assert fired("like", 2) == ()
    assert fired("like", 3) == ("R",)


def test_a_counter_of_a_file_behind_a_run_time_condition_counts_only_where_it_holds() -> None:
    rules = a_rule_set(
        "On: bool = JsonData(path='$.on')\nRequire(rule='some.sml', require_if=On)",
        some="A: str = JsonData(path='$.a')\n"
        "R = Rule(when_all=[Count(key=[A], window='1m') >= 2], description='')",
    )
    store = CounterStore()

    def fired(after_ms: int, *, on: bool | None) -> tuple[str, ...]:
        data = {"a": "x", "on": on}
        return evaluated(rules, data, store=store, event_id=an_id(after_ms)).fired

    assert fired(0, on=True) == ()
    assert fired(1, on=False) == ()
    assert fired(2, on=None) == ()
    assert fired(3, on=True) == ("R",)


def test_a_counter_keeps_its_name_until_what_it_counts_changes() -> None:
    def name(text: str) -> str:
        (counter,) = a_rule_set(text).needs.counters
        return counter.name

    before = COUNTING
    assert name(before + "Other = 3\n") == name(before)
    assert name(before.replace("Told < 2", "Told < 3")) == name(before)
    for old, new in (("$.author", "$.other"), ("> 5", "> 6"), ("'1m'", "'2m'"), ("$.big", "$.b")):
        assert name(before.replace(old, new)) != name(before)


def test_the_same_counter_written_twice_in_a_file_is_one() -> None:
    rules = a_rule_set(
        "A: str = JsonData(path='$.a')\n"
        "R = Rule(when_all=[Count(key=[A], window='1m') >= 2], description='')\n"
        "S = Rule(when_all=[Count(window='1m', key=[A]) >= 2], description='')"
    )

    updates, _ = rules.counter_updates("like", an_id(), {"a": "x"}, {})
    assert len(updates) == 1


def test_long_texts_are_told_apart_and_not_kept() -> None:
    rules = a_rule_set(
        "T: str = JsonData(path='$.t')\n"
        "Varied = Rule(\n"
        "    when_all=[CountDistinct(of=T, key=[T], window='1h') > 1], description='')\n"
    )
    long = "a" * 20_000

    told = [
        rules.counter_updates("like", 1, {"t": text}, {})[0] for text in (long, long, f"{long}b")
    ]

    first, again, other = ((*(update.key or ()), update.value) for (update,) in told)
    assert first == again
    assert set(first).isdisjoint(other)
    assert [len(str(part)) <= MAX_PART for part in (*first, *other)] == [True] * 4
