from hypothesis import given
from hypothesis import strategies as st

from fieldfare.rules.buckets import BUCKETS, bucket_of, takes

VERSIONS = st.text(st.sampled_from("0123456789abcdef"), min_size=12, max_size=64)


@given(VERSIONS, st.text(), st.lists(st.sampled_from([0, 1, 10, 50, 100]), min_size=2))
def test_growth_never_moves_a_member(version: str, author: str, shares: list[int]) -> None:
    taken = [takes(version, author, share) for share in sorted(shares)]

    assert taken == sorted(taken)


@given(VERSIONS, st.text())
def test_nobody_is_taken_by_nothing_and_everybody_by_all(version: str, author: str) -> None:
    assert not takes(version, author, 0)
    assert takes(version, author, 100)
    assert 0 <= bucket_of(version, author) < BUCKETS


def test_a_share_takes_about_that_many() -> None:
    taken = sum(takes("v" * 64, f"author-{n}", 10) for n in range(20_000))

    assert 1_850 < taken < 2_150


def test_two_versions_take_different_authors() -> None:
    authors = [f"author-{n}" for n in range(2_000)]

    both = sum(takes("a", author, 10) and takes("b", author, 10) for author in authors)

    assert both < 60


def test_a_bucket_is_the_same_for_good() -> None:
    assert bucket_of("0123456789abcdef", "ana") == 4_082
