"""Snapshots in files: whole or nothing, and only for whom they are."""

from pathlib import Path

import pytest

from fieldfare.kernel import Org
from fieldfare.ledger.keys import Vault
from fieldfare.storage import FileSnapshots

ORG = Org("main")
PIECES = [b"one", b"", b"three" * 99]


@pytest.fixture
def files(tmp_path: Path) -> FileSnapshots:
    return FileSnapshots(tmp_path / "counters", Vault(b"k" * 32))


def the_file(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "counters").iterdir()
    return found


def test_what_is_saved_comes_back(files: FileSnapshots, tmp_path: Path) -> None:
    size = files.save(ORG, PIECES)

    assert files.load(ORG) == PIECES
    assert the_file(tmp_path).stat().st_size == size
    assert b"three" not in the_file(tmp_path).read_bytes()


def test_a_save_takes_the_place_of_the_one_before(files: FileSnapshots) -> None:
    files.save(ORG, PIECES)
    files.save(ORG, [b"new"])

    assert files.load(ORG) == [b"new"]


def test_there_may_be_none(files: FileSnapshots) -> None:
    assert files.load(ORG) is None

    files.save(ORG, PIECES)
    files.drop(ORG)
    files.drop(ORG)

    assert files.load(ORG) is None


def test_a_torn_file_is_no_snapshot_wherever_it_is_torn(
    files: FileSnapshots, tmp_path: Path
) -> None:
    files.save(ORG, [b"one", b"two"])
    whole = the_file(tmp_path).read_bytes()

    for length in range(len(whole)):
        the_file(tmp_path).write_bytes(whole[:length])
        assert files.load(ORG) is None, length


def test_a_changed_file_is_no_snapshot(files: FileSnapshots, tmp_path: Path) -> None:
    files.save(ORG, [b"one", b"two"])
    whole = the_file(tmp_path).read_bytes()

    for at in range(len(whole)):
        the_file(tmp_path).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert files.load(ORG) is None, at


def test_a_file_of_another_organisation_or_installation_is_no_snapshot(
    files: FileSnapshots, tmp_path: Path
) -> None:
    files.save(ORG, PIECES)
    other = Org("../other")
    files.save(other, PIECES)
    assert files.load(other) == PIECES
    mine = tmp_path / "counters" / "main.counters"
    theirs = next(each for each in mine.parent.iterdir() if each != mine)

    mine.rename(theirs)
    stranger = FileSnapshots(tmp_path / "counters", Vault(b"x" * 32))

    assert files.load(other) is None
    assert stranger.load(other) is None


def test_a_save_that_fails_leaves_the_one_before(files: FileSnapshots, tmp_path: Path) -> None:
    files.save(ORG, PIECES)

    def failing() -> list[bytes]:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        files.save(ORG, (piece for _ in range(2) for piece in failing()))

    assert files.load(ORG) == PIECES
    assert the_file(tmp_path).name == "main.counters"


def test_what_a_killed_process_left_is_written_over(files: FileSnapshots, tmp_path: Path) -> None:
    files.save(ORG, PIECES)
    left = tmp_path / "counters" / "main.new"
    left.write_bytes(b"half of a snapshot, longer than the next one" * 100)

    files.save(ORG, PIECES)

    assert files.load(ORG) == PIECES
    assert not left.exists()
