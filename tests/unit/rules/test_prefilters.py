"""One look for the words of all patterns: found is exactly what each pattern would find alone."""

import re
from functools import cache
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fieldfare.rules import RuleSet
from fieldfare.rules.prefilters import LEAST, looking_for
from fieldfare.testing.rule_sets import a_rule_set, evaluated

MANY: Final = (
    "sarno|wivel|dask",
    r"\b(quimsa|zorb|dask)\b",
    r"vex[0-9]{1,3}|plo+m",
    "(buy|get) (my )?sarno",
    "kisk|mask",
)
FEW: Final = MANY[:1]
PIECES: Final = (
    *("sarno", "wivel", "dask", "quimsa", "zorb", "vex7", "vex", "ploom", "buy my ", "get "),
    *("k", "i", "s", "K", "\u0131", "\u017f", "\u0130", "MASK", "kisk", " ", "x", "\0"),
    *("\U0001f99c", "\n"),
)


@cache
def compiled(patterns: tuple[str, ...], *, case_insensitive: bool) -> RuleSet:
    rules = (
        f"R{at} = Rule(when_all=[RegexMatch(target=Text, pattern={pattern!r},"
        f" case_insensitive={case_insensitive})], description='')\n"
        for at, pattern in enumerate(patterns)
    )
    return a_rule_set("Text: str = JsonData(path='$.text')\n" + "".join(rules))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.booleans(),
    st.sampled_from([MANY, FEW]),
)
@example("ma\u017fk", True, MANY)
def test_each_pattern_finds_what_it_finds_alone(
    text: str,
    case_insensitive: bool,  # noqa: FBT001 -- drawn
    patterns: tuple[str, ...],
) -> None:
    outcome = evaluated(compiled(patterns, case_insensitive=case_insensitive), {"text": text})

    flags = re.IGNORECASE if case_insensitive else 0
    alone = [f"R{at}" for at, each in enumerate(patterns) if re.search(each, text, flags)]
    assert (list(outcome.fired), outcome.errors) == (alone, ())


@pytest.mark.parametrize("patterns", [MANY, FEW])
def test_a_text_that_is_not_there_matches_nothing(patterns: tuple[str, ...]) -> None:
    for data in ({}, {"text": ["sarno"]}, {"text": ""}):
        outcome = evaluated(compiled(patterns, case_insensitive=True), data)

        assert (outcome.fired, outcome.errors) == ((), ())


def test_many_words_are_sought_in_one_look_and_few_one_by_one() -> None:
    many, few = (compiled(each, case_insensitive=True).python_of("like") for each in (MANY, FEW))

    assert "'sarno' in" in few
    assert "'sarno' in" not in many


def test_thousands_of_words_are_all_found() -> None:
    sought = [tuple(f"w{at}x{n}.*" for n in range(40)) for at in range(120)]
    look = looking_for(sought)

    for at, words in enumerate(sought):
        assert list(look(f"... {words[at % 40]} ...")) == [at]
    everything = " ".join(word for words in sought for word in words)
    assert sorted(look(everything)) == list(range(120))
    assert list(look(None)) == []
    assert len(sought[0]) >= LEAST


def test_half_a_surrogate_pair_hides_nothing() -> None:
    look = looking_for([("sarno",), ("wivel",)])

    assert list(look("\ud800 wivel")) == [1]
