"""An expression selects what a rule with that condition would fire on."""

import pytest

from fieldfare.kernel import Unknown
from fieldfare.rules import RuleSetDoesNotCompile
from fieldfare.rules.queries import Query, Selected, compile_query
from fieldfare.testing.rule_sets import a_vocabulary

RULES = {
    "main.sml": """
Import(rules=['features.sml'])
IsPost = Author != None
Require(rule='more.sml', require_if=IsPost)
Many = Rule(when_all=[Seen >= 3], description='')
Plain = Rule(when_all=[Text == 'sarno'], description='')
_unused_elsewhere = Text == 'wivel'
Local = Rule(when_all=[_unused_elsewhere], description='')
WhenRules(rules_any=[Many, Plain, Local], then=[DeclareVerdict(verdict='x')])
""",
    "more.sml": "Import(rules=['features.sml'])\nIsLong = Text == 'long'\n",
    "features.sml": """
Text: str = JsonData(path='$.item.text')
Author: str = JsonData(path='$.actor')
Age = Fact('author.age_s')
Seen = Count(key=Author, window='1h')
""",
}


def a_query(text: str, *, shown: str = "", kinds: tuple[str, ...] = ("item.posted",)) -> Query:
    return compile_query(text, sources=RULES, vocabulary=a_vocabulary(), kinds=kinds, shown=shown)


def asked(query: Query, text: object, **facts: object) -> Selected | None:
    data = {"item": {"text": text}, "actor": "ana"}
    return query("item.posted", 1, data, facts, {})  # type: ignore[arg-type]  # made-up facts


def problem_of(text: str, *, shown: str = "") -> str:
    with pytest.raises(RuleSetDoesNotCompile) as refused:
        a_query(text, shown=shown)
    return str(refused.value)


@pytest.mark.parametrize("text", ["Nobody != None", "Text ==", "X = 1"])
def test_what_does_not_compile_is_the_condition(text: str) -> None:
    assert problem_of(text).startswith("The condition does not compile (1 problem).")


def test_a_condition_over_the_rules_names_selects_events() -> None:
    query = a_query("Text == 'sarno' or Plain")

    assert asked(query, "sarno") == Selected(None)
    assert asked(query, "wivel") is None
    assert asked(a_query("IsLong"), "long") == Selected(None), "files are in sight as a whole"
    assert asked(query, 7) is None, "a value of the wrong type is Unknown"


def test_an_unknown_value_selects_nothing() -> None:
    query = a_query("not (Age < 60)")

    assert asked(query, "", **{"author.age_s": Unknown("nobody told")}) is None
    assert asked(query, "", **{"author.age_s": 61.0}) == Selected(None)


def test_a_query_may_name_what_the_rules_do_not() -> None:
    query = a_query("Views: int = JsonData(path='$.views')\nViews > 10", kinds=("item.viewed",))

    assert query("item.viewed", 1, {"views": 11}, {}, {}) == Selected(None)
    assert query("item.viewed", 1, {"views": 10}, {}, {}) is None


def test_the_value_asked_for_is_shown() -> None:
    query = a_query("Text != None", shown="Text")

    assert asked(query, "wivel") == Selected("wivel")
    assert asked(a_query("Author != None", shown="Text"), None) == Selected(None)


def test_a_problem_points_into_what_was_written() -> None:
    assert "query:1:1: unknown name 'Txt'" in problem_of("Txt == 'a'")
    assert "query:2:1: unknown name 'Txt'" in problem_of("A = Text\nTxt == A")
    assert "shown:1:1: unknown name 'Txt'" in problem_of("Text != None", shown="Txt")
    assert "query:1:" in problem_of("Text ==")
    assert "Did you mean 'Text'?" in problem_of("Txt == 'a'")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Text = 'a'",
        "Text != None]), WhenRules(rules_any=[Plain], then=[])  # (",
        "import os\nText != None",
        "WhenRules(rules_any=[Plain], then=[])",
        "x" * 20_000,
    ],
)
def test_nothing_but_a_condition_is_taken(text: str) -> None:
    assert problem_of(text)


def test_what_needs_a_memory_is_left_to_backtests() -> None:
    assert "this counts" in problem_of("Seen >= 3")
    assert "backtest" in problem_of("Many")
