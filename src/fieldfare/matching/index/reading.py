"""A reader of an index that another process writes: the same maps, following the same log."""

import os
import threading
from pathlib import Path
from typing import Final

from fieldfare.matching.index.contents import Contents
from fieldfare.matching.index.log import read_log
from fieldfare.matching.index.manifest import NAME, Manifest, read_manifest

_TRIES: Final = 20

Stamp = tuple[int, int, int]


class IndexReader:
    """Follows one folder; `view` is as of the last `refresh`. Raises IndexDamaged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._contents = Contents()
        self._manifest: Manifest | None = None
        self._stamp: Stamp | None = None
        self._read_to = 0
        self.view = self._contents.view()
        self.refresh()

    @property
    def applied_to(self) -> int:
        return self._contents.applied_to

    def refresh(self) -> bool:
        """See what was written since; tell whether anything was. Costs two calls if nothing was."""
        with self._lock:
            changed = self._follow_manifest()
            if self._manifest is not None:
                changed = self._follow_log(self._manifest) or changed
            if changed:
                self.view = self._contents.view()
            return changed

    def _follow_manifest(self) -> bool:
        for _ in range(_TRIES):
            stamp = _stamp(self._folder / NAME)
            if stamp == self._stamp:
                return False
            try:
                self._open_anew(stamp)
            except FileNotFoundError:  # a newer manifest came, and what this one named is gone
                continue
            return True
        self._open_anew(_stamp(self._folder / NAME))
        return True

    def _open_anew(self, stamp: Stamp | None) -> None:
        manifest = read_manifest(self._folder)
        contents, read_to = Contents(), 0
        if manifest is not None:
            contents = Contents.of(self._folder, manifest, self._contents.segments)
            for record, after in read_log(self._folder / manifest.log):
                contents.apply(record)
                read_to = after
        self._contents, self._manifest = contents, manifest
        self._stamp, self._read_to = stamp, read_to

    def _follow_log(self, manifest: Manifest) -> bool:
        path = self._folder / manifest.log
        try:
            if os.stat(path).st_size <= self._read_to:  # noqa: PTH116  # quicker, on every search
                return False
            records = list(read_log(path, self._read_to))
        except FileNotFoundError:  # replaced just now: the next refresh sees by what
            return False
        for record, after in records:
            self._contents.apply(record)
            self._read_to = after
        return bool(records)


def _stamp(path: Path) -> Stamp | None:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    return seen.st_mtime_ns, seen.st_ino, seen.st_size
