"""`fieldfare import FILE`: events from a file onto the log, in batches, as hosts send them."""

import json
import sys
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from fieldfare.cli.printing import print_line
from fieldfare.cli.reach import Call, Json, must_be_files, reach
from fieldfare.kernel import Overloaded

BATCH: Final = 500
SHOWN: Final = 10
EXIT_REJECTED: Final = 1


def import_file(home: Path | None, file: Path, *, history: bool) -> None:
    """Import newline-delimited JSON, one event a line.

    A line that is rejected is named with its reason; the others are kept, and the command ends
    with 1 so that a script notices.
    """
    must_be_files([file])
    path = "/v1/history" if history else "/v1/events"
    accepted = rejected = 0
    with reach(home) as call, file.open("rb") as source:
        numbered = enumerate(source, 1)
        while lines := list(islice(numbered, BATCH)):
            batch, wrong = _events(lines)
            told = _posted(call, path, [event for _, event in batch])
            accepted += len(told["accepted"])
            wrong += [
                (batch[row["index"]][0], f"{row['detail']} ({row['pointer']})")
                for row in told["rejected"]
            ]
            for line, why in sorted(wrong)[: max(0, SHOWN - rejected)]:
                print_line(f"{file}:{line}: {why}")
            rejected += len(wrong)
    print_line(f"{accepted} events accepted, {rejected} rejected")
    if rejected:
        sys.exit(EXIT_REJECTED)


def _posted(call: Call, path: str, events: list[Any]) -> Json:
    """Send a batch, waiting as long as the server asks while it is under pressure."""
    while True:
        try:
            return call("POST", path, {"events": events})
        except Overloaded as busy:
            time.sleep(busy.retry_after_s)


def _events(
    lines: Iterable[tuple[int, bytes]],
) -> tuple[list[tuple[int, Any]], list[tuple[int, str]]]:
    """Decode lines: the events by their line, and what is wrong with the lines that are none."""
    events: list[tuple[int, Any]] = []
    wrong: list[tuple[int, str]] = []
    for number, line in lines:
        if line.strip():
            try:
                events.append((number, json.loads(line.decode("utf-8"))))
            except ValueError:
                wrong.append((number, "not JSON; the file is one JSON event a line, in UTF-8"))
    return events, wrong
