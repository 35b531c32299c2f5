"""A change of the lake: files written under the next generation's names, then one swap.

Whatever happens before the swap leaves the lake as it was; whatever happens after it leaves at most
files that nobody names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import msgspec

from fieldfare.kernel import EventId, Org, digest
from fieldfare.storage.lake.columns import Column
from fieldfare.storage.lake.disk import Disk
from fieldfare.storage.lake.manifest import LakeFile, Manifest, ManifestFile
from fieldfare.storage.lake.parquet import Ids, marks_of

PART: str = ".part"
"""The end of a file's name while it is being written."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where events of one kind and day stand; day: of their ids, in UTC, as in 2026-03-02."""

    org: Org
    kind: str
    day: str

    @property
    def folder(self) -> str:
        """Name the folder as other readers of Parquet expect partitions to be named."""
        org, kind = quote(self.org, safe=""), quote(self.kind, safe="")
        return f"org={org}/kind={kind}/day={self.day}"


class Change:
    """One change in the making; `swap` makes it count."""

    def __init__(self, folder: Path, disk: Disk, manifests: ManifestFile) -> None:
        self._folder = folder
        self._disk = disk
        self._manifests = manifests
        self.before = manifests.current()
        self._files = list(self.before.files)
        self._schemas = dict(self.before.schemas)
        self._gone: list[LakeFile] = []
        self._written = 0

    def write(
        self,
        place: Place,
        columns: Sequence[Column],
        fill: Callable[[Path], Ids],
        *,
        erased: int = 0,
    ) -> None:
        """Add a file: `fill` writes it and gives its ids in their order."""
        generation = self.before.generation + 1
        name = f"{place.folder}/{generation:08d}-{self._written:04d}.parquet"
        path = self._folder / name
        self._disk.folder(path.parent)
        part = path.with_name(path.name + PART)
        ids = fill(part)
        self._disk.publish(part, path)
        self._written += 1
        key = digest([[c.name, c.type] for c in columns])[:16]
        self._schemas[key] = tuple((c.name, c.type) for c in columns)
        self._files.append(
            LakeFile(
                org=place.org,
                kind=place.kind,
                day=place.day,
                path=name,
                rows=len(ids),
                first=EventId(int(ids[0])),
                last=EventId(int(ids[-1])),
                bytes=path.stat().st_size,
                columns=key,
                marks=marks_of(ids),
                erased=erased,
            )
        )

    def drop(self, file: LakeFile) -> None:
        """Let a file go, once the change counts."""
        self._files.remove(file)
        self._gone.append(file)

    def swap(
        self,
        *,
        applied_to: EventId | None = None,
        history_to: Mapping[Org, EventId] | None = None,
    ) -> Manifest:
        """Let the change count, then remove what it replaced."""
        used = {file.columns for file in self._files}
        after = msgspec.structs.replace(
            self.before,
            generation=self.before.generation + 1,
            applied_to=self.before.applied_to if applied_to is None else applied_to,
            history_to=self.before.history_to if history_to is None else history_to,
            files=tuple(sorted(self._files, key=lambda f: (f.org, f.kind, f.first))),
            schemas={key: told for key, told in self._schemas.items() if key in used},
        )
        self._manifests.swap(after)
        for file in self._gone:
            self._disk.remove(self._folder / file.path)
        return after
