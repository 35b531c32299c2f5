"""Counters as rules write them: what the calls give, and what the checker says of them."""

from collections.abc import Mapping

import pytest

from fieldfare.rules import CounterStore, RuleSetDoesNotCompile
from fieldfare.testing.rule_sets import a_rule_set, an_id, evaluated

FEATURES = """
Author: Entity[str] = EntityJson(type='Account', path='$.author')
Place: str = JsonData(path='$.place')
Price: float = JsonData(path='$.price')
Pieces: int = JsonData(path='$.pieces')
Tags: List[str] = JsonData(path='$.tags')
"""
DAY_MS = 86_400_000


def shown(call: str, *events: Mapping[str, object], every_ms: int = 1_000) -> list[str]:
    """Write what a call gives for each event, "Unknown" where it is."""
    rules = a_rule_set(
        f"{FEATURES}Figure = {call}\n"
        "Shows = Rule(when_all=[True], description=f'{Figure}')\n"
        "WhenRules(rules_any=[Shows], then=[Review(policy='IN.SPAM')])"
    )
    store, found = CounterStore(), []
    for at, event in enumerate(events):
        outcome = evaluated(rules, event, store=store, event_id=an_id(at * every_ms))
        assert outcome.errors == ()
        found.append(outcome.verdicts[0].reasons[0].description)
    return found


def test_a_sum_of_whole_numbers_is_whole() -> None:
    events = [{"author": "ana", "pieces": n} for n in (3, None, "x", 4, -9)]

    assert shown("Sum(of=Pieces, key=Author, window='1m')", *events) == ["3", "3", "3", "7", "-2"]


def test_a_sum_of_floats_is_the_exact_one() -> None:
    events = [{"author": "ana", "price": n} for n in (0.1, 0.2, 0.3, 1e16, -1e16)]

    got = shown("Sum(of=Price, key=Author, window='1m')", *events)

    assert got == ["0.1", "0.30000000000000004", "0.6", "1e+16", "0.6"]


def test_a_rate_is_events_a_second_over_the_window() -> None:
    events = [{"author": "ana"}] * 3

    assert shown("Rate(key=Author, window='10s')", *events) == ["0.1", "0.2", "0.3"]


def test_the_time_since_the_last_such_event_leaves_out_this_one() -> None:
    events = [
        {"author": name, "price": price} for name, price in zip("aabaa", range(5), strict=True)
    ]

    got = shown("TimeSince(key=Author, where=Price != 1)", *events)

    assert got == ["Unknown", "1s", "Unknown", "3s", "1s"]


def test_the_time_since_is_unknown_beyond_its_window() -> None:
    events = [{"author": "ana"}] * 2

    assert shown("TimeSince(key=Author, window='1s')", *events) == ["Unknown", "Unknown"]
    assert shown("TimeSince(key=Author, window='2s')", *events) == ["Unknown", "1s"]


def test_the_other_time_since_is_still_there() -> None:
    rules = a_rule_set(
        "When: str = JsonData(path='$.when')\n"
        "Old = Rule(when_all=[TimeSince(timestamp=When) > TimeDelta(days=1)], description='')"
    )

    assert evaluated(rules, {"when": "2025-12-01"}).fired == ("Old",)


def test_a_key_of_one_feature_is_a_list_of_one() -> None:
    alone, in_list = (
        a_rule_set(
            f"{FEATURES}R = Rule(when_all=[Count(key={key}, window='1m') > 1], description='')"
        )
        for key in ("Author", "[Author]")
    )

    assert alone.needs.counters[0].name == in_list.needs.counters[0].name


def test_a_rate_shares_the_counter_of_a_count() -> None:
    rules = a_rule_set(
        f"{FEATURES}R = Rule(when_all=[Count(key=Author, window='1m') > 1,"
        " Rate(key=Author, window='1m') < 9.5], description='')"
    )

    assert len(rules.needs.counters) == 1
    store = CounterStore()
    evaluated(rules, {"author": "ana"}, store=store)
    assert evaluated(rules, {"author": "ana"}, store=store, event_id=an_id(1)).fired == ("R",)


def test_windows_of_more_than_a_week_are_days() -> None:
    events = [{"author": "ana"}] * 10

    got = shown("Count(key=Author, window='8d')", *events, every_ms=DAY_MS)

    assert got == ["1", "2", "3", "4", "5", "6", "7", "8", "8", "8"]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("Count(key=Author, window='200h')", "'200h' is not a number of days"),
        ("Count(key=Author, window='soon')", "'soon' is not a window"),
        ("Count(key=[], window='1m')", "key is a feature or a list of features"),
        ("Count(key=Tags, window='1m')", "list[str] cannot be a key of a counter"),
        ("Sum(of=Place, key=Author, window='1m')", "str cannot be summed"),
        ("CountDistinct(of=Tags, key=Author, window='1m')", "list[str] cannot be a key"),
        ("TimeSince(key=Author, window='500d')", "'500d' is not a window"),
        ("Count(key=Author, window='1m', where=Posts > 3)", "cannot depend on a counter"),
        (
            "Count(key=Author, window='1m', where=InList(list='bad_words', value=Place))",
            "cannot depend on a named list",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(call: str, problem: str) -> None:
    with pytest.raises(RuleSetDoesNotCompile) as refused:
        a_rule_set(f"{FEATURES}Posts = Count(key=Author, window='1m')\nFigure = {call}\n")

    assert problem in str(refused.value)


def test_a_counter_is_another_one_when_its_file_is_taken_in_otherwise() -> None:
    def name(condition: str) -> str:
        rules = a_rule_set(
            "On: bool = JsonData(path='$.on')\nOff: bool = JsonData(path='$.off')\n"
            f"Require(rule='some.sml', require_if={condition})",
            some="A: str = JsonData(path='$.a')\n"
            "R = Rule(when_all=[Count(key=A, window='1m') >= 2], description='')",
        )
        return rules.needs.counters[0].name

    names = [name(condition) for condition in ("On", "Off", "GetActionName() == 'like'", "True")]
    assert len(set(names)) == 4
    assert name("On") == names[0]
