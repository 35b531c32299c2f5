"""Regular expressions: the same answer as Python's `re`, never a stall, a clear refusal."""

import functools
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.rules import RuleSet, RuleSetDoesNotCompile, load_rule_set
from fieldfare.rules.patterns import (
    MAX_TEXT,
    MAX_UNSAFE_TEXT,
    PatternRefused,
    fold_case,
    read_pattern,
)
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary, evaluated

LETTERS = "abikK\u0130\u0131s\u017f\u212a1 \n.é"
TEXTS = st.text(alphabet=LETTERS, max_size=12)
ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "i",
        "s",
        "k",
        "1",
        " ",
        r"\.",
        ".",
        "[ab]",
        "[^a]",
        r"\d",
        r"\w",
        r"\s",
        "[i-k]",
        "é",
    ]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda below: st.one_of(
        st.builds(lambda a, b: a + b, below, below),
        st.builds(lambda a, b: f"({a}|{b})", below, below),
        st.builds(lambda a: f"(?:{a})?", below),
        st.builds(lambda a: f"(?:{a})+", below),
        st.builds(lambda a: f"(?:{a}){{2}}", below),
        st.builds(lambda a: f"(?:{a}){{1,3}}", below),
        st.builds(lambda a: f"^{a}", below),
        st.builds(lambda a: rf"\b{a}", below),
        st.builds(lambda a: f"{a}$", below),
    ),
    max_leaves=6,
)


@settings(max_examples=250, deadline=None)
@given(PATTERNS, st.lists(TEXTS, min_size=1, max_size=8), st.booleans())
def test_a_pattern_matches_exactly_where_python_says(
    written: str,
    texts: list[str],
    case_insensitive: bool,  # noqa: FBT001 -- hypothesis gives it
) -> None:
    try:
        rules = a_rule_set(
            "T: str = JsonData(path='$.t')\n"
            f"R = Rule(when_all=[RegexMatch(pattern={written!r}, target=T, "
            f"case_insensitive={case_insensitive})], description='')"
        )
    except RuleSetDoesNotCompile:
        return
    oracle = re.compile(written, re.IGNORECASE if case_insensitive else 0)

    for text in texts:
        outcome = evaluated(rules, {"t": text})
        assert outcome.errors == ()
        assert (outcome.fired == ("R",)) == bool(oracle.search(text)), (written, text)


def test_folding_finds_an_ascii_letter_exactly_where_ignorecase_does() -> None:
    everything = "".join(chr(at) for at in range(sys.maxunicode + 1) if not 0xD800 <= at < 0xE000)
    folded: dict[str, set[str]] = {}
    for char in everything:
        for letter in fold_case(char):
            if letter.isascii():
                folded.setdefault(letter, set()).add(char)

    for letter in "abcdefghijklmnopqrstuvwxyz0_":
        assert set(re.findall(letter, everything, re.IGNORECASE)) == folded[letter], letter


def test_translated_classes_keep_pythons_meaning() -> None:
    for written in (r"(?:\d\d)+x", r"(?:\w\w)+x", r"(?:\s\s)+x"):
        pattern = read_pattern(written)
        assert pattern.engine == "re2"
        search, oracle = pattern.searcher(), re.compile(written)
        for char in ("\u0663", "é", "\u00a0", "\u2003", "_", "一", "-"):
            text = char * 2 + "x"
            assert bool(search(text)) == bool(oracle.search(text)), (written, char)


@pytest.mark.parametrize("written", ["(?=a)b", "(?!a)b", "(?<=a)b", r"(a)\1", "(a", "a**", "(?P<n"])
def test_look_around_and_back_references_are_refused(written: str) -> None:
    with pytest.raises(PatternRefused):
        read_pattern(written)


def test_the_refusal_shows_the_pattern_and_says_why() -> None:
    with pytest.raises(RuleSetDoesNotCompile) as refused:
        a_rule_set("V = RegexMatch(pattern='(?=a)b', target='x')")

    (problem,) = refused.value.problems
    assert (problem.line, problem.column) == (1, 24)
    assert "RE2 does not take" in problem.message
    assert "back-references" in problem.hint


def test_a_pattern_that_could_stall_runs_in_re2_or_is_refused() -> None:
    assert read_pattern("(a+)+b").engine == "re2"
    assert read_pattern("(a|aa){1,30}b").engine == "re2"
    assert read_pattern("a{1,20}b").engine == "re"
    assert read_pattern(r"https?://\S+").engine == "re"
    with pytest.raises(PatternRefused, match="linear"):
        read_pattern(r"(\ba+)+b")


def test_a_list_of_words_needs_no_regular_expression() -> None:
    pattern = read_pattern("mellow|nettles?|fen(nel|s)", case_insensitive=True)

    assert pattern.is_words
    assert pattern.words == ("fens", "fennel", "mellow", "nettle")


def test_words_that_must_stand_in_a_match_are_found() -> None:
    assert read_pattern(r"\b(mellow|nettle)\b").words == ("mellow", "nettle")
    assert read_pattern(r"[0-9]{3} mellow").words == (" mellow",)
    assert read_pattern(r"[0-9]+").words == ()
    assert read_pattern("(mellow)?").words == ()


def test_only_the_first_ten_thousand_characters_are_looked_at() -> None:
    rules = a_rule_set(
        "T: str = JsonData(path='$.t')\n"
        "Word = Rule(when_all=[RegexMatch(pattern='nettle', target=T)], description='')\n"
        "Regex = Rule(when_all=[RegexMatch(pattern='nettle[0-9]', target=T)], description='')"
    )

    assert evaluated(rules, {"t": " " * (MAX_TEXT - 7) + "nettle1"}).fired == ("Word", "Regex")
    assert evaluated(rules, {"t": " " * MAX_TEXT + "nettle1"}).fired == ()


def in_osprey(pattern: str) -> RuleSet:
    text = (
        "T: str = JsonData(path='$.t')\n"
        f"R = Rule(when_all=[RegexMatch(pattern={pattern!r}, target=T)], description='')\n"
        f"M = Rule(when_all=[RegexMatchMap(pattern={pattern!r}, target=[T])], description='')"
    )
    return load_rule_set({"main.sml": text}, vocabulary=a_vocabulary(), semantics="osprey")


@pytest.mark.parametrize(
    "pattern", ["b(?=a)", "(?<!x)ba", r"(b)a(?:\1)?", r"(?:\bb+)+a", "(?s)b.?a"]
)
def test_under_osprey_what_is_refused_runs_on_little_text_with_a_warning(pattern: str) -> None:
    rules = in_osprey(pattern)

    assert {warning.line for warning in rules.warnings} == {2, 3}
    assert "1,000 characters" in rules.warnings[0].hint
    assert evaluated(rules, {"t": "-" * (MAX_UNSAFE_TEXT - 2) + "ba"}).fired == ("R", "M")
    assert evaluated(rules, {"t": "-" * (MAX_UNSAFE_TEXT - 1) + "ba"}).fired == ()


def test_under_osprey_what_is_no_pattern_is_a_problem_all_the_same() -> None:
    with pytest.raises(RuleSetDoesNotCompile, match="not a regular expression"):
        in_osprey("(a")


def test_a_flag_for_case_in_front_is_the_argument() -> None:
    pattern = read_pattern("(?i)mellow|nettle")

    assert pattern.is_words
    assert pattern.case_insensitive


WORDS = [
    f"{a}{b}" for a in ("zor", "ki\u017f", "k\u0130", "mi") for b in "abcdefghijklmnopqrstuvwxyz"
]
LISTS = ["|".join(word for word in WORDS[at::6]) for at in range(6)]
MANY = ["|".join(word for word in WORDS[at::6] if word.isascii()) + f"|x{at}.?y" for at in range(6)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*WORDS, "ZORA", "KIA", "x1zy", "\ud800", " ", "n"]), max_size=6),
    st.booleans(),
)
def test_many_lists_of_words_on_one_text_match_as_each_by_itself(
    parts: list[str],
    case_insensitive: bool,  # noqa: FBT001 -- hypothesis gives it
) -> None:
    text = "".join(parts)
    rules = many(case_insensitive=case_insensitive)
    flags = re.IGNORECASE if case_insensitive else 0

    outcome = evaluated(rules, {"t": text})

    assert outcome.errors == ()
    assert outcome.fired == tuple(
        f"R{at}" for at, pattern in enumerate(LISTS + MANY) if re.search(pattern, text, flags)
    )


@functools.cache
def many(*, case_insensitive: bool) -> RuleSet:
    text = "T: str = JsonData(path='$.t')\n" + "".join(
        f"R{at} = Rule(when_all=[RegexMatch(pattern={pattern!r}, target=T, "
        f"case_insensitive={case_insensitive})], description='')\n"
        for at, pattern in enumerate(LISTS + MANY)
    )
    return a_rule_set(text)
