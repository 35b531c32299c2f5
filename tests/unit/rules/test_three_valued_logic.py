"""The truth tables of `safe`, and the compiler against a plain interpreter of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.rules import RuleSet
from fieldfare.testing.rule_sets import a_rule_set, evaluated

Truth: TypeAlias = bool | None
FLAGS = "A: bool = JsonData(path='$.a')\nB: bool = JsonData(path='$.b')\n"
NUMBERS = "X: int = JsonData(path='$.x')\nY: int = JsonData(path='$.y')\n"


def truth_of(condition: str, declared: str, data: Mapping[str, object]) -> Truth:
    """Read a condition's truth from three rules: it fires, its negation fires, or neither."""
    rules = a_rule_set(
        f"{declared}C = {condition}\n"
        "Yes = Rule(when_all=[C], description='')\n"
        "No = Rule(when_all=[not C], description='')\n"
        "Direct = Rule(when_all=[" + condition + "], description='')\n"
        "Refused = Rule(when_all=[not (" + condition + ")], description='')\n"
    )
    fired = evaluated(rules, data).fired
    assert ("Yes" in fired) == ("Direct" in fired)
    assert ("No" in fired) == ("Refused" in fired)
    assert not {"Yes", "No"} <= set(fired)
    return True if "Yes" in fired else False if "No" in fired else None


@pytest.mark.parametrize(
    ("a", "b", "conjunction", "disjunction"),
    [
        (True, True, True, True),
        (True, False, False, True),
        (True, None, None, True),
        (False, False, False, False),
        (False, None, False, None),
        (None, None, None, None),
        (None, True, None, True),
        (None, False, False, None),
        (False, True, False, True),
    ],
)
def test_and_or_follow_the_table(
    a: Truth, b: Truth, conjunction: Truth, disjunction: Truth
) -> None:
    data = {"a": a, "b": b}

    assert truth_of("A and B", FLAGS, data) is conjunction
    assert truth_of("A or B", FLAGS, data) is disjunction


@pytest.mark.parametrize(
    "condition",
    [
        "X == 1",
        "X != 1",
        "X < 1",
        "X >= 1",
        "X in [1, 2]",
        "X not in [1, 2]",
        "X + 1 > 0",
        "-X < 5",
        "1 in [X]",
        "X == Y",
        "X / 0 > 1",
        "not X == 1",
    ],
)
def test_an_unknown_operand_makes_the_whole_unknown(condition: str) -> None:
    assert truth_of(condition, NUMBERS, {"y": 1}) is None


@pytest.mark.parametrize("data", [{}, {"x": None}, {"x": "no number"}, {"x": [1]}, {"x": True}])
def test_missing_null_and_wrong_typed_are_all_unknown(data: dict[str, object]) -> None:
    assert truth_of("X == 1", NUMBERS, data) is None
    assert truth_of("X == None", NUMBERS, data) is True
    assert truth_of("X != None", NUMBERS, data) is False
    assert truth_of("is_missing(X)", NUMBERS, data) is True
    assert truth_of("default(X, 7) == 7", NUMBERS, data) is True


def test_asking_whether_a_value_is_there_is_never_unknown() -> None:
    assert truth_of("X == None", NUMBERS, {"x": 0}) is False
    assert truth_of("is_missing(X)", NUMBERS, {"x": 0}) is False
    assert truth_of("default(X, 7) == 0", NUMBERS, {"x": 0}) is True
    assert truth_of("is_missing(A and B)", FLAGS, {"a": False}) is False
    assert truth_of("is_missing(A and B)", FLAGS, {"a": True}) is True


def test_an_unknown_part_silences_only_what_rests_on_it() -> None:
    rules = a_rule_set(
        f"{NUMBERS}R = Rule(when_all=[X > 1], description='')\n"
        "S = Rule(when_all=[Y > 1], description='')"
    )

    assert evaluated(rules, {"x": "wrong", "y": 2}).fired == ("S",)


def test_a_rule_is_a_condition_of_another_with_all_three_values() -> None:
    rules = a_rule_set(
        f"{NUMBERS}R = Rule(when_all=[X > 1], description='')\n"
        "NotR = Rule(when_all=[not R], description='')\n"
        "Missing = Rule(when_all=[R == None], description='')"
    )

    assert evaluated(rules, {"x": 2}).fired == ("R",)
    assert evaluated(rules, {"x": 0}).fired == ("NotR",)
    assert evaluated(rules, {}).fired == ("Missing",)


@dataclass(frozen=True)
class Tree:
    """A condition over a, b, c with the truth an interpreter gives it."""

    written: str
    op: str
    parts: "tuple[Tree, ...]" = ()

    def truth(self, flags: dict[str, Truth]) -> Truth:  # noqa: PLR0911 -- one case an operator
        values = [part.truth(flags) for part in self.parts]
        match self.op:
            case "and":
                return False if False in values else None if None in values else True
            case "or":
                return True if True in values else None if None in values else False
            case "not":
                return None if values[0] is None else not values[0]
            case "==" | "!=":
                if None in values:
                    return None
                return (values[0] == values[1]) == (self.op == "==")
            case "missing":
                return values[0] is None
            case "default":
                return values[1] if values[0] is None else values[0]
            case leaf:
                return flags[leaf]


def grown(below: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    def pair(op: str) -> st.SearchStrategy[Tree]:
        return st.builds(
            lambda a, b: Tree(f"({a.written} {op} {b.written})", op, (a, b)), below, below
        )

    return st.one_of(
        pair("and"),
        pair("or"),
        pair("=="),
        pair("!="),
        st.builds(lambda a: Tree(f"(not {a.written})", "not", (a,)), below),
        st.builds(lambda a: Tree(f"is_missing({a.written})", "missing", (a,)), below),
        st.builds(
            lambda a, b: Tree(f"default({a.written}, {b.written})", "default", (a, b)),
            below,
            below,
        ),
    )


LEAVES = st.sampled_from([Tree(name, name) for name in ("A", "B", "C")])
TREES = st.recursive(LEAVES, grown, max_leaves=8)


def compiled(trees: list[Tree]) -> RuleSet:
    text = FLAGS + "C: bool = JsonData(path='$.c')\n"
    for at, tree in enumerate(trees):
        text += f"D{at} = {tree.written}\n"
        text += f"Yes{at} = Rule(when_all=[{tree.written}], description='')\n"
        text += f"No{at} = Rule(when_all=[not {tree.written}], description='')\n"
        text += f"Named{at} = Rule(when_all=[D{at}], description='')\n"
        text += f"NotNamed{at} = Rule(when_all=[not D{at}], description='')\n"
    return a_rule_set(text)


@settings(max_examples=80, deadline=None)
@given(st.lists(TREES, min_size=1, max_size=4))
def test_compiled_conditions_agree_with_an_interpreter(trees: list[Tree]) -> None:
    rules = compiled(trees)

    for a in (True, False, None):
        for b in (True, False, None):
            for c in (True, False, None):
                data = {"a": a, "b": b, "c": c}
                outcome = evaluated(rules, data)
                assert outcome.errors == ()
                for at, tree in enumerate(trees):
                    truth = tree.truth({"A": a, "B": b, "C": c})
                    assert (f"Yes{at}" in outcome.fired) == (truth is True), tree.written
                    assert (f"No{at}" in outcome.fired) == (truth is False), tree.written
                    assert (f"Named{at}" in outcome.fired) == (truth is True), tree.written
                    assert (f"NotNamed{at}" in outcome.fired) == (truth is False), tree.written
