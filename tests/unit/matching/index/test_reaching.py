"""How far to look around each chunk: no row within the radius is missed, and none is told twice."""

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.matching.index.reaching import (
    EXACT_UP_TO,
    N_CHUNKS,
    NEAR,
    WITHIN,
    least_ones,
    reaches,
)

RADII = st.integers(0, EXACT_UP_TO)


@given(radius=RADII, chance=st.randoms(use_true_random=False), data=st.data())
def test_of_two_hashes_within_the_radius_some_chunk_is_within_its_reach(
    radius: int, chance: Random, data: st.DataObject
) -> None:
    spread = data.draw(st.integers(0, radius))
    bits = chance.sample(range(256), spread)
    differing = np.bincount(np.array(bits, int) // 16, minlength=N_CHUNKS)

    reach = reaches(radius)

    assert (differing <= reach[:N_CHUNKS]).any()


@given(radius=RADII)
def test_reaches_are_no_longer_than_they_need_be(radius: int) -> None:
    reach = reaches(radius)

    assert (reach[:N_CHUNKS] + 1).sum() == radius + 1
    assert reach[N_CHUNKS] == radius


def test_the_buckets_around_a_chunk_are_those_within_its_reach() -> None:
    differing = np.bitwise_count(NEAR)

    assert len(set(NEAR.tolist())) == len(NEAR)
    for reach, count in enumerate(WITHIN):
        assert (differing[:count] <= reach).all()
        assert (differing[count:] > reach).all()


@given(radius=RADII, chunk=st.integers(0, N_CHUNKS - 1))
def test_a_row_was_met_if_an_earlier_chunk_is_within_its_reach(radius: int, chunk: int) -> None:
    reach, lanes = reaches(radius), least_ones(radius).astype("<u8").view("<u2")
    whole, signature = lanes[chunk, :16].astype(int), lanes[chunk, 16:].astype(int)

    for earlier in range(chunk):
        assert 32_768 - whole[earlier] == reach[earlier] + 1
    assert (whole[chunk:] == 32_768).all()
    before = [signature[0], signature[1], *signature[4:]]
    expected = [whole[chunk - n] if n <= chunk else 32_768 for n in range(1, 7)]
    assert before == expected
    assert (signature[2:4] == 32_768).all()
