"""Conditions that several rules have in common are compared once, and say what each says alone."""

from collections.abc import Sequence
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from fieldfare.rules import RuleSet
from fieldfare.testing.rule_sets import a_rule_set, evaluated

FEATURES: Final = """
A: int = JsonData(path='$.a', required=False)
B: float = JsonData(path='$.b', required=False)
T: str = JsonData(path='$.t', required=False)
"""
CONDITIONS: Final = (
    "A > 3",
    "B <= A",
    "T in ['x', 'y', 'z']",
    "A > 3 or T == 'x'",
    "not A > 3",
    "T != 'x' and (A > 3 or B <= A)",
    "not (A > 3 or T == 'x')",
    "(A + 1) > 3",
)


def rules_on(conditions: Sequence[str]) -> RuleSet:
    lines = [
        f"R{at} = Rule(when_all=[{text}], description='')" for at, text in enumerate(conditions)
    ]
    names = ", ".join(f"R{at}" for at in range(len(conditions)))
    deed = f"WhenRules(rules_any=[{names}], then=[Review(policy='HB.BULLY')])"
    return a_rule_set("\n".join([FEATURES, *lines, deed]))


TOGETHER: Final = rules_on([*CONDITIONS, *CONDITIONS])
APART: Final = [rules_on([condition]) for condition in CONDITIONS]
values = st.one_of(st.none(), st.integers(0, 6), st.floats(0, 6), st.sampled_from("xyq"))


@given(st.fixed_dictionaries({}, optional={"a": values, "b": values, "t": values}))
def test_rules_together_say_what_each_says_alone(event: dict[str, object]) -> None:
    alone = [bool(evaluated(rules, event).fired) for rules in APART]
    fired = evaluated(TOGETHER, event).fired
    assert [f"R{at}" in fired for at in range(2 * len(CONDITIONS))] == [*alone, *alone]


def test_a_comparison_that_rules_share_is_made_once() -> None:
    assert rules_on(["A > 3", "A > 3 or T == 'x'", "A > 3"]).python_of("like").count("> 3") == 1
