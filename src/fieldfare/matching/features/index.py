"""The index of local features: segments under a manifest that is swapped as a whole.

In: features with their owners, as they come. Out: the stills that share features with a query. It
is derived from the store and holds the id up to which it has been applied; a process that dies
leaves the manifest of before or after, and whatever no manifest names is swept away. One process
writes; others call `refresh`.
"""

import json
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import numpy as np

from fieldfare.kernel import FieldfareError
from fieldfare.matching.features.local import LocalFeatures
from fieldfare.matching.features.segments import (
    Segment,
    owned_features,
    write_segment,
)
from fieldfare.matching.segment_files import MANIFEST, put_manifest, sweep

_FORMAT: Final = 1
_ALIKE: Final = 4
_SHARE_REMOVED: Final = 0.2
_SEGMENT_MOST_STILLS: Final = 200_000


class FeatureIndexDamaged(FieldfareError):
    """The files of an index of local features do not fit together."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"the index of local features in {folder} cannot be read: {why}",
            hint="Delete the folder; it is made anew from the store at the next start.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What an index held at one moment. gone: for each segment, which owners are removed."""

    applied_to: int
    segments: tuple[Segment, ...]
    removed: frozenset[int]
    numbered: int

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    def live(self, segment: Segment) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
        """Tell which stills of a segment belong to owners that are still there: (f,)."""
        if not self.removed:
            return np.ones(len(segment), np.bool_)
        return ~np.isin(segment.owner, np.fromiter(self.removed, np.int64, len(self.removed)))


class FeatureIndex:
    """Stills of priority banks by their local features. Safe to use from several threads."""

    def __init__(self, folder: Path, snapshot: Snapshot, *, writable: bool) -> None:
        self._folder = folder
        self._snapshot = snapshot
        self._writable = writable
        self._writing = threading.Lock()
        self._merging = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, writable: bool = True) -> Self:
        """Open or begin the index in `folder`. Raises FeatureIndexDamaged."""
        if writable:
            folder.mkdir(parents=True, exist_ok=True)
        snapshot = _read(folder, ())
        index = cls(folder, snapshot, writable=writable)
        if writable:
            index._sweep()
        return index

    def __len__(self) -> int:
        """Count the stills, those of removed owners included until they are merged away."""
        return len(self._snapshot)

    @property
    def applied_to(self) -> int:
        return self._snapshot.applied_to

    def snapshot(self) -> Snapshot:
        """Give what there is now; it stays readable whatever is written meanwhile."""
        return self._snapshot

    def add(self, owned: Sequence[tuple[int, LocalFeatures]], *, applied_to: int) -> None:
        """Add features of owners; durable and visible on return."""
        filled = [(owner, features) for owner, features in owned if len(features)]
        with self._writing:
            now = self._snapshot
            segments, numbered = now.segments, now.numbered
            if filled:
                numbered += 1
                segments += (self._written(numbered, filled),)
            self._swap(replace(now, applied_to=applied_to, segments=segments, numbered=numbered))

    def remove(self, owners: Collection[int], *, applied_to: int) -> None:
        """Take owners out; they are not found from here on. An owner may not come back."""
        with self._writing:
            now = self._snapshot
            asked = np.fromiter(owners, np.int64)
            here = [asked[np.isin(asked, segment.owner)].tolist() for segment in now.segments]
            removed = now.removed.union(*here)
            self._swap(replace(now, applied_to=applied_to, removed=removed))

    def merge_once(self) -> bool:
        """Join a few segments of like size, or write one anew without what was removed.

        Returns whether there was anything to do. Adding and searching go on meanwhile.
        """
        with self._merging:
            now = self._snapshot
            chosen = _to_merge(now)
            if not chosen:
                return False
            kept = [one for part in chosen for one in owned_features(part, now.live(part))]
            with self._writing:
                number = self._snapshot.numbered + 1
                self._snapshot = replace(self._snapshot, numbered=number)
            merged = (self._written(number, kept),) if kept else ()
            with self._writing:
                self._swap(_exchanged(self._snapshot, chosen, merged))
            self._sweep()
            return True

    def refresh(self) -> None:
        """Take in what the writing process has written since."""
        if not self._writable:
            self._snapshot = _read(self._folder, self._snapshot.segments)

    def close(self) -> None:
        """Let go of the files; they are unmapped when the last search is done with them."""
        self._snapshot = replace(self._snapshot, segments=())

    def _written(self, number: int, owned: Sequence[tuple[int, LocalFeatures]]) -> Segment:
        folder = self._folder / f"segment-{number:08d}"
        write_segment(folder, owned)
        return Segment.opened(folder)

    def _swap(self, snapshot: Snapshot) -> None:
        """Write the manifest beside the old one and put it in its place."""
        put_manifest(
            self._folder,
            {
                "format": _FORMAT,
                "applied_to": snapshot.applied_to,
                "numbered": snapshot.numbered,
                "segments": [segment.name for segment in snapshot.segments],
                "removed": sorted(snapshot.removed),
            },
        )
        self._snapshot = snapshot

    def _sweep(self) -> None:
        """Delete segments that no manifest names: of a merge, or of a process that died."""
        with self._writing:
            sweep(self._folder, {segment.name for segment in self._snapshot.segments})


def _read(folder: Path, open_already: Sequence[Segment]) -> Snapshot:
    manifest = folder / MANIFEST
    if not manifest.exists():
        return Snapshot(applied_to=0, segments=(), removed=frozenset(), numbered=0)
    mapped = {segment.name: segment for segment in open_already}
    try:
        read = json.loads(manifest.read_text(encoding="utf-8"))
        if read["format"] != _FORMAT:
            raise FeatureIndexDamaged(folder, f"it is of format {read['format']}")
        return Snapshot(
            applied_to=int(read["applied_to"]),
            segments=tuple(
                mapped.get(name) or Segment.opened(folder / name) for name in read["segments"]
            ),
            removed=frozenset(map(int, read["removed"])),
            numbered=int(read["numbered"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FeatureIndexDamaged(folder, str(error)) from error


def _to_merge(now: Snapshot) -> tuple[Segment, ...]:
    """Choose the segments of the smallest size that four of them have, or one that is hollow."""
    by_size: dict[int, list[Segment]] = {}
    for segment in now.segments:
        if len(segment) <= _SEGMENT_MOST_STILLS:
            by_size.setdefault(len(segment).bit_length() // 2, []).append(segment)
    for size in sorted(by_size):
        if len(by_size[size]) >= _ALIKE:
            return tuple(by_size[size])
    for segment in now.segments:
        if 1 - now.live(segment).mean() > _SHARE_REMOVED:
            return (segment,)
    return ()


def _exchanged(now: Snapshot, chosen: Sequence[Segment], merged: tuple[Segment, ...]) -> Snapshot:
    """Put the merged segment in place of its parts, and forget removed owners that none has."""
    gone = {segment.name for segment in chosen}
    segments = (*(s for s in now.segments if s.name not in gone), *merged)
    named: set[int] = set()
    for segment in segments:
        named.update(np.unique(segment.owner).tolist())
    return replace(now, segments=segments, removed=now.removed & named)
