import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from fieldfare.kernel import BadInput
from fieldfare.matching import FlatIndex, distance, hex_of, row_of

_ROWS = npst.arrays(np.uint8, st.tuples(st.integers(0, 20), st.just(32)))


@settings(max_examples=100)
@given(entries=_ROWS, queries=_ROWS, radius=st.integers(0, 256))
def test_the_index_finds_what_comparing_all_pairs_finds(
    entries: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
    queries: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
    radius: int,
) -> None:
    hits = FlatIndex(entries).search(queries, radius)

    found = list(zip(hits.query.tolist(), hits.entry.tolist(), hits.distance.tolist(), strict=True))
    assert found == [
        (q, e, apart)
        for q, query in enumerate(queries)
        for e, entry in enumerate(entries)
        if (apart := int(np.bitwise_count(query ^ entry).sum())) <= radius
    ]


def test_planted_neighbours_are_found_across_chunks_up_to_the_radius_and_no_further() -> None:
    chance = np.random.default_rng(5)
    rows = chance.integers(0, 256, (70_000, 32), np.uint8)
    query = rows[69_999].copy()
    for bits, place in ((31, 65_535), (32, 65_536), (7, 3)):
        flipped = np.zeros(256, np.uint8)
        flipped[chance.permutation(256)[:bits]] = 1
        rows[place] = query ^ np.packbits(flipped)

    hits = FlatIndex(rows).search(query[None, :])

    assert dict(zip(hits.entry.tolist(), hits.distance.tolist(), strict=True)) == {
        3: 7,
        65_535: 31,
        69_999: 0,
    }


def test_a_hash_is_written_as_it_is_read() -> None:
    text = "0f" * 31 + "a0"

    assert hex_of(row_of(text)) == text
    assert distance(text, "0f" * 31 + "a3") == 2


@pytest.mark.parametrize("text", ["", "0f", "zz" * 32, "0f" * 33, " " * 64, "0f " * 32])
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a PDQ hash"):
        row_of(text)
