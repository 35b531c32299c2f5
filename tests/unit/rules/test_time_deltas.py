"""Lengths of time are a type of their own: they compare with each other and with nothing else."""

import pytest

from fieldfare.rules import RuleSetDoesNotCompile
from fieldfare.testing.rule_sets import a_rule_set, evaluated

MAIN = (
    "Joined: str = JsonData(path='$.joined')\n"
    "Age = TimeSince(timestamp=Joined)\n"
    "Week: TimeDeltaT = TimeDelta(weeks=1)\n"
    "New = Rule(when_all=[Age < Week], description=f'{Age} old, less than {Week}')\n"
    "WhenRules(rules_any=[New], then=[Review(queue='adult')])\n"
)


def test_a_length_of_time_compares_and_reads_as_people_write_it() -> None:
    outcome = evaluated(a_rule_set(MAIN), {"joined": "2025-12-30T22:00:00+01:00"})

    reason = outcome.verdicts[0].reasons[0]
    assert reason.description == "1d 3h old, less than 1w"
    assert [(seen.name, seen.value, seen.threshold) for seen in reason.seen] == [
        ("Age", "1d 3h", "1w")
    ]


def test_a_length_of_time_is_unknown_where_its_moment_is() -> None:
    assert evaluated(a_rule_set(MAIN), {"joined": "soon"}).fired == ()


@pytest.mark.parametrize(
    "wrong",
    [
        "TimeDelta(days=1) > 5",
        "TimeDelta(days=1) == '1d'",
        "TimeDelta(days=1) + 1 > 2",
        "TimeDelta(days=N) > TimeDelta(days=1)",
        "N < Week",
    ],
)
def test_a_length_of_time_is_no_number(wrong: str) -> None:
    with pytest.raises(RuleSetDoesNotCompile):
        a_rule_set(
            f"{MAIN}N: int = JsonData(path='$.n')\nR = Rule(when_all=[{wrong}], description='')"
        )


def test_no_length_of_time_is_read_from_an_event() -> None:
    main = "T: TimeDeltaT = JsonData(path='$.t')\nR = Rule(when_all=[T == None], description='')"

    assert evaluated(a_rule_set(main), {"t": 5}).fired == ("R",)
