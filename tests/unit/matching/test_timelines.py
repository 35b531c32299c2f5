"""What pairs of moments tell of speed, and what they do not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldfare.matching.timelines import FEWEST_FOR_SPEED, TimedPairs

FRAMES_S = np.arange(0, 300, 0.2)


def _copied(at: NDArray[np.floating], speed: float, offset_s: float) -> TimedPairs:
    """Pair each moment with the frame of a moving reference that it shows, and its neighbours."""
    true = offset_s + speed * at
    rows = np.searchsorted(FRAMES_S, true + 1e-6, side="right") - 1
    near = np.clip(rows[:, None] + np.arange(-1, 2), 0, len(FRAMES_S) - 1)
    distance = np.tile([14.0, 3.0, 14.0], len(at))
    return TimedPairs.of(np.repeat(at.astype(np.float64), 3), FRAMES_S[near].ravel(), distance)


@pytest.mark.parametrize("speed", [0.8, 1.0, 1.25, 1.5, 2.0])
def test_the_speed_of_a_moving_copy_is_told(speed: float) -> None:
    line = _copied(np.arange(0, 8, 0.5), speed, offset_s=1.0).timeline()

    assert line.is_speed_known
    assert line.speed == pytest.approx(speed, rel=0.06)
    assert line.offset_s == pytest.approx(1.0, abs=0.4)


def test_a_small_difference_of_speed_is_found_over_a_long_time() -> None:
    line = _copied(np.arange(0, 280, 2.0), 1.01, offset_s=0.0).timeline()

    assert line.speed == pytest.approx(1.01, abs=0.002)
    assert line.is_speed_known


def test_of_a_still_scene_no_speed_is_invented() -> None:
    chance = np.random.default_rng(1)
    at, rows = np.arange(0, 10, 0.6), np.arange(0, 10, 0.5)
    t_query, t_reference = np.repeat(at, len(rows)), np.tile(rows, len(at))
    distance = chance.integers(2, 26, len(t_query)).astype(np.float64)

    line = TimedPairs.of(t_query, t_reference, distance).timeline()

    assert not line.is_speed_known
    assert line.speed == 1.0


def test_of_one_picture_held_no_speed_is_told() -> None:
    at = np.arange(0, 10, 1.0)

    line = TimedPairs.of(at, np.zeros(len(at)), np.zeros(len(at))).timeline()

    assert (line.speed, line.is_speed_known) == (1.0, False)


def test_few_moments_tell_no_speed() -> None:
    at = np.arange(FEWEST_FOR_SPEED - 1) * 2.0

    assert not _copied(at, 1.3, offset_s=0.0).timeline().is_speed_known


def test_a_short_stretch_does_not_tell_speeds_apart() -> None:
    line = _copied(np.arange(0, 1, 0.2), 1.0, offset_s=3.0).timeline()

    assert (line.speed, line.is_speed_known) == (1.0, False)
