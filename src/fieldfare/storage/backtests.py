"""Kept backtests in the database."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, literal, select, update

from fieldfare.engine.backtest_records import BacktestRecord, BacktestState
from fieldfare.kernel import EventId, Org
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import backtests
from fieldfare.storage.transaction import Transaction

_PUT: Final = upsert(backtests)
_GET: Final = Statement(
    select(*backtests.c).where(
        backtests.c.org == bindparam("org"), backtests.c.id == bindparam("backtest_id")
    )
)
_NEWEST: Final = Statement(
    select(*(c for c in backtests.c if c.name != "result"), literal("").label("result"))
    .where(backtests.c.org == bindparam("org"))
    .order_by(backtests.c.id.desc())
    .limit(bindparam("most"))
)
_INTERRUPT: Final = Statement(
    update(backtests)
    .where(backtests.c.state == BacktestState.RUNNING.value)
    .values(state=BacktestState.INTERRUPTED.value, ended_at=bindparam("now_ms"))
)


class SqlBacktests:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, record: BacktestRecord, /) -> None:
        row = (
            record.org,
            record.id,
            record.rule_set,
            record.from_ms,
            record.to_ms,
            record.by,
            record.started_at,
            record.state.value,
            record.ended_at,
            record.events,
            record.why,
            record.result,
        )
        self._tx.insert(_PUT, row)

    def get(self, org: Org, backtest_id: EventId, /) -> BacktestRecord | None:
        row = self._tx.row(_GET, org=org, backtest_id=backtest_id)
        return None if row is None else _record(row)

    def newest(self, org: Org, /, *, limit: int) -> Sequence[BacktestRecord]:
        return [_record(row) for row in self._tx.rows(_NEWEST, org=org, most=limit)]

    def interrupt(self, /, *, now_ms: int) -> int:
        return self._tx.run(_INTERRUPT, now_ms=now_ms)


def _record(row: Row) -> BacktestRecord:
    return BacktestRecord(
        org=row[0],
        id=EventId(row[1]),
        rule_set=row[2],
        from_ms=row[3],
        to_ms=row[4],
        by=row[5],
        started_at=row[6],
        state=BacktestState(row[7]),
        ended_at=row[8],
        events=row[9],
        why=row[10],
        result=row[11],
    )
