"""Printing for people and for pipes."""

import json
import sys
from collections.abc import Mapping, Sequence


def print_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def print_json(value: object) -> None:
    """Print one line of JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def print_table(
    columns: Sequence[str], rows: Sequence[Mapping[str, object]], *, empty: str
) -> None:
    """Print rows as an aligned table, or say that there are none."""
    if not rows:
        print_line(empty)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    Console().print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "all"
    return "" if value is None else str(value)
