"""Writing the lake: what came is added, small files become one, people are taken out.

One writer a folder. Each change writes its files first and then swaps the manifest, so a kill at
any point leaves the lake as it was before; what was half written is cleared away at the next start.
Old files go last of all.
"""

import fcntl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import IO, Final

import duckdb

from fieldfare.engine.lake import LakeBatch, LakeEvent, LakeState
from fieldfare.kernel import Conflict, EventId, FieldfareError, Org, at_of
from fieldfare.records import Subject
from fieldfare.storage.lake.changing import Change, Place
from fieldfare.storage.lake.decoding import in_order
from fieldfare.storage.lake.disk import Disk
from fieldfare.storage.lake.encoding import Encoded, encode
from fieldfare.storage.lake.erasing import as_erased, erase_from, is_erased
from fieldfare.storage.lake.manifest import LakeFile, Manifest, ManifestFile
from fieldfare.storage.lake.parquet import Duck, Ids, ids_of, merge, write

FILE_ROWS: Final = 200_000
"""Rows of a compacted file, at most; a day of more has several."""
MEMORY_MB: Final = 512
DAY_MS: Final = 86_400_000
_PLACE: Final = attrgetter("org", "kind", "day")


class LakeWriter:
    """`engine.lake.LakeSink` in a folder. Raises Conflict where another process writes already.

    pseudonym: names people as the log does once they are erased.
    """

    def __init__(
        self,
        folder: Path,
        pseudonym: Callable[[Org, Subject], str],
        *,
        disk: Disk | None = None,
        file_rows: int = FILE_ROWS,
    ) -> None:
        self._folder = folder
        self._pseudonym = pseudonym
        self._file_rows = file_rows
        self._disk = disk or Disk()
        self._disk.folder(folder)
        self._claim = _claimed(folder)
        self._duck = Duck(folder, threads=1, memory_mb=MEMORY_MB)
        self._manifests = ManifestFile(folder, self._disk)
        self._lock = threading.RLock()
        self._clear_strays()

    def close(self) -> None:
        """Let another process write."""
        with self._lock:
            self._duck.close()
            self._claim.close()

    def state(self) -> LakeState:
        manifest = self._manifests.current()
        return LakeState(
            applied_to=manifest.applied_to,
            history_to=manifest.history_to,
            files=len(manifest.files),
            rows=sum(file.rows for file in manifest.files),
            bytes=sum(file.bytes for file in manifest.files),
            generation=manifest.generation,
        )

    def add(self, batch: LakeBatch, /) -> None:
        gone = batch.erased
        events = as_erased(batch.events, gone, self._pseudonym) if gone else batch.events
        with self._lock, self._duck.cursor() as cursor:
            change = self._change()
            for place, rows in _by_place(events):
                encoded = encode(place.kind, rows)
                taken_out = sum(is_erased(event) for event in rows)
                fill = partial(_filled, cursor, encoded)
                change.write(place, encoded.columns, fill, erased=taken_out)
            if gone:
                erase_from(cursor, change, self._folder, gone, self._pseudonym)
            history_to = {**change.before.history_to, **batch.history_to}
            change.swap(applied_to=batch.applied_to, history_to=history_to)

    def compact(self) -> int:
        """Make one file of the small ones of each kind and day; how many files there are less."""
        with self._lock, self._duck.cursor() as cursor:
            change = self._change()
            before = len(change.before.files)
            mergeable = list(self._mergeable(change.before))
            for place, files in mergeable:
                self._merge(cursor, change, place, files)
            return before - len(change.swap().files) if mergeable else 0

    def forget_before(self, day: str, /) -> int:
        """Let go of the days before one; how many files that were."""
        with self._lock:
            change = self._change()
            old = [file for file in change.before.files if file.day < day]
            for file in old:
                change.drop(file)
            if old:
                change.swap()
            return len(old)

    def clear(self) -> None:
        """Empty the lake, so that it is filled anew from the log."""
        with self._lock:
            try:
                change = self._change()
            except FieldfareError:  # a manifest that cannot be read: nothing of it is kept
                self._manifests.swap(Manifest())
                change = self._change()
            for file in change.before.files:
                change.drop(file)
            change.swap(applied_to=EventId(0), history_to={})
            self._clear_strays()

    def _change(self) -> Change:
        return Change(self._folder, self._disk, self._manifests)

    def _mergeable(self, manifest: Manifest) -> Iterator[tuple[Place, Sequence[LakeFile]]]:
        """Find runs of neighbouring files that fit into one, none of which is of full size."""
        for (org, kind, day), files in groupby(manifest.files, key=_PLACE):
            place, run = Place(org, kind, day), list[LakeFile]()
            for file in files:
                fits = sum(each.rows for each in run) + file.rows <= self._file_rows
                if run and not (fits and _agree(manifest, [*run, file])):
                    if len(run) > 1:
                        yield place, run
                    run = []
                run.append(file)
            if len(run) > 1:
                yield place, run

    def _merge(
        self,
        cursor: duckdb.DuckDBPyConnection,
        change: Change,
        place: Place,
        files: Sequence[LakeFile],
    ) -> None:
        columns = in_order({c for file in files for c in change.before.columns(file)})
        sources = [self._folder / file.path for file in files]
        erased = sum(file.erased for file in files)
        change.write(
            place, columns, lambda path: merge(cursor, sources, path, columns), erased=erased
        )
        for file in files:
            change.drop(file)

    def _clear_strays(self) -> None:
        """Remove what no manifest names: left by a writer that was killed."""
        try:
            named = {self._folder / file.path for file in self._manifests.current().files}
        except FieldfareError:  # said to whoever reads; `clear` begins anew
            return
        for path in self._folder.glob("org=*/**/*.parquet*"):
            if path not in named:
                self._disk.remove(path)


def _filled(cursor: duckdb.DuckDBPyConnection, encoded: Encoded, path: Path) -> Ids:
    write(cursor, encoded, path)
    return ids_of(cursor, path)


def _by_place(events: Iterable[LakeEvent]) -> Sequence[tuple[Place, Sequence[LakeEvent]]]:
    """Sort events by where they stand, each place's in id order."""
    places: dict[Place, list[LakeEvent]] = {}
    days: dict[int, str] = {}
    for event in events:
        number = at_of(event.id) // DAY_MS
        day = days.get(number) or days.setdefault(number, day_of(event.id))
        places.setdefault(Place(event.org, event.kind, day), []).append(event)
    return [(place, sorted(rows, key=attrgetter("id"))) for place, rows in sorted(places.items())]


def day_of(event_id: int) -> str:
    """Name the day of an id, in UTC."""
    return datetime.fromtimestamp(at_of(event_id) / 1000, UTC).date().isoformat()


def _agree(manifest: Manifest, files: Sequence[LakeFile]) -> bool:
    """Tell whether columns of one name have one type in all files."""
    types: dict[str, str] = {}
    return all(
        types.setdefault(column.name, column.type) == column.type
        for file in files
        for column in manifest.columns(file)
    )


def _claimed(folder: Path) -> IO[bytes]:
    """Keep other writers out for as long as this file is open."""
    claim = (folder / "writer.lock").open("ab")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        claim.close()
        raise Conflict(
            f"another process writes to the lake in {folder}",
            hint="Ask the server that runs, or stop it first.",
        ) from None
    return claim
