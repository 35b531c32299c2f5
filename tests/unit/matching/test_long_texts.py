import random

import numpy as np
import pytest
import tlsh

from fieldfare.kernel import BadInput
from fieldfare.matching.long_texts import (
    TLSH_DISTANCE,
    TlshIndex,
    distances,
    read_tlsh,
    tlsh_of,
)


def a_text(seed: int, words: int = 150) -> str:
    chance = random.Random(seed)
    return " ".join("".join(chance.choices("abcdefghij", k=6)) for _ in range(words))


def test_distances_are_those_of_the_reference_implementation() -> None:
    digests = [tlsh_of(a_text(seed, words=40 + 9 * seed)) for seed in range(40)]
    rows = np.stack([read_tlsh(each) for each in digests])

    for digest, row in zip(digests, rows, strict=True):
        assert distances(row, rows).tolist() == [tlsh.diff(digest, each) for each in digests]


def test_a_changed_long_text_is_found_by_its_digest_alone() -> None:
    index = TlshIndex()
    for seed in range(20):
        index.add(seed, tlsh_of(a_text(seed)))
    words = a_text(7).split()
    words[40] = "different"

    [(owner, distance)] = index.search(" ".join(words))

    assert owner == 7
    assert 0 < distance <= TLSH_DISTANCE


def test_a_removed_digest_is_found_no_longer() -> None:
    index = TlshIndex()
    index.add(1, tlsh_of(a_text(1)))
    assert index.search(a_text(1)) == [(1, 0)]

    index.remove([1, 2])

    assert index.search(a_text(1)) == []
    assert len(index) == 0


def test_a_short_or_uniform_text_has_no_digest() -> None:
    assert tlsh_of("a few words") == ""
    assert tlsh_of("a" * 500) == ""


@pytest.mark.parametrize("text", ["", "T1", "T1" + "0" * 69, "T1" + "x" * 70, "0" * 72])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a TLSH digest"):
        read_tlsh(text)
