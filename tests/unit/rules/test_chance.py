"""Draws by chance are drawn by the event: a replay draws the same, and shares come out right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.rules import RuleSetDoesNotCompile
from fieldfare.rules.chance import random_bool, random_int
from fieldfare.rules.signatures import CallSite
from fieldfare.testing.rule_sets import a_rule_set, an_id, evaluated

TWO_COINS = (
    "One = RandomBool(percentage=0.5)\nTwo = RandomBool(percentage=0.5)\n"
    "First = Rule(when_all=[One], description='')\n"
    "Second = Rule(when_all=[Two], description='')\n"
    "Again = Rule(when_all=[One], description='')\n"
)


def test_the_same_event_draws_the_same_and_other_calls_draw_by_themselves() -> None:
    rules, replayed = a_rule_set(TWO_COINS), a_rule_set(f"\n# A word first.\n{TWO_COINS}")
    events = [an_id(sequence=at) for at in range(200)]

    fired = [evaluated(rules, event_id=event).fired for event in events]

    assert fired == [evaluated(replayed, event_id=event).fired for event in events]
    assert all(("First" in names) == ("Again" in names) for names in fired)
    assert {("First" in names, "Second" in names) for names in fired} == {
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    }


@given(st.floats(min_value=0.05, max_value=0.95))
def test_a_share_of_the_events_is_drawn(p: float) -> None:
    site = CallSite("main.sml:x:0")

    share = sum(random_bool(p, an_id(sequence=at), site) for at in range(4_000)) / 4_000

    assert abs(share - p) < 0.04


@given(st.integers(-(10**6), 10**6), st.integers(1, 50))
def test_every_number_of_a_range_is_drawn_and_no_other(start: int, width: int) -> None:
    site = CallSite("main.sml:x:0")

    drawn = {random_int(start, start + width, an_id(sequence=at), site) for at in range(2_000)}

    assert drawn == set(range(start, start + width + 1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("RandomBool(percentage=1.0)", "above 0 and below 1"),
        ("RandomInt(start=4, end=4)", "not below end"),
        ("RandomInt(start=0, end=4294967296)", "at most"),
        ("StringSlice(s='a', start=3, end=2)", "stands after"),
        ("StringSlice(s='a', start=-1, end=2)", "count from the beginning"),
        ("GetTimestampBucket(timestamp=1, granularity_seconds=60)", "an hour"),
        ("TimeDelta(weeks=6000)", "a hundred years"),
        ("IpPrefix(ip='::1', v6=129)", "0 to 128"),
        ("CountRegexMatches(patterns=[], target='a')", "at least one pattern"),
        ("CountRegexMatches(patterns=['a', '('], target='a')", "not a regular expression"),
    ],
)
def test_literals_that_make_no_sense_are_refused(call: str, message: str) -> None:
    with pytest.raises(RuleSetDoesNotCompile, match=message):
        a_rule_set(f"V = {call}")
