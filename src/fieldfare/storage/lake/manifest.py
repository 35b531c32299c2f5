"""The manifest: which files count, and up to where the log is in them.

One JSON file, replaced atomically. What it names is whole; what it does not name is not there, and
is cleared away by the next writer. A reader that finds a file gone reads the manifest again.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from fieldfare.kernel import BadInput, EventId, Org, Unavailable
from fieldfare.storage.lake.columns import SCHEMA_VERSION, Column, ColumnType
from fieldfare.storage.lake.disk import Disk

NAME: Final = "manifest.json"
REBUILD: Final = "Run `fieldfare lake rebuild`: the log has everything the lake has."


class LakeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the lake. path: below the lake's folder. first, last: ids, both included.

    columns: a key of Manifest.schemas. marks: ids that cut the file into row groups; each group
    ends with its mark. erased: rows of people who were erased.
    """

    org: Org
    kind: str
    day: str
    path: str
    rows: int
    first: EventId
    last: EventId
    bytes: int
    columns: str
    marks: tuple[EventId, ...]
    erased: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the lake is at one moment. generation: grows with every change.

    applied_to: the last event of the log that is in; history_to: by organisation, the last
    imported past event that is. schemas: the columns files have, by a digest of them.
    """

    schema_version: int = SCHEMA_VERSION
    generation: int = 0
    applied_to: EventId = EventId(0)
    history_to: Mapping[Org, EventId] = {}
    files: tuple[LakeFile, ...] = ()
    schemas: Mapping[str, tuple[tuple[str, ColumnType], ...]] = {}

    def columns(self, file: LakeFile, /) -> tuple[Column, ...]:
        """Name the columns a file has."""
        return tuple(Column(name, told) for name, told in self.schemas[file.columns])

    def of(self, org: Org, /) -> Sequence[LakeFile]:
        """Give an organisation's files."""
        return [file for file in self.files if file.org == org]


class ManifestFile:
    """Reads and replaces the manifest of a folder; any thread."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._path = folder / NAME
        self._disk = disk
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], Manifest] | None = None

    def current(self) -> Manifest:
        """Give the newest manifest; an empty one where there is none yet.

        Raises Unavailable for one that cannot be read.
        """
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return Manifest()
        seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        with self._lock:
            if self._read is not None and self._read[0] == seen:
                return self._read[1]
        manifest = self._load()
        with self._lock:
            self._read = (seen, manifest)
        return manifest

    def swap(self, manifest: Manifest, /) -> None:
        """Let this one count from now on."""
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(manifest))
        self._disk.publish(fresh, self._path)

    def _load(self) -> Manifest:
        try:
            manifest = msgspec.json.decode(self._path.read_bytes(), type=Manifest)
        except msgspec.MsgspecError as error:
            raise Unavailable(f"{self._path} is damaged: {error}", hint=REBUILD) from None
        except OSError as error:
            raise Unavailable(
                f"{self._path} cannot be read: {error.strerror}", hint=REBUILD
            ) from error
        if manifest.schema_version > SCHEMA_VERSION:
            raise BadInput(
                f"{self._path} was written by a newer version of Fieldfare",
                hint="Use that version, or run `fieldfare lake rebuild`.",
            )
        return manifest
