import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.minhash import BANDS, ROWS, BandTable, agreement, bands_of, minima

Pieces = NDArray[np.uint32]


def sets(similarity: float, pairs: int) -> tuple[list[Pieces], list[Pieces]]:
    """Make pairs of sets of 100 pieces that share so much."""
    random = np.random.default_rng(4)
    shared = round(200 * similarity / (1 + similarity))
    ones, others = [], []
    for _ in range(pairs):
        pieces = random.choice(2**32, 200 - shared, replace=False).astype(np.uint32)
        ones.append(pieces[:100])
        others.append(pieces[100 - shared :])
    return ones, others


def test_agreement_estimates_the_jaccard_similarity() -> None:
    for similarity in (0.1, 0.5, 0.9):
        ones, others = sets(similarity, 60)
        found = [agreement(a, b) for a, b in zip(minima(ones), minima(others), strict=True)]

        # the mean of 60 has a standard error of 0.006 at the most
        assert abs(np.mean(found) - similarity) < 0.02


def test_sets_are_taken_one_by_one_or_together_alike() -> None:
    ones, _ = sets(0.5, 5)

    together = minima(ones)

    assert together.shape == (5, BANDS * ROWS)
    assert all((minima([one])[0] == row).all() for one, row in zip(ones, together, strict=True))


def test_like_sets_are_proposed_and_unlike_ones_are_not() -> None:
    recall = {}
    for similarity in (0.05, 0.5, 0.7):
        ones, others = sets(similarity, 400)
        table = BandTable()
        table.add(bands_of(ones), np.arange(400, dtype=np.uint32))
        found = [table.like(each) for each in bands_of(others)]
        recall[similarity] = np.mean([row in rows for row, rows in enumerate(found)])
        assert sum(map(len, found)) <= 405

    assert recall[0.05] <= 0.01
    assert recall[0.5] >= 0.94
    assert recall[0.7] >= 0.995


def test_rows_are_found_whether_they_came_lately_or_long_ago() -> None:
    random = np.random.default_rng(5)
    pieces = [random.integers(0, 2**32, 20, dtype=np.uint32) for _ in range(4_500)]
    keys = bands_of(pieces)
    table = BandTable()

    for start in range(0, len(keys), 900):
        rows = np.arange(start, start + 900, dtype=np.uint32)
        table.add(keys[start : start + 900], rows)
        assert start in table.like(keys[start])

    assert table.nbytes == 4_500 * BANDS * 8
    table.add(keys[:1], np.array([4_500], np.uint32))
    assert table.like(keys[0]).tolist() == [0, 4_500]
    assert table.like(keys[4_499]).tolist() == [4_499]
