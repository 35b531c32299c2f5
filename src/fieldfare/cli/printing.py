"""Printing for people and for pipes."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final


def print_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def print_json(value: object) -> None:
    """Print one line of JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def print_json_list(name: str, items: Iterable[object]) -> None:
    """Print one object with one list, written as its items come: it may be long."""
    sys.stdout.write(f"{{{json.dumps(name)}:[")
    for number, item in enumerate(items):
        text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
        sys.stdout.write(f",\n{text}" if number else f"\n{text}")
    sys.stdout.write("\n]}\n")


WHOLE: Final = frozenset({"id", "entry", "event_id", "case"})
"""Columns that are never broken over lines: they are copied into the next command."""
UNBOUNDED: Final = 100_000


def print_table(
    columns: Sequence[str],
    rows: Sequence[Mapping[str, object]],
    *,
    empty: str,
    header: bool = True,
) -> None:
    """Print rows as an aligned table, or say that there are none.

    A row is one line, however long, unless it is shown on a terminal.
    """
    if not rows:
        print_line(empty)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_header=header)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in WHOLE)
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console(width=None if sys.stdout.isatty() else UNBOUNDED).print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "all"
    return "" if value is None else str(value)
