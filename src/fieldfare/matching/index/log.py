"""The log of the fresh tail: what was added and removed since the last segment, record by record.

A record is durable when `append` returns. Each carries a CRC-32 over its head and its content;
reading stops at the first that does not match: a crash in the middle of writing tears the last one,
which nobody was told had been taken.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.index.rows import ROW_BYTES, HashRows

_HEAD: Final = struct.Struct("<IBqI")  # CRC, kind, applied to, size of what follows
_CRC_BYTES: Final = 4
_ROW: Final = ROW_BYTES + 8 + 4 + 1 + 1


class Kind(IntEnum):
    ADDED = 1
    REMOVED = 2
    DROPPED_BELOW = 3


@dataclass(frozen=True, slots=True)
class Record:
    kind: Kind
    applied_to: int
    content: bytes


def added(rows: HashRows, applied_to: int) -> Record:
    columns = (rows.bits, rows.owner, rows.t_ms, rows.quality, rows.variant)
    return Record(Kind.ADDED, applied_to, b"".join(column.tobytes() for column in columns))


def removed(owners: NDArray[np.int64], applied_to: int) -> Record:
    return Record(Kind.REMOVED, applied_to, owners.astype("<i8").tobytes())


def dropped_below(owner: int, applied_to: int) -> Record:
    return Record(Kind.DROPPED_BELOW, applied_to, np.array([owner], "<i8").tobytes())


def rows_of(content: bytes) -> HashRows:
    """Read the rows of an ADDED record."""
    n = len(content) // _ROW
    start = 0

    def column(dtype: str, count: int) -> NDArray[Any]:
        nonlocal start
        values = np.frombuffer(content, dtype, count=count, offset=start)
        start += values.nbytes
        return values

    return HashRows(
        bits=column("|u1", n * ROW_BYTES).reshape(n, ROW_BYTES),
        owner=column("<i8", n),
        t_ms=column("<u4", n),
        quality=column("|u1", n),
        variant=column("|u1", n),
    )


def read_log(path: Path, start: int = 0) -> Iterator[tuple[Record, int]]:
    """Give each whole record from a place on, with the place after it."""
    with path.open("rb") as file:
        file.seek(start)
        while True:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            crc, kind, applied_to, size = _HEAD.unpack(head)
            content = file.read(size)
            if len(content) < size or zlib.crc32(content, zlib.crc32(head[_CRC_BYTES:])) != crc:
                return
            start += _HEAD.size + size
            yield Record(Kind(kind), applied_to, content), start


class LogWriter:
    """Appends to one log; opened at the place up to which it was read, and cut there."""

    def __init__(self, path: Path, end: int) -> None:
        self.path = path
        self._file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self._file.truncate(end)
        self._file.seek(end)
        self.size = end
        os.fsync(self._file.fileno())

    def append(self, record: Record) -> None:
        """Write a record; it is durable on return."""
        head = _HEAD.pack(0, record.kind, record.applied_to, len(record.content))[_CRC_BYTES:]
        crc = zlib.crc32(record.content, zlib.crc32(head))
        whole = memoryview(crc.to_bytes(_CRC_BYTES, "little") + head + record.content)
        try:
            while whole:
                whole = whole[self._file.write(whole) :]
            os.fdatasync(self._file.fileno())
        except OSError:
            # A full disk: what was begun is taken back, and the next record follows a whole one.
            self._file.truncate(self.size)
            self._file.seek(self.size)
            raise
        self.size += _HEAD.size + len(record.content)

    @property
    def closed(self) -> bool:
        return self._file.closed

    def close(self) -> None:
        self._file.close()
