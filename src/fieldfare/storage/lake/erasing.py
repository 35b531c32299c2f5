"""Erasing from the lake: the rows of a person stay, with pseudonyms and nothing else in them.

As on the log: what is gone is what was kept under that person's key, so also decisions on their
items; what other people said stays theirs. Files with such rows are written anew and the old ones
removed, so the bytes are gone from the disk.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import duckdb

from fieldfare.engine.lake import LakeEvent
from fieldfare.kernel import EventId, Org
from fieldfare.ledger.keys import ERASED
from fieldfare.records import Subject
from fieldfare.storage.lake.changing import Change, Place
from fieldfare.storage.lake.columns import Column
from fieldfare.storage.lake.parquet import Ids, ids_of, people_in, rows_of, without

Pseudonym: TypeAlias = Callable[[Org, Subject], str]
Gone: TypeAlias = Mapping[tuple[Org, str], EventId]
"""People who were erased, by organisation and pseudonym: with what event."""


def is_erased(event: LakeEvent) -> bool:
    """Tell whether an event's data were destroyed with its person's key."""
    return event.person is not None and event.person.kind == ERASED


def as_erased(events: Sequence[LakeEvent], gone: Gone, pseudonym: Pseudonym) -> Sequence[LakeEvent]:
    """Empty what is not on the disk yet."""
    return [_emptied(event, gone, pseudonym) for event in events]


def _emptied(event: LakeEvent, gone: Gone, pseudonym: Pseudonym) -> LakeEvent:
    org, person = event.org, event.person
    if person is None or event.id >= gone.get((org, pseudonym(org, person)), 0):
        return event
    return LakeEvent(
        org=org,
        id=event.id,
        kind=event.kind,
        subject=Subject(ERASED, pseudonym(org, event.subject)),
        person=Subject(ERASED, pseudonym(org, person)),
        version="",
        data={"kind": event.kind},
        facts={},
    )


def erase_from(
    cursor: duckdb.DuckDBPyConnection,
    change: Change,
    folder: Path,
    gone: Gone,
    pseudonym: Pseudonym,
) -> None:
    """Write every file anew that holds a row of somebody who is gone."""
    for file in change.before.files:
        if file.org not in {org for org, _ in gone}:
            continue
        path = folder / file.path
        people = [
            (kind, host_id)
            for kind, host_id in people_in(cursor, [path])
            if (file.org, pseudonym(file.org, Subject(kind, host_id))) in gone
        ]
        if not people:
            continue
        emptied = {
            row.id: (
                pseudonym(file.org, Subject(row.subject_kind, row.subject_id)),
                pseudonym(file.org, Subject(*row.person)),
            )
            for row in rows_of(cursor, path, people)
        }
        columns = change.before.columns(file)
        fill = partial(_without, cursor, path, columns, emptied)
        place = Place(file.org, file.kind, file.day)
        change.write(place, columns, fill, erased=file.erased + len(emptied))
        change.drop(file)


def _without(
    cursor: duckdb.DuckDBPyConnection,
    source: Path,
    columns: Sequence[Column],
    emptied: dict[EventId, tuple[str, str]],
    path: Path,
) -> Ids:
    without(cursor, source, path, columns, emptied)
    return ids_of(cursor, path)
