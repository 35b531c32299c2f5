import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import (
    EPOCH_MS,
    BadInput,
    at_of,
    lane_of,
    make_id,
    next_id,
    parse_id,
    sequence_of,
)
from fieldfare.kernel.clock import LAST_MS
from fieldfare.kernel.ids import MAX_ID, first_id, id_before

MOMENTS = st.integers(EPOCH_MS, EPOCH_MS + (1 << 40))
LANES = st.integers(0, 63)
SEQUENCES = st.integers(0, 65_535)


@given(MOMENTS, LANES, SEQUENCES)
def test_an_id_gives_back_moment_lane_and_sequence(at_ms: int, lane: int, sequence: int) -> None:
    packed = make_id(at_ms, lane=lane, sequence=sequence)

    assert (at_of(packed), lane_of(packed), sequence_of(packed)) == (at_ms, lane, sequence)
    assert 0 <= packed < 1 << 63


@given(MOMENTS, MOMENTS, LANES, SEQUENCES)
def test_the_next_id_is_always_greater_in_its_lane(
    last_ms: int, now_ms: int, lane: int, sequence: int
) -> None:
    last = make_id(last_ms, lane=lane, sequence=sequence)

    following = next_id(last, now_ms=now_ms, lane=lane)

    assert following > last
    assert lane_of(following) == lane
    assert at_of(following) >= max(now_ms, last_ms)


def test_a_full_millisecond_borrows_the_next_one() -> None:
    last = make_id(EPOCH_MS + 5, sequence=65_535)

    assert at_of(next_id(last, now_ms=EPOCH_MS + 5)) == EPOCH_MS + 6


@pytest.mark.parametrize("at_ms", [EPOCH_MS - 1, EPOCH_MS + (1 << 41)])
def test_a_moment_no_id_can_hold_is_refused(at_ms: int) -> None:
    with pytest.raises(ValueError, match=r"at_ms|past"):
        make_id(at_ms)


@given(MOMENTS)
def test_the_bounds_of_a_moment_lie_around_its_ids(at_ms: int) -> None:
    assert first_id(at_ms) == make_id(at_ms)
    assert id_before(at_ms) == max(0, make_id(at_ms) - 1)


@pytest.mark.parametrize(("at_ms", "first"), [(0, 0), (LAST_MS, MAX_ID)])
def test_a_moment_beyond_all_ids_has_the_first_or_the_last(at_ms: int, first: int) -> None:
    assert first_id(at_ms) == first
    assert id_before(at_ms) == max(0, first - 1)


@given(MOMENTS, LANES, SEQUENCES)
def test_an_id_survives_its_json_form(at_ms: int, lane: int, sequence: int) -> None:
    packed = make_id(at_ms, lane=lane, sequence=sequence)

    assert parse_id(str(packed)) == packed


@pytest.mark.parametrize("text", ["", "-1", "1.0", "0x1", "٣", "9" * 19, "9" * 30, " 1"])
def test_what_is_not_an_id_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(BadInput, match="is not an id"):
        parse_id(text)
