"""Words: every trick but one is a term to the platform's lexicon, and clean words never are."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.matching.lexicon import Lexicons
from fieldfare.matching.lists import parse_lexicon
from fieldfare.matching.normalise import normalise
from fieldfare.simulator.demo import DemoWords
from fieldfare.simulator.wording import Trick, Wording, disguise

WORDS = DemoWords.shipped()
WORDING = WORDS.wording()
LEXICONS = Lexicons([parse_lexicon(name, text) for name, text in WORDS.lexicons.items()])
seeds = st.integers(0, 2**32)


def policies_in(text: str) -> set[str]:
    return {hit.policy for hit in LEXICONS.find(normalise(text))}


@pytest.mark.parametrize("trick", [trick for trick in Trick if trick is not Trick.REWORDED])
@given(seed=seeds, policy=st.sampled_from(WORDING.policies))
def test_a_disguised_term_is_found(trick: Trick, seed: int, policy: str) -> None:
    assert policy in policies_in(WORDING.violating(policy, trick, Random(seed)))


@given(seed=seeds)
def test_clean_sentences_and_look_alikes_are_not_hit(seed: int) -> None:
    draw = Random(seed)

    assert policies_in(WORDING.clean(draw)) == set()
    assert policies_in(WORDING.look_alike(draw)) == set()


def test_a_look_alike_holds_a_term_inside_a_longer_word() -> None:
    wording = Wording({"HB.LOW": ("zorblat",)})

    longer = [w for w in wording.look_alike(Random(1)).split(" ") if "zorblat" in w]

    assert len(longer) == 1
    assert longer[0] != "zorblat"


def test_reworded_terms_are_beyond_the_lexicon() -> None:
    text = WORDING.violating("HB.LOW", Trick.REWORDED, Random(1))

    assert policies_in(text) == set()


def test_every_trick_but_plain_changes_the_term() -> None:
    written = {trick: disguise("zorblat", trick, Random(3)) for trick in Trick}

    assert written.pop(Trick.PLAIN) == "zorblat"
    assert "zorblat" not in written.values()
    assert len(set(written.values())) == len(written)


def test_policies_without_terms_are_left_out() -> None:
    assert Wording({"HS.SLUR": (), "HB.LOW": ("zorblat",)}).policies == ("HB.LOW",)
