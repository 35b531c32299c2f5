"""What an index holds at the moment, as manifest and log say: the state that records change.

The writer applies each record after the log took it; a reader in another process applies the same
records as it finds them. Both then see the same.
"""

import zlib
from pathlib import Path

import numpy as np

from fieldfare.matching.index.disk import IndexDamaged
from fieldfare.matching.index.log import Kind, Record, rows_of
from fieldfare.matching.index.manifest import Manifest, SegmentEntry
from fieldfare.matching.index.rows import Mask
from fieldfare.matching.index.segment import Segment
from fieldfare.matching.index.tail import Tail
from fieldfare.matching.index.view import Served, View


class Contents:
    """Segments, tail, floor and how far the caller's source has been applied. Not locked."""

    def __init__(self) -> None:
        self.segments: tuple[Served, ...] = ()
        self.tail = Tail()
        self.applied_to = 0
        self.floor = 0

    @classmethod
    def of(cls, folder: Path, manifest: Manifest, opened: tuple[Served, ...] = ()) -> "Contents":
        """Open what a manifest names; segments that are open already are not opened again.

        Raises IndexDamaged, and FileNotFoundError if a newer manifest has come meanwhile.
        """
        known = {served.segment.path.name: served.segment for served in opened}
        contents = cls()
        contents.segments = tuple(
            _served(folder, entry, known.get(entry.file)) for entry in manifest.segments
        )
        contents.applied_to = manifest.applied_to
        contents.floor = manifest.floor
        return contents

    def view(self) -> View:
        return View(self.segments, self.tail.rows)

    def apply(self, record: Record) -> None:
        """Do what a record of the log says."""
        match record.kind:
            case Kind.ADDED:
                rows = rows_of(record.content)
                self.tail.add(rows.where(rows.owner >= self.floor))
            case Kind.REMOVED:
                owners = np.frombuffer(record.content, "<i8")
                self.tail.remove(owners)
                self.segments = tuple(served.without(owners) for served in self.segments)
            case Kind.DROPPED_BELOW:
                floor = int(np.frombuffer(record.content, "<i8")[0])
                self.floor = max(self.floor, floor)
                self.tail.drop_below(floor)
                self.segments = tuple(served.from_owner(floor) for served in self.segments)
        self.applied_to = max(self.applied_to, record.applied_to)


def _served(folder: Path, entry: SegmentEntry, opened: Segment | None) -> Served:
    segment = opened or Segment.open(folder / entry.file)
    if (len(segment), segment.size) != (entry.rows, entry.size):
        raise IndexDamaged(segment.path, "it is not of the size that the manifest names")
    return Served(segment, _gone(folder, entry, len(segment.owners)), entry.gone, entry.gone_crc)


def _gone(folder: Path, entry: SegmentEntry, owners: int) -> Mask:
    if not entry.gone:
        return np.zeros(owners, np.bool_)
    path = folder / entry.gone
    content = path.read_bytes()
    if zlib.crc32(content) != entry.gone_crc or len(content) != (owners + 7) // 8:
        raise IndexDamaged(path, "it does not match its checksum")
    return np.unpackbits(np.frombuffer(content, np.uint8), count=owners).view(np.bool_)
