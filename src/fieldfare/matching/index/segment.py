"""One segment: rows that no longer change, with their buckets, in one mapped file.

In: rows. Out: a file that is complete before anything names it, and a view of it whose pages all
processes share. Layout: a page with the sizes and checksums of the sections, then the sections,
each from a page's beginning: the sixteen chunks' entries (16 bytes a row and chunk), their offsets,
the hashes, and who owns each row when. Little-endian. Bytes a row: 256 + 32 + 12, and 12 an owner.

What could make a search read outside its arrays (sizes, offsets) is checked when a segment is
opened; the rest, which can only make it miss, when a segment is merged and by `verify`.
"""

import mmap
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.index.disk import IndexDamaged
from fieldfare.matching.index.rows import ROW_BYTES, About, HashRows, Mask

PAGE: Final = 4_096
MAGIC: Final = b"FFSEG\0\0\2"
CHUNKS: Final = 16
BUCKETS: Final = 65_536
MOST_ROWS: Final = 1 << 25
"""No segment holds more: 34 million rows, 10 GB."""

_DTYPES: Final = {
    "entries": "<u8",
    "offsets": "<u4",
    "bits": "|u1",
    "about": "<u4",
    "owners": "<i8",
    "owner_rows": "<u4",
}


class Section(msgspec.Struct, frozen=True):
    """Where a column lies in the file, in bytes, and its CRC-32."""

    start: int
    size: int
    crc: int


class Header(msgspec.Struct, frozen=True):
    rows: int
    sections: dict[str, Section]


def header_page(header: Header) -> bytes:
    text = msgspec.json.encode(header)
    head = MAGIC + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little") + text
    return head.ljust(PAGE, b"\0")


def _header_of(path: Path, page: bytes) -> Header:
    size, crc = (int.from_bytes(page[i : i + 4], "little") for i in (8, 12))
    text = page[16 : 16 + size]
    if page[:8] != MAGIC or len(text) != size or zlib.crc32(text) != crc:
        raise IndexDamaged(path, "its first page does not match its checksum")
    return msgspec.json.decode(text, type=Header)


class Segment:
    """A mapped segment. The map is closed when the last search that uses it is done."""

    def __init__(self, path: Path, header: Header, mapped: mmap.mmap) -> None:
        self.path = path
        self.header = header
        self._mapped = mapped
        self._whole = memoryview(mapped)
        self.entries: NDArray[np.uint64] = self._column("entries")
        self.offsets: NDArray[np.uint32] = self._column("offsets").reshape(CHUNKS, BUCKETS + 1)
        self.bits: NDArray[np.uint8] = self._column("bits").reshape(-1, ROW_BYTES)
        self.words: NDArray[np.uint64] = self.bits.view(np.uint64)
        self._about: NDArray[np.uint32] = self._column("about").reshape(-1, 3)
        self.owners: NDArray[np.int64] = self._column("owners")
        self.owner_rows: NDArray[np.uint32] = self._column("owner_rows")

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a file and check what searching relies on. Raises IndexDamaged, FileNotFoundError."""
        with path.open("rb") as file:
            header = _header_of(path, file.read(PAGE))
            end = max(section.start + section.size for section in header.sections.values())
            if file.seek(0, 2) < end:
                raise IndexDamaged(path, "it is shorter than it was written")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        segment = cls(path, header, mapped)
        segment._check()  # of the class itself
        return segment

    def __len__(self) -> int:
        return self.header.rows

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return len(self._mapped)

    def about(self, places: NDArray[np.uint32], gone: Mask) -> tuple[About, Mask]:
        """Read what rows are of, and which of them belong to owners that are `gone`, (owners,)."""
        about = self._about[places]
        owner_at = np.minimum(about[:, 0], max(len(self.owners) - 1, 0))
        return About.of(self.owners[owner_at], about), gone[owner_at]

    def kept(self, gone: Mask) -> HashRows:
        """Read the rows whose owner is not `gone`, (owners,), in their order."""
        about = self._about
        every = About.of(self.owners[about[:, 0]], about)
        rows = HashRows(
            bits=self.bits,
            owner=every.owner,
            t_ms=every.t_ms,
            quality=every.quality,
            variant=every.variant,
        )
        return rows.where(~gone[about[:, 0]]) if gone.any() else rows

    def largest_bucket(self) -> int:
        return int(np.diff(self.offsets.astype(np.int64), axis=1).max(initial=0))

    def verify(self, *, entries: bool = True) -> None:
        """Read all sections (or all but the entries) and compare checksums. Raises IndexDamaged."""
        for name in self.header.sections:
            if entries or name != "entries":
                self._verify(name)

    def _verify(self, name: str) -> None:
        section = self.header.sections[name]
        crc = 0
        for piece in _pieces(self._whole[section.start : section.start + section.size]):
            crc = zlib.crc32(piece, crc)
        if crc != section.crc:
            raise IndexDamaged(self.path, f"its section {name} does not match its checksum")

    def _check(self) -> None:
        n = len(self)
        widths = {"entries": 16 * CHUNKS, "bits": ROW_BYTES, "about": 12}
        sizes = {name: section.size for name, section in self.header.sections.items()}
        if any(sizes[name] != n * width for name, width in widths.items()):
            raise IndexDamaged(self.path, "its sections are not of one length")
        self._verify("offsets")
        if (self.offsets[:, -1] != n).any():
            raise IndexDamaged(self.path, "its buckets do not hold all rows")

    def _column(self, name: str) -> NDArray[Any]:
        section = self.header.sections[name]
        dtype = np.dtype(_DTYPES[name])
        count = section.size // dtype.itemsize
        return np.frombuffer(self._mapped, dtype, count=count, offset=section.start)


def _pieces(whole: memoryview, size: int = 1 << 24) -> Iterator[memoryview]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
