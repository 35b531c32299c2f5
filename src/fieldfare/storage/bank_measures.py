"""Banks as people look at them: counts, and a search that never reads a whole bank at once."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, bindparam, func, literal_column, or_, select

from fieldfare.kernel import EventId, Org
from fieldfare.matching.bank_measures import (
    SEARCHED_AT_ONCE,
    DayOfHits,
    EntrySearch,
    FoundEntries,
)
from fieldfare.matching.repositories import EntryState
from fieldfare.storage.entries import PLAIN_COLUMNS, entry_of
from fieldfare.storage.statements import Statement
from fieldfare.storage.tables import bank_entries, bank_sizes, entry_hits
from fieldfare.storage.transaction import Transaction

DAY_MS: Final = 86_400_000

_e, _h = bank_entries.c, entry_hits.c
# Written out, not bound: PostgreSQL groups by what is the same to the letter.
_day: Final[ColumnElement[int]] = _h.at - _h.at % literal_column(str(DAY_MS))
_HITS: Final = Statement(
    select(_e.bank, _day, func.count())
    .join(bank_entries, (_e.org == _h.org) & (_e.id == _h.entry))
    .where(_h.org == bindparam("org"), _h.at >= bindparam("since"))
    .group_by(_e.bank, _day)
    .order_by(_e.bank, _day)
)
_STATES: Final = Statement(
    select(bank_sizes.c.state, bank_sizes.c.entries).where(
        bank_sizes.c.org == bindparam("org"),
        bank_sizes.c.bank == bindparam("of_bank"),
        bank_sizes.c.entries > 0,
    )
)

_STRETCH: Final = (
    select(*PLAIN_COLUMNS)
    .where(_e.org == bindparam("org"), _e.bank == bindparam("of_bank"), _e.id < bindparam("before"))
    .order_by(_e.id.desc())
    .limit(bindparam("searched"))
    .subquery()
)
_s = _STRETCH.c
_SAID: Final = (_s.label, _s.note, _s.labels, _s.content, _s.source_id)
_FOUND: Final = Statement(
    select(*_s)
    .where(
        or_(*[func.lower(said).like(bindparam("pattern"), escape="\\") for said in _SAID]),
        _s.state.like(bindparam("state")),
        _s.kind.like(bindparam("kind")),
    )
    .order_by(_s.id.desc())
    .limit(bindparam("most"))
)
_END: Final = Statement(select(func.min(_s.id), func.count()))
_ANY: Final = "%"


class SqlBankMeasures:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def hits_by_day(self, org: Org, /, *, since_ms: int) -> Sequence[DayOfHits]:
        rows = self._tx.rows(_HITS, org=org, since=since_ms)
        return [DayOfHits(bank=row[0], day=row[1] // DAY_MS, hits=row[2]) for row in rows]

    def states(self, org: Org, bank: str, /) -> Mapping[EntryState, int]:
        rows = self._tx.rows(_STATES, org=org, of_bank=bank)
        return {EntryState(row[0]): int(row[1]) for row in rows}

    def search(
        self, org: Org, bank: str, wanted: EntrySearch, /, *, before: EventId, limit: int
    ) -> FoundEntries:
        stretch = {
            "org": org,
            "of_bank": bank,
            "before": before,
            "searched": SEARCHED_AT_ONCE,
        }
        rows = self._tx.rows(
            _FOUND,
            **stretch,
            pattern=f"%{_plainly(wanted.words.lower())}%",
            state=wanted.state or _ANY,
            kind=wanted.kind or _ANY,
            most=limit + 1,
        )
        entries = tuple(entry_of(row) for row in rows[:limit])
        if len(rows) > limit:
            return FoundEntries(entries=entries, on=entries[-1].id)
        end = self._tx.row(_END, **stretch)
        has_more = end is not None and end[1] == SEARCHED_AT_ONCE
        return FoundEntries(entries=entries, on=EventId(end[0]) if end and has_more else None)


def _plainly(words: str) -> str:
    """Keep LIKE from reading what was typed as a pattern."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
