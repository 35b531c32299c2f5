"""The index of sound: who has which landmarks, in segments under a manifest swapped as a whole.

In: prints of sound with their owners, as they come. Out: for landmarks of a query, who has them
and when. It is derived from the store and holds the id up to which it has been applied; a process
that dies leaves the manifest of before or after. One process writes; others call `refresh`.
"""

import json
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import FieldfareError
from fieldfare.matching.segment_files import MANIFEST, put_manifest, sweep
from fieldfare.matching.sound import SoundPrint
from fieldfare.matching.sound_segments import (
    Met,
    SoundSegment,
    posted_of,
    write_sound_segment,
)

_FORMAT: Final = 1
_ALIKE: Final = 4
_MOST_LANDMARKS: Final = 20_000_000
"""In a segment that is the result of joining others: writing one takes some 30 bytes for each."""
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
    """What an index held at one moment. removed: owners, gone from segments below a number.

    first: owners below it are gone from all.
    """

    applied_to: int = 0
    segments: tuple[SoundSegment, ...] = ()
    removed: Mapping[int, int] = field(default_factory=dict)
    numbered: int = 0
    first: int = 0

    def live(self, segment: SoundSegment) -> NDArray[np.bool_]:
        """Tell which owners of a segment are still there: (f,)."""
        gone = [owner for owner, below in self.removed.items() if segment.number < below]
        kept: NDArray[np.bool_] = segment.owner >= self.first
        return kept & ~np.isin(segment.owner, np.array(gone, np.int64))


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

    @property
    def parts(self) -> int:
        """Count the segments a search has to look into."""
        return len(self._snapshot.segments)

    def owners(self) -> NDArray[np.int64]:
        """Give the owners that can be found: (f,), ascending."""
        now = self._snapshot
        each = [segment.owner[now.live(segment)] for segment in now.segments]
        return np.unique(np.concatenate([np.empty(0, np.int64), *each]))

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
            asked = np.fromiter(owners, np.int64)
            here = [asked[np.isin(asked, segment.owner)].tolist() for segment in now.segments]
            gone = {owner for each in here for owner in each}
            removed = {**now.removed, **dict.fromkeys(gone, now.numbered + 1)}
            self._swap(replace(now, applied_to=applied_to, removed=removed))

    def drop_below(self, owner: int) -> None:
        """Take out all owners below an id, now and for ever: the end of a ring of ids."""
        with self._writing:
            self._drop_below(owner)
        self._sweep()

    def keep_newest(self, landmarks: int) -> None:
        """Take out the owners of the lowest ids until so many landmarks are left, a segment's more
        or less at a time.
        """
        with self._writing:
            while len(self) > landmarks and self.parts > 1:
                last = (int(segment.owner.max()) for segment in self._snapshot.segments)
                self._drop_below(min(last) + 1)
        self._sweep()

    def _drop_below(self, owner: int) -> None:
        now = self._snapshot
        first = max(now.first, owner)
        segments = tuple(s for s in now.segments if int(s.owner.max()) >= first)
        removed = {each: below for each, below in now.removed.items() if each >= first}
        self._swap(replace(now, segments=segments, removed=removed, first=first))

    def met(self, key: NDArray[np.uint32], *, most: int | None = None) -> Met:
        """Find who has these landmarks, and when. key, most: as for a segment."""
        now = self._snapshot
        found = [Met(np.empty(0, np.intp), np.empty(0, np.int64), np.empty(0, np.int64))]
        for segment in now.segments:
            met = segment.met(key, most=most)
            if now.removed or now.first:
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
        put_manifest(
            self._folder,
            {
                "format": _FORMAT,
                "applied_to": snapshot.applied_to,
                "numbered": snapshot.numbered,
                "segments": [segment.name for segment in snapshot.segments],
                "removed": [[owner, below] for owner, below in snapshot.removed.items()],
                "first": snapshot.first,
            },
        )
        self._snapshot = snapshot

    def _sweep(self) -> None:
        """Delete segments that no manifest names: of a merge, or of a process that died."""
        with self._writing:
            sweep(self._folder, {segment.name for segment in self._snapshot.segments})


def _read(folder: Path, open_already: Sequence[SoundSegment]) -> _Snapshot:
    manifest = folder / MANIFEST
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
            first=int(read.get("first", 0)),
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
        total = sum(map(len, alike))
        if total <= _MOST_LANDMARKS and len(alike[-1]) <= _ALIKE * (total - len(alike[-1])):
            return tuple(alike)
    return ()
