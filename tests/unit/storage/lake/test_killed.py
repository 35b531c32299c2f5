"""A writer that fails or dies at any step: nothing is lost, nothing is half there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fieldfare.engine.lake import LakeBatch, LakeEvent
from fieldfare.kernel import Conflict, EventId, Org, make_id, unix_ms
from fieldfare.records import ACCOUNT, Subject
from fieldfare.storage.lake import LakeWriter, ParquetLake, reading
from fieldfare.storage.lake.disk import Disk
from fieldfare.testing.lakes import MemoryLake

ORG = Org("main")
BEGINNING = unix_ms("2026-03-02T09:00:00Z")
END = EventId((1 << 63) - 1)
ANA = (ORG, "account:u0")
CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {here!r})
import test_killed
test_killed.write_until_killed(Path({folder!r}), {step})
"""


class PowerCut(Exception):
    """What a test means by a machine that stops."""


class FailingDisk(Disk):
    """A disk that stops before its step number `at`."""

    def __init__(self, at: int) -> None:
        self.left = at

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            self.stop()

    def stop(self) -> None:
        raise PowerCut

    def publish(self, written: Path, path: Path, /) -> None:
        self._step()
        super().publish(written, path)

    def remove(self, path: Path, /) -> None:
        self._step()
        super().remove(path)

    def sync(self, path: Path, /) -> None:
        self._step()
        super().sync(path)


class DyingDisk(FailingDisk):
    """A disk whose process is killed there."""

    def stop(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def an_event(number: int) -> LakeEvent:
    kind = ("item.posted", "item.viewed")[number % 2]
    return LakeEvent(
        org=ORG,
        id=make_id(BEGINNING + number),
        kind=kind,
        subject=Subject("comment", f"c{number}"),
        person=Subject(ACCOUNT, f"u{number % 3}"),
        version="d",
        data={"kind": kind, "actor": f"u{number % 3}"},
        facts={},
    )


FIRST, SECOND = [an_event(n) for n in range(6)], [an_event(n) for n in range(6, 12)]


def a_writer(folder: Path, disk: Disk | None = None) -> LakeWriter:
    return LakeWriter(folder, lambda _org, subject: str(subject), disk=disk)


def batch(events: list[LakeEvent], *, erase: bool = False) -> LakeBatch:
    erased = {ANA: EventId(events[-1].id + 1)} if erase else {}
    return LakeBatch(events=events, applied_to=events[-1].id, history_to={}, erased=erased)


def prepare(folder: Path) -> None:
    """Make a lake with two files of each kind."""
    writer = a_writer(folder)
    writer.add(batch(FIRST[:2]))
    writer.add(batch(FIRST[2:]))
    writer.close()


def write_until_killed(folder: Path, step: int) -> None:
    """Add, erase and compact with a disk that ends this process."""
    work(a_writer(folder, DyingDisk(step)))


def work(writer: LakeWriter) -> None:
    """Do all a writer does; what is done already is not done again."""
    try:
        if writer.state().applied_to < SECOND[-1].id:
            writer.add(batch(SECOND, erase=True))
        writer.compact()
    finally:
        writer.close()


def read(folder: Path) -> list[LakeEvent]:
    lake = ParquetLake(folder, MemoryLake(), threads=1)
    try:
        return [e for b in lake.events(ORG, after=EventId(0), up_to=END) for e in b]
    finally:
        lake.close()


def left_by(events: list[LakeEvent]) -> list[LakeEvent]:
    return [event for event in events if event.person != Subject(ACCOUNT, "u0")]


def check(folder: Path) -> None:
    """Look at the lake as it was left, then let the next writer go on."""
    assert read(folder) in (FIRST, left_by([*FIRST, *SECOND]))
    work(a_writer(folder))
    assert read(folder) == left_by([*FIRST, *SECOND])
    named = {path for path in folder.rglob("*") if ".parquet" in path.name}
    assert len(named) == 2, "strays are cleared away, and each kind has one file"


def test_a_writer_that_fails_at_any_step_leaves_a_whole_lake(tmp_path: Path) -> None:
    for step in range(100):
        folder = tmp_path / str(step)
        prepare(folder)
        try:
            work(a_writer(folder, FailingDisk(step)))
        except PowerCut:
            check(folder)
        else:
            assert step > 10
            check(folder)
            return
    raise AssertionError("the work has no end")


@pytest.mark.parametrize("step", [0, 4, 8])
def test_a_writer_that_is_killed_leaves_a_whole_lake(tmp_path: Path, step: int) -> None:
    folder = tmp_path / "lake"
    prepare(folder)
    code = CHILD.format(here=str(Path(__file__).parent), folder=str(folder), step=step)

    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)

    assert ended.returncode == -signal.SIGKILL
    check(folder)


def test_two_writers_never_share_a_lake(tmp_path: Path) -> None:
    writer = a_writer(tmp_path / "lake")

    with pytest.raises(Conflict):
        a_writer(tmp_path / "lake")

    writer.close()
    a_writer(tmp_path / "lake").close()


def test_a_stream_goes_on_when_its_files_are_joined_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "GROUP_ROWS", 1)
    prepare(tmp_path)
    lake = ParquetLake(tmp_path, MemoryLake(), threads=1)
    stream = lake.events(ORG, after=EventId(0), up_to=END)
    writer = a_writer(tmp_path)

    first = next(stream)
    writer.compact()
    rest = [event for events in stream for event in events]

    assert [*first, *rest] == FIRST
    assert len(first) < len(FIRST)
    writer.close()
    lake.close()


def test_only_the_owner_may_look_into_the_lake(tmp_path: Path) -> None:
    prepare(tmp_path / "home" / "lake")

    assert (tmp_path / "home" / "lake").stat().st_mode & 0o077 == 0
