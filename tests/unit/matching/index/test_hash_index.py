import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldfare.kernel import BadInput, Conflict
from fieldfare.matching.index import (
    HashIndex,
    HashRows,
    IndexDamaged,
    IndexHits,
    IndexInUse,
    IndexUnsure,
)

DRAW = np.random.default_rng(11)


def rows_of(count: int, *, first: int = 0, each: int = 1) -> HashRows:
    """Draw random hashes; `each` rows of one owner, owners from `first` on."""
    owner = first + np.arange(count) // each
    return HashRows(
        bits=DRAW.integers(0, 256, (count, 32), np.uint8),
        owner=owner.astype(np.int64),
        t_ms=np.arange(count).astype(np.uint32),
        quality=(50 + np.arange(count) % 51).astype(np.uint8),
        variant=(np.arange(count) % 3).astype(np.uint8),
    )


def flipped(bits: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Flip `count` bits of each row."""
    spread = np.unpackbits(bits, axis=1)
    for row in spread:
        row[DRAW.permutation(256)[:count]] ^= 1
    return np.packbits(spread, axis=1)


def owners(hits: IndexHits) -> list[int]:
    return [int(owner) for owner in hits.owner]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[HashIndex]:
    opened = HashIndex.open(tmp_path / "index")
    yield opened
    opened.close()


def reopened(index: HashIndex) -> HashIndex:
    index.close()
    return HashIndex.open(index.folder)


@pytest.mark.parametrize("radius", [0, 1, 15, 16, 24, 31, 32, 40, 47, 52])
@pytest.mark.parametrize("count", [50, 9_000])
def test_a_row_is_found_up_to_the_radius_and_no_further(
    index: HashIndex, radius: int, count: int
) -> None:
    rows = rows_of(count)
    index.add(rows)

    at = index.search(flipped(rows.bits[:40], radius), radius)
    beyond = index.search(flipped(rows.bits[:40], radius + 1), radius)

    assert at.query.tolist() == owners(at) == list(range(40))
    assert at.distance.tolist() == [radius] * 40
    assert len(beyond) == 0


def test_a_hit_says_what_was_put_in(index: HashIndex) -> None:
    rows = rows_of(5_000, first=1 << 62)
    index.add(rows.part(0, 4_990))
    index.add(rows.part(4_990, 5_000))

    hits = index.search(rows.bits[[7, 4_995]])

    assert owners(hits) == [(1 << 62) + 7, (1 << 62) + 4_995]
    assert hits.t_ms.tolist() == [7, 4_995]
    assert hits.quality.tolist() == rows.quality[[7, 4_995]].tolist()
    assert hits.variant.tolist() == rows.variant[[7, 4_995]].tolist()


def test_near_rows_are_each_found_once_and_in_order(index: HashIndex) -> None:
    one = rows_of(1).bits
    near = np.concatenate([flipped(one, n % 20) for n in range(6_000)])
    rows = rows_of(6_000)
    index.add(
        HashRows(
            bits=near, owner=rows.owner, t_ms=rows.t_ms, quality=rows.quality, variant=rows.variant
        )
    )

    hits = index.search(np.concatenate([one, one]))

    assert owners(hits) == [*range(6_000), *range(6_000)]
    assert hits.query.tolist() == [0] * 6_000 + [1] * 6_000
    assert hits.distance[:6_000].tolist() == [n % 20 for n in range(6_000)]


def test_of_a_picture_that_is_everywhere_only_some_rows_are_told(index: HashIndex) -> None:
    same = rows_of(1).bits
    many = rows_of(6_000)
    index.add(
        HashRows(
            bits=np.repeat(same, 6_000, axis=0),
            owner=many.owner,
            t_ms=many.t_ms,
            quality=many.quality,
            variant=many.variant,
        )
    )
    other = rows_of(10, first=6_000)
    index.add(other)
    index.add(many.part(0, 1))

    hits = index.search(np.concatenate([same, other.bits[:1]]), most=50)
    flat = index.search(np.concatenate([same, other.bits[:1]]), 40, most=50)

    assert hits.query.tolist() == flat.query.tolist() == [0] * 50 + [1]
    assert hits.cut.tolist() == flat.cut.tolist() == [0]
    every = index.search(same)
    assert (len(every), len(every.cut)) == (6_000, 0)


def test_an_empty_index_finds_nothing(index: HashIndex) -> None:
    assert len(index.search(rows_of(3).bits)) == len(index) == 0
    assert len(index.search(np.empty((0, 32), np.uint8))) == 0


def test_a_removed_owner_may_come_again(index: HashIndex) -> None:
    rows = rows_of(5_000, each=10)
    index.add(rows)
    index.remove([3])
    assert (len(index.search(rows.bits[30:40])), len(index)) == (0, 4_990)

    index.add(rows.part(30, 35))
    index.flush()
    index = reopened(index)

    assert owners(index.search(rows.bits[30:40])) == [3] * 5
    while index.merge_once():
        pass
    assert (len(index.search(rows.bits[30:40])), len(index)) == (5, 4_995)
    index.close()


def test_a_ring_of_ids_loses_its_end_for_good(index: HashIndex) -> None:
    rows = rows_of(5_000)
    index.add(rows)
    index.add(rows_of(10, first=5_000))

    index.drop_below(4_000, applied_to=9)
    index.add(rows_of(20, first=3_990))

    assert len(index) == 1_020
    assert len(index.search(rows.bits[3_900:4_100])) == 100
    index = reopened(index)
    assert (len(index), index.applied_to) == (1_020, 9)
    assert index.merge_once()
    assert len(index.search(rows.bits[3_900:4_100])) == 100
    index.close()


def test_merging_keeps_few_segments_and_all_rows(index: HashIndex) -> None:
    every = [rows_of(5_000, first=n * 5_000) for n in range(12)]
    for rows in every:
        index.add(rows)

    while index.merge_once():
        pass

    assert len(index) == 60_000
    assert len(list(index.folder.glob("*.segment"))) <= 2
    assert owners(index.search(np.concatenate([rows.bits[:1] for rows in every]))) == [
        n * 5_000 for n in range(12)
    ]


def test_what_is_removed_during_a_merge_stays_removed(index: HashIndex) -> None:
    rows = rows_of(200_000, each=100)
    index.add(rows.part(0, 100_000))
    index.add(rows.part(100_000, 200_000))
    merging = threading.Thread(target=index.merge_once)

    merging.start()
    for owner in range(0, 2_000, 20):
        index.remove([owner])
        index.search(rows.bits[:1])
    merging.join()

    assert len(index) == 190_000
    assert not set(owners(index.search(rows.bits[::100]))) & set(range(0, 2_000, 20))
    index = reopened(index)
    assert len(index) == 190_000
    index.close()


def test_how_far_the_source_was_applied_is_kept(index: HashIndex) -> None:
    index.add(rows_of(2), applied_to=17)
    index.remove([99], applied_to=18)
    index = reopened(index)
    assert index.applied_to == 18

    index.add(rows_of(5_000), applied_to=30)
    index.add(rows_of(0), applied_to=31)

    index = reopened(index)
    assert index.applied_to == 31
    index.close()


def test_a_reader_follows_the_writer(index: HashIndex) -> None:
    first, second, third = rows_of(10), rows_of(5_000, first=10), rows_of(10, first=9_000)
    reader = HashIndex.open(index.folder, writable=False)
    seen = []
    changes: list[Callable[[], None]] = [
        lambda: index.add(first),
        lambda: index.add(second),
        lambda: index.add(third),
        lambda: index.remove([3, 20, 9_003]),
        index.flush,
    ]
    for change in changes:
        change()
        assert reader.refresh()
        assert not reader.refresh()
        seen.append(len(reader))

    assert seen == [10, 5_010, 5_020, 5_017, 5_017]
    assert owners(reader.search(third.bits)) == [9_000, 9_001, 9_002, *range(9_004, 9_010)]
    with pytest.raises(Conflict, match="opened for reading"):
        reader.add(first)


def test_a_search_goes_on_in_segments_that_are_merged_away(index: HashIndex) -> None:
    rows = rows_of(40_000)
    index.add(rows.part(0, 20_000))
    index.add(rows.part(20_000, 40_000))
    old = HashIndex.open(index.folder, writable=False)

    assert index.merge_once() or len(list(index.folder.glob("*.segment"))) == 1

    assert len(old.search(rows.bits[::1_000])) == 40


def test_one_process_writes(index: HashIndex) -> None:
    with pytest.raises(IndexInUse, match="another process"):
        HashIndex.open(index.folder)


def failing_at(number: int) -> Callable[[int], None]:
    """Give an fsync that fails at the nth folder, and does as it should else."""
    sync, folders = os.fsync, 0

    def fsync(descriptor: int) -> None:
        nonlocal folders
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            folders += 1
            if folders == number:
                raise OSError(5, "input/output error")
        sync(descriptor)

    return fsync


@pytest.mark.parametrize("renamed", [True, False])
def test_where_either_state_may_outlive_a_crash_nothing_more_is_taken(
    index: HashIndex, monkeypatch: pytest.MonkeyPatch, *, renamed: bool
) -> None:
    manifest = index.folder / "manifest.json"
    rows, more = rows_of(10), rows_of(10, first=100)
    index.add(rows, applied_to=1)
    before = manifest.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing_at(2))
        with pytest.raises(IndexUnsure, match="until reopened"):
            index.flush()

    changes: list[Callable[[], None]] = [
        lambda: index.add(more),
        lambda: index.remove([1]),
        index.flush,
    ]
    for change in changes:
        with pytest.raises(IndexUnsure):
            change()
    found = owners(index.search(rows.bits, 0))
    if not renamed:
        manifest.write_bytes(before)
    again = reopened(index)
    again.add(more, applied_to=2)
    last = reopened(again)

    assert found == list(range(10))
    assert owners(last.search(rows.bits, 0)) == list(range(10))
    assert owners(last.search(more.bits, 0)) == list(range(100, 110))
    last.close()


def test_a_commit_that_fails_before_its_swap_leaves_all_as_it_was(
    index: HashIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, more = rows_of(10), rows_of(10, first=100)
    index.add(rows)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing_at(1))
        with pytest.raises(OSError, match="input/output"):
            index.flush()
    index.add(more)

    again = reopened(index)
    assert len(again) == 20
    again.close()


def test_left_overs_of_a_crash_are_removed(index: HashIndex) -> None:
    index.add(rows_of(3))
    (index.folder / "0123456789abcdef.segment").write_bytes(b"half of it")

    index = reopened(index)

    assert not list(index.folder.glob("*.segment"))
    assert len(index) == 3
    index.close()


@pytest.mark.parametrize("cut", [1, 10, 40, 100])
def test_a_torn_record_is_not_served_and_the_one_before_it_is(index: HashIndex, cut: int) -> None:
    rows = rows_of(6)
    index.add(rows.part(0, 3), applied_to=1)
    index.add(rows.part(3, 6), applied_to=2)
    index.close()
    (log,) = index.folder.glob("*.log")
    log.write_bytes(log.read_bytes()[:-cut])

    index = HashIndex.open(index.folder)
    assert (owners(index.search(rows.bits)), index.applied_to) == ([0, 1, 2], 1)
    index.add(rows.part(3, 6), applied_to=2)
    index = reopened(index)

    assert owners(index.search(rows.bits)) == [0, 1, 2, 3, 4, 5]
    index.close()


def test_a_segment_cut_short_is_not_served(index: HashIndex) -> None:
    index.add(rows_of(5_000))
    index.close()
    (segment,) = index.folder.glob("*.segment")
    with segment.open("r+b") as file:
        file.truncate(segment.stat().st_size - 4_096)

    with pytest.raises(IndexDamaged, match="shorter than it was written"):
        HashIndex.open(index.folder)


@pytest.mark.parametrize(("place", "what"), [(20, "first page"), (-300_000, "section offsets")])
def test_a_segment_with_a_flipped_byte_where_it_matters_is_not_served(
    index: HashIndex, place: int, what: str
) -> None:
    index.add(rows_of(5_000))
    index.close()
    (segment,) = index.folder.glob("*.segment")
    content = bytearray(segment.read_bytes())
    content[place] ^= 1
    segment.write_bytes(content)

    with pytest.raises(IndexDamaged, match=what):
        HashIndex.open(index.folder)


def test_a_flipped_byte_in_the_hashes_is_not_merged_on(index: HashIndex) -> None:
    index.add(rows_of(5_000))
    index.close()
    (segment,) = index.folder.glob("*.segment")
    content = bytearray(segment.read_bytes())
    content[-200_000] ^= 1  # of the hashes: what follows them takes 22 bytes a row
    segment.write_bytes(content)

    index = HashIndex.open(index.folder)
    with pytest.raises(IndexDamaged, match="section bits"):
        index.flush()
    index.close()


def test_a_manifest_with_a_flipped_byte_is_not_believed(index: HashIndex) -> None:
    index.close()
    manifest = index.folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"number":0', b'"number":1'))

    with pytest.raises(IndexDamaged, match="checksum"):
        HashIndex.open(index.folder)


def test_what_is_no_row_of_hashes_is_refused(index: HashIndex) -> None:
    good = rows_of(2)
    with pytest.raises(BadInput, match="32 bytes"):
        index.search(good.bits[:, :31])
    with pytest.raises(BadInput, match="radius"):
        index.search(good.bits, 257)
    with pytest.raises(BadInput, match="one owner"):
        HashRows(
            bits=good.bits[:1],
            owner=good.owner,
            t_ms=good.t_ms,
            quality=good.quality,
            variant=good.variant,
        )
