"""What keeps rules in check, on a database: quotas, what was done under them, and snoozes."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select

from fieldfare.decisions.breakers import Quota, Use
from fieldfare.decisions.snoozes import Snooze
from fieldfare.kernel import EventId, Org
from fieldfare.records import Subject
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import quotas, snoozes, uses
from fieldfare.storage.transaction import Transaction, only

_SET: Final = Statement(quotas.insert())
_END: Final = Statement(
    quotas.update()
    .where(
        quotas.c.org == bindparam("in_org"),
        quotas.c.rule == bindparam("of_rule"),
        quotas.c.action == bindparam("of_action"),
        quotas.c.ended.is_(None),
    )
    .values(ended=bindparam("at"))
)
_QUOTAS: Final = Statement(
    select(*quotas.c)
    .where(quotas.c.org == bindparam("org"))
    .order_by(quotas.c.rule, quotas.c.action, quotas.c.since)
)

_COUNT: Final = upsert(uses, keep=("tripped",), add=("used",))
_OF_WINDOW: Final = (
    uses.c.org == bindparam("in_org"),
    uses.c.window_ms == bindparam("window"),
    uses.c.began == bindparam("since"),
    uses.c.rule == bindparam("of_rule"),
    uses.c.action == bindparam("of_action"),
)
_USED: Final = Statement(select(uses.c.used).where(*_OF_WINDOW))
_TRIP: Final = Statement(
    uses.update()
    .where(*_OF_WINDOW, uses.c.tripped == bindparam("before"))
    .values(tripped=bindparam("now"))
)
_USES: Final = Statement(
    select(uses.c.rule, uses.c.action, uses.c.window_ms, uses.c.began, uses.c.used, uses.c.tripped)
    .where(uses.c.org == bindparam("org"), uses.c.began >= bindparam("since"))
    .order_by(uses.c.began.desc(), uses.c.window_ms, uses.c.rule, uses.c.action)
)
_FORGET_USES: Final = Statement(uses.delete().where(uses.c.began < bindparam("before")))

_SNOOZE: Final = Statement(snoozes.insert())
_HELD: Final = Statement(
    snoozes.update()
    .where(snoozes.c.org == bindparam("in_org"), snoozes.c.id == bindparam("event"))
    .values(held=snoozes.c.held + 1)
)
_WAKE: Final = Statement(
    snoozes.update()
    .where(
        snoozes.c.org == bindparam("in_org"),
        snoozes.c.id == bindparam("event"),
        snoozes.c.ended.is_(None),
    )
    .values(ended=bindparam("at"))
)
_SNOOZES: Final = Statement(
    select(*snoozes.c)
    .where(snoozes.c.org == bindparam("org"), snoozes.c.until > bindparam("after"))
    .order_by(snoozes.c.id.desc())
)
_FORGET_SNOOZES: Final = Statement(snoozes.delete().where(snoozes.c.until < bindparam("before")))


class SqlQuotas:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, quota: Quota, /) -> None:
        self.end(quota.org, quota.rule, quota.action, at=quota.since)
        self._tx.insert(
            _SET,
            (
                quota.org,
                quota.rule,
                quota.action,
                quota.since,
                quota.per_minute,
                quota.per_day,
                quota.by,
                quota.ended,
            ),
        )

    def end(self, org: Org, rule: str, action: str, /, *, at: EventId) -> bool:
        return self._tx.run(_END, in_org=org, of_rule=rule, of_action=action, at=at) > 0

    def all(self, org: Org, /) -> Sequence[Quota]:
        return [_quota(row) for row in self._tx.rows(_QUOTAS, org=org)]


class SqlUses:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, org: Org, rule: str, action: str, /, *, window_ms: int, began: int) -> int:
        self._tx.run(
            _COUNT,
            org=org,
            window_ms=window_ms,
            began=began,
            rule=rule,
            action=action,
            used=1,
            tripped=False,
        )
        found = only(
            self._tx.row(
                _USED, in_org=org, window=window_ms, since=began, of_rule=rule, of_action=action
            )
        )
        return int(found)

    def trip(self, org: Org, rule: str, action: str, /, *, window_ms: int, began: int) -> bool:
        changed = self._tx.run(
            _TRIP,
            in_org=org,
            window=window_ms,
            since=began,
            of_rule=rule,
            of_action=action,
            before=False,
            now=True,
        )
        return changed > 0

    def since(self, org: Org, /, *, began: int) -> Sequence[Use]:
        rows = self._tx.rows(_USES, org=org, since=began)
        return [
            Use(rule=r, action=a, window_ms=w, began=b, used=used, tripped=bool(tripped))
            for r, a, w, b, used, tripped in rows
        ]

    def forget_before(self, at_ms: int, /) -> int:
        return self._tx.run(_FORGET_USES, before=at_ms)


class SqlSnoozes:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, snooze: Snooze, /) -> None:
        self._tx.insert(
            _SNOOZE,
            (
                snooze.org,
                snooze.id,
                snooze.rule,
                snooze.entity.kind,
                snooze.entity.host_id,
                snooze.until,
                snooze.by,
                snooze.reason,
                snooze.ended,
                snooze.held,
            ),
        )

    def held(self, org: Org, snooze_id: EventId, /) -> None:
        self._tx.run(_HELD, in_org=org, event=snooze_id)

    def wake(self, org: Org, snooze_id: EventId, /, *, at: EventId) -> bool:
        return self._tx.run(_WAKE, in_org=org, event=snooze_id, at=at) > 0

    def all(self, org: Org, /, *, until_after: int) -> Sequence[Snooze]:
        rows = self._tx.rows(_SNOOZES, org=org, after=until_after)
        return [_snooze(row) for row in rows]

    def forget_before(self, at_ms: int, /) -> int:
        return self._tx.run(_FORGET_SNOOZES, before=at_ms)


def _quota(row: Row) -> Quota:
    org, rule, action, since, per_minute, per_day, by, ended = row
    return Quota(
        org=org,
        rule=rule,
        action=action,
        per_minute=per_minute,
        per_day=per_day,
        since=since,
        by=by,
        ended=ended,
    )


def _snooze(row: Row) -> Snooze:
    org, event, rule, kind, host_id, until, by, reason, ended, held = row
    return Snooze(
        org=org,
        id=event,
        rule=rule,
        entity=Subject(kind, host_id),
        until=until,
        by=by,
        reason=reason,
        ended=ended,
        held=held,
    )
