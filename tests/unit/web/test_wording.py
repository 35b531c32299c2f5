"""Codes, bank names and rule texts in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.web.console.wording import bank_name, blanks, in_words, word


@pytest.mark.parametrize(
    ("code", "said"), [("regulated_goods", "Regulated goods"), ("violence", "Violence"), ("", "")]
)
def test_an_operators_code_is_shown_as_words(code: str, said: str) -> None:
    assert in_words(code) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("_decided.VE.TERROR", "Decided here: VE.TERROR"),
        ("_decided", "Decided here"),
        ("known-terror", "known-terror"),
    ],
)
def test_a_bank_of_our_own_decisions_is_named_as_such(name: str, said: str) -> None:
    assert bank_name(name) == said


def test_a_place_for_a_value_stands_for_the_word_that_repeats_it() -> None:
    found = blanks("The same comment by {_Accounts} accounts under {TermPolicy} today")

    assert found == (
        ("The same comment by ", False),
        ("accounts", True),
        (" under ", False),
        ("term policy", True),
        (" today", False),
    )


@given(st.text(max_size=80))
def test_a_text_without_places_stays_as_it_is(text: str) -> None:
    plain = text.replace("{", "").replace("}", "")

    assert "".join(words for words, _ in blanks(plain)) == plain


def test_a_case_past_its_deadline_has_words_of_its_own() -> None:
    assert word("case.overdue").text == "Past its deadline"
