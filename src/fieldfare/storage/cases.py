"""Cases under leases, the depths of queues, and exposures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Final

import msgspec
from sqlalchemy import and_, bindparam, exists, func, or_, select

from fieldfare.kernel import EventId, Org
from fieldfare.kernel.ids import MAX_ID
from fieldfare.records import Case, CaseState, Exposure, Lease, Subject
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import cases, exposures, items
from fieldfare.storage.transaction import Transaction, only

_READY, _LEASED = CaseState.READY.value, CaseState.LEASED.value
_PUT: Final = upsert(cases)
_OF_ORG: Final = select(*cases.c).where(cases.c.org == bindparam("org"))
_GET: Final = Statement(_OF_ORG.where(cases.c.id == bindparam("case_id")))
_OF_SUBJECT: Final = Statement(
    _OF_ORG.where(
        cases.c.kind == bindparam("kind"), cases.c.host_id == bindparam("host_id")
    ).order_by(cases.c.id)
)
_NEWEST: Final = {
    state: _OF_ORG.where(cases.c.state == state.value, cases.c.id < bindparam("before"))
    .order_by(cases.c.id.desc())
    .limit(bindparam("most"))
    for state in CaseState
}
_PAGE: Final = {state: Statement(newest) for state, newest in _NEWEST.items()}
_PAGE_OF_QUEUE: Final = {
    state: Statement(newest.where(cases.c.queue == bindparam("queue")))
    for state, newest in _NEWEST.items()
}
_HELD: Final = Statement(
    _OF_ORG.where(
        cases.c.state == _LEASED,
        cases.c.reviewer == bindparam("reviewer"),
        cases.c.expires_at > bindparam("now"),
    )
    .order_by(cases.c.id)
    .limit(1)
    .with_for_update()
)
_CLAIMABLE: Final = _OF_ORG.where(
    or_(
        cases.c.state == _READY,
        and_(cases.c.state == _LEASED, cases.c.expires_at <= bindparam("now")),
    ),
    # The reviewer's name, in quotes, does not stand in the JSON list of those who are excluded.
    func.replace(cases.c.excluded, bindparam("quoted"), "") == cases.c.excluded,
)
# Rows another transaction is claiming are passed over on PostgreSQL; SQLite has one writer.
_NEXT: Final = Statement(
    _CLAIMABLE.order_by(cases.c.lane, cases.c.due_at, cases.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_NEXT_IN_QUEUE: Final = Statement(
    _CLAIMABLE.where(cases.c.queue == bindparam("queue"))
    .order_by(cases.c.lane, cases.c.due_at, cases.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_ASKED_ABOUT: Final = Statement(
    select(cases.c.kind, cases.c.host_id)
    .distinct()
    .where(
        cases.c.org == bindparam("org"),
        or_(cases.c.state == _READY, cases.c.state == _LEASED),
        or_(
            and_(cases.c.kind == bindparam("of_kind"), cases.c.host_id == bindparam("of_person")),
            exists().where(
                items.c.org == cases.c.org,
                items.c.kind == cases.c.kind,
                items.c.host_id == cases.c.host_id,
                items.c.author_kind == bindparam("of_kind"),
                items.c.author == bindparam("of_person"),
            ),
        ),
    )
    .order_by(cases.c.kind, cases.c.host_id)
)
_DEPTHS: Final = Statement(
    select(cases.c.queue, func.count(), func.min(cases.c.opened_at))
    .where(cases.c.org == bindparam("org"), or_(cases.c.state == _READY, cases.c.state == _LEASED))
    .group_by(cases.c.queue)
)

_EXPOSE: Final = Statement(exposures.insert())
_EXPOSED: Final = Statement(
    select(func.count()).where(
        exposures.c.org == bindparam("org"),
        exposures.c.reviewer == bindparam("of_reviewer"),
        exposures.c.at >= bindparam("since"),
    )
)

_encode: Final = msgspec.json.Encoder().encode
_decode_names: Final = msgspec.json.Decoder(tuple[str, ...]).decode


class SqlCases:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, case: Case, /) -> None:
        self._tx.insert(_PUT, _row(case))

    def get(self, org: Org, case_id: EventId, /) -> Case | None:
        found = self._tx.row(_GET, org=org, case_id=case_id)
        return None if found is None else case_of(found)

    def claim(
        self, org: Org, lease: Lease, /, *, now_ms: int, queue: str | None = None
    ) -> Case | None:
        quoted = _encode(lease.reviewer).decode()
        found = self._tx.row(_HELD, org=org, reviewer=lease.reviewer, now=now_ms)
        if found is None and queue is None:
            found = self._tx.row(_NEXT, org=org, now=now_ms, quoted=quoted)
        elif found is None:
            found = self._tx.row(_NEXT_IN_QUEUE, org=org, now=now_ms, quoted=quoted, queue=queue)
        if found is None:
            return None
        claimed = replace(case_of(found), state=CaseState.LEASED, lease=lease)
        self.put(claimed)
        return claimed

    def page(
        self,
        org: Org,
        /,
        *,
        states: frozenset[CaseState],
        before: EventId | None,
        limit: int,
        queue: str | None = None,
    ) -> Sequence[Case]:
        statements = _PAGE if queue is None else _PAGE_OF_QUEUE
        given: dict[str, object] = {
            "org": org,
            "before": MAX_ID if before is None else before,
            "most": limit,
        }
        if queue is not None:
            given["queue"] = queue
        rows = [row for state in states for row in self._tx.rows(statements[state], **given)]
        rows.sort(key=itemgetter(1), reverse=True)
        return [case_of(row) for row in rows[:limit]]

    def asked_about(self, org: Org, person: Subject, /) -> Sequence[Subject]:
        rows = self._tx.rows(_ASKED_ABOUT, org=org, of_kind=person.kind, of_person=person.host_id)
        return [Subject(kind, host_id) for kind, host_id in rows]

    def of_subject(self, org: Org, subject: Subject, /) -> Sequence[Case]:
        rows = self._tx.rows(_OF_SUBJECT, org=org, kind=subject.kind, host_id=subject.host_id)
        return [case_of(row) for row in rows]


class SqlQueueDepths:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def depths(self, org: Org, /, *, now_ms: int) -> Mapping[str, tuple[int, int]]:
        rows = self._tx.rows(_DEPTHS, org=org)
        return {queue: (count, max(0, now_ms - oldest)) for queue, count, oldest in rows}


class SqlExposures:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, exposure: Exposure, /) -> None:
        self._tx.insert(
            _EXPOSE,
            (
                exposure.org,
                exposure.id,
                exposure.reviewer,
                exposure.case_id,
                exposure.version,
                exposure.policy,
                exposure.what,
                exposure.at,
            ),
        )

    def count(self, org: Org, reviewer: str, /, *, since_ms: int) -> int:
        return int(only(self._tx.row(_EXPOSED, org=org, of_reviewer=reviewer, since=since_ms)))


def _row(case: Case) -> tuple[object, ...]:
    lease = case.lease
    return (
        case.org,
        case.id,
        case.queue,
        case.subject.kind,
        case.subject.host_id,
        case.version,
        _encode(case.policies).decode(),
        case.decision_id,
        case.reason,
        case.lane,
        case.opened_at,
        case.due_at,
        case.state.value,
        None if lease is None else lease.reviewer,
        None if lease is None else lease.token_sha256,
        None if lease is None else lease.granted_at,
        None if lease is None else lease.expires_at,
        case.closed_at,
        case.outcome,
        _encode(sorted(case.excluded)).decode(),
    )


def case_of(row: Row) -> Case:
    lease = None
    if row[13] is not None:
        lease = Lease(
            reviewer=row[13], token_sha256=row[14], granted_at=row[15], expires_at=row[16]
        )
    return Case(
        org=row[0],
        id=row[1],
        queue=row[2],
        subject=Subject(row[3], row[4]),
        version=row[5],
        policies=_decode_names(row[6]),
        decision_id=row[7],
        reason=row[8],
        lane=row[9],
        opened_at=row[10],
        due_at=row[11],
        state=CaseState(row[12]),
        lease=lease,
        closed_at=row[17],
        outcome=row[18],
        excluded=frozenset(_decode_names(row[19])),
    )
