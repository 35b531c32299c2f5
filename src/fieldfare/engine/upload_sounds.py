"""Sounds of recent uploads: for a sound that arrives later.

In flow scans with the prints they tell of; out flow the scans that probably have a sound in them.
An index of landmarks takes some forty times what the frames do, so it is kept within bounds: the
newest 50 million landmarks of an organisation, which is some 100 hours of sound, in 600 MB.
"""

import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from fieldfare.engine.shelf_stages import open_sounds
from fieldfare.kernel import BadInput, EventId, JsonValue, Org
from fieldfare.matching.sound import SoundPrint, sound_of_text
from fieldfare.matching.sound_hearers import owners_hearing
from fieldfare.matching.sound_index import SoundIndex
from fieldfare.records import Event

MOST_LANDMARKS: Final = 50_000_000
MOST_PARTS: Final = 16
"""Segments that may stand side by side: each batch of scans is one, until they are joined."""


class UploadSounds:
    """Keeps them, by the ids of their scans. One thread writes; `hearing` from any.

    folder: of all indexes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._indexes: dict[Org, SoundIndex] = {}
        self._lock = threading.Lock()

    def index(self, org: Org) -> SoundIndex:
        """Give the index of an organisation; owners are ids of scans."""
        with self._lock:
            found = self._indexes.get(org)
            if found is None:
                opened = open_sounds(self._folder / str(org) / "upload-sounds")
                found = self._indexes[org] = opened
            return found

    def put(
        self, org: Org, scans: Sequence[Event], gone: Collection[EventId], *, up_to: EventId
    ) -> None:
        """Take in a batch of scans and let go of others, unless it was done before a crash."""
        index = self.index(org)
        before = index.applied_to
        if up_to <= before:
            return
        # A batch that is repeated after a crash may be cut otherwise.
        fresh = [
            (int(scan.id), sound)
            for scan in scans
            if scan.id > before
            for sound in _sounds_of(scan)
        ]
        if gone and len(index):
            index.remove(gone, applied_to=before)
        if fresh:
            index.add(fresh, applied_to=up_to)
        if index.parts > MOST_PARTS:
            self._merge(index)

    def hearing(self, org: Org, sound: SoundPrint) -> list[EventId]:
        """Name the scans that probably have a sound in them. Some 0.1 s for a million landmarks."""
        return [EventId(each) for each in owners_hearing(sound, self.index(org))]

    def forget_before(self, org: Org, first: EventId) -> None:
        """Let go of scans with lower ids, and of the oldest beyond what is kept."""
        index = self.index(org)
        if len(index):
            index.drop_below(first)
            self._merge(index)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            for index in self._indexes.values():
                index.close()
            self._indexes.clear()

    @staticmethod
    def _merge(index: SoundIndex) -> None:
        index.keep_newest(MOST_LANDMARKS)
        while index.merge_once():
            pass


def _sounds_of(scan: Event) -> Iterator[SoundPrint]:
    hashes = (scan.data or {}).get("hashes")
    for part in hashes if isinstance(hashes, list) else ():
        sound = sound_of_part(part) if isinstance(part, dict) else None
        if sound is not None:
            yield sound


def sound_of_part(part: dict[str, JsonValue]) -> SoundPrint | None:
    """Read what a scan tells of how a part sounds; None where it tells nothing."""
    told = part.get("sound")
    try:
        return sound_of_text(str(told)) if told else None
    except BadInput:  # one that cannot be read holds up no other
        return None
