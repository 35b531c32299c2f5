"""Named lists in rules, banks of known content, and where what a rule saw rests."""

import pytest

from fieldfare.kernel import Span, Unknown
from fieldfare.matching.lists import parse_list
from fieldfare.rules import RuleSetDoesNotCompile, load_rule_set
from fieldfare.rules.named_lists import MAX_HOST, on_list, says
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary, evaluated

ENTRIES = parse_list(
    "x", "Zorblat\n*.sarno.example\nwivel.example\n10.0.0.0/8\nfd00::/8\nnot/a/net"
).entries


@pytest.mark.parametrize(
    "value",
    [
        "zorblat",
        "ZORBLAT",
        "zor\u200bblat",
        "a.b.sarno.example",
        "sarno.example",
        "10.1.2.3",
        "fd00::1",
    ],
)
def test_a_value_is_on_a_list_as_itself_below_a_host_or_within_a_network(value: str) -> None:
    assert on_list(ENTRIES, value)


@pytest.mark.parametrize(
    "value", ["zorb", "a.wivel.example", "notsarno.example", "11.1.2.3", "fe00::1", "", 7, None]
)
def test_another_value_is_not(value: object) -> None:
    assert not on_list(ENTRIES, value)


def test_a_text_longer_than_any_host_is_not_looked_up_dot_by_dot() -> None:
    longest = ".".join(["a" * 59] * 4)[: MAX_HOST - len(".sarno.example")] + ".sarno.example"

    assert len(longest) == MAX_HOST
    assert on_list(ENTRIES, longest)
    assert not on_list(ENTRIES, f"a.{longest}")


def test_a_text_says_an_entry_as_a_word_of_its_own_however_it_is_hidden() -> None:
    words = frozenset({"zorblat", "sarno wivel"})

    assert says(words, "you z0r\u200bb.l.a.t!")
    assert says(words, "the sarno  wivel of it")
    assert not says(words, "zorblatter sarno")
    assert not says(frozenset(), "zorblat")


TEXT = """
Text: str = JsonData(path='$.text')
R = Rule(when_all=[TextMatch(list='bad_words', target=Text)], description='says it')
WhenRules(rules_any=[R], then=[Hold(policy='IN.SPAM')])
"""


def test_text_match_asks_the_list_and_says_what_it_saw() -> None:
    rules = a_rule_set(TEXT)
    lists = {"bad_words": frozenset({"zorblat"})}

    outcome = evaluated(rules, {"text": "a zorblat"}, lists=lists)

    assert outcome.fired == ("R",)
    (seen,) = outcome.verdicts[0].reasons[0].seen
    assert (seen.name, seen.op, seen.threshold) == ("Text", "says a word of", "bad_words")
    assert evaluated(rules, {"text": "a wivel"}, lists=lists).fired == ()


def test_a_list_nobody_has_is_refused() -> None:
    with pytest.raises(RuleSetDoesNotCompile, match="unknown list 'bad_word'"):
        a_rule_set(TEXT.replace("bad_words", "bad_word"))


BANK = """
Near = Rule(
    when_all=[HashMatch(bank='fakes'), HashDistance(bank='fakes') <= 12], description='near'
)
Not = Rule(when_all=[not HashMatch(bank='fakes')], description='not known')
"""


def test_a_bank_is_asked_for_by_its_name_and_how_near_it_is() -> None:
    rules = a_rule_set(BANK)

    def fired(banks: object) -> tuple[str, ...]:
        return evaluated(rules, facts={"hash.match.banks": banks}).fired  # type: ignore[dict-item]  # JSON

    assert fired({"fakes": 10}) == ("Near",)
    assert fired({"fakes": 20}) == ()
    assert fired({"others": 3}) == ("Not",)
    assert fired(Unknown("the file was not examined")) == ()


def test_a_bank_that_is_not_there_is_refused_where_the_banks_are_known() -> None:
    from dataclasses import replace

    words = replace(a_vocabulary(), banks=frozenset({"fakers"}))

    with pytest.raises(RuleSetDoesNotCompile, match="unknown bank 'fakes'"):
        load_rule_set({"main.sml": BANK}, vocabulary=words)


SCORE = """
Score = Fact('visual.nsfw.max')
Policy = Fact('text.lexicon.policy')
R = Rule(when_all=[Score > 0.5, Policy != None], description='high')
WhenRules(rules_any=[R], then=[Hold(policy='IN.SPAM')])
"""


def test_what_a_rule_saw_says_where_in_the_item_it_rests() -> None:
    data = {"facts": {"visual.nsfw.max": {"value": 0.9, "spans": [[1.0, 2.5], "odd"]}}}
    hits = [{"term": "t", "field": "caption", "start": 2, "end": 5}]
    facts = {
        "visual.nsfw.max": 0.9,
        "text.lexicon.policy": "IN.SPAM",
        "text.lexicon.hits": hits,
    }

    outcome = evaluated(a_rule_set(SCORE), data, facts=facts)  # type: ignore[arg-type]  # JSON

    seen = {each.name: each.spans for each in outcome.verdicts[0].reasons[0].seen}
    assert seen == {
        "visual.nsfw.max": (Span(1.0, 2.5),),
        "text.lexicon.policy": (Span(2, 5, "char", "caption"),),
    }
