"""Files of the lake that cannot be read: said by name, with a way out."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
import pytest

from fieldfare.engine.lake import LakeBatch, LakeEvent
from fieldfare.kernel import EventId, Org, Unavailable, make_id, unix_ms
from fieldfare.records import ACCOUNT, Subject
from fieldfare.storage.lake import LakeWriter, ParquetLake
from fieldfare.storage.lake.disk import Disk
from fieldfare.storage.lake.manifest import NAME as MANIFEST
from fieldfare.storage.lake.manifest import ManifestFile
from fieldfare.testing.lakes import MemoryLake

ORG = Org("main")
END = EventId((1 << 63) - 1)


def an_event(number: int) -> LakeEvent:
    return LakeEvent(
        org=ORG,
        id=make_id(unix_ms("2026-03-02T09:00:00Z") + number),
        kind="item.posted",
        subject=Subject("comment", f"c{number}"),
        person=Subject(ACCOUNT, f"u{number % 2}"),
        version="v1",
        data={"kind": "item.posted", "version": "v1", "item": {"text": f"kestrel {number}"}},
        facts={"author.age_s": float(number)},
        judged=True,
    )


FIRST = [an_event(n) for n in range(6)]


def prepare(folder: Path) -> None:
    """Make a lake with two files."""
    writer = LakeWriter(folder, lambda _org, subject: str(subject))
    for events in (FIRST[:2], FIRST[2:]):
        writer.add(LakeBatch(events=events, applied_to=events[-1].id, history_to={}))
    writer.close()


def _end_cut_off(body: bytes) -> bytes:
    return body[:100]


def _begin_cut_off(body: bytes) -> bytes:
    return body[100:]


def _emptied(_: bytes) -> bytes:
    return b""


def _of_noise(body: bytes) -> bytes:
    return body[:4] + bytes(each ^ 0x55 for each in body[4:-8]) + body[-8:]


@pytest.mark.parametrize("damage", [_end_cut_off, _begin_cut_off, _emptied, _of_noise])
def test_a_damaged_file_is_told_by_name_with_a_way_out(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    prepare(tmp_path)
    for path in tmp_path.glob("org=*/**/*.parquet"):
        path.write_bytes(damage(path.read_bytes()))
    lake = ParquetLake(tmp_path, MemoryLake(), threads=1)

    with pytest.raises(Unavailable, match=r"org=.*\.parquet cannot be read") as refused:
        list(lake.events(ORG, after=EventId(0), up_to=END))
    with pytest.raises(Unavailable, match=r"org=.*\.parquet cannot be read"):
        lake.counts(ORG, after=FIRST[0].id, up_to=END)

    assert "fieldfare lake rebuild" in refused.value.hint
    lake.close()


def test_whatever_happened_to_a_file_nothing_but_unavailable_is_raised(tmp_path: Path) -> None:
    prepare(tmp_path)
    paths = sorted(tmp_path.glob("org=*/**/*.parquet"))
    whole = {path: path.read_bytes() for path in paths}
    chance = Random(4)
    lake = ParquetLake(tmp_path, MemoryLake(), threads=1)

    for _ in range(40):
        for path, body in whole.items():
            spoilt = bytearray(body)
            for _ in range(3):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            path.write_bytes(spoilt)
        with contextlib.suppress(Unavailable):
            list(lake.events(ORG, after=EventId(0), up_to=END))
    for path, body in whole.items():
        path.write_bytes(body)

    assert [e for batch in lake.events(ORG, after=EventId(0), up_to=END) for e in batch] == FIRST
    lake.close()


def test_a_manifest_of_another_length_is_read_anew(tmp_path: Path) -> None:
    prepare(tmp_path)
    manifests = ManifestFile(tmp_path, Disk())
    before = manifests.current()
    path = tmp_path / MANIFEST
    stat = path.stat()

    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(before, generation=10**9)))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    assert manifests.current().generation == 10**9
