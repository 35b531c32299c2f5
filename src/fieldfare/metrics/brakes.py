"""How far the quotas on rules are used up, now and today."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fieldfare.decisions.breakers import DAY_MS, MINUTE_MS, Quota
from fieldfare.decisions.repositories import Quotas, Uses
from fieldfare.kernel import Org


class BrakeReads(Protocol):
    """The part of a unit of work this reads."""

    @property
    def quotas(self) -> Quotas: ...
    @property
    def uses(self) -> Uses: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaState:
    """A quota in force and what was asked for under it; tripped_today: it was passed."""

    quota: Quota
    used_this_minute: int
    used_today: int
    tripped_today: bool

    @property
    def tripped_now(self) -> bool:
        """Tell whether the action is a question to a person at this moment."""
        minute, day = self.quota.per_minute, self.quota.per_day
        return (minute is not None and self.used_this_minute > minute) or (
            day is not None and self.used_today > day
        )


def quota_states(reads: BrakeReads, org: Org, /, *, now_ms: int) -> Sequence[QuotaState]:
    """Give the quotas in force, by rule and action, at a moment (ms since 1970)."""
    minute, today = now_ms - now_ms % MINUTE_MS, now_ms - now_ms % DAY_MS
    used: dict[tuple[str, str, int], int] = {}
    tripped: set[tuple[str, str]] = set()
    for use in reads.uses.since(org, began=today):
        if use.tripped:
            tripped.add((use.rule, use.action))
        if use.began == (today if use.window_ms == DAY_MS else minute):
            used[use.rule, use.action, use.window_ms] = use.used
    return [
        QuotaState(
            quota=quota,
            used_this_minute=used.get((quota.rule, quota.action, MINUTE_MS), 0),
            used_today=used.get((quota.rule, quota.action, DAY_MS), 0),
            tripped_today=(quota.rule, quota.action) in tripped,
        )
        for quota in reads.quotas.all(org)
        if quota.ended is None
    ]
