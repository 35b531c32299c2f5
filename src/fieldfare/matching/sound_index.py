"""The index of sound: who has which landmarks, in segments under a manifest swapped as a whole.

In: prints of sound with their owners, as they come. Out: for landmarks of a query, who has them
and when. It is derived from the store and holds the id up to which it has been applied; a process
that dies leaves the manifest of before or after. One process writes; others call `refresh`.
"""

import json
import os
import shutil
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import FieldfareError
from fieldfare.matching.sound import SoundPrint
from fieldfare.matching.sound_segments import (
    Met,
    SoundSegment,
    posted_of,
    sync_folder,
    write_sound_segment,
)

_FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_ALIKE: Final = 4
_MOST_LANDMARKS: Final = 20_000_000
_SHARE_REMOVED: Final = 0.2


class SoundIndexDamaged(FieldfareError):
    """The files of an index of sound do not fit together."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(
            f"the index of sound in {folder} cannot be read: {why}",
            hint="Delete the folder; it is made anew from the store at the next start.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    """What an index held at one moment. removed: owners, gone from segments below a number."""

    applied_to: int = 0
    segments: tuple[SoundSegment, ...] = ()
    removed: Mapping[int, int] = field(default_factory=dict)
    numbered: int = 0

    def live(self, segment: SoundSegment) -> NDArray[np.bool_]:
        """Tell which owners of a segment are still there: (f,)."""
        gone = [owner for owner, below in self.removed.items() if segment.number < below]
        return ~np.isin(segment.owner, np.array(gone, np.int64))


class SoundIndex:
    """Prints of sound by their landmarks. Safe to use from several threads."""

    def __init__(self, folder: Path, snapshot: _Snapshot, *, writable: bool) -> None:
        self._folder = folder
        self._snapshot = snapshot
        self._writable = writable
        self._writing = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, writable: bool = True) -> Self:
        """Open or begin the index in `folder`. Raises SoundIndexDamaged."""
        if writable:
            folder.mkdir(parents=True, exist_ok=True)
        index = cls(folder, _read(folder, ()), writable=writable)
        if writable:
            index._sweep()
        return index

    def __len__(self) -> int:
        """Count the landmarks, those of removed owners included until they are merged away."""
        return sum(map(len, self._snapshot.segments))

    @property
    def applied_to(self) -> int:
        return self._snapshot.applied_to

    def add(self, owned: Sequence[tuple[int, SoundPrint]], *, applied_to: int) -> None:
        """Add prints of owners; durable and visible on return."""
        posted = [each for each in (posted_of(*one) for one in owned) if len(each.key)]
        with self._writing:
            now = self._snapshot
            segments, numbered = now.segments, now.numbered
            if posted:
                numbered += 1
                folder = self._folder / f"segment-{numbered:08d}"
                write_sound_segment(folder, posted)
                segments += (SoundSegment.opened(folder),)
            self._swap(replace(now, applied_to=applied_to, segments=segments, numbered=numbered))

    def remove(self, owners: Collection[int], *, applied_to: int) -> None:
        """Take owners out; they are not found from here on, unless they are added again."""
        with self._writing:
            now = self._snapshot
            removed = {**now.removed, **dict.fromkeys(owners, now.numbered + 1)}
            self._swap(replace(now, applied_to=applied_to, removed=removed))

    def met(self, key: NDArray[np.uint32]) -> Met:
        """Find who has these landmarks, and when."""
        now = self._snapshot
        found = [Met(np.empty(0, np.intp), np.empty(0, np.int64), np.empty(0, np.int64))]
        for segment in now.segments:
            met = segment.met(key)
            if now.removed:
                gone = segment.owner[~now.live(segment)]
                met = Met(*(column[~np.isin(met.owner, gone)] for column in met))
            found.append(met)
        query, owner, step = (np.concatenate(column) for column in zip(*found, strict=True))
        return Met(query, owner, step)

    def merge_once(self) -> bool:
        """Join a few segments of like size, or write one anew without what was removed.

        Returns whether there was anything to do. Searching goes on meanwhile; adding waits.
        """
        with self._writing:
            now = self._snapshot
            chosen = _to_merge(now)
            if not chosen:
                return False
            posted = [each for part in chosen for each in part.posted(now.live(part))]
            numbered = now.numbered + 1
            merged: tuple[SoundSegment, ...] = ()
            if posted:
                folder = self._folder / f"segment-{numbered:08d}"
                write_sound_segment(folder, posted)
                merged = (SoundSegment.opened(folder),)
            names = {part.name for part in chosen}
            segments = tuple(s for s in now.segments if s.name not in names) + merged
            oldest = min((segment.number for segment in segments), default=numbered)
            removed = {owner: below for owner, below in now.removed.items() if below > oldest}
            self._swap(replace(now, segments=segments, removed=removed, numbered=numbered))
        self._sweep()
        return True

    def refresh(self) -> None:
        """Take in what the writing process has written since."""
        if not self._writable:
            self._snapshot = _read(self._folder, self._snapshot.segments)

    def close(self) -> None:
        """Let go of the files; they are unmapped when the last search is done with them."""
        self._snapshot = replace(self._snapshot, segments=())

    def _swap(self, snapshot: _Snapshot) -> None:
        """Write the manifest beside the old one and put it in its place."""
        text = json.dumps(
            {
                "format": _FORMAT,
                "applied_to": snapshot.applied_to,
                "numbered": snapshot.numbered,
                "segments": [segment.name for segment in snapshot.segments],
                "removed": [[owner, below] for owner, below in snapshot.removed.items()],
            }
        )
        fresh = self._folder / f"{_MANIFEST}.fresh"
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / _MANIFEST)
        sync_folder(self._folder)
        self._snapshot = snapshot

    def _sweep(self) -> None:
        """Delete segments that no manifest names: of a merge, or of a process that died."""
        with self._writing:
            named = {segment.name for segment in self._snapshot.segments}
            for folder in self._folder.glob("segment-*"):
                if folder.name not in named:
                    shutil.rmtree(folder, ignore_errors=True)


def _read(folder: Path, open_already: Sequence[SoundSegment]) -> _Snapshot:
    manifest = folder / _MANIFEST
    if not manifest.exists():
        return _Snapshot()
    mapped = {segment.name: segment for segment in open_already}
    try:
        read = json.loads(manifest.read_text(encoding="utf-8"))
        if read["format"] != _FORMAT:
            raise SoundIndexDamaged(folder, f"it is of format {read['format']}")
        return _Snapshot(
            applied_to=int(read["applied_to"]),
            segments=tuple(
                mapped.get(name) or SoundSegment.opened(folder / name) for name in read["segments"]
            ),
            removed={int(owner): int(below) for owner, below in read["removed"]},
            numbered=int(read["numbered"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SoundIndexDamaged(folder, str(error)) from error


def _to_merge(now: _Snapshot) -> tuple[SoundSegment, ...]:
    """Choose segments: one with much removed, else the first four of like size."""
    for segment in now.segments:
        if np.mean(~now.live(segment)) > _SHARE_REMOVED:
            return (segment,)
    small = sorted((s for s in now.segments if len(s) < _MOST_LANDMARKS), key=len)
    for i in range(len(small) - _ALIKE + 1):
        alike = small[i : i + _ALIKE]
        if len(alike[-1]) <= _ALIKE * sum(map(len, alike[:-1])):
            return tuple(alike)
    return ()
