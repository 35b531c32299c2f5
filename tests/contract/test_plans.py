"""How SQLite goes about each query: none walks what grows without end, but those that must."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import fieldfare.storage
from fieldfare.storage.statements import Statement

WALKS = {
    "decisions._RESTRICTING": "loads the gate at the start",
    "entries._LAST": "takes the last of an index",
    "items._ALL_CURRENT": "loads the gate at the start",
    "items._SEEN_OFTEN": "loads the gate at the start",
    "labels._ALL": "loads the labels at the start",
    "retention._CARRIED": "clears up once an hour",
}
"""Queries that read many rows of one organisation or of all, and why they may."""

GROWING = (
    *("cases", "decisions", "events", "payloads", "event_causes", "items", "outbox", "views"),
    *("bank_entries", "entity_labels", "entry_feedback", "entry_hits"),
    *("exchange_records", "uploads"),
)
"""Tables with a row or more for each thing that happens."""


def statements() -> Iterator[tuple[str, str]]:
    """Name each query of the storage room, with its SQL."""
    for module in pkgutil.iter_modules(fieldfare.storage.__path__):
        if module.ispkg:
            continue
        loaded = importlib.import_module(f"fieldfare.storage.{module.name}")
        for name, value in vars(loaded).items():
            several = value.values() if isinstance(value, dict) else [value]
            for number, one in enumerate(several):
                if isinstance(one, Statement):
                    yield f"{module.name}.{name}#{number}", one.compiled("sqlite").sql


@pytest.fixture(scope="module")
def database(sqlite_template: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(sqlite_template)
    yield connection
    connection.close()


def plan(database: sqlite3.Connection, sql: str) -> list[str]:
    values = [5] * sql.count("?")
    return [str(row[3]) for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


def is_walk(step: str) -> bool:
    """Tell whether a step reads all rows of an organisation, or of a table."""
    verb, _, rest = step.partition(" ")
    table = rest.split(" ")[0]
    if table not in GROWING:
        return False
    return verb == "SCAN" or step.endswith("(org=?)")


@pytest.mark.parametrize(("name", "sql"), list(statements()))
def test_no_query_walks_what_grows_without_end(
    database: sqlite3.Connection, name: str, sql: str
) -> None:
    if sql.startswith("INSERT"):
        return

    walked = [step for step in plan(database, sql) if is_walk(step)]

    assert walked == [] or name.partition("#")[0] in WALKS, walked


def test_every_permission_to_walk_is_needed(database: sqlite3.Connection) -> None:
    walking = {
        name.partition("#")[0]
        for name, sql in statements()
        if not sql.startswith("INSERT") and any(map(is_walk, plan(database, sql)))
    }

    assert WALKS.keys() <= walking


def test_what_waits_for_too_long_is_found_by_its_own_index(database: sqlite3.Connection) -> None:
    queries = dict(statements())

    undecided = plan(database, queries["overdue._UNDECIDED#0"])
    held = plan(database, queries["overdue._HELD#0"])

    assert "items_undecided" in undecided[0]
    assert "decisions_holding" in held[0]
