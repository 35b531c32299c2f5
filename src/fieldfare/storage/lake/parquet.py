"""Parquet, by DuckDB: columns to a file, files to one file, a file without a person, rows back.

Every statement is made of our own names; ids and values are parameters. DuckDB fetches and loads
no extension, and spills nowhere but into the lake's own folder.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt

from fieldfare.kernel import EventId, JsonValue, Unavailable
from fieldfare.ledger.keys import ERASED
from fieldfare.storage.lake.columns import HEAD, SCHEMA_VERSION, Column
from fieldfare.storage.lake.decoding import UndecodableRow, quoted, selected
from fieldfare.storage.lake.encoding import Encoded
from fieldfare.storage.lake.manifest import REBUILD

DISK: Final = f"Look at the disk. {REBUILD}"
AGAIN: Final = "Ask once more: it is opened anew by whoever asks next."
MORE_MEMORY: Final = "Let fewer programs run beside it, or take a shorter time."
MOST_NAMED: Final = 3
GROUP_ROWS: Final = 20_480
"""Rows of a row group: what a reader takes at a time. DuckDB wants a multiple of 2,048."""
_KEPT: Final = f"person_kind IS DISTINCT FROM '{ERASED}'"
_BROKEN: Final = (duckdb.FatalException, duckdb.InternalException)
"""After one of these the instance answers nobody any more."""
_INVALIDATED: Final = "database has been invalidated"
_OURS: Final = (
    duckdb.InterruptException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.SyntaxException,
    duckdb.PermissionException,
)
"""What no file and no disk is to blame for."""
Ids = npt.NDArray[np.int64]
T = TypeVar("T")


class InstanceLost(Unavailable):
    """DuckDB was taken away by another use of it, whose error says nothing of what is read here."""


class Duck:
    """DuckDB for one folder: one instance a process, a cursor a use. threads: 0 for all cores."""

    def __init__(self, folder: Path, *, threads: int, memory_mb: int) -> None:
        self._folder = folder
        self._config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
        if threads:
            self._config["threads"] = threads
        self._lock = threading.Lock()
        self._opened: tuple[int, duckdb.DuckDBPyConnection] | None = None

    @contextmanager
    def cursor(self, *reading: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a cursor. reading: the files that are read, to name the one that is damaged.

        Raises Unavailable for what the disk or the memory refuses, and for a damaged file: DuckDB
        has a dozen errors for those. Raises InstanceLost where another use broke the instance.
        What we did wrong ourselves, and an interruption, go through as they are.
        """
        opened = self._connection()
        try:
            with closing(opened.cursor()) as cursor:
                yield cursor
        except _OURS:
            raise
        except duckdb.OutOfMemoryException as error:
            raise Unavailable(f"the lake: {_first_line(error)}", hint=MORE_MEMORY) from error
        except (duckdb.Error, UndecodableRow, UnicodeError) as error:
            if isinstance(error, _BROKEN):
                self._let_go(opened)
            if isinstance(error, duckdb.ConnectionException) or _INVALIDATED in str(error):
                raise InstanceLost(f"the lake: {_first_line(error)}", hint=AGAIN) from error
            if isinstance(error, UnicodeError) and not reading:
                raise  # no text was read: it is one of ours that cannot be written
            raise _unreadable(error, reading) from error

    def ask(self, question: Callable[[duckdb.DuckDBPyConnection], T], *reading: Path) -> T:
        """Ask with a cursor, once more where another use took the instance away meanwhile.

        Raises what `cursor` raises.
        """
        try:
            with self.cursor(*reading) as cursor:
                return question(cursor)
        except InstanceLost:
            with self.cursor(*reading) as cursor:
                return question(cursor)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None and self._opened[0] == os.getpid():
                self._opened[1].close()
            self._opened = None

    def _let_go(self, broken: duckdb.DuckDBPyConnection) -> None:
        # Another thread may have opened a sound one meanwhile: that one stays.
        with self._lock:
            if self._opened is not None and self._opened[1] is broken:
                broken.close()
                self._opened = None

    def _connection(self) -> duckdb.DuckDBPyConnection:
        # A forked child has the parent's memory and none of its threads: it opens its own.
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                connection = duckdb.connect(config=self._config)
                # Text columns are text, also where the first thousand rows have none.
                connection.execute("SET GLOBAL pandas_analyze_sample = 0")
                self._opened = (os.getpid(), connection)
            return self._opened[1]


def write(cursor: duckdb.DuckDBPyConnection, encoded: Encoded, path: Path) -> None:
    """Write columns as one file."""
    cursor.register("batch", dict(encoded.arrays))
    try:
        columns = ", ".join(
            f"{quoted(c.name)}::{_type(c)} AS {quoted(c.name)}" for c in encoded.columns
        )
        cursor.execute(_copied(f"SELECT {columns} FROM batch", path))
    finally:
        cursor.unregister("batch")


def merge(
    cursor: duckdb.DuckDBPyConnection,
    sources: Sequence[Path],
    path: Path,
    columns: Sequence[Column],
) -> Ids:
    """Join files into one, in id order, and give its ids."""
    cursor.execute(_copied(f"SELECT {selected(columns)} FROM {_read(sources)} ORDER BY id", path))
    return ids_of(cursor, path)


def ids_of(cursor: duckdb.DuckDBPyConnection, path: Path) -> Ids:
    """Read the ids of a file, in its order."""
    ids: Ids = np.asarray(cursor.execute(f"SELECT id FROM {_read([path])}").fetchnumpy()["id"])
    return ids


def people_in(
    cursor: duckdb.DuckDBPyConnection, sources: Sequence[Path]
) -> Sequence[tuple[str, str]]:
    """Name the people whose rows stand in files, each once: (kind, host_id)."""
    return cursor.execute(
        f"SELECT DISTINCT person_kind, person_id FROM {_read(sources)} "
        f"WHERE person_kind IS NOT NULL AND {_KEPT}"
    ).fetchall()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of somebody's: what names it."""

    id: EventId
    subject_kind: str
    subject_id: str
    person: tuple[str, str]


def rows_of(
    cursor: duckdb.DuckDBPyConnection, path: Path, people: Sequence[tuple[str, str]]
) -> Sequence[Row]:
    """Find the rows of people in a file."""
    wanted = [f"{kind}\0{host_id}" for kind, host_id in people]
    found = cursor.execute(
        f"SELECT id, subject_kind, subject_id, person_kind, person_id FROM {_read([path])} "
        "WHERE person_kind || chr(0) || person_id IN (SELECT unnest(?::VARCHAR[]))",
        [wanted],
    ).fetchall()
    return [Row(EventId(row[0]), row[1], row[2], (row[3], row[4])) for row in found]


def without(
    cursor: duckdb.DuckDBPyConnection,
    source: Path,
    path: Path,
    columns: Sequence[Column],
    gone: Mapping[EventId, tuple[str, str]],
) -> None:
    """Copy a file with some rows emptied. gone: by id, the pseudonyms of subject and person."""
    names = list(gone.values())
    cursor.register(
        "gone",
        {
            "gone_id": np.array(list(gone), dtype=np.int64),
            "gone_subject": np.array([subject for subject, _ in names], dtype=object),
            "gone_person": np.array([person for _, person in names], dtype=object),
        },
    )
    instead = {
        "id": "id",
        "subject_kind": f"'{ERASED}'",
        "subject_id": "gone_subject",
        "person_kind": f"'{ERASED}'",
        "person_id": "gone_person",
        "version": "''",
        "judged": "false",
    }
    chosen = ", ".join(
        f"CASE WHEN gone_id IS NULL THEN {quoted(c.name)} ELSE {instead.get(c.name, 'NULL')} END"
        f" AS {quoted(c.name)}"
        for c in columns
    )
    try:
        joined = f"{_read([source])} LEFT JOIN gone ON id = gone_id"
        cursor.execute(_copied(f"SELECT {chosen} FROM {joined} ORDER BY id", path))
    finally:
        cursor.unregister("gone")


@dataclass(frozen=True, slots=True)
class Found:
    """Rows as tuples in the order of `columns`; those without any value here are left out.

    full: the columns that have one in every row.
    """

    columns: tuple[Column, ...]
    full: frozenset[str]
    rows: Iterator[tuple[JsonValue, ...]]


def rows_between(
    cursor: duckdb.DuckDBPyConnection,
    sources: Sequence[Path],
    columns: Sequence[Column],
    after: EventId,
    up_to: EventId,
) -> Found:
    """Read the rows with after < id <= up_to, in id order."""
    found = cursor.execute(
        f"SELECT {selected(columns)} FROM {_read(sources)} WHERE id > ? AND id <= ? AND {_KEPT}",
        [after, up_to],
    ).fetchnumpy()
    gaps = {name: column.mask for name, column in found.items() if np.ma.isMaskedArray(column)}
    kept = tuple(c for c in columns if c.name in HEAD or not np.all(gaps.get(c.name, False)))
    return Found(
        columns=kept,
        full=frozenset(c.name for c in kept if not np.any(gaps.get(c.name, False))),
        rows=zip(*(found[column.name].tolist() for column in kept), strict=True),
    )


def count_between(
    cursor: duckdb.DuckDBPyConnection, sources: Sequence[Path], after: EventId, up_to: EventId
) -> int:
    """Count the rows with after < id <= up_to, erased ones included."""
    found = cursor.execute(
        f"SELECT count(*) FROM {_read(sources)} WHERE id > ? AND id <= ?", [after, up_to]
    ).fetchone()
    return int(found[0]) if found else 0


def marks_of(ids: Ids) -> tuple[EventId, ...]:
    """Give the last id of each row group. Raises AssertionError for ids out of order."""
    if len(ids) > 1 and not bool(np.all(ids[1:] > ids[:-1])):
        raise AssertionError("a file of the lake is out of order")
    ends = ids[GROUP_ROWS - 1 :: GROUP_ROWS].tolist()
    last = int(ids[-1])
    return tuple(EventId(each) for each in (ends if ends and ends[-1] == last else [*ends, last]))


def _unreadable(error: Exception, reading: Sequence[Path]) -> Unavailable:
    """Say which file cannot be read: DuckDB itself does not always. The disk's errors are its."""
    told = _first_line(error)
    named = [path for path in reading if str(path) in told]
    hint = REBUILD
    if isinstance(error, duckdb.IOException):
        hint = DISK
        if not named:
            beside = f" (while {_files(reading)} was read)" if reading else ""
            return Unavailable(f"the lake cannot be read or written: {told}{beside}", hint=hint)
    named = named or list(reading)
    if not named:
        return Unavailable(f"the lake cannot be read or written: {told}", hint=DISK)
    return Unavailable(f"{_files(named)} cannot be read: {told}", hint=hint)


def _files(paths: Sequence[Path]) -> str:
    where = ", ".join(map(str, paths[:MOST_NAMED]))
    return (
        f"one of {len(paths)} of the lake's files {where}"
        if paths[1:]
        else f"the lake's file {where}"
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _type(column: Column) -> str:
    return "VARCHAR" if column.type == "JSON" else column.type


def _read(sources: Sequence[Path]) -> str:
    listed = ", ".join(_text(source) for source in sources)
    return f"read_parquet([{listed}], union_by_name = {len(sources) > 1})"


def _copied(query: str, path: Path) -> str:
    metadata = f"{{fieldfare_schema: '{SCHEMA_VERSION}'}}"
    return (
        f"COPY ({query}) TO {_text(path)} (FORMAT parquet, COMPRESSION zstd, "
        f"ROW_GROUP_SIZE {GROUP_ROWS}, KV_METADATA {metadata})"
    )


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def head_columns() -> tuple[Column, ...]:
    """Name the columns that every file has."""
    return tuple(Column(name, told) for name, told in HEAD.items())
