from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import Unknown
from fieldfare.records import Subject
from fieldfare.rules import Explanation, Occurrence, RuleSet, Running
from fieldfare.rules.explanations_text import explanation_lines
from fieldfare.testing.rule_sets import a_rule_set, an_id

RULES = """
Kind = GetActionName()
A: int = JsonData(path='$.a')
B: str = JsonData(path='$.b')
_Loud = A > 3 or B == 'x'
_Count = Count(key=[B], window='5m')
First = Rule(
    when_all=[
        A > 3,
        B == 'é' or
            A < 10,
        Kind == 'item.posted',
    ],
    description=f'{A}',
)
Second = Rule(when_all=[_Loud, _Count > 1, not First], description='')
Third = Rule(when_all=[Kind == 'like'], description='')
Require(rule='more.sml', require_if=A == 5)
WhenRules(rules_any=[First], then=[Limit(policy='IN.SPAM')])
"""
MORE = """
Import(rules=['main.sml'])
Fourth = Rule(when_all=[B != 'y'], description='')
"""


def explained(rules: RuleSet, data: dict[str, object], *, kind: str = "item.posted") -> Explanation:
    event = Occurrence(
        kind=kind,
        event_id=an_id(),
        subject=Subject("comment", "c1"),
        version="v1",
        data=data,
        facts={},
    )
    return Running([rules]).explain(rules, event, {})


def rules() -> RuleSet:
    return a_rule_set(RULES, more=MORE)


def test_each_condition_is_told_as_written_with_its_truth() -> None:
    first = explained(rules(), {"a": 12, "b": "z"}).of("First")

    assert first is not None
    assert [(each.text, each.holds) for each in first.conditions] == [
        ("A > 3", True),
        ("B == 'é' or A < 10", False),
    ]
    assert (first.fired, first.holds, first.decided_by) == (False, False, (1,))
    assert [(seen.name, seen.value) for seen in first.conditions[1].seen] == [("B", "z"), ("A", 12)]


def test_an_unknown_decides_only_where_nothing_is_false() -> None:
    first = explained(rules(), {"b": "é"}).of("First")

    assert first is not None
    assert (first.holds, first.decided_by) == (None, (0,))


def test_a_rule_that_fired_was_kept_by_nothing() -> None:
    found = explained(rules(), {"a": 5, "b": "é"})
    first = found.of("First")

    assert first is not None
    assert (first.fired, first.decided_by) == (True, ())
    assert found.outcome.fired == ("First", "Fourth")


def test_a_rule_whose_file_was_not_taken_in_says_so() -> None:
    fourth = explained(rules(), {"a": 4, "b": "z"}).of("Fourth")

    assert fourth is not None
    assert (fourth.holds, fourth.taken_in, fourth.fired) == (True, False, False)


def test_rules_that_cannot_fire_for_the_kind_are_named() -> None:
    assert explained(rules(), {}).never == ("Third",)
    nothing = explained(a_rule_set(RULES, more=MORE), {}, kind="account.created")
    assert set(nothing.never) == {"First", "Second", "Third", "Fourth"}


def test_counts_are_those_the_rules_saw() -> None:
    second = explained(rules(), {"a": 4, "b": "x"}).of("Second")

    assert second is not None
    assert second.conditions[1].seen[0].value == 1


@given(
    data=st.dictionaries(
        st.sampled_from(["a", "b"]),
        st.one_of(
            st.none(), st.integers(-2, 12), st.sampled_from(["é", "x", "y", "5"]), st.booleans()
        ),
    )
)
def test_an_explanation_agrees_with_the_outcome(data: dict[str, object]) -> None:
    found = explained(_RULES, data)

    fired = tuple(trace.rule for trace in found.rules if trace.fired)
    assert fired == found.outcome.fired
    for trace in found.rules:
        truths = [condition.holds for condition in trace.conditions]
        wanted = False if False in truths else None if None in truths else True
        assert trace.holds is wanted


_RULES = rules()


def test_lines_mark_what_decided() -> None:
    lines = list(explanation_lines(explained(rules(), {"a": 12, "b": "z"}), only="First"))

    assert lines == [
        "First: did not fire  (main.sml:7)",
        "     `A > 3` is true: A is 12",
        "  -> `B == 'é' or A < 10` is false: B is \"z\"; A is 12",
    ]


def test_a_fact_that_is_unknown_says_why() -> None:
    some = a_rule_set("R = Rule(when_all=[Fact('item.views') > 3], description='')")
    event = Occurrence(
        kind="like",
        event_id=an_id(),
        subject=Subject("video", "v1"),
        version="",
        data={},
        facts={"item.views": Unknown("not told")},
    )

    lines = list(explanation_lines(Running([some]).explain(some, event, {})))

    assert lines[1] == "  -> `Fact('item.views') > 3` is Unknown: item.views is Unknown (not told)"
