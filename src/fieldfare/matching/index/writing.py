"""The one writer of an index: takes rows in, makes segments of the tail, merges, and cleans up.

Order of every change: data on disk and synced, then the manifest swapped, then the view, then old
files removed. Whatever the crash, the manifest names complete files, and the log has the rest. Once
it is not known which manifest a crash would leave, nothing more is taken: what would be appended to
one's log would be lost with the other.
"""

import fcntl
import os
import secrets
import threading
import zlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.index.contents import Contents
from fieldfare.matching.index.disk import IndexInUse, IndexUnsure, sync_folder, write_synced
from fieldfare.matching.index.log import LogWriter, Record, added, dropped_below, read_log, removed
from fieldfare.matching.index.manifest import (
    Manifest,
    SegmentEntry,
    read_manifest,
    write_manifest,
)
from fieldfare.matching.index.merging import due, foldable, kept_rows, write_in_parts
from fieldfare.matching.index.rows import NO_ROWS, HashRows, joined
from fieldfare.matching.index.segment import MOST_ROWS, Segment
from fieldfare.matching.index.tail import Tail
from fieldfare.matching.index.view import Served

TAIL_ROWS: Final = 4_096
"""The tail is compared row by row: at this size that is a tenth of a lookup in a million rows."""

_LOG_BYTES: Final = 1 << 24
_LOCK: Final = "writer.lock"


class IndexWriter:
    """Opens or makes the index of a folder. Raises IndexInUse, IndexDamaged.

    After IndexUnsure every change raises it, until the index is opened anew; searches go on.
    Its methods may be called from any thread; `view` is what searches of this process see.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()
        self._one_merge = threading.Lock()
        self._busy: set[Path] = set()  # what a merge that is under way reads
        self._made: Path | None = None  # and what it writes
        self._unsure = False
        self._held = _held_lock(folder)
        try:
            sync_folder(folder)  # what is read now is what a crash would leave
            self._manifest = read_manifest(folder) or self._first_manifest()
            self._contents = Contents.of(folder, self._manifest)
            self._log = self._replayed()
        except BaseException:
            os.close(self._held)
            raise
        self._remove_left_overs()
        self.view = self._contents.view()

    @property
    def applied_to(self) -> int:
        return self._contents.applied_to

    def add(self, rows: HashRows, applied_to: int) -> None:
        """Take rows in. Many at once go straight into a segment; few into log and tail."""
        with self._lock:
            if len(rows) >= TAIL_ROWS:
                self._flush(rows, applied_to)
            else:
                self._append(added(rows, applied_to))

    def remove(self, owners: NDArray[np.int64], applied_to: int) -> None:
        with self._lock:
            self._append(removed(owners, applied_to))

    def drop_below(self, owner: int, applied_to: int) -> None:
        with self._lock:
            self._append(dropped_below(owner, applied_to))

    def flush(self) -> None:
        """Make a segment of the tail."""
        with self._lock:
            self._flush(NO_ROWS, self.applied_to)

    def merge_once(self) -> bool:
        """Merge the segments that are due, if any are; searches and additions go on meanwhile."""
        with self._one_merge:
            with self._lock:
                merged = due(self._contents.segments)
                path = self._fresh("segment")
                self._busy = {served.segment.path for served in merged}
                self._made = path
            if not merged:
                return False
            try:
                rows = kept_rows(merged)
                write_in_parts(rows, [path] if len(rows) else [])
                with self._lock:
                    self._replace(merged, path if len(rows) else None)
            finally:
                self._busy, self._made = set(), None
        return True

    def close(self) -> None:
        """Let go of log and lock; again does nothing. What is added later is refused."""
        with self._one_merge, self._lock:
            if not self._log.closed:
                self._log.close()
                os.close(self._held)

    def _append(self, record: Record) -> None:
        self._must_be_sure()
        # A full tail is flushed before anything new is taken: if that fails, nothing was.
        if len(self._contents.tail) >= TAIL_ROWS or self._log.size >= _LOG_BYTES:
            self._flush(NO_ROWS, self.applied_to)
        self._log.append(record)
        self._contents.apply(record)
        self.view = self._contents.view()

    def _flush(self, more: HashRows, applied_to: int) -> None:
        """Make a segment of the small segments, the tail, and more rows; begin a new log."""
        self._must_be_sure()
        folded = foldable(self._contents.segments, self._busy)
        more = more.where(more.owner >= self._contents.floor)
        rows = joined([kept_rows(folded), self._contents.tail.rows, more])
        paths = [self._fresh("segment") for _ in range(-(-len(rows) // MOST_ROWS))]
        write_in_parts(rows, paths)
        kept = tuple(served for served in self._contents.segments if served not in folded)
        log = LogWriter(self._folder / self._fresh("log").name, 0)
        new = tuple(_whole(path) for path in paths)
        try:
            self._commit((*kept, *new), log, max(applied_to, self.applied_to))
        except BaseException:
            log.close()
            raise
        self._log.close()
        self._log = log
        self._contents.tail = Tail()
        self._publish()

    def _replace(self, merged: tuple[Served, ...], path: Path | None) -> None:
        """Put one segment in the place of those merged, less what was removed meanwhile."""
        self._must_be_sure()
        inputs = {served.segment.path: served for served in merged}
        now = {served.segment.path: served for served in self._contents.segments}
        kept = tuple(served for at, served in now.items() if at not in inputs)
        new: tuple[Served, ...] = () if path is None else (_whole(path),)
        for at, before in inputs.items():
            since = now[at].gone & ~before.gone
            new = tuple(served.without(before.segment.owners[since]) for served in new)
        self._commit((*new, *kept), self._log, self.applied_to)
        self._publish()

    def _commit(self, segments: tuple[Served, ...], log: LogWriter, applied_to: int) -> None:
        segments = tuple(self._with_gone_on_disk(served) for served in segments)
        manifest = Manifest(
            number=self._manifest.number + 1,
            segments=tuple(_entry(served) for served in segments),
            log=log.path.name,
            applied_to=applied_to,
            floor=self._contents.floor,
        )
        sync_folder(self._folder)
        try:
            write_manifest(self._folder, manifest)
        except IndexUnsure:
            self._unsure = True
            raise
        self._manifest = manifest
        self._contents.segments = segments
        self._contents.applied_to = applied_to

    def _must_be_sure(self) -> None:
        if self._unsure:
            raise IndexUnsure(self._folder)

    def _publish(self) -> None:
        self.view = self._contents.view()
        self._remove_left_overs()

    def _with_gone_on_disk(self, served: Served) -> Served:
        if served.file or not served.gone.any():
            return served
        path = self._fresh("gone")
        content = np.packbits(served.gone).tobytes()
        write_synced(path, content)
        return Served(served.segment, served.gone, path.name, zlib.crc32(content))

    def _first_manifest(self) -> Manifest:
        log = self._fresh("log")
        LogWriter(log, 0).close()
        manifest = Manifest(number=0, segments=(), log=log.name)
        sync_folder(self._folder)
        write_manifest(self._folder, manifest)
        return manifest

    def _replayed(self) -> LogWriter:
        path, end = self._folder / self._manifest.log, 0
        for record, after in read_log(path):
            self._contents.apply(record)
            end = after
        return LogWriter(path, end)

    def _fresh(self, kind: str) -> Path:
        """Name a new file; never a name that was used before, so that readers cannot mix two up."""
        return self._folder / f"{secrets.token_hex(8)}.{kind}"

    def _remove_left_overs(self) -> None:
        """Remove what the manifest does not name. Who has it mapped goes on reading it."""
        named = self._manifest.files() | {_LOCK}
        for path in self._folder.iterdir():
            if path.name not in named and path != self._made:
                path.unlink()


def _held_lock(folder: Path) -> int:
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise IndexInUse(folder) from error
    return descriptor


def _whole(path: Path) -> Served:
    segment = Segment.open(path)
    return Served(segment, np.zeros(len(segment.owners), np.bool_))


def _entry(served: Served) -> SegmentEntry:
    segment = served.segment
    return SegmentEntry(segment.path.name, len(segment), segment.size, served.file, served.crc)
