from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fieldfare.matching.fingerprints import (
    LOST_BORDERS,
    OTHER_BORDERS,
    UNBORDERED,
    WHOLE,
    FrameTable,
    joined,
)
from fieldfare.matching.flat import FlatIndex
from fieldfare.matching.voting import MAX_SEGMENTS, Alignment, align


@dataclass(frozen=True)
class Found:
    query: NDArray[np.intp]
    owner: NDArray[np.int64]
    t_ms: NDArray[np.uint32]
    variant: NDArray[np.uint8]
    distance: NDArray[np.int32]


def _moving(seed: int, seconds: float, rate: int = 10, step: int = 12) -> FrameTable:
    """Make frames that change by `step` bits each, so that those 3 apart are different ones."""
    chance = np.random.default_rng(seed)
    count = round(seconds * rate)
    rows = np.empty((count, 256), np.uint8)
    rows[0] = chance.integers(0, 2, 256)
    for number in range(1, count):
        rows[number] = rows[number - 1]
        rows[number, chance.permutation(256)[:step]] ^= 1
    quality = np.full(count, 100, np.uint8)
    return FrameTable.of(np.arange(count) / rate, np.packbits(rows, axis=1), quality)


def _still(seed: int, seconds: float, rate: int = 1) -> FrameTable:
    picture = np.random.default_rng(seed).integers(0, 256, (1, 32), np.uint8)
    count = round(seconds * rate)
    quality = np.full(count, 100, np.uint8)
    return FrameTable.of(np.arange(count) / rate, np.repeat(picture, count, axis=0), quality)


def _without_repeats(table: FrameTable) -> FrameTable:
    kept = [0]
    for row in range(1, len(table)):
        if np.bitwise_count(table.bits[row] ^ table.bits[kept[-1]]).sum() > 16:
            kept.append(row)
    return table.chosen(np.array(kept))


def _look_up(probes: FrameTable, *references: FrameTable) -> Found:
    bank = joined(*references)
    owners = np.repeat(np.arange(len(references)) + 1, [len(one) for one in references])
    hits = FlatIndex(bank.bits).search(probes.bits)
    return Found(
        query=hits.query,
        owner=owners[hits.entry].astype(np.int64),
        t_ms=np.round(bank.t[hits.entry] * 1000).astype(np.uint32),
        variant=bank.window[hits.entry],
        distance=hits.distance,
    )


def _played(
    reference: FrameTable, moments: NDArray[np.float64], at: NDArray[np.float64]
) -> FrameTable:
    """Give a file that shows at `at` what the reference shows at `moments`."""
    shown = reference.chosen(np.searchsorted(reference.t, moments + 1e-6, side="right") - 1)
    return FrameTable.of(at, shown.bits, shown.quality)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    speed=st.floats(0.75, 1.5),
    starts_s=st.floats(0, 8),
    after_s=st.floats(0, 20),
)
def test_a_copy_is_found_at_its_speed_and_place(
    seed: int, speed: float, starts_s: float, after_s: float
) -> None:
    reference = _moving(seed, 22)
    at = np.arange(0, 8, 0.5)
    file = _played(reference, starts_s + at * speed, after_s + at)

    [found, *_] = align(file, _look_up(file, _without_repeats(reference)), until_s=after_s + 8)

    assert found.seconds == pytest.approx(8, abs=1.3)
    assert found.reference_frames >= 12
    assert found.distance <= 16
    for pair in found.pairs:
        true = starts_s + (pair.t_query - after_s) * speed
        assert abs(found.offset_s + found.speed * pair.t_query - true) < 1.3
        assert abs(pair.t_reference - true) < 1.0


def test_a_still_picture_is_one_frame_however_long_it_is_shown() -> None:
    file = _still(1, 12)

    [found] = align(file, _look_up(file, _without_repeats(file)), until_s=12)

    assert found.reference_frames == 1
    assert found.seconds == pytest.approx(12)
    assert len(found.pairs) == 12


def test_a_picture_held_still_is_one_frame_of_a_slow_reference_that_it_is_near_to() -> None:
    slow = _moving(2, 8, rate=1, step=6)
    held = _still(3, 8)
    held = FrameTable.of(held.t, np.repeat(slow.bits[3:4], 8, axis=0), held.quality)

    [found, *_] = align(held, _look_up(held, slow), until_s=8)

    assert found.reference_frames == 1


def test_a_long_run_of_like_pictures_matches_for_all_its_time() -> None:
    held, moving = _still(4, 9, rate=10), _moving(5, 5)
    reference = joined(held, FrameTable.of(moving.t + 9, moving.bits, moving.quality))
    file = _played(reference, np.arange(14.0), np.arange(14.0))

    [found, *_] = align(file, _look_up(file, _without_repeats(reference)), until_s=14)

    assert found.seconds == pytest.approx(14)
    assert found.reference_frames == 6


def test_frames_out_of_order_do_not_add_up() -> None:
    reference = _moving(6, 40)
    shuffled = np.random.default_rng(7).permutation(40).astype(np.float64)
    file = _played(reference, shuffled, np.arange(40.0))

    found = align(file, _look_up(file, _without_repeats(reference)), until_s=40)

    assert len(found) <= MAX_SEGMENTS
    assert max(one.reference_frames for one in found) <= 8


def test_a_copy_cut_anew_is_found_stretch_by_stretch() -> None:
    reference = _moving(8, 30)
    moments = np.concatenate((np.arange(20, 28, 0.5), np.arange(2, 8, 0.5)))
    file = _played(reference, moments, np.arange(len(moments)) / 2)

    first, second, *_ = align(file, _look_up(file, _without_repeats(reference)), until_s=14)

    assert first.offset_s == pytest.approx(20, abs=0.5)
    assert second.offset_s == pytest.approx(-6, abs=0.5)
    assert (first.reference_frames, second.reference_frames) == (16, 12)


def test_forms_and_references_are_told_apart_and_the_longest_comes_first() -> None:
    one, other = _moving(9, 10), _moving(10, 10)
    mirrored = FrameTable.of(one.t[::10], one.bits[::10], one.quality[::10], form=1)
    plain = FrameTable.of(other.t[:40:10], other.bits[:40:10], other.quality[:40:10], window=1)
    file = joined(plain, mirrored)

    found = align(file, _look_up(file, one, other), until_s=10)

    assert [(match.owner, match.form, match.window) for match in found] == [(1, 1, 0), (2, 0, 1)]


def test_borders_of_either_side_are_told_and_whole_pictures_are_preferred() -> None:
    one = _moving(14, 4)
    part = FrameTable.of(one.t, one.bits, one.quality, window=UNBORDERED)

    def window(file: FrameTable, *bank: FrameTable) -> int:
        return align(file, _look_up(file, joined(*bank)), until_s=4)[0].window

    assert window(one, part) == LOST_BORDERS
    assert window(part, one) == UNBORDERED
    assert window(part, part) == OTHER_BORDERS
    assert window(joined(part, one), part, one) == WHOLE


def test_what_is_too_far_or_too_plain_is_left_out() -> None:
    file = _moving(11, 4)
    hits = _look_up(file, file)
    plain = FrameTable.of(file.t, file.bits, np.full(len(file), 49, np.uint8))

    assert align(plain, hits) == []
    assert align(file, hits, max_distance=-1) == []
    assert max(one.distance for one in align(file, hits, max_distance=3)) <= 3


def test_a_picture_lasts_no_time() -> None:
    picture = _still(12, 1)

    [found] = align(picture, _look_up(picture, picture))

    assert (found.seconds, found.reference_frames, len(found.pairs)) == (0.0, 1, 1)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 29),
            st.integers(1, 3),
            st.integers(0, 30_000),
            st.integers(0, 31),
        ),
        max_size=60,
    )
)
def test_alignments_keep_to_what_was_hit_whatever_it_is(
    rows: list[tuple[int, int, int, int]],
) -> None:
    probes = _moving(13, 15, rate=2)
    table = np.array(rows, np.int64).reshape(-1, 4)
    hits = Found(
        query=table[:, 0].astype(np.intp),
        owner=table[:, 1],
        t_ms=table[:, 2].astype(np.uint32),
        variant=np.zeros(len(table), np.uint8),
        distance=table[:, 3].astype(np.int32),
    )

    found = align(probes, hits, until_s=15)

    known = {(probes.t[q], o, t / 1000, d) for q, o, t, d in rows}
    assert {one.owner for one in found} == {owner for _, owner, _, _ in rows}
    for one in found:
        _holds_together(one, known)
    assert sorted(found, key=lambda one: -one.seconds) == found


def _holds_together(one: Alignment, known: set[tuple[float, int, float, int]]) -> None:
    moments = [pair.t_query for pair in one.pairs]
    assert moments == sorted(set(moments))
    assert all((p.t_query, one.owner, p.t_reference, p.distance) in known for p in one.pairs)
    assert one.distance == min(pair.distance or 0 for pair in one.pairs)
    assert 1 <= one.reference_frames <= len(one.pairs)
    assert 0 <= one.seconds <= 15
