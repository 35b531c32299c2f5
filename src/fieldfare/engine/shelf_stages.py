"""What else finds entries, beside the index of frames: each an index of its own, derived alike.

In flow entries as the log tells of them, with what they are found by; out flow stages of matching.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Protocol, TypeVar

import structlog

from fieldfare.kernel import BadInput, EventId, at_of
from fieldfare.matching.features import (
    FeatureIndex,
    FeatureIndexDamaged,
    FeatureStage,
    unpack_features,
)
from fieldfare.matching.known import Stage
from fieldfare.matching.repositories import ChangedEntry
from fieldfare.matching.sound import unpack_sound
from fieldfare.matching.sound_index import SoundIndex, SoundIndexDamaged
from fieldfare.matching.sound_stage import SoundStage

_log = structlog.get_logger(__name__)
T = TypeVar("T")


class StageKeeping(Protocol):
    """An index that follows the entries of an organisation, and the stage that asks it."""

    @property
    def stage(self) -> Stage: ...

    @property
    def applied_to(self) -> EventId: ...

    def put(
        self,
        entries: Sequence[ChangedEntry],
        gone: Collection[EventId],
        up_to: EventId,
        /,
    ) -> None:
        """Take in entries that came or changed, and let go of others; durable on return."""
        ...

    def merge(self) -> None: ...

    def close(self) -> None: ...


class FeatureKeeping:
    """Local features of entries of priority banks. writable: for the one process that follows."""

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        try:
            self._index = FeatureIndex.open(folder, writable=writable)
        except FeatureIndexDamaged as error:
            if not writable:
                raise
            _log.error("an index is damaged and made anew", folder=str(folder), why=str(error))
            rmtree(folder)
            self._index = FeatureIndex.open(folder)
        self.stage = FeatureStage(self._index)

    @property
    def applied_to(self) -> EventId:
        return EventId(self._index.applied_to)

    def put(
        self,
        entries: Sequence[ChangedEntry],
        gone: Collection[EventId],
        up_to: EventId,
        /,
    ) -> None:
        """Take in entries. What an entry is found by never changes, so it comes in once."""
        before = self._index.applied_to
        if gone:
            self._index.remove(gone, applied_to=before)
        fresh = [
            (int(entry.id), features)
            for entry in entries
            if entry.features and _is_new(entry, before)
            if (features := _read(entry, unpack_features, entry.features)) is not None
        ]
        self._index.add(fresh, applied_to=up_to)

    def merge(self) -> None:
        while self._index.merge_once():
            pass

    def close(self) -> None:
        self._index.close()


class SoundKeeping:
    """Sound of entries. writable: for the one process that follows."""

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        self._index = open_sounds(folder, writable=writable)
        self.stage = SoundStage(self._index)

    @property
    def applied_to(self) -> EventId:
        return EventId(self._index.applied_to)

    def put(
        self,
        entries: Sequence[ChangedEntry],
        gone: Collection[EventId],
        up_to: EventId,
        /,
    ) -> None:
        """Take in entries. What an entry is found by never changes, so it comes in once."""
        before = self._index.applied_to
        if gone:
            self._index.remove(gone, applied_to=before)
        fresh = [
            (int(entry.id), sound)
            for entry in entries
            if entry.sound and _is_new(entry, before)
            if (sound := _read(entry, unpack_sound, entry.sound)) is not None
        ]
        self._index.add(fresh, applied_to=up_to)

    def merge(self) -> None:
        while self._index.merge_once():
            pass

    def close(self) -> None:
        self._index.close()


def open_sounds(folder: Path, *, writable: bool = True) -> SoundIndex:
    """Open an index of sound; one that is damaged is begun anew if it may be written.

    Raises SoundIndexDamaged if it may not.
    """
    try:
        return SoundIndex.open(folder, writable=writable)
    except SoundIndexDamaged as error:
        if not writable:
            raise
        _log.error("an index is damaged and made anew", folder=str(folder), why=str(error))
        rmtree(folder)
        return SoundIndex.open(folder)


def _read(entry: ChangedEntry, unpack: Callable[[bytes], T], told: bytes) -> T | None:
    """Read what an entry is found by; one that cannot be read holds up no other entry."""
    try:
        return unpack(told)
    except BadInput as error:
        _log.error("an entry cannot be read", bank=entry.bank, entry=entry.id, why=error.message)
        return None


def _is_new(entry: ChangedEntry, applied_to: int) -> bool:
    """Tell whether an entry came after what has been applied, and not only changed."""
    return entry.id >= entry.changed or not applied_to or entry.added_at > at_of(applied_to)


def stages_in(folder: Path, *, writable: bool = True) -> list[StageKeeping]:
    """Open every stage there is for an organisation. folder: of its indexes."""
    return [
        SoundKeeping(folder / "sound", writable=writable),
        FeatureKeeping(folder / "features", writable=writable),
    ]
