import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import (
    BadInput,
    SimulatedClock,
    Span,
    Unknown,
    canonical_json,
    did_you_mean,
    digest,
    rfc3339,
    unix_ms,
)


@given(st.integers(0, 4_102_444_800_000))
def test_a_moment_survives_rfc_3339(at_ms: int) -> None:
    assert unix_ms(rfc3339(at_ms)) == at_ms


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    assert unix_ms("2026-03-01T20:00:00+05:00") == unix_ms("2026-03-01T15:00:00Z")


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="has no offset"):
        unix_ms("2026-03-01T20:00:00")


@pytest.mark.parametrize(
    "text",
    ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:00"],
)
def test_a_moment_that_cannot_be_written_again_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="between 1970 and 9999"):
        unix_ms(text)


def test_a_simulated_clock_moves_only_forward_and_only_when_told() -> None:
    clock = SimulatedClock(1_000)

    clock.advance(5)
    clock.advance_to(900)

    assert clock.now_ms() == 1_005
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_unknown_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="decoder ran out of memory"):
        bool(Unknown("decoder ran out of memory"))


def test_a_span_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Span(2.0, 1.0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), JSON))
def test_equal_values_have_equal_digests_in_any_order(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))

    assert canonical_json(turned) == canonical_json(value)
    assert digest(turned) == digest(value)


def test_a_close_name_is_suggested_and_a_far_one_is_not() -> None:
    assert did_you_mean("capton", ["caption", "market"]) == "Did you mean 'caption'?"
    assert did_you_mean("zzz", ["caption", "market"]) == ""


def test_a_name_in_other_letters_or_a_part_of_one_is_close() -> None:
    known = ["child_safety", "adult", "AD.NUDE"]

    assert did_you_mean("ADULT", known) == "Did you mean 'adult'?"
    assert did_you_mean("ad.nude", known) == "Did you mean 'AD.NUDE'?"
    assert did_you_mean("child", known) == "Did you mean 'child_safety'?"
    assert did_you_mean("afe", known) == ""


def test_an_error_says_what_and_how_to_mend_it() -> None:
    error = BadInput("no such field", hint="Leave it out.", pointer="/x")

    assert str(error) == "no such field. Leave it out."
    assert (error.status, error.slug, error.pointer) == (400, "bad-input", "/x")
