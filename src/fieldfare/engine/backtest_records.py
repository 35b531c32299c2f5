"""Kept backtests as records, and how they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fieldfare.kernel import EventId, Org


class BacktestState(StrEnum):
    """running -> done | failed | cancelled; interrupted by a restart."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRecord:
    """A backtest as it is kept. id: of its backtest.started event; times in ms since 1970.

    why: what made it fail. result: JSON, "" while there is none; its examples name events alone, so
    that it holds nothing of a person who is erased.
    """

    org: Org
    id: EventId
    rule_set: str
    from_ms: int
    to_ms: int
    by: str
    started_at: int
    state: BacktestState = BacktestState.RUNNING
    ended_at: int = 0
    events: int = 0
    why: str = ""
    result: str = ""


class BacktestStore(Protocol):
    """Keeps backtests."""

    def put(self, record: BacktestRecord, /) -> None:
        """Write a backtest, new or changed."""
        ...

    def get(self, org: Org, backtest_id: EventId, /) -> BacktestRecord | None: ...

    def newest(self, org: Org, /, *, limit: int) -> Sequence[BacktestRecord]:
        """Give the newest, without their results."""
        ...

    def interrupt(self, /, *, now_ms: int) -> int:
        """Say of all that were running that a restart cut them short, in every organisation."""
        ...
