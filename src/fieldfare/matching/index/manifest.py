"""The manifest: which segments and which log make up the index. It is swapped as a whole.

A segment is served if, and only if, the manifest names it; files it does not name are left-overs of
a crash and are removed by the next writer.
"""

import zlib
from pathlib import Path
from typing import Final

import msgspec

from fieldfare.matching.index.disk import IndexDamaged, write_whole

NAME: Final = "manifest.json"


class SegmentEntry(msgspec.Struct, frozen=True):
    """A segment's file; its removed owners' file, if there are any; what each should hold."""

    file: str
    rows: int
    size: int
    gone: str = ""
    gone_crc: int = 0


class Manifest(msgspec.Struct, frozen=True):
    """number: of this state; names of new files are made of it. applied_to: as the caller said."""

    number: int
    segments: tuple[SegmentEntry, ...]
    log: str
    applied_to: int = 0
    floor: int = 0

    def files(self) -> set[str]:
        named = {entry.file for entry in self.segments} | {entry.gone for entry in self.segments}
        return (named | {self.log, NAME}) - {""}


def read_manifest(folder: Path) -> Manifest | None:
    """Read what the index is made of; None if there is none yet. Raises IndexDamaged."""
    path = folder / NAME
    try:
        crc, _, text = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    if crc != b"%08x" % zlib.crc32(text):
        raise IndexDamaged(path, "it does not match its checksum")
    return msgspec.json.decode(text, type=Manifest)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Swap the manifest; durable on return."""
    text = msgspec.json.encode(manifest)
    write_whole(folder / NAME, b"%08x\n%s" % (zlib.crc32(text), text))
