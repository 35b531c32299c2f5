"""`fieldfare bank import`: the entries of a file or a pipe, some lines at a time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import msgspec

from fieldfare.cli.printing import print_line
from fieldfare.cli.reach import Json, must_be_files, reach
from fieldfare.kernel import BadInput
from fieldfare.kernel.routes import route

if TYPE_CHECKING:
    from fieldfare.engine.bank_files import BankFormat

AT_ONCE: Final = 1_000
TOLD: Final = 20
"""Problems that are told; of a file in another format every line has one."""
STANDARD_INPUT: Final = "-"
NUL: Final = "\0"


@dataclass(slots=True)
class _Count:
    """What the lines so far came to."""

    file: Path
    added: int = 0
    known: int = 0
    failed: int = 0
    _told: int = field(default=0)

    def take(self, answer: Json) -> None:
        for problem in answer["problems"][: TOLD - self._told]:
            self._told += 1
            sys.stderr.write(f"{self.file}:{problem['line']}: {problem['detail']}\n")
        self.added += answer["added"]
        self.known += answer["known"]
        self.failed += answer["failed"]

    def without_nul(self, line: str, number: int) -> str:
        """Leave out a line with U+0000, for which the whole request would be refused."""
        if NUL not in line:
            return line
        problem = {"line": number, "detail": "it has the character U+0000. Leave it out."}
        self.take({"problems": [problem], "added": 0, "known": 0, "failed": 1})
        return ""

    def show(self, number: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{number - 1} lines\x1b[K")
            sys.stderr.flush()

    def end(self, told: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
        if self.failed > self._told:
            sys.stderr.write(f"and {self.failed - self._told} more lines\n")
        if self.failed:
            hint = "Mend them and import the file again: what is known is not added twice."
            raise BadInput(f"{told}, {self.failed} lines could not be read", hint=hint)
        print_line(told)


def import_bank(home: Path | None, name: str, file: Path, *, form: str | None) -> None:
    """Add the entries of a file. form: None for what its name or first line tells.

    Raises BadInput if some lines could not be read; the others are added.
    """
    from fieldfare.engine.bank_files import BankFormat

    count, number, header = _Count(file), 1, ""
    with _opened(file) as stream, reach(home) as call:
        kind, lines = _begun(file, stream, form)
        if kind is BankFormat.CSV:
            header, number = next(lines, "").strip("\ufeff"), 2
        while some := list(islice(lines, AT_ONCE)):
            clean = [count.without_nul(line, at) for at, line in enumerate(some, number)]
            body = {"format": kind.value, "lines": clean, "first_line": number, "header": header}
            count.take(call("POST", route("/v1/banks/{}/import", name), body))
            number += len(some)
            count.show(number)
    count.end(f"{count.added} added to {name}, {count.known} known before, read as {kind.value}")


def _begun(file: Path, stream: TextIO, form: str | None) -> "tuple[BankFormat, Iterator[str]]":
    """Tell the format of a stream, and give its lines from the first."""
    from fieldfare.engine.bank_files import BankFormat
    from fieldfare.engine.bank_formats import format_of

    empty = []
    first = ""
    for first in stream:
        if first.strip("\ufeff \t\r\n"):
            break
        empty.append(first)
    lines = chain(empty, [first] if first else [], stream)
    if form is not None and form not in set(BankFormat):
        raise BadInput(f"no format {form!r}", hint=f"Known are {', '.join(BankFormat)}.")
    named = "" if str(file) == STANDARD_INPUT else file.name
    kind = BankFormat(form) if form is not None else format_of(named, first)
    if kind is BankFormat.NDJSON and first.strip("\ufeff \t\r\n").startswith("["):
        return kind, _of_list("".join(lines))
    return kind, lines


def _of_list(text: str) -> Iterator[str]:
    """Write a JSON list of objects as lines."""
    try:
        rows = msgspec.json.decode(text.strip("\ufeff"), type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        hint = "Give a JSON list of objects, or one object a line."
        raise BadInput(f"that is no JSON list: {error}", hint=hint) from None
    return (bytes(row).decode().replace("\n", " ") for row in rows)


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    """Open a file, or a pipe such as /dev/fd/3."""
    if str(file) == STANDARD_INPUT:
        yield sys.stdin
        return
    if not file.exists() or file.is_dir():
        must_be_files([file])
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        yield stream
