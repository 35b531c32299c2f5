"""Paths into an event: what is read, what is refused, what they lead to."""

from typing import Final

import pytest

from fieldfare.rules import RuleSetDoesNotCompile, load_rule_set
from fieldfare.rules.json_paths import all_at_path, at_path, read_path
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary, evaluated

DATA: Final = {
    "a": {"b c": 1, "d-e": 2, "none": None},
    "tags": [{"name": "x"}, {"name": "y"}, {}],
    "deep": [[1, 2], [3]],
    "one": {"name": "z"},
}


def found(path: str, *, every: bool = False) -> object:
    steps = read_path(path, needs_root=False)
    assert not isinstance(steps, str), steps
    return all_at_path(DATA, steps) if every else at_path(DATA, steps)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.a['b c']", 1),
        ('$.a["b c"]', 1),
        ("$.a.'b c'", 1),
        ("$.a.d-e", 2),
        ("a.d-e", 2),
        ("$['a']['d-e']", 2),
        ("$.tags[0].name", "x"),
        ("$.tags[1].name", "y"),
        ("$.tags[-2].name", "y"),
        ("$.tags[9].name", None),
        ("$.tags[*].name", "x"),
        ("$.deep[1][0]", 3),
        ("$.a.none", None),
        ("$.a.none.more", None),
        ("$.a.*", 1),
        ("$.one[*].name", "z"),
        ("$.nothing[*]", None),
    ],
)
def test_a_path_leads_to_its_first_value(path: str, value: object) -> None:
    assert found(path) == value


def test_a_wildcard_leads_to_all_values() -> None:
    assert found("$.tags[*].name", every=True) == ["x", "y"]
    assert found("$.deep[*][*]", every=True) == [1, 2, 3]
    assert found("$.a.*", every=True) == [1, 2, None]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("$..name", "looks everywhere"),
        ("$.tags[?(@.name)]", "filter"),
        ("$.tags[0:2]", "slice"),
        ("$.a|$.b", "each of the two"),
        ("$", "A path is like"),
        ("$.", "A path is like"),
        ("$a", "A path is like"),
        ("$.a b", "A path is like"),
        ("$.a[", "A path is like"),
        ("$" + ".a" * 40, "at most"),
    ],
)
def test_a_path_that_is_not_read_is_refused_with_a_way_to_say_it(path: str, hint: str) -> None:
    with pytest.raises(RuleSetDoesNotCompile) as refused:
        a_rule_set(f"A: str = JsonData(path={path!r})")

    (problem,) = refused.value.problems
    assert hint in problem.hint


def test_under_safe_a_wildcard_is_a_list_and_under_osprey_its_first_value() -> None:
    many = "Names: List[str] = JsonData(path='$.tags[*].name')\nHas = 'y' in Names\n"
    one = "Name: str = JsonData(path='tags[*].name')\nHas = Name == 'x'\n"
    rule = "R = Rule(when_all=[Has], description='')"

    assert evaluated(a_rule_set(many + rule), DATA).fired == ("R",)
    osprey = load_rule_set({"main.sml": one + rule}, vocabulary=a_vocabulary(), semantics="osprey")
    assert evaluated(osprey, DATA).fired == ("R",)
    with pytest.raises(RuleSetDoesNotCompile, match="leads to a list"):
        a_rule_set("Name: str = JsonData(path='$.tags[*].name')")
