"""Lists that can be read: one that cannot keeps its last version that could, and says so.

In flow the versions in force as of an event; out flow the ones to decide by, and for each list that
had to fall back what is wrong with its newest version. Nothing is in force in part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import Gauge

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, FieldfareError, Org
from fieldfare.matching.lists import parse_lexicon, parse_list
from fieldfare.matching.repositories import LEXICON, ListRecord

_UNREADABLE: Final = Gauge(
    "fieldfare_lists_unreadable", "Lists whose newest version cannot be read.", ("org",)
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderList:
    """What a list goes on with. wrong: with its newest version; since: the event that set the one
    that runs, None where no version of it can be read.
    """

    wrong: str
    since: EventId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableLists:
    """Versions that can be read. older: by name, the lists whose newest version cannot be."""

    records: tuple[ListRecord, ...]
    older: dict[str, OlderList] = field(default_factory=dict)


def readable_lists(uow: UnitOfWork, org: Org, records: Sequence[ListRecord]) -> ReadableLists:
    """Take the newest version of each list that can be read; one that never could is left out."""
    kept: list[ListRecord] = []
    older: dict[str, OlderList] = {}
    for record in records:
        good: ListRecord | None = record
        wrong = _problem(record)
        while good is not None and _problem(good):
            good = _before(uow, org, good)
        if wrong:
            older[record.name] = OlderList(wrong=wrong, since=good.since if good else None)
        if good is not None:
            kept.append(good)
    return ReadableLists(records=tuple(kept), older=older)


def tell_of(org: Org, older: Mapping[str, OlderList]) -> None:
    """Say which lists of an organisation go on with an older version now, if any.

    Only of what is in force: who looks at the past says nothing of today.
    """
    _UNREADABLE.labels(org).set(len(older))
    for name, each in older.items():
        _log.error(
            "a list cannot be read; its last good version goes on", list=name, wrong=each.wrong
        )


def _before(uow: UnitOfWork, org: Org, record: ListRecord) -> ListRecord | None:
    earlier = uow.lists.current(org, as_of=EventId(record.since - 1))
    return next((each for each in earlier if each.name == record.name), None)


def _problem(record: ListRecord) -> str:
    read = parse_lexicon if record.kind == LEXICON else parse_list
    try:
        read(record.name, record.text)
    except FieldfareError as error:
        return error.message
    return ""
