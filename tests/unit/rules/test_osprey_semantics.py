"""The truth table of `osprey`: what failed, what is None, what is there."""

from collections.abc import Mapping
from typing import Final

import pytest

from fieldfare.rules import RuleSet, RuleSetDoesNotCompile, load_rule_set
from fieldfare.testing.rule_sets import a_vocabulary, evaluated

FAILED: Final = "failed"
FEATURES: Final = (
    "X: int = JsonData(path='$.x')\n"
    "O: Optional[int] = JsonData(path='$.o', required=False)\n"
    "S: str = JsonData(path='$.s')\n"
    "T: Optional[str] = JsonData(path='$.t')\n"
    "B: bool = JsonData(path='$.b')\n"
    "Tags: List[str] = JsonData(path='$.tags')\n"
    "U: Entity[str] = EntityJson(type='User', path='$.u')\n"
    "V: Entity[str] = EntityJson(type='Video', path='$.v')\n"
)


def in_osprey(text: str, **files: str) -> RuleSet:
    sources = {"main.sml": text, **{f"{name}.sml": more for name, more in files.items()}}
    return load_rule_set(sources, vocabulary=a_vocabulary(), semantics="osprey")


def worth(condition: str, data: Mapping[str, object]) -> object:
    """Give True, False or FAILED for a condition."""
    rules = in_osprey(
        f"{FEATURES}R = Rule(when_all=[{condition}], description='')\n"
        f"No = Rule(when_all=[not ({condition})], description='')\n"
        "Failed = Rule(when_all=[R == None], description='')"
    )
    fired = set(evaluated(rules, data).fired)
    return {"R": True, "No": False, "Failed": FAILED}["".join(fired)]


@pytest.mark.parametrize(
    ("condition", "failed", "value"),
    [
        ("X == 1", False, True),
        ("X != 1", True, False),
        ("X == None", True, False),
        ("X != None", False, True),
        ("X < 2", FAILED, True),
        ("X >= 2", FAILED, False),
        ("X in [1, 2]", False, True),
        ("X not in [1, 2]", True, False),
        ("X in [1, None]", True, True),
        ("1 in [X]", FAILED, True),
        ("1 not in [X]", FAILED, False),
        ("X + 1 == 2", False, True),
        ("X + 1 != 2", True, False),
        ("X + 1 > 1", FAILED, True),
        ("not X < 2", FAILED, False),
        ("X < 2 and True", False, True),
        ("X < 2 or False", False, True),
        ("not (X < 2 and True)", True, False),
        ("X / 0 == 0", False, True),
        ("X // 0 == 0", False, True),
        ("X % 0 == 0", False, True),
        ("-X < 0", FAILED, True),
        ("X == X", True, True),
        ("ResolveOptional(optional_value=X, default_value=7) == 7", True, False),
    ],
)
def test_what_failed_fails_what_rests_on_it_but_for_equality_membership_and_or(
    condition: str, failed: object, value: object
) -> None:
    assert worth(condition, {"x": 1}) == value
    for data in ({}, {"x": None}, {"x": "no number"}, {"x": [1]}):
        assert worth(condition, data) == failed, data


@pytest.mark.parametrize(
    ("condition", "missing", "unread", "value"),
    [
        ("O == 1", False, False, True),
        ("O != 1", True, True, False),
        ("O == None", True, True, False),
        ("O in [1, 2]", False, False, True),
        ("O not in [1, 2]", True, True, False),
        ("O in [1, None]", True, True, True),
        ("O != None and O < 2", False, False, True),
        ("O == None or O < 2", True, True, True),
        ("not (O != None and O < 2)", True, True, False),
        ("O != None and O + 1 < 3", False, False, True),
        ("ResolveOptional(optional_value=O, default_value=7) == 7", True, True, False),
        ("ResolveOptional(optional_value=O) < 2", FAILED, FAILED, True),
        ("1 in [O]", False, FAILED, True),
    ],
)
def test_null_of_an_optional_is_a_value_and_what_cannot_be_read_failed(
    condition: str, missing: object, unread: object, value: object
) -> None:
    assert worth(condition, {"o": 1}) == value
    assert worth(condition, {}) == missing
    assert worth(condition, {"o": None}) == missing
    assert worth(condition, {"o": "no number"}) == unread


@pytest.mark.parametrize(
    "written",
    [
        "O < 2",
        "O + 1 == 2",
        "-O == 1",
        "StringLength(s=T) == 1",
        "'a' in T",
        "T in 'abc'",
        "X < O",
        "O == None and O < 2",
        "O != None or O < 2",
        "RegexMatch(pattern='a', target=T)",
    ],
)
def test_an_optional_has_to_be_found_there_before_it_is_worked_with(written: str) -> None:
    with pytest.raises(RuleSetDoesNotCompile, match="may be None"):
        in_osprey(f"{FEATURES}R = Rule(when_all=[{written}], description='')")
    load_rule_set(
        {"main.sml": f"{FEATURES}R = Rule(when_all=[{written}], description='')"},
        vocabulary=a_vocabulary(),
    )


def test_what_is_found_there_does_not_reach_into_other_names() -> None:
    with pytest.raises(RuleSetDoesNotCompile, match="may be None"):
        in_osprey(f"{FEATURES}C = O != None and IsLow\nIsLow = O < 3")


def test_an_optional_is_no_plain_value_to_a_name_or_a_text() -> None:
    for line in ("Y: int = O", "R = Rule(when_all=[X == 1], description=f'{O}')"):
        with pytest.raises(RuleSetDoesNotCompile, match="Optional"):
            in_osprey(FEATURES + line)


def test_one_failed_condition_fails_a_rule_even_beside_a_false_one() -> None:
    rules = in_osprey(
        f"{FEATURES}IsLike = GetActionName() == 'like'\n"
        "R = Rule(when_all=[IsLike, X < 2], description='')\n"
        "NotR = Rule(when_all=[not R], description='')\n"
        "NoR = Rule(when_all=[R == None], description='')\n"
        "OrR = Rule(when_all=[R or B], description='')\n"
    )

    assert evaluated(rules, {"b": True}, kind="follow").fired == ("NoR", "OrR")
    assert evaluated(rules, {"x": 1}, kind="follow").fired == ("NotR",)
    assert evaluated(rules, {"x": 1}, kind="like").fired == ("R", "OrR")


def test_a_rule_fails_with_what_its_description_names() -> None:
    rules = in_osprey(
        f"{FEATURES}R = Rule(when_all=[X == 1], description=f'about {{S}}')\n"
        "NoR = Rule(when_all=[R == None], description='')"
    )

    assert evaluated(rules, {"x": 1, "s": "a"}).fired == ("R",)
    assert evaluated(rules, {"x": 1}).fired == ("NoR",)


def test_effects_and_rules_of_when_rules_fail_one_by_one() -> None:
    rules = in_osprey(
        f"{FEATURES}P: str = JsonData(path='$.p')\n"
        "Failing = Rule(when_all=[S == 'a', X < 1], description='')\n"
        "Fires = Rule(when_all=[B], description='')\n"
        "WhenRules(rules_any=[Failing, Fires], then=[Limit(policy=P), Hold(policy='IN.SPAM')])"
    )

    outcome = evaluated(rules, {"b": True, "s": "a"})

    assert outcome.fired == ("Fires",)
    assert [r.kind for v in outcome.verdicts for r in v.restrictions] == ["hold"]


def test_entities_of_two_types_are_never_the_same() -> None:
    assert worth("U == V", {"u": "1", "v": "1"}) is False
    assert worth("U != V", {"u": "1", "v": "1"}) is True
    assert worth("U == V", {}) is True
    assert worth("U == '1'", {"u": "1"}) is True
    assert worth("U in ['1']", {"u": "1"}) is True
    with pytest.raises(RuleSetDoesNotCompile, match="cannot be compared"):
        in_osprey(f"{FEATURES}A = U in [V]")


@pytest.mark.parametrize(
    ("kind", "coerced", "exact"),
    [
        ("str", [(1, "1"), (1.5, "1.5"), (True, "True")], ["a"]),
        ("int", [("12", 12), (1.9, 1)], [1]),
        ("float", [("1.5", 1.5)], [1, 1.5]),
        ("bool", [("a", True), (0, False)], [True]),
    ],
)
def test_values_are_coerced_as_there(
    kind: str, coerced: list[tuple[object, object]], exact: list[object]
) -> None:
    def rules(tail: str) -> RuleSet:
        return in_osprey(
            f"Y: {kind} = JsonData(path='$.y'{tail})\n"
            f"Z: {kind} = JsonData(path='$.z')\nR = Rule(when_all=[Y == Z], description='')"
        )

    for raw, meant in [*coerced, *zip(exact, exact, strict=True)]:
        assert evaluated(rules(""), {"y": raw, "z": meant}).fired == ("R",), (raw, meant)
        fired = evaluated(rules(", coerce_type=False"), {"y": raw, "z": meant}).fired
        assert fired == (() if (raw, meant) in coerced else ("R",)), raw


def test_lists_are_coerced_item_by_item() -> None:
    assert worth("'1' in Tags", {"tags": [1, "a"]}) is True
    assert worth("'1' in Tags", {"tags": "1"}) == FAILED
    assert worth("'1' in Tags", {"tags": [None]}) == FAILED


def test_what_throws_fails_alone() -> None:
    rules = in_osprey(
        f"{FEATURES}Big = Rule(when_all=[(X ** 99999 > 1) or B], description='')\n"
        "Equal = Rule(when_all=[X ** 99999 != 1], description='')"
    )

    outcome = evaluated(rules, {"x": 3, "b": True})

    assert outcome.fired == ("Big", "Equal")
    assert len(outcome.errors) == 1


def test_a_condition_of_require_that_failed_keeps_the_file_out() -> None:
    rules = in_osprey(
        f"{FEATURES}Require(rule='more.sml', require_if=X < 2)",
        more="R = Rule(when_all=[True], description='')",
    )

    assert evaluated(rules, {"x": 1}).fired == ("R",)
    assert evaluated(rules, {}).fired == ()
