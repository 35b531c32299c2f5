"""Reading the lake: files and the log's tail as one stream of events in id order.

Each kind is read on its own, some 20,000 rows at a time, and the kinds are merged by id. A file
that a compaction or an erasure took away meanwhile is no error: the manifest is read again and the
stream goes on after the last event it gave.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

import duckdb

from fieldfare.engine.lake import LakeEvent, LakeSpan, LakeTail
from fieldfare.kernel import EventId, Org, Unavailable
from fieldfare.kernel.ids import LAST_ID
from fieldfare.storage.lake.columns import DATA, FACTS_REST, HEAD, REST, UNKNOWN, Column
from fieldfare.storage.lake.decoding import decoder_for, in_order
from fieldfare.storage.lake.disk import Disk
from fieldfare.storage.lake.manifest import LakeFile, Manifest, ManifestFile
from fieldfare.storage.lake.parquet import GROUP_ROWS, Duck, count_between, rows_between

MEMORY_MB: Final = 1_024
_ID: Final = attrgetter("id")
_ALWAYS: Final = frozenset({*HEAD, REST, UNKNOWN, FACTS_REST, f"{DATA}version"})


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is read at a time: files (or a part of one) of one kind, after < id <= up_to."""

    kind: str
    paths: tuple[str, ...]
    columns: tuple[Column, ...]
    after: EventId
    up_to: EventId


class ParquetLake:
    """`engine.lake.Lake` over a folder. tail: what of the log is not in it yet.

    threads: of DuckDB; 0 for all cores.
    """

    def __init__(self, folder: Path, tail: LakeTail, *, threads: int = 0) -> None:
        self._folder = folder
        self._tail = tail
        self._manifests = ManifestFile(folder, Disk())
        self._duck = Duck(folder, threads=threads, memory_mb=MEMORY_MB)

    def close(self) -> None:
        """Give back what DuckDB holds."""
        self._duck.close()

    def events(
        self,
        org: Org,
        /,
        *,
        after: EventId,
        up_to: EventId,
        kinds: Collection[str] | None = None,
        fields: Collection[str] | None = None,
    ) -> Iterator[Sequence[LakeEvent]]:
        done = after
        while True:
            manifest = self._manifests.current()
            pieces = _pieces(manifest, org, done, up_to, kinds)
            streams = [self._stream(org, each, fields) for each in pieces.values()]
            try:
                for batch in _merged(streams):
                    yield batch
                    done = batch[-1].id
            except Unavailable:
                if self._manifests.current().generation == manifest.generation:
                    raise
                continue
            break
        begin = max(done, manifest.applied_to)
        if begin < up_to:
            yield from self._tail.events(org, after=begin, up_to=up_to, kinds=kinds)

    def span(self, org: Org, /) -> LakeSpan | None:
        manifest = self._manifests.current()
        files = manifest.of(org)
        ends = [(file.first, file.last) for file in files]
        tail = self._tail.events(org, after=manifest.applied_to, up_to=LAST_ID, kinds=None)
        ends += [(batch[0].id, batch[-1].id) for batch in tail]
        if not ends:
            return None
        return LakeSpan(first=min(first for first, _ in ends), last=max(last for _, last in ends))

    def counts(self, org: Org, /, *, after: EventId, up_to: EventId) -> Mapping[str, int]:
        while True:
            manifest = self._manifests.current()
            try:
                counted = self._counted(manifest, org, after, up_to)
            except Unavailable:
                if self._manifests.current().generation == manifest.generation:
                    raise
                continue
            break
        begin = max(after, manifest.applied_to)
        if begin < up_to:
            for batch in self._tail.events(org, after=begin, up_to=up_to, kinds=None):
                counted.update(event.kind for event in batch)
        return counted

    def _counted(
        self, manifest: Manifest, org: Org, after: EventId, up_to: EventId
    ) -> Counter[str]:
        counted: Counter[str] = Counter()
        for file in _within(manifest, org, after, up_to):
            if after < file.first and file.last <= up_to:
                counted[file.kind] += file.rows
                continue
            path = self._folder / file.path
            count = partial(count_between, sources=[path], after=after, up_to=up_to)
            if some := self._duck.ask(count, path):
                counted[file.kind] += some
        return counted

    def _stream(
        self, org: Org, pieces: Sequence[_Piece], fields: Collection[str] | None
    ) -> Iterator[list[LakeEvent]]:
        for piece in pieces:
            columns = piece.columns if fields is None else _asked_for(piece.columns, fields)
            paths = [self._folder / path for path in piece.paths]
            read = partial(_events_of, org=org, piece=piece, paths=paths, columns=columns)
            if events := self._duck.ask(read, *paths):
                yield events


def _events_of(
    cursor: duckdb.DuckDBPyConnection,
    *,
    org: Org,
    piece: _Piece,
    paths: Sequence[Path],
    columns: Sequence[Column],
) -> list[LakeEvent]:
    found = rows_between(cursor, paths, columns, piece.after, piece.up_to)
    return decoder_for(piece.kind, found.columns, found.full)(org, found.rows)


def _asked_for(columns: Sequence[Column], fields: Collection[str]) -> tuple[Column, ...]:
    """Choose the columns that hold a field, a part of one, or what has no column of its own."""
    return tuple(
        column
        for column in columns
        if column.name in _ALWAYS
        or any(
            field == column.name
            or field.startswith(f"{column.name}.")
            or column.name.startswith(f"{field}.")
            for field in fields
        )
    )


def _within(manifest: Manifest, org: Org, after: EventId, up_to: EventId) -> Sequence[LakeFile]:
    return [file for file in manifest.of(org) if file.last > after and file.first <= up_to]


def _pieces(
    manifest: Manifest,
    org: Org,
    after: EventId,
    up_to: EventId,
    kinds: Collection[str] | None,
) -> dict[str, list[_Piece]]:
    """Cut what is asked for into pieces of some GROUP_ROWS, each kind's in id order."""
    found: dict[str, list[_Piece]] = {}
    for kind, files in groupby(_within(manifest, org, after, up_to), key=attrgetter("kind")):
        if kinds is not None and kind not in kinds:
            continue
        pieces = found[kind] = []
        small: list[LakeFile] = []
        for file in files:
            if small and not _fit(manifest, [*small, file]):
                pieces.append(_together(manifest, small, after, up_to))
                small = []
            if file.rows > GROUP_ROWS:
                pieces += _cut(manifest, file, after, up_to)
            else:
                small.append(file)
        if small:
            pieces.append(_together(manifest, small, after, up_to))
    return found


def _fit(manifest: Manifest, files: Sequence[LakeFile]) -> bool:
    """Tell whether files are read together: few rows, and columns of one type each."""
    types: dict[str, str] = {}
    return sum(file.rows for file in files) <= GROUP_ROWS and all(
        types.setdefault(column.name, column.type) == column.type
        for file in files
        for column in manifest.columns(file)
    )


def _together(
    manifest: Manifest, files: Sequence[LakeFile], after: EventId, up_to: EventId
) -> _Piece:
    columns = in_order({column for file in files for column in manifest.columns(file)})
    paths = tuple(file.path for file in files)
    return _Piece(files[0].kind, paths, columns, after, up_to)


def _cut(manifest: Manifest, file: LakeFile, after: EventId, up_to: EventId) -> Iterator[_Piece]:
    """Cut a big file at its row groups, of which only those asked for are read."""
    columns = in_order(manifest.columns(file))
    begin = EventId(file.first - 1)
    for mark in file.marks:
        if mark > after and begin < up_to:
            yield _Piece(file.kind, (file.path,), columns, max(begin, after), min(mark, up_to))
        begin = mark


def _merged(streams: Sequence[Iterator[list[LakeEvent]]]) -> Iterator[Sequence[LakeEvent]]:
    """Merge streams that are each in id order into batches in id order."""
    heads: list[list[LakeEvent]] = [[] for _ in streams]
    places = [0] * len(streams)
    open_ = set(range(len(streams)))
    while open_:
        for number in tuple(open_):
            if places[number] == len(heads[number]):
                fresh = next(streams[number], None)
                if fresh is None:
                    open_.remove(number)
                    continue
                heads[number], places[number] = fresh, 0
        if not open_:
            return
        bound = min(heads[number][-1].id for number in open_)
        batch: list[LakeEvent] = []
        for number in open_:
            end = bisect_right(heads[number], bound, lo=places[number], key=_ID)
            batch += heads[number][places[number] : end]
            places[number] = end
        if len(open_) > 1:
            batch.sort(key=_ID)
        yield batch
