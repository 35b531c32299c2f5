"""What the measures count: removals with their circumstances, posts, and decisions in force.

The definitions are those of the docstrings in `metrics.repositories`; each row comes from the
index of decisions, whose ids are their moments.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import and_, bindparam, exists, func, not_, or_, select

from fieldfare.kernel import Org, at_of
from fieldfare.kernel.ids import first_id
from fieldfare.metrics.repositories import RemovedItem
from fieldfare.records import ACCOUNT, ItemState, Restriction, Voice
from fieldfare.storage.statements import Row, Statement
from fieldfare.storage.tables import decisions, items, reports
from fieldfare.storage.transaction import Transaction

REMOVE: Final = "remove"
HOLD: Final = "hold"
PEOPLE: Final = (Voice.ORDER.value, Voice.APPEAL.value, Voice.PERSON.value)

_BETWEEN: Final = (
    decisions.c.org == bindparam("org"),
    decisions.c.id >= bindparam("first"),
    decisions.c.id < bindparam("end"),
)
_earlier = decisions.alias("earlier")
_later = decisions.alias("later")
_first_report = (
    select(func.min(reports.c.event_id))
    .where(
        reports.c.org == decisions.c.org,
        reports.c.kind == decisions.c.kind,
        reports.c.host_id == decisions.c.host_id,
    )
    .scalar_subquery()
)
_REMOVED: Final = Statement(
    select(
        decisions.c.kind,
        decisions.c.host_id,
        decisions.c.policy,
        decisions.c.restrictions,
        decisions.c.id,
        decisions.c.posted_at,
        decisions.c.views,
        _first_report,
        exists()
        .where(
            _earlier.c.org == decisions.c.org,
            _earlier.c.kind == decisions.c.kind,
            _earlier.c.host_id == decisions.c.host_id,
            _earlier.c.version == decisions.c.version,
            _earlier.c.id <= decisions.c.id,
            or_(*(_earlier.c.voice == voice for voice in PEOPLE)),
        )
        .label("by_people"),
        exists()
        .where(
            _later.c.org == decisions.c.org,
            _later.c.kind == decisions.c.kind,
            _later.c.host_id == decisions.c.host_id,
            _later.c.version == decisions.c.version,
            _later.c.id > decisions.c.id,
            not_(or_(_later.c.action == REMOVE, _later.c.action == HOLD)),
        )
        .label("restored"),
    )
    .where(*_BETWEEN, decisions.c.action == REMOVE, decisions.c.kind != ACCOUNT)
    .order_by(decisions.c.id)
)
_POSTED: Final = Statement(
    select(items.c.kind, func.count())
    .where(
        items.c.org == bindparam("org"),
        items.c.event_id >= bindparam("first"),
        items.c.event_id < bindparam("end"),
        items.c.number == 1,
    )
    .group_by(items.c.kind)
)
_ACTIONS: Final = Statement(
    select(decisions.c.action, decisions.c.voice, func.count())
    .select_from(
        decisions.join(
            items,
            and_(
                items.c.org == decisions.c.org,
                items.c.kind == decisions.c.kind,
                items.c.host_id == decisions.c.host_id,
                items.c.decision_id == decisions.c.id,
                items.c.state != ItemState.SUPERSEDED.value,
            ),
        )
    )
    .where(*_BETWEEN)
    .group_by(decisions.c.action, decisions.c.voice)
)

_decode_restrictions: Final = msgspec.json.Decoder(tuple[Restriction, ...]).decode


class SqlMeasures:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def removed(self, org: Org, /, *, from_ms: int, to_ms: int) -> Sequence[RemovedItem]:
        """One row an item: its first removal in the period.

        automated: no order, appeal or person had decided on that version up to the removal.
        restored: a later decision on the same version neither removes nor holds it.
        """
        first: dict[tuple[str, str], RemovedItem] = {}
        for row in self._tx.rows(_REMOVED, org=org, first=first_id(from_ms), end=first_id(to_ms)):
            first.setdefault((row[0], row[1]), _removed(row))
        return list(first.values())

    def posted(self, org: Org, /, *, from_ms: int, to_ms: int) -> dict[str, int]:
        rows = self._tx.rows(_POSTED, org=org, first=first_id(from_ms), end=first_id(to_ms))
        return {kind: count for kind, count in rows}  # noqa: C416  # a Row is no pair to dict()

    def actions(self, org: Org, /, *, from_ms: int, to_ms: int) -> dict[tuple[str, str], int]:
        rows = self._tx.rows(_ACTIONS, org=org, first=first_id(from_ms), end=first_id(to_ms))
        return {(action, voice): count for action, voice, count in rows}


def _removed(row: Row) -> RemovedItem:
    removing = {r.policy for r in _decode_restrictions(row[3]) if r.kind == REMOVE} - {row[2]}
    return RemovedItem(
        kind=row[0],
        host_id=row[1],
        policy=row[2],
        policies=(row[2], *sorted(removing)),
        decision_id=row[4],
        posted_at=row[5],
        removed_at=at_of(row[4]),
        views_at_removal=row[6],
        reported_at=None if row[7] is None else at_of(row[7]),
        automated=not row[8],
        restored=bool(row[9]),
    )
