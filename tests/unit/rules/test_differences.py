"""The warnings that name where the two semantics part."""

import pytest

from fieldfare.rules import RuleSet
from fieldfare.testing.rule_sets import a_rule_set

FEATURES = (
    "X: int = JsonData(path='$.x')\nO: Optional[int] = JsonData(path='$.o')\n"
    "B: bool = JsonData(path='$.b')\nIsLow = X == 1\n"
    "Both = Rule(when_all=[X < 1, B], description='')\n"
    "One = Rule(when_all=[X < 1], description='')\n"
)


def ruled(condition: str, description: str = "''") -> RuleSet:
    return a_rule_set(f"{FEATURES}R = Rule(when_all=[\n{condition}\n], description={description})")


@pytest.mark.parametrize(
    ("condition", "at"),
    [
        ("X != 1", (1, 6)),
        ("X not in [1]", (1, 12)),
        ("not X == 1", (1, 10)),
        ("not IsLow", (1, 9)),
        ("not (B and X < 1)", (1, 17)),
        ("not Both", (1, 8)),
        ("Both == None", (1, 12)),
        ("X / X > 1", (1, 5)),
        ("X == O", (1, 6)),
        ("O == None or X != 1", (14, 6)),
        ("(B and True) == False", (1, 21)),
    ],
)
def test_a_place_where_they_part_is_named_with_its_span(
    condition: str, at: tuple[int, int]
) -> None:
    (warning,) = ruled(condition).warnings

    assert warning.severity == "warning"
    assert (warning.line, warning.column, warning.width) == (8, *at)
    assert "safe" in warning.message
    assert "warning:" in str(warning)


@pytest.mark.parametrize(
    "condition",
    [
        "X == 1",
        "X < 1 and B",
        "not X < 1",
        "not B",
        "not One",
        "X != None and X != 1",
        "X == None or X != 1",
        "not (X == None or X == 1)",
        "X / 2 > 1",
        "GetActionName() != 'like'",
        "ResolveOptional(optional_value=O, default_value=1) != 2",
        "O == None",
    ],
)
def test_where_they_agree_nothing_is_named(condition: str) -> None:
    assert ruled(condition).warnings == ()


def test_a_name_in_braces_in_a_plain_text_is_named() -> None:
    (warning,) = ruled("X > 1", "'about {X}'").warnings

    assert (warning.column, warning.width) == (16, 11)
    assert "f-string" in warning.message
    assert ruled("X > 1", "'{1} {} {a b}'").warnings == ()


def test_a_description_that_may_fail_its_rule_is_named() -> None:
    (warning,) = ruled("B", "f'{X}'").warnings

    assert "description" in warning.message
    assert ruled("X > 1", "f'{X}'").warnings == ()
    assert ruled("IsLow", "f'{X}'").warnings == ()
