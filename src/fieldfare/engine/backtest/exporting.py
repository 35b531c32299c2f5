"""A result as one table for a spreadsheet: every number a row, with where it belongs."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from fieldfare.engine.backtest.results import BacktestResult, Part, Prevented

COLUMNS: Final = ("table", "name", "detail", "number")
Row = tuple[str, str, str, int]
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would take for a formula."""


def as_csv(result: BacktestResult) -> str:
    """Write a result as CSV with the columns table, name, detail, number."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for table, name, detail, number in _rows(result):
        writer.writerow((table, _plain(name), _plain(detail), number))
    return written.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def _rows(result: BacktestResult) -> Iterator[Row]:
    if result.history:
        yield ("events in the span", "all kinds", "", result.history.events)
    for kind, count in result.judged.items():
        yield ("events judged", kind, "", count)
    yield from _hits(result)
    for cell in result.changes:
        yield ("item versions", cell.old, cell.new, cell.count)
    for cell in result.accounts:
        yield ("accounts", cell.old, cell.new, cell.count)
    yield from _views(result.prevented)
    for name in ("good_restricted", "bad_restricted", "bad_missed"):
        yield ("known", name, "", getattr(result.known, name))
    yield from _parts("market", result.markets)
    yield from _parts("language", result.languages)
    for load in result.review:
        yield ("review, recorded", load.queue, load.day, load.old)
        yield ("review", load.queue, load.day, load.new)
    yield from _facts(result)


def _hits(result: BacktestResult) -> Iterator[Row]:
    for hits in result.hits:
        yield ("hits", hits.rule, "all days", hits.hits)
        for day, count in hits.days.items():
            yield ("hits", hits.rule, day, count)
        yield ("known good", hits.rule, "", hits.known_good)
        yield ("known bad", hits.rule, "", hits.known_bad)


def _views(prevented: Prevented) -> Iterator[Row]:
    yield ("views prevented", "all", "", prevented.views)
    for action, views in prevented.by_action.items():
        yield ("views prevented", "action", action, views)
    for rule, views in prevented.by_rule.items():
        yield ("views prevented", "rule", rule, views)


def _facts(result: BacktestResult) -> Iterator[Row]:
    for fact in result.facts:
        for name in ("known", "unknown", "missing"):
            yield (f"facts {name}", fact.name, "", getattr(fact, name))
    for error, count in result.errors.items():
        yield ("errors", error, "", count)


def _parts(table: str, parts: tuple[Part, ...]) -> Iterator[Row]:
    for part in parts:
        for name in ("items", "restricted", "changed"):
            yield (table, part.name or "not told", name, getattr(part, name))
