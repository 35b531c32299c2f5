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
class ReadableLists:
    """Versions that can be read. problems: name of a list -> what is wrong with its newest."""

    records: tuple[ListRecord, ...]
    problems: dict[str, str] = field(default_factory=dict)


def readable_lists(uow: UnitOfWork, org: Org, records: Sequence[ListRecord]) -> ReadableLists:
    """Take the newest version of each list that can be read; one that never could is left out."""
    kept: list[ListRecord] = []
    problems: dict[str, str] = {}
    for record in records:
        good: ListRecord | None = record
        while good is not None and (wrong := _problem(good)):
            problems.setdefault(record.name, wrong)
            good = _before(uow, org, good)
        if good is not None:
            kept.append(good)
    return ReadableLists(records=tuple(kept), problems=problems)


def tell_of(org: Org, problems: Mapping[str, str]) -> None:
    """Say which lists of an organisation go on with an older version, if any."""
    _UNREADABLE.labels(org).set(len(problems))
    for name, wrong in problems.items():
        _log.error("a list cannot be read; its last good version goes on", list=name, wrong=wrong)


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
