# ruff: noqa: RUF001 - look-alikes are what these tests are about
import re
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.matching.shingles import SHINGLE, pieces_of, placed_skeleton, shingles, skeleton

WORDS = st.lists(
    st.text("abcdefghijkmnopqrstuvwxyz", min_size=1, max_size=9), min_size=1, max_size=12
)
ANY = st.text(st.characters(codec="utf-8") | st.sampled_from("aе1!. \u200b\u0301ﬁẞ😀"))
DISGUISES = {"a": "а4@", "e": "е3", "o": "о0", "i": "і1", "s": "ѕ5$", "c": "с", "t": "7"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Buy zorblat now", "BUY   ZORBLAT,\nNOW!!!"),
        ("Buy zorblat now", "b u y z0rbl4t n-o-w"),
        ("Buy zorblat now", "Buу zоrblаt nоw"),
        ("Buy zorblat now", "Buuuy zorblaaaat now"),
        ("Straße", "STRASSE"),
        ("café", "cafe\u0301"),
        ("kill", "kiIl"),
        ("😂😂😂", "😂"),
    ],
)
def test_disguises_leave_the_key_as_it_is(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other) != ""


@pytest.mark.parametrize(("one", "other"), [("zorblat", "snorf"), ("か", "が"), ("👍", "👎")])
def test_other_texts_have_other_keys(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize("text", ["", "  ", "?!.", "\u200b\u200d", "——"])
def test_a_text_with_nothing_to_read_has_no_key(text: str) -> None:
    assert skeleton(text) == ""
    assert len(shingles("")) == 0


@given(WORDS, st.randoms(use_true_random=False))
def test_case_spaces_and_punctuation_do_not_matter(words: list[str], random: Random) -> None:
    plain = " ".join(words)
    typed = "".join(random.choice((char, char.upper())) for char in plain)
    typed = re.sub(" ", lambda _: random.choice(("  ", ", ", " - ", "\n", "... ")), typed)

    assert skeleton(typed + random.choice(("", "!!", "?", " :"))) == skeleton(plain)


@given(WORDS, st.randoms(use_true_random=False))
def test_look_alikes_and_leetspeak_do_not_change_the_key(words: list[str], random: Random) -> None:
    plain = " ".join(words)
    typed = "".join(random.choice(char + DISGUISES.get(char, "")) for char in plain)

    assert skeleton(typed) == skeleton(plain)


@given(ANY)
def test_letters_keep_the_place_they_come_from(text: str) -> None:
    placed = placed_skeleton(text)

    assert placed.letters == skeleton(text)
    assert len(placed.starts) == len(placed.ends) == len(placed.letters)
    assert all(0 <= a < b <= len(text) for a, b in zip(placed.starts, placed.ends, strict=True))
    assert list(placed.starts) == sorted(placed.starts)


@given(ANY)
def test_a_key_has_a_piece_at_every_place(text: str) -> None:
    letters = skeleton(text)
    pieces = pieces_of(letters)

    assert len(pieces) == (max(1, len(letters) - SHINGLE + 1) if letters else 0)
    assert shingles(letters).tolist() == sorted(set(pieces.tolist()))


def test_pieces_are_told_apart() -> None:
    letters = "abcdefghijkmnopqrstuvwxyz"
    pieces = np.concatenate([pieces_of(a + b + c) for a in letters for b in letters for c in "xyz"])

    assert len(np.unique(pieces)) == len(letters) ** 2 * 3
