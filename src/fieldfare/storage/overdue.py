"""What has waited for too long: undecided versions, holds nobody is asked about, late cases.

Each query walks a small index of exactly those rows (`items_undecided`, `decisions_holding`) or the
open cases of each organisation, never the whole of a table.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Select, bindparam, exists, func, or_, select

from fieldfare.kernel import EventId, Org
from fieldfare.records import Case, CaseState, ItemState, ItemVersion
from fieldfare.review import CASE_OVERDUE
from fieldfare.storage.cases import case_of
from fieldfare.storage.items import item_of
from fieldfare.storage.statements import DialectName, Statement
from fieldfare.storage.tables import (
    HOLDING,
    cases,
    decisions,
    event_causes,
    events,
    items,
    organisations,
)
from fieldfare.storage.transaction import Transaction

_OPEN: Final = or_(cases.c.state == CaseState.READY.value, cases.c.state == CaseState.LEASED.value)
_UNDECIDED: Final = Statement(
    select(*items.c)
    .where(
        items.c.decision_id.is_(None),
        items.c.event_id > bindparam("after"),
        items.c.event_id < bindparam("before"),
        or_(
            items.c.state == ItemState.RECEIVED.value,
            items.c.state == ItemState.SCANNED.value,
        ),
    )
    .order_by(items.c.event_id)
    .limit(bindparam("most"))
)
_IN_FORCE: Final = exists().where(
    items.c.org == decisions.c.org,
    items.c.kind == decisions.c.kind,
    items.c.host_id == decisions.c.host_id,
    items.c.decision_id == decisions.c.id,
    items.c.state == ItemState.DECIDED.value,
)
_ASKED: Final = exists().where(
    cases.c.org == decisions.c.org,
    cases.c.kind == decisions.c.kind,
    cases.c.host_id == decisions.c.host_id,
    cases.c.version == decisions.c.version,
    _OPEN,
)


def _held(dialect: DialectName) -> Select[tuple[str, int]]:
    return (
        select(decisions.c.org, decisions.c.id)
        .where(
            HOLDING[dialect],
            decisions.c.id > bindparam("after"),
            decisions.c.id < bindparam("before"),
            _IN_FORCE,
            ~_ASKED,
        )
        .order_by(decisions.c.id)
        .limit(bindparam("most"))
    )


_HELD: Final = Statement(_held)
_LATE: Final = (
    cases.c.org.in_(select(organisations.c.org)),
    _OPEN,
    cases.c.due_at <= bindparam("now"),
)
_ANNOUNCED: Final = exists().where(
    event_causes.c.org == cases.c.org,
    event_causes.c.cause == cases.c.id,
    events.c.org == event_causes.c.org,
    events.c.id == event_causes.c.id,
    events.c.kind == CASE_OVERDUE,
)
_UNANNOUNCED: Final = Statement(
    select(*cases.c)
    .where(*_LATE, ~_ANNOUNCED)
    .order_by(cases.c.due_at, cases.c.id)
    .limit(bindparam("most"))
)
_COUNTS: Final = Statement(select(cases.c.org, func.count()).where(*_LATE).group_by(cases.c.org))


class SqlOverdue:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def undecided(
        self, after: EventId, before: EventId, /, *, limit: int
    ) -> Sequence[tuple[Org, ItemVersion]]:
        rows = self._tx.rows(_UNDECIDED, after=after, before=before, most=limit)
        return [(row[0], item_of(row)) for row in rows]

    def held(
        self, after: EventId, before: EventId, /, *, limit: int
    ) -> Sequence[tuple[Org, EventId]]:
        rows = self._tx.rows(_HELD, after=after, before=before, most=limit)
        return [(row[0], EventId(row[1])) for row in rows]

    def unannounced(self, /, *, now_ms: int, limit: int) -> Sequence[Case]:
        return [case_of(row) for row in self._tx.rows(_UNANNOUNCED, now=now_ms, most=limit)]

    def counts(self, /, *, now_ms: int) -> Mapping[Org, int]:
        return {Org(row[0]): int(row[1]) for row in self._tx.rows(_COUNTS, now=now_ms)}
