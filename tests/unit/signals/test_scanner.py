import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fieldfare.kernel import BadInput, NotFound, Unknown
from fieldfare.matching import table_of
from fieldfare.matching.small_banks import known_in
from fieldfare.media import MediaLimits
from fieldfare.records import FactValue
from fieldfare.signals import SCAN_FACTS, Scanner, ScanResult
from fieldfare.signals.hashes import Asked
from fieldfare.testing.banks import a_bank, an_entry
from fieldfare.testing.clips import Clip, write_clip


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    with Scanner(MediaLimits(size_bytes=1_000_000)) as opened:
        yield opened


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", Clip())


def _values(result: ScanResult) -> dict[str, FactValue | Unknown]:
    return {fact.name: fact.value for fact in result.facts}


def test_one_scan_states_every_fact_once(scanner: Scanner, clip: Path) -> None:
    result = scanner.scan(clip)

    data = clip.read_bytes()
    assert tuple(fact.name for fact in result.facts) == SCAN_FACTS
    assert result.sha256 == hashlib.sha256(data).hexdigest()
    assert result.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert result.size == len(data)
    assert [frame.t for frame in result.pdq] == [0.0, 1.0]
    assert len(result.stills) == 2
    assert result.report is not None
    assert result.cpu_s > 0
    values = _values(result)
    assert values["media.readable"] is True
    assert values["hash.match.policy"] is None
    assert isinstance(values["visual.nsfw.max"], float)


def test_an_edited_copy_of_banked_content_is_found(scanner: Scanner, tmp_path: Path) -> None:
    first = scanner.scan(write_clip(tmp_path / "first.mp4", Clip()))
    entry = an_entry(1, table_of(first.pdq), bank="KNOWN", sha256=first.sha256)
    asked = Asked(known=known_in([a_bank("KNOWN", entry)]))
    copy = write_clip(tmp_path / "copy.webm", Clip(codec="vp9"))
    other = write_clip(tmp_path / "other.mp4", Clip(seed=99))

    found = _values(scanner.scan(copy, asked=asked))
    missed = _values(scanner.scan(other, asked=asked))

    assert found["hash.match.policy"] == "X.ONE"
    assert found["hash.match.share"] == 1.0
    assert missed["hash.match.policy"] is None


def test_what_cannot_be_decoded_is_held_back_by_facts_and_not_by_exceptions(
    scanner: Scanner, tmp_path: Path
) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(b"ffconcat version 1.0\nfile other.mp4\n")

    result = scanner.scan(path)

    values = _values(result)
    assert values["media.readable"] is False
    for name in set(SCAN_FACTS) - {"media.readable", "media.problem"}:
        assert isinstance(values[name], Unknown), name
    assert result.stills == ()
    assert result.dominant is None


def test_too_many_bytes_have_digests_and_unknown_facts(scanner: Scanner, tmp_path: Path) -> None:
    path = tmp_path / "huge.mp4"
    path.write_bytes(bytes(1_000_001))

    result = scanner.scan(path)

    assert result.sha256 == hashlib.sha256(bytes(1_000_001)).hexdigest()
    assert _values(result)["media.problem"] == "it has 1000001 bytes, the limit is 1000000"


def test_kinds_that_are_not_wanted_here_are_not_readable(scanner: Scanner, clip: Path) -> None:
    values = _values(scanner.scan(clip, kinds=("image",)))

    assert values["media.problem"] == "it is video, accepted is image"


def test_an_open_descriptor_is_scanned_and_left_where_it_was(scanner: Scanner, clip: Path) -> None:
    with clip.open("rb") as file:
        file.seek(3)

        result = scanner.scan(file.fileno())

        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 3
    assert result.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()


def test_a_missing_file_is_told_apart_from_a_broken_one(scanner: Scanner, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        scanner.scan(tmp_path / "gone.mp4")
    with pytest.raises(BadInput, match="is not a file"):
        scanner.scan(tmp_path)


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(
    scanner: Scanner, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")

    with pytest.raises(BadInput, match="is not a file"):
        scanner.scan(tmp_path / "pipe.mp4")


def test_several_threads_share_one_scanner(scanner: Scanner, tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{seed}.mp4", Clip(seed=seed)) for seed in range(4)]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(scanner.scan, clips))

    assert len({result.pdq[0].hex for result in results}) == 4
    assert all(_values(result)["media.readable"] is True for result in results)
