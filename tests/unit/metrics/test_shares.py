import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.metrics.shares import Share, wilson

COUNTS = st.integers(0, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
def test_the_interval_holds_the_share_and_stays_within_0_and_1(counts: tuple[int, int]) -> None:
    hits, n = counts

    low, high = wilson(hits, n)

    assert 0 <= low <= high <= 1
    assert n == 0 or low - 1e-12 <= hits / n <= high + 1e-12


@given(st.integers(1, 1_000), st.integers(2, 50))
def test_more_cases_of_the_same_share_narrow_the_interval(n: int, times: int) -> None:
    low, high = wilson(n, 2 * n)
    nearer, farther = wilson(n * times, 2 * n * times)

    assert farther - nearer < high - low


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_published_examples_come_out(hits: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17, table I, method 3."""
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


def test_nothing_says_nothing() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, (0.0, 1.0))
