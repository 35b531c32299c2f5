"""Lists that can be read: one that cannot keeps its last version that could, and says so.

In flow the versions in force as of an event; out flow the ones to decide by, and for each list that
had to fall back what is wrong with its newest version. Nothing is in force in part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from prometheus_client import Gauge

from fieldfare.engine.compiling import Compiler, ReadList
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, FieldfareError, Org
from fieldfare.matching.lexicon import Lexicon
from fieldfare.matching.lists import NamedList
from fieldfare.matching.repositories import ListRecord

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
    """Lists that can be read: lexicons, and named lists as name -> entries.

    older: by name, the lists whose newest version cannot be read.
    """

    lexicons: tuple[Lexicon, ...]
    named: Mapping[str, frozenset[str]]
    older: Mapping[str, OlderList] = field(default_factory=dict)


def read_lists(records: Iterable[ListRecord], compiler: Compiler) -> ReadableLists:
    """Read these versions. Raises ListDoesNotRead for one that cannot be read."""
    return _sorted([compiler.read_list(record) for record in records], {})


def readable_lists(
    uow: UnitOfWork, org: Org, records: Sequence[ListRecord], compiler: Compiler
) -> ReadableLists:
    """Take the newest version of each list that can be read; one that never could is left out."""
    found: list[ReadList] = []
    older: dict[str, OlderList] = {}
    for record in records:
        good: ListRecord | None = record
        read, wrong = _read(record, compiler)
        while read is None and good is not None:
            good = _before(uow, org, good)
            read = _read(good, compiler)[0] if good else None
        if wrong:
            older[record.name] = OlderList(wrong=wrong, since=good.since if good else None)
        if read is not None:
            found.append(read)
    return _sorted(found, older)


def _sorted(found: Sequence[ReadList], older: Mapping[str, OlderList]) -> ReadableLists:
    return ReadableLists(
        lexicons=tuple(each for each in found if isinstance(each, Lexicon)),
        named={each.name: each.entries for each in found if isinstance(each, NamedList)},
        older=older,
    )


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


def _read(record: ListRecord, compiler: Compiler) -> tuple[ReadList | None, str]:
    """Read a list, or say what is wrong with it."""
    try:
        return compiler.read_list(record), ""
    except FieldfareError as error:
        return None, error.message
