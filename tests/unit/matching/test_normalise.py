# ruff: noqa: RUF001 - look-alikes are what these tests are about
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.matching.normalise import fold, normalise

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("aе1!. \u200b\u0301\u1160ﬁẞ\n"))


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("ZorBLAT", "zorblat"),
        ("ｚｏｒ 𝔟𝔩𝔞𝔱", "zor blat"),
        ("zo\u200brb\u202elat\u00ad", "zorblat"),
        ("z\u0337o\u0337rb", "zorb"),
        ("zоrblаt", "zorblat"),
        ("ᴢᴏʀʙʟᴀᴛ", "zorblat"),
        ("z0rbl4t", "zorblat"),
        ("$norf", "snorf"),
        ("zoooorb!!!!", "zorb!"),
        ("f.o.o and f o o", "foo and foo"),
        ("f-o_o", "foo"),
        ("  two \n lines ", "two lines"),
        ("Straße", "strasse"),
    ],
)
def test_a_disguise_is_spelt_plainly(typed: str, plain: str) -> None:
    assert normalise(typed).text == plain


@pytest.mark.parametrize(
    "text",
    [
        "book",
        "room 101",
        "mp3",
        "covid19",
        "$5",
        "привет мир",
        "łódka",
        "が",
        "हिन्दी भाषा है",
        "안녕하세요",
        "ไทย",
    ],
)
def test_honest_spelling_stays_as_it_is(text: str) -> None:
    assert normalise(text).text == text


def test_a_loose_accent_reads_as_the_composed_letter() -> None:
    loose = unicodedata.normalize("NFD", "café 한글")

    assert normalise(loose).text == "café 한글"


def test_a_span_leads_back_to_what_was_typed() -> None:
    typed = "a\u200b ｚo\u0301rb ﬁn"
    found = normalise(typed)

    start = found.folded.index("z")
    begun, ended = found.span(start, start + 4)

    assert typed[begun:ended] == "ｚo\u0301rb"
    assert typed[slice(*found.span(len(found.folded) - 2, len(found.folded) - 1))] == "ﬁ"


@given(TEXT)
def test_every_place_of_the_folded_text_comes_from_its_own_characters(typed: str) -> None:
    found = normalise(typed)

    for place, char in enumerate(found.folded):
        start, end = found.span(place, place + 1)
        assert 0 <= start < end <= len(typed)
        assert char in fold(typed[start:end])


@given(TEXT)
def test_places_only_ever_move_forward(typed: str) -> None:
    found = normalise(typed)

    starts = [found.span(place, place + 1)[0] for place in range(len(found.folded))]

    assert starts == sorted(starts)


@given(TEXT)
def test_folding_twice_changes_nothing_more(typed: str) -> None:
    once = fold(typed)

    assert fold(once) == once


@given(TEXT, TEXT)
def test_the_same_words_in_other_case_or_width_have_one_spelling(left: str, right: str) -> None:
    typed = f"{left} {right}"

    assert normalise(typed + "\u200b").text == normalise(typed).text
    assert (
        normalise(unicodedata.normalize("NFD", typed)).folded
        == normalise(unicodedata.normalize("NFC", typed)).folded
    )
