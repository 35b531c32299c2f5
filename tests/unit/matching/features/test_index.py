from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.matching.features import FeatureIndex, FeatureIndexDamaged, LocalFeatures


def _features(seed: int, stills: int = 2, each: int = 12) -> LocalFeatures:
    chance = np.random.default_rng(seed)
    n = stills * each
    return LocalFeatures(
        t=np.arange(stills, dtype=np.float64),
        frame=np.full((stills, 2), (216, 384), np.uint16),
        still=np.repeat(np.arange(stills), each).astype(np.uint16),
        place=(chance.integers(0, 200 * 32, (n, 2)) / 32).astype(np.float32),
        angle=chance.integers(0, 256, n).astype(np.uint8),
        size=chance.integers(0, 120, n).astype(np.uint8),
        code=chance.integers(0, 256, (n, 32)).astype(np.uint8),
    )


def _owners_near(
    index: FeatureIndex, code: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> set[int]:
    now = index.snapshot()
    found: set[int] = set()
    for segment in now.segments:
        near = segment.near(code, 10)
        found.update(segment.owner[near.still[now.live(segment)[near.still]]].tolist())
    return found


def test_features_are_found_at_once_and_after_opening_anew(tmp_path: Path) -> None:
    index = FeatureIndex.open(tmp_path)
    index.add([(5, _features(5)), (6, _features(6))], applied_to=17)

    for one in (index, FeatureIndex.open(tmp_path)):
        assert _owners_near(one, _features(6).code) == {6}
        assert (one.applied_to, len(one)) == (17, 4)


def test_a_code_some_bits_away_is_found_by_the_parts_that_are_whole(tmp_path: Path) -> None:
    index = FeatureIndex.open(tmp_path)
    features = _features(1, stills=1, each=300)
    index.add([(1, features)], applied_to=1)
    worn = features.code.copy()
    worn[:, ::7] ^= 0x11

    [segment] = index.snapshot().segments

    assert len(np.unique(segment.near(worn, 10).query)) == 300
    assert len(segment.near(worn, 9).query) == 0


def test_removed_owners_are_not_found_and_leave_the_files(tmp_path: Path) -> None:
    index = FeatureIndex.open(tmp_path)
    index.add([(owner, _features(owner)) for owner in (1, 2)], applied_to=1)

    index.remove({2}, applied_to=2)
    gone_at_once = _owners_near(index, _features(2).code)
    while index.merge_once():
        pass

    assert gone_at_once == set()
    assert _owners_near(FeatureIndex.open(tmp_path), _features(1).code) == {1}
    assert (len(index), index.snapshot().removed) == (2, frozenset())


def test_a_reader_sees_what_was_written_when_it_refreshes(tmp_path: Path) -> None:
    writer = FeatureIndex.open(tmp_path)
    reader = FeatureIndex.open(tmp_path, writable=False)
    writer.add([(1, _features(1))], applied_to=3)

    reader.refresh()

    assert _owners_near(reader, _features(1).code) == {1}
    assert reader.applied_to == 3


def test_a_search_goes_on_over_what_it_began_with(tmp_path: Path) -> None:
    index = FeatureIndex.open(tmp_path)
    for owner in range(1, 6):
        index.add([(owner, _features(owner))], applied_to=owner)
    before = index.snapshot()

    assert index.merge_once()
    index.close()

    owners = {int(owner) for segment in before.segments for owner in segment.owner}
    assert owners == {1, 2, 3, 4, 5}
    assert len(before.segments[0].near(_features(1).code, 10).query) == 24


def test_what_a_dead_process_left_unfinished_is_swept_away(tmp_path: Path) -> None:
    FeatureIndex.open(tmp_path).add([(1, _features(1))], applied_to=1)
    (tmp_path / "segment-00000009").mkdir()
    (tmp_path / "segment-00000010.unfinished").mkdir()

    index = FeatureIndex.open(tmp_path)
    index.add([(2, _features(2))], applied_to=2)

    assert sorted(path.name for path in tmp_path.glob("segment-*")) == [
        "segment-00000001",
        "segment-00000002",
    ]


def test_a_segment_that_is_missing_is_told_with_what_to_do(tmp_path: Path) -> None:
    FeatureIndex.open(tmp_path).add([(1, _features(1))], applied_to=1)
    (tmp_path / "segment-00000001" / "code.npy").unlink()

    with pytest.raises(FeatureIndexDamaged, match="cannot be read") as told:
        FeatureIndex.open(tmp_path)

    assert "Delete the folder" in told.value.hint


@settings(max_examples=15, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["add", "remove", "merge", "reopen"]), st.integers(1, 9))
    )
)
def test_whatever_is_done_the_index_holds_what_was_added_and_not_removed(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("index")
    index = FeatureIndex.open(folder)
    held: set[int] = set()
    ever: set[int] = set()
    for number, (step, owner) in enumerate(steps):
        if step == "add" and owner not in ever:
            index.add([(owner, _features(owner, stills=1))], applied_to=number)
            held.add(owner)
            ever.add(owner)
        elif step == "remove":
            index.remove({owner}, applied_to=number)
            held.discard(owner)
            ever.add(owner)
        elif step == "merge":
            index.merge_once()
        elif step == "reopen":
            index = FeatureIndex.open(folder)

        every = np.concatenate([_features(one, stills=1).code for one in range(1, 10)])
        assert _owners_near(index, every) == held
