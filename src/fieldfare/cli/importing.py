"""`fieldfare import FILE`: events from a file onto the log, in batches, as hosts send them."""

import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from fieldfare.cli.printing import print_line
from fieldfare.cli.reach import Call, Json, must_be_files, reach
from fieldfare.kernel import BadInput, Overloaded

BATCH: Final = 500
SHOWN: Final = 10


def import_file(home: Path | None, file: Path, *, history: bool) -> None:
    """Import newline-delimited JSON. A rejected event is named by its line; the others are kept."""
    must_be_files([file])
    path = "/v1/history" if history else "/v1/events"
    accepted = rejected = 0
    with reach(home) as call, file.open("rb") as source:
        numbered = enumerate(source, 1)
        while batch := list(islice(_events(numbered, file), BATCH)):
            told = _posted(call, path, [event for _, event in batch])
            accepted += len(told["accepted"])
            for row in told["rejected"]:
                rejected += 1
                if rejected <= SHOWN:
                    line = batch[row["index"]][0]
                    print_line(f"{file}:{line}: {row['detail']} ({row['pointer']})")
    print_line(f"{accepted} events accepted, {rejected} rejected")


def _posted(call: Call, path: str, events: list[Any]) -> Json:
    """Send a batch, waiting as long as the server asks while it is under pressure."""
    while True:
        try:
            return call("POST", path, {"events": events})
        except Overloaded as busy:
            time.sleep(busy.retry_after_s)


def _events(lines: Iterator[tuple[int, bytes]], file: Path) -> Iterator[tuple[int, Any]]:
    for number, line in lines:
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                hint = "The file is one JSON event a line."
                raise BadInput(f"{file}:{number}: not JSON: {error}", hint=hint) from None
