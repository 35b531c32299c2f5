"""A file of hashes on this machine, read as if it were an exchange.

Read: lines of `KIND VALUE` (or of values, where the exchange names their kind), CSV with a header,
and one JSON object a line. The file is always all there is: what is in it no longer is forgotten.
A changed file is read anew, an unchanged one is not; a reading that was cut off goes on at its
line. Files lie in the `exchanges` folder of the installation and nowhere else, so that setting up
an exchange is no way to read the machine.
"""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

import msgspec

from fieldfare.kernel import BadInput, JsonValue
from fieldfare.matching.exchanges.protocol import (
    Checkpoint,
    ExchangeApi,
    ExchangeField,
    ExchangeRefused,
    ExchangeSetup,
    ExchangeUnavailable,
    OpinionNotTaken,
    OwnOpinion,
    Page,
    SharedRecord,
    short_tags,
)
from fieldfare.matching.exchanges.signals import ALSO_CALLED, SignalKind, kind_named, signal_of

LINES: Final = 2_000
PROBLEMS: Final = 5
LONGEST_LINE: Final = 4_000_000
LONG_KEY: Final = 200
LINES_OF_A_ROW: Final = 50
OPEN: Final = "unexpected end"
"""As the csv module says that a quote is not closed."""
_NO_CSV: Final = {"signal_type": "no row of CSV"}
_JSON: Final = frozenset({".ndjson", ".jsonl", ".json"})
_VALUES: Final = ("signal", "value", "hash", "signal_val", "hash_digest")
_KINDS: Final = ("signal_type", "type", "kind", "algorithm")


class LocalFileClient:
    def __init__(self, setup: ExchangeSetup) -> None:
        self._path = _inside(setup.folder, setup.text("filename"))
        named = setup.text("signal_type")
        self._kind = kind_named(named) if named else None

    def introduce(self) -> str:
        return f"{self._path.name}, {self._stamp()[0]:,} bytes"

    def pages(self, checkpoint: Checkpoint | None, /, *, now_s: int) -> Iterator[Page]:
        stamp = self._stamp()
        told = checkpoint or {}
        line, done = told.get("line"), told.get("done")
        same = told.get("stamp") == stamp
        if same and done:
            return
        begun = line if same and isinstance(line, int) else 0
        with self._path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            rows = islice(_rows(self._path.suffix.lower(), file), begun, None)
            at, begins, ends = begun, begun == 0, False
            while not ends:
                portion = list(islice(rows, LINES))
                ends = len(portion) < LINES
                records, problems = self._records(portion, at)
                at += len(portion)
                # Of a file that is being written the rest is not there yet, and not gone either.
                whole = ends and self._stamp() == stamp
                yield Page(
                    records=records,
                    checkpoint={"stamp": [*stamp], "line": at, "done": whole},
                    at_s=now_s if whole else 0,
                    begins=begins,
                    ends=whole,
                    last=ends,
                    skipped=len(problems),
                    problems=tuple(problems[:PROBLEMS]),
                )
                begins = False

    def tell(self, opinion: OwnOpinion, /) -> None:
        raise OpinionNotTaken(f"a file takes no opinions ({opinion.key})")

    def _stamp(self) -> list[int]:
        try:
            told = self._path.stat()
        except OSError:
            hint = f"Put it into {self._path.parent}."
            raise ExchangeUnavailable(f"there is no file {self._path.name}", hint=hint) from None
        return [told.st_size, told.st_mtime_ns]

    def _records(
        self, rows: list["str | dict[str, str]"], at: int
    ) -> tuple[tuple[SharedRecord, ...], list[str]]:
        made, problems = [], []
        for number, row in enumerate(rows, at + 1):
            if row == "":
                continue
            try:
                made.append(self._record(row))
            except BadInput as error:
                problems.append(f"row {number}: {error.message}")
        return tuple(made), problems

    def _record(self, row: "str | dict[str, str]") -> SharedRecord:
        if isinstance(row, str):
            return self._of_line(row)
        kind = _kind(row, self._kind)
        named = (*_VALUES, kind, *(also for also, of in ALSO_CALLED.items() if of is kind))
        value = next((row[name] for name in named if row.get(name)), "")
        signal = signal_of(kind, value)
        return SharedRecord(
            key=row.get("id") or f"{kind}:{signal.value}"[:LONG_KEY],
            signals=(signal,),
            tags=short_tags(row.get("tags", "").split(",")),
        )

    def _of_line(self, line: str) -> SharedRecord:
        if self._kind is None:
            named, _, value = line.partition(" ")
            kind = kind_named(named)
        else:
            kind, value = self._kind, line
        signal = signal_of(kind, value)
        return SharedRecord(key=f"{kind}:{signal.value}"[:LONG_KEY], signals=(signal,))


def _kind(row: dict[str, str], otherwise: SignalKind | None) -> SignalKind:
    """Read what a row's value is: told by a column, by the exchange, or by a column's name."""
    named = next((row[name] for name in _KINDS if row.get(name)), "")
    if named:
        return kind_named(named)
    if otherwise is not None:
        return otherwise
    for name, kind in {**{kind.value: kind for kind in SignalKind}, **ALSO_CALLED}.items():
        if row.get(name):
            return kind
    raise BadInput("no kind of signal", hint="Name it in a column signal_type.")


def _rows(suffix: str, file: TextIO) -> Iterator[str | dict[str, str]]:
    """Give one row a line of the file, "" for one that is empty, so that rows can be counted."""
    if suffix == ".csv":
        rows = _csv_rows(file)
        names = [name.strip().lower() for name in next(rows, None) or ()]
        for cells in rows:
            yield _NO_CSV if cells is None else dict(zip(names, cells, strict=False))
        return
    while line := file.readline(LONGEST_LINE):
        text = line.strip()
        yield _object(text) if suffix in _JSON and text else text


def _csv_rows(file: TextIO) -> Iterator[list[str] | None]:
    """Give the cells of each row; None for a line that is no CSV, after which the next is read.

    A cell in quotes may hold line ends, so a quote that is not closed would take in all that
    follows: it is sought on so many lines and no further, and then counts for its own line alone.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_LINE))
    waiting: deque[str] = deque()
    while line := waiting.popleft() if waiting else file.readline(LONGEST_LINE):
        if not line.strip():
            continue
        lines = [line]
        while (cells := _cells(lines)) == OPEN and len(lines) < LINES_OF_A_ROW:
            more = waiting.popleft() if waiting else file.readline(LONGEST_LINE)
            if not more:
                break
            lines.append(more)
        if isinstance(cells, list):
            yield cells
            continue
        waiting.extendleft(reversed(lines[1:]))
        yield None


def _cells(lines: list[str]) -> list[str] | str:
    """Read one row of CSV; OPEN if a quote is not closed, "" if it is no CSV for another reason."""
    try:
        return next(csv.reader(lines, strict=True))
    except csv.Error as error:
        return OPEN if OPEN in str(error) else ""


def _object(text: str) -> dict[str, str]:
    try:
        told = msgspec.json.decode(text, type=dict[str, JsonValue])
    except (msgspec.DecodeError, UnicodeEncodeError):
        return {"signal_type": "no JSON object"}
    return {name: _text(value) for name, value in told.items()}


def _text(value: JsonValue) -> str:
    """Put a value of JSON into a cell: lists joined, vPDQ (a list too) as its own JSON."""
    if isinstance(value, list):
        if value and isinstance(value[0], str) and value[0].count(",") > 1:
            return msgspec.json.encode(value).decode()
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def _inside(folder: Path, name: str) -> Path:
    """Give the path of a file in the folder. Raises ExchangeRefused for one that leads out."""
    path = (folder / name).resolve()
    if path.parent != folder.resolve():
        hint = f"Put the file into {folder} and give its name alone."
        raise ExchangeRefused("a local file lies in the exchanges folder", hint=hint)
    return path


LOCAL_FILE: Final = ExchangeApi(
    name="local_file",
    title="A file on this machine",
    fields=(
        ExchangeField(
            name="filename", help="Its name in the folder exchanges of the home.", required=True
        ),
        ExchangeField(name="signal_type", help="What each value is, where rows do not say."),
    ),
    secrets=(),
    takes_opinions=False,
    make=LocalFileClient,
)
