"""What rules remember: every event counted once, whoever judges it and however often."""

import pytest

from fieldfare.records import Subject
from fieldfare.rules import Occurrence, Running
from fieldfare.rules.labels import LABEL_CHANGED, Entity, LabelChange, LabelStatus, data_of
from fieldfare.testing.rule_sets import a_rule_set, an_id

COUNTING = """
Author: str = JsonData(path='$.author')
Posts = Count(key=[Author], window='1m')
Third = Rule(when_all=[Posts == 3], description='')
"""
OTHERS = "Second = Rule(when_all=[Posts == 2], description='')\n"
LIKES = (
    "Likes = Rule(when_all=[CountDistinct(of=Author, key=[Kind], window='2h') > 1], description='')"
)
KIND = "Kind = GetActionName()\n"


def a_post(after_ms: int, author: str = "u1", kind: str = "item.posted") -> Occurrence:
    return Occurrence(
        kind=kind,
        event_id=an_id(after_ms),
        subject=Subject("comment", "c1"),
        version="v1",
        data={"author": author},
        facts={},
    )


def test_an_event_judged_by_two_rule_sets_counts_once_for_both() -> None:
    live, shadow = a_rule_set(COUNTING), a_rule_set(COUNTING + OTHERS)
    running = Running([live, shadow])

    fired = []
    for at in range(3):
        event = a_post(at)
        fired.append([running.judge(rules, event, {}).fired for rules in (shadow, live, shadow)])

    assert fired == [
        [(), (), ()],
        [("Second",), (), ("Second",)],
        [("Third",), ("Third",), ("Third",)],
    ]


def test_what_was_only_counted_is_known_to_what_is_judged_later() -> None:
    rules = a_rule_set(COUNTING)
    running = Running([rules])

    running.count(a_post(0))
    running.count(a_post(0))
    running.count(a_post(1))

    assert running.judge(rules, a_post(2), {}).fired == ("Third",)


def test_a_change_of_a_label_that_is_told_first_makes_no_event_late() -> None:
    rules = a_rule_set(COUNTING)
    running = Running([rules])
    change = LabelChange(
        entity=Entity("Account", "u1"), label="hasty", status=LabelStatus.ADDED, reason="x"
    )
    changed = Occurrence(
        kind=LABEL_CHANGED,
        event_id=an_id(5),
        subject=Subject("account", "u1"),
        version="",
        data=data_of([change]),
        facts={},
    )

    running.count(changed)
    running.count(a_post(0))
    running.count(a_post(1))

    assert running.judge(rules, a_post(9), {}).fired == ("Third",)


def test_a_counter_two_rule_sets_share_goes_on_from_one_to_the_next() -> None:
    before, after = a_rule_set(COUNTING), a_rule_set(COUNTING + OTHERS)
    running = Running([before])
    running.count(a_post(0))

    running.adopt([after])

    assert running.judge(after, a_post(1), {}).fired == ("Second",)


def test_only_rule_sets_that_take_part_can_judge() -> None:
    running = Running([a_rule_set(COUNTING)])

    with pytest.raises(KeyError):
        running.judge(a_rule_set(COUNTING + OTHERS), a_post(0), {})


def test_horizons_are_the_longest_windows_of_each_kind() -> None:
    running = Running([a_rule_set(COUNTING), a_rule_set(COUNTING + KIND + LIKES)])

    assert set(running.horizons().values()) == {7_200_000}
    assert Running([a_rule_set(COUNTING)]).horizons()["like"] == 60_000
