"""Features: what is read from an event, under which type."""

import math

import pytest

from fieldfare.kernel import Unknown
from fieldfare.testing.rule_sets import a_rule_set, an_id, evaluated


def seen(annotation: str, value: object, *, more: str = "") -> object:
    """Give what a feature at $.x reads, as the description of a rule that always fires says it."""
    rules = a_rule_set(
        f"X: {annotation} = JsonData(path='$.x'{more})\n"
        "R = Rule(when_all=[X == None or X != None], description=f'{X}')\n"
        "WhenRules(rules_any=[R], then=[Review(queue='adult')])"
    )
    (verdict,) = evaluated(rules, {"x": value}).verdicts
    return verdict.reasons[0].description


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        ("str", "a", "a"),
        ("str", 12, "12"),
        ("str", True, "Unknown"),
        ("int", "12", "12"),
        ("int", 3.0, "3"),
        ("int", 3.5, "Unknown"),
        ("int", "3.5", "Unknown"),
        ("int", True, "Unknown"),
        ("int", "9" * 41, "Unknown"),
        ("float", 3, "3"),
        ("float", "0.5", "0.5"),
        ("float", math.nan, "Unknown"),
        ("float", math.inf, "Unknown"),
        ("float", "nan", "Unknown"),
        ("bool", True, "True"),
        ("bool", 1, "Unknown"),
        ("List[str]", ["a"], "['a']"),
        ("List[str]", ["a", 1], "Unknown"),
        ("List[int]", [1, True], "Unknown"),
        ("Optional[int]", 4, "4"),
        ("Optional[List[str]]", [], "[]"),
    ],
)
def test_a_value_is_read_as_its_annotation_says(
    annotation: str, value: object, expected: str
) -> None:
    assert seen(annotation, value) == expected


def test_without_coercion_only_the_type_itself_is_taken() -> None:
    assert seen("int", "12", more=", coerce_type=False") == "Unknown"
    assert seen("str", 12, more=", coerce_type=False") == "Unknown"
    assert seen("float", 3, more=", coerce_type=False") == "3"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a.b", "deep"),
        ("$.a['b']", "deep"),
        ("$['a'].b", "deep"),
        ("$.list[1].c", "second"),
        ("$.list[9].c", "Unknown"),
        ("$.a.b.c", "Unknown"),
        ("$.nothing.there", "Unknown"),
        ("$.list.c", "Unknown"),
    ],
)
def test_a_path_ends_in_a_value_or_in_unknown(path: str, expected: str) -> None:
    rules = a_rule_set(
        f'X: str = JsonData(path="{path}")\n'
        "R = Rule(when_all=[True], description=f'{X}')\n"
        "WhenRules(rules_any=[R], then=[Review(queue='adult')])"
    )
    data = {"a": {"b": "deep"}, "list": [{"c": "first"}, {"c": "second"}]}

    assert evaluated(rules, data).verdicts[0].reasons[0].description == expected


def test_an_entity_stands_for_its_id() -> None:
    rules = a_rule_set(
        "Author: Entity[str] = EntityJson(type='User', path='$.author')\n"
        "Raw: str = JsonData(path='$.raw')\n"
        "Other = Entity(type='User', id=Raw)\n"
        "R = Rule(when_all=[Author == Other, Author == 'u1'], description='')"
    )

    assert evaluated(rules, {"author": "u1", "raw": "u1"}).fired == ("R",)
    assert evaluated(rules, {"author": "u1", "raw": "u2"}).fired == ()


@pytest.mark.parametrize("absent", [{}, {"visual.nsfw.max": Unknown("no frames")}])
def test_a_fact_that_is_absent_is_unknown(absent: dict[str, Unknown]) -> None:
    rules = a_rule_set(
        "High = Rule(when_all=[Fact('visual.nsfw.max') >= 0.5], description='')\n"
        "NotHigh = Rule(when_all=[not Fact('visual.nsfw.max') >= 0.5], description='')\n"
        "Other = Rule(when_all=[Fact('visual.nsfw.max') != 0.5], description='')\n"
        "Gone = Rule(when_all=[is_missing(Fact('visual.nsfw.max'))], description='')"
    )

    assert evaluated(rules, facts=absent).fired == ("Gone",)


def test_a_fact_of_the_wrong_type_or_no_number_is_unknown() -> None:
    rules = a_rule_set("R = Rule(when_all=[is_missing(Fact('visual.nsfw.max'))], description='')")

    assert evaluated(rules, facts={"visual.nsfw.max": "0.9"}).fired == ("R",)
    assert evaluated(rules, facts={"visual.nsfw.max": math.nan}).fired == ("R",)
    assert evaluated(rules, facts={"visual.nsfw.max": 1}).fired == ()


def test_the_event_knows_its_kind_and_number() -> None:
    rules = a_rule_set(
        f"R = Rule(when_all=[GetActionName() == 'like', GetActionId() == {an_id()}],description='')"
    )

    assert evaluated(rules, kind="like").fired == ("R",)
    assert evaluated(rules, kind="follow").fired == ()


def test_literals_may_be_extracted_and_used_as_constants() -> None:
    rules = a_rule_set(
        "Words: ExtractLiteral[str] = 'mellow|nettle'\n"
        "Text: str = JsonData(path='$.text')\n"
        "R = Rule(when_all=[RegexMatch(pattern=Words, target=Text)], description='')"
    )

    assert evaluated(rules, {"text": "a nettle"}).fired == ("R",)
