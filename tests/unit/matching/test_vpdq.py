import numpy as np
import pytest

from fieldfare.matching.fingerprints import FrameTable
from fieldfare.matching.vpdq import Percentages, each_second, vpdq_percentages

_ROWS = np.random.default_rng(3).integers(0, 256, (20, 32), np.uint8)


def _table(numbers: list[int], quality: int = 100) -> FrameTable:
    return FrameTable.of(
        np.arange(len(numbers), dtype=np.float64),
        _ROWS[numbers],
        np.full(len(numbers), quality, np.uint8),
    )


def test_a_file_that_is_half_of_another_is_wholly_in_it_and_the_other_half_in_the_file() -> None:
    found = vpdq_percentages(_table([0, 1, 2, 3]), _table([0, 1, 2, 3, 4, 5, 6, 7]))

    assert found == Percentages(query=100.0, compared=50.0)


def test_equal_frames_count_once() -> None:
    found = vpdq_percentages(_table([0, 0, 0, 0, 9]), _table([0, 1]))

    assert found == Percentages(query=50.0, compared=50.0)


def test_plain_frames_turned_forms_and_other_windows_are_left_out() -> None:
    known = _table([0, 1])
    turned = FrameTable.of(np.zeros(1), _ROWS[:1], np.full(1, 100, np.uint8), form=1)
    window = FrameTable.of(np.zeros(1), _ROWS[:1], np.full(1, 100, np.uint8), window=1)

    for asked in (_table([0, 1], quality=49), turned, window, FrameTable.empty()):
        assert vpdq_percentages(asked, known) == Percentages(0.0, 0.0)


@pytest.mark.parametrize(("bits", "share"), [(31, 100.0), (32, 0.0)])
def test_frames_match_up_to_31_bits(bits: int, share: float) -> None:
    flipped = np.zeros(256, np.uint8)
    flipped[:bits] = 1
    near = FrameTable.of(
        np.zeros(1), _ROWS[:1] ^ np.packbits(flipped)[None], np.full(1, 100, np.uint8)
    )

    assert vpdq_percentages(near, _table([0])).query == share


def test_a_table_without_repeats_reads_as_one_with_every_frame() -> None:
    dense = FrameTable.of(
        np.arange(60) / 10, _ROWS[np.arange(60) // 25], np.full(60, 100, np.uint8)
    )
    kept = dense.chosen(np.array([0, 25, 50]))

    assert (each_second(dense, until_s=5.9).bits == each_second(kept, until_s=5.9).bits).all()
    assert len(each_second(dense, until_s=5.9)) == 6
