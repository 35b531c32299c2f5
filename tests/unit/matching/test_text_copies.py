import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.matching.shingles import placed_skeleton, shingles, skeleton
from fieldfare.matching.text_copies import TextIndex, least_similarity

SPAM = "Get free zorblats now, send your number to the norfling club today"


def an_index(*texts: str) -> TextIndex:
    index = TextIndex()
    index.add(enumerate(texts))
    return index


def sentences(number: int, seed: int = 1, words: int = 9) -> list[str]:
    chance = random.Random(seed)
    letters = "abcdefghijklmnoprstuvwz"
    known = ["".join(chance.choices(letters, k=chance.randint(2, 8))) for _ in range(2_000)]
    return [" ".join(chance.choices(known, k=words)) for _ in range(number)]


def test_a_copy_to_the_letter_is_exact_whatever_it_is_typed_with() -> None:
    index = an_index("something else entirely", SPAM)

    [hit] = index.search("GET  FREE z0rblats now!!! Send your number to the norfling club, today")

    assert (hit.owner, hit.means, hit.similarity) == (1, "exact", 1.0)


@pytest.mark.parametrize(
    "typed",
    [
        SPAM.replace("today", "tonight"),
        SPAM.replace("free", "really free"),
        SPAM + " lol",
        SPAM.replace("norfling", "norflinq").replace("send", "snd"),
    ],
)
def test_a_copy_with_a_word_changed_is_near(typed: str) -> None:
    [hit] = an_index(SPAM, *sentences(50)).search(typed)

    assert (hit.owner, hit.means) == (0, "near")
    assert 0.6 < hit.similarity < 1


def test_a_near_copy_is_as_alike_as_its_pieces_are() -> None:
    typed = SPAM.replace("today", "tonight")
    one, other = ({*shingles(skeleton(text)).tolist()} for text in (SPAM, typed))

    [hit] = an_index(SPAM).search(typed)

    assert hit.similarity == len(one & other) / len(one | other)


def test_other_texts_match_nothing() -> None:
    index = an_index(*sentences(500))

    assert not any(index.search(text) for text in sentences(500, seed=2))


@pytest.mark.parametrize(("text", "other"), [("so good", "so goof"), ("😂", "😭"), ("!", "?")])
def test_a_short_text_matches_to_the_letter_only(text: str, other: str) -> None:
    index = an_index(text)

    assert index.search(other) == []
    assert least_similarity(7) is None
    assert least_similarity(8) == 0.7


def test_the_more_alike_comes_first() -> None:
    near = SPAM.replace("today", "tonight")
    index = an_index(near.replace("free", "some"), SPAM, near)

    assert [hit.owner for hit in index.search(SPAM)] == [1, 2, 0]


def test_texts_that_are_the_same_are_all_found() -> None:
    index = an_index(SPAM, SPAM.upper())

    assert [hit.owner for hit in index.search(SPAM)] == [0, 1]


def test_what_is_removed_or_replaced_matches_no_longer() -> None:
    index = an_index(SPAM, "another thing altogether, is it not")

    index.remove([0, 99])
    index.add([(1, "the third text in this place")])

    assert len(index) == 1
    assert index.search(SPAM) == []
    assert index.search("another thing altogether, is it not") == []
    assert [hit.owner for hit in index.search("the third text in this place")] == [1]


def test_room_of_the_removed_is_given_back() -> None:
    texts = sentences(3_000)
    index = an_index(*texts)
    before = index.nbytes

    index.remove(range(2_500))

    assert index.nbytes < before
    assert [hit.owner for hit in index.search(texts[2_700])] == [2_700]
    assert index.search(texts[10]) == []


def test_the_stretch_of_a_copy_is_where_it_stands() -> None:
    typed = f"hey everybody out there 😀 look: {SPAM.replace('club', 'clüb')}"
    index = an_index(SPAM)

    assert index.search(typed)[0].means == "near"
    start, end = index.stretch(0, placed_skeleton(typed))

    assert typed[start:end] == SPAM.replace("club", "clüb")


@given(st.text(st.sampled_from("abcde fgh!1😀"), max_size=80), st.integers(0, 79))
def test_one_letter_fewer_costs_three_pieces_at_the_most(text: str, place: int) -> None:
    index = an_index(text)
    typed = text[:place] + text[place + 1 :]
    pieces = min(len(shingles(skeleton(each))) for each in (text, typed))

    hits = index.search(typed)

    if pieces >= 40 and skeleton(typed):
        assert hits
        assert hits[0].similarity >= (pieces - 7) / (pieces + 7)
    assert all(0 < hit.similarity <= 1 for hit in hits)
