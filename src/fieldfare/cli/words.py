"""The commands on known texts and URLs."""

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

from fieldfare.cli.printing import print_json, print_line, print_table
from fieldfare.cli.reach import must_be_files, reach
from fieldfare.kernel import BadInput, utf8_text
from fieldfare.kernel.routes import route

AT_ONCE: Final = 1_000
Field = Literal["text", "url", "tlsh"]


def add_words(
    home: Path | None, name: str, given: Sequence[str], file: Path | None, *, field: Field
) -> None:
    """Add known texts or URLs to a bank, those of a file one a line.

    Raises BadInput with the line that cannot be matched; the lines before its thousand are added.
    """
    words = [*given, *_lines(file)]
    if not words:
        raise BadInput(f"no {field} to add", hint=f"Name one, or a file with one {field} a line.")
    waiting = iter(words)
    done = 0
    with reach(home) as call:
        while batch := list(islice(waiting, AT_ONCE)):
            body = {"entries": [{field: each} for each in batch]}
            added = call("POST", route("/v1/banks/{}/words", name), body)["entries"]
            done += sum(entry["is_new"] for entry in added)
            if len(words) <= AT_ONCE:
                for entry in added:
                    known = "" if entry["is_new"] else " (there already)"
                    print_line(f"{entry['id']}  {entry['kind']}: {entry['content']}{known}")
    known = f", {len(words) - done} there already" if done < len(words) else ""
    print_line(f"{done} added to {name}{known}")


def match_text(home: Path | None, text: str, *, as_json: bool) -> None:
    """Say what of a text is known; `-` reads it from standard input."""
    asked = sys.stdin.read() if text == "-" else text
    with reach(home) as call:
        told = call("POST", "/v1/match/text", {"text": asked})
    if as_json:
        print_json(told)
        return
    rows = [_row(asked, match) for match in (*told["texts"], *told["urls"])]
    columns = ("bank", "policy", "vetted", "means", "similarity", "entry", "where")
    print_table(columns, rows, empty="nothing of it is known")
    for match in told["known_good"]:
        print_line(f"known good: {match['bank']} ({match['means']}, entry {match['entry']})")
    for look in told["lookalikes"]:
        print_line(f"a host in it passes for {look['passes_for']}")


def _row(text: str, match: dict[str, Any]) -> dict[str, object]:
    return {**match, "where": text[match["start"] : match["end"]]}


def _lines(file: Path | None) -> Iterator[str]:
    if file is None:
        return
    must_be_files([file])
    for line in utf8_text(file.read_bytes(), name=str(file)).splitlines():
        if line.strip() and not line.startswith("# "):
            yield line.strip()
