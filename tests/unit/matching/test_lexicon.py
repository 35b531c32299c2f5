# ruff: noqa: RUF001 - look-alikes are what these tests are about
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fieldfare.matching.alignment import Match
from fieldfare.matching.automaton import Automaton
from fieldfare.matching.confusables import CONFUSABLES, LEET, readings
from fieldfare.matching.lexicon import (
    MAX_HITS,
    Entry,
    Hit,
    Lexicon,
    Lexicons,
    TermDoesNotFold,
    letters_of,
)
from fieldfare.matching.normalise import normalise

TERMS = ["zorblat", "quibnood", "snill", "vroomp", "blip zorp", "glaffi"]


def a_lexicon(*terms: str, match: Match = Match.WORD, name: str = "rude") -> Lexicon:
    return Lexicon(name=name, entries={term: Entry(policy="HB.LOW", match=match) for term in terms})


RUDE = Lexicons([a_lexicon(*TERMS)])


def hits(text: str, search: Lexicons = RUDE) -> list[tuple[str, str]]:
    """Give (term, what stands there in the original)."""
    return [(hit.term, text[hit.start : hit.end]) for hit in search.find(normalise(text))]


@pytest.mark.parametrize(
    "typed",
    [
        "ZORBLAT",
        "z0rbl4t",
        "z0rb|@+",
        "zzzoorblaatt",
        "z.o.r.b.l.a.t",
        "z o r b l a t",
        "z - o - r - b - l - a - t",
        "zor-blat",
        "zorb\u200blat",
        "зоrblаt",
        "zörblät",
        "ᴢᴏʀʙʟᴀᴛ",
        "ｚｏｒｂｌａｔ",
        "𝔷𝔬𝔯𝔟𝔩𝔞𝔱",
        "🅉🅞🆁🅱🅻🅰🆃",
    ],
)
def test_a_term_is_found_in_every_disguise_with_its_place(typed: str) -> None:
    assert hits(f"you {typed}, you!") == [("zorblat", typed)]


@pytest.mark.parametrize(
    "clean",
    [
        "azorblat",
        "zorblats",
        "zorb lat",
        "zor blat",
        "zorblot",
        "zorb4lat",
        "snil",
        "snilly",
        "blipzorp",
        "blip. and zorp",
        "quib nood",
        "zorb... lat",
        "zorb....lat",
        "xz o r b l a tx",
    ],
)
def test_a_clean_look_alike_is_left_alone(clean: str) -> None:
    assert hits(clean) == []


@pytest.mark.parametrize(
    "typed", ["zorblat99", "hey!zorblat", "me@zorblat.test", "#zorblat", "3zorblat"]
)
def test_what_is_hung_onto_a_word_does_not_hide_it(typed: str) -> None:
    assert hits(typed) == [("zorblat", "zorblat")]


def test_a_letter_before_that_looks_the_same_does_not_hide_a_word() -> None:
    assert hits("a z zorblat t") == [("zorblat", "zorblat")]
    assert hits("1 l snill") == [("snill", "snill")]
    assert hits("buzz, zzzzzzorblat") == [("zorblat", "zzzzzzorblat")]


def test_a_term_overlapping_itself_is_found_once() -> None:
    assert hits("zozozo", Lexicons([a_lexicon("zoz", match=Match.SUBSTRING)])) == [("zoz", "zoz")]


def test_a_letter_spelt_out_endlessly_is_not_followed_for_ever() -> None:
    assert hits("zo" + ".o" * 9 + ".rblat") == [("zorblat", "zo" + ".o" * 9 + ".rblat")]
    assert hits("zo" + ".o" * 99 + ".rblat") == []


def test_a_doubled_letter_of_the_term_must_be_doubled_in_the_text() -> None:
    search = Lexicons([a_lexicon("snill")])

    assert hits("sniil", search) == []
    assert hits("sni11", search) == [("snill", "sni11")]
    assert hits("snilllll", search) == [("snill", "snilllll")]


def test_a_phrase_needs_its_words_in_order_with_something_between() -> None:
    assert hits("Blip   ZORP") == [("blip zorp", "Blip   ZORP")]
    assert hits("blip-zorp") == [("blip zorp", "blip-zorp")]
    assert hits("zorp blip") == []


def test_a_substring_is_found_inside_words_and_an_exact_word_without_disguise_only() -> None:
    inside = Lexicons([a_lexicon("snarf", match=Match.SUBSTRING)])
    exact = Lexicons([a_lexicon("bok", match=Match.EXACT)])

    assert hits("xsn4rfy", inside) == [("snarf", "sn4rf")]
    assert hits("Bok, book b0k b.o.k bokbok", exact) == [("bok", "Bok")]


def test_scripts_without_spaces_need_no_edges() -> None:
    search = Lexicons([a_lexicon("咕噜噜", "ゾルブ")])

    assert hits("你是咕噜噜吗", search) == [("咕噜噜", "咕噜噜")]
    assert hits("ok咕噜噜ok", search) == [("咕噜噜", "咕噜噜")]
    assert hits("このゾルブめ", search) == [("ゾルブ", "ゾルブ")]
    assert hits("このソルブめ", search) == []


def test_a_digit_term_is_not_found_inside_a_number() -> None:
    search = Lexicons([a_lexicon("77")])

    assert hits("in 1977", search) == []
    assert hits("so 77 tt", search) == [("77", "77")]


def test_emoji_terms_are_found_beside_letters() -> None:
    assert hits("no🛸🛸way", Lexicons([a_lexicon("🛸🛸")])) == [("🛸🛸", "🛸🛸")]


def test_every_lexicon_reports_its_own_hits_in_the_order_of_the_text() -> None:
    search = Lexicons(
        [a_lexicon("zorblat", name="one"), a_lexicon("vroomp", "zorblat", name="two")]
    )

    found = search.find(normalise("vroomp zorblat"))

    assert found == (
        Hit("two", "vroomp", "HB.LOW", 0, 6),
        Hit("one", "zorblat", "HB.LOW", 7, 14),
        Hit("two", "zorblat", "HB.LOW", 7, 14),
    )


def test_a_flood_of_hits_stops_at_the_limit() -> None:
    assert len(RUDE.find(normalise("zorblat " * 500))) == MAX_HITS


def test_an_empty_lexicon_finds_nothing() -> None:
    assert Lexicons([]).find(normalise("zorblat")) == ()


def test_a_term_without_letters_is_refused() -> None:
    with pytest.raises(TermDoesNotFold, match="nothing to look for"):
        letters_of("...\u200b")
    assert letters_of("  Blip -  ZORP! ") == "blip zorp"


def test_the_hash_of_a_lexicon_names_its_content() -> None:
    assert a_lexicon("zorb").hash == a_lexicon("zorb").hash
    assert a_lexicon("zorb").hash != a_lexicon("zorb", match=Match.EXACT).hash


LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = st.text(LETTERS, min_size=3, max_size=8)
LOOKS = {letter: [shape for shape, of in CONFUSABLES.items() if of == letter] for letter in LETTERS}
SIGNS = {letter: [sign for sign, of in LEET.items() if letter in of] for letter in LETTERS}
INVISIBLE = "\u200b\u200d\u2060\u00ad\u202e\ufeff"


@st.composite
def disguised(draw: st.DrawFn, word: str) -> str:
    """Type a word so that people still read it: each letter disguised, one kind of gap."""
    gap = draw(st.sampled_from(["", "", ".", "-", "_", "*", " ", " . "]))
    typed = []
    for letter in word:
        shape = draw(
            st.sampled_from([letter, letter, letter.upper(), *LOOKS[letter], *SIGNS[letter]])
        )
        repeats = draw(st.sampled_from([1, 1, 1, 2, 5]))
        typed.append(shape * repeats + draw(st.sampled_from(["", "", *INVISIBLE, "\u0337"])))
    return gap.join(typed)


@example(term="snill", data=None, before="l", after="")
@given(
    term=WORDS,
    data=st.data(),
    before=st.sampled_from(["", "so", "l", "a 1", "zu,", "—"]),
    after=st.sampled_from(["", "!!!", "ok", "? yes", "…"]),
)
def test_wherever_the_plain_term_is_found_the_disguised_one_is_too(
    term: str, data: st.DataObject | None, before: str, after: str
) -> None:
    search = Lexicons([a_lexicon(term)])
    typed = data.draw(disguised(term)) if data else "sni|1"
    plain_text, text = f"{before} {term} {after}", f"{before} {typed} {after}"
    assume(any(found == (term, term) for found in hits(plain_text, search)))

    found = search.find(normalise(text))

    assert any(hit.start <= len(before) + 1 < hit.end for hit in found)


@given(WORDS, WORDS.filter(lambda word: len(word) > 3))
def test_an_honest_word_is_a_hit_only_if_it_is_the_term_with_letters_repeated(
    term: str, word: str
) -> None:
    def runs(text: str) -> list[tuple[str, int]]:
        made: list[tuple[str, int]] = []
        for char in text:
            if made and made[-1][0] == char:
                made[-1] = (char, made[-1][1] + 1)
            else:
                made.append((char, 1))
        return made

    wanted, given_runs = runs(term), runs(word)
    expected = [c for c, _ in wanted] == [c for c, _ in given_runs] and all(
        have >= need for (_, need), (_, have) in zip(wanted, given_runs, strict=True)
    )

    assert bool(hits(f"so {word} it", Lexicons([a_lexicon(term)]))) is (
        expected or term in ("so", "it")
    )


@given(st.text(st.sampled_from("zorbla t.1!|é\u200b\u0337еZ"), max_size=40))
def test_a_span_always_covers_characters_that_read_as_the_term(text: str) -> None:
    search = Lexicons([a_lexicon("zorb", "bla", "al", match=Match.SUBSTRING)])

    for hit in search.find(normalise(text)):
        covered = text[hit.start : hit.end]
        readable = [readings(c) for c in normalise(covered).folded if c.isalnum() or c in "!|"]
        assert covered.strip() == covered
        assert hit.term[0] in readable[0]
        assert hit.term[-1] in readable[-1]


@given(st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=6), st.text("abc"))
def test_the_automaton_finds_what_a_plain_search_finds(patterns: list[str], text: str) -> None:
    automaton = Automaton(patterns)

    state, found = 0, set()
    for place, char in enumerate(text):
        state = automaton.step(state, char)
        found |= {(number, place + 1) for number in automaton.endings[state]}

    assert found == {
        (number, end)
        for number, pattern in enumerate(patterns)
        for end in range(len(text) + 1)
        if text[:end].endswith(pattern)
    }


def test_no_look_alike_is_a_plain_letter_or_leads_to_more_than_one() -> None:
    assert all(not shape.isascii() and letter in LETTERS for shape, letter in CONFUSABLES.items())
    assert all(len(unicodedata.normalize("NFC", shape)) == 1 for shape in CONFUSABLES)
    assert len(CONFUSABLES) > 300
