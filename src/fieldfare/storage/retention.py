"""Retention: what is not the log goes when its time is over (docs/reference/retention.md)."""

from typing import Final

from sqlalchemy import bindparam, or_

from fieldfare.engine.unit import Retention
from fieldfare.kernel import EventId
from fieldfare.kernel.ids import first_id
from fieldfare.records import OutboxState
from fieldfare.storage.access import SqlOrganisations, SqlSessions
from fieldfare.storage.brakes import SqlSnoozes, SqlUses
from fieldfare.storage.calls import SqlCallKeys
from fieldfare.storage.rule_hits import SqlRuleHits
from fieldfare.storage.statements import Statement
from fieldfare.storage.tables import outbox
from fieldfare.storage.transaction import Transaction

_CARRIED: Final = Statement(
    outbox.delete().where(
        outbox.c.decision_id < bindparam("before"),
        or_(
            outbox.c.state == OutboxState.ACKNOWLEDGED.value,
            outbox.c.state == OutboxState.SUPERSEDED.value,
        ),
    )
)


class SqlSweeps:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def sweep(self, retention: Retention, /, *, now_ms: int) -> dict[str, int]:
        return {
            "call_keys": SqlCallKeys(self._tx).forget_before(
                first_id(now_ms - retention.call_keys_ms)
            ),
            "sessions": SqlSessions(self._tx).end_before(now_ms),
            "uses": SqlUses(self._tx).forget_before(now_ms - retention.uses_ms),
            "snoozes": SqlSnoozes(self._tx).forget_before(now_ms - retention.snoozes_ms),
            "rule_hits": self._rule_hits(first_id(now_ms - retention.rule_hits_ms)),
            "outbox": self._tx.run(_CARRIED, before=first_id(now_ms - retention.outbox_ms)),
        }

    def _rule_hits(self, before: EventId) -> int:
        hits = SqlRuleHits(self._tx)
        return sum(hits.forget_before(org, before) for org in SqlOrganisations(self._tx).all())
