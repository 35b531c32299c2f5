"""The page of what keeps rules in check: quotas with their use, and who is let be by which rule."""

from dataclasses import dataclass

from fieldfare.engine.in_force import InForce
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import Org
from fieldfare.metrics.brakes import QuotaState, quota_states
from fieldfare.web.console.moments import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundLine:
    """One bound of a quota and its use. share: 0..100 of it, None where it allows nothing."""

    window: str
    used: int
    most: int
    share: int | None
    is_passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLine:
    """rule: "*" for all together; tripped_now: the action is a question at this moment."""

    rule: str
    action: str
    bounds: tuple[BoundLine, ...]
    tripped_now: bool
    tripped_today: bool
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeLine:
    id: str
    rule: str
    kind: str
    host_id: str
    until: Moment
    by: str
    reason: str
    held: int
    is_awake: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakesView:
    """may_set: whoever looks may change them; rules, actions: what can be chosen."""

    quotas: tuple[QuotaLine, ...]
    snoozes: tuple[SnoozeLine, ...]
    rules: tuple[str, ...]
    actions: tuple[str, ...]
    may_set: bool


def brakes_view(
    uow: UnitOfWork, org: Org, in_force: InForce, *, now_ms: int, may_set: bool
) -> BrakesView:
    return BrakesView(
        quotas=tuple(_quota(state) for state in quota_states(uow, org, now_ms=now_ms)),
        snoozes=tuple(
            SnoozeLine(
                id=str(each.id),
                rule=each.rule,
                kind=each.entity.kind,
                host_id=each.entity.host_id,
                until=Moment(each.until),
                by=each.by,
                reason=each.reason,
                held=each.held,
                is_awake=each.ended is not None,
            )
            for each in uow.snoozes.all(org, until_after=now_ms)
        ),
        rules=in_force.rule_names,
        actions=tuple(kind.name for kind in in_force.pack.kinds),
        may_set=may_set,
    )


def _quota(state: QuotaState) -> QuotaLine:
    quota = state.quota
    bounds = (
        ("minute", state.used_this_minute, quota.per_minute),
        ("day", state.used_today, quota.per_day),
    )
    return QuotaLine(
        rule=quota.rule,
        action=quota.action,
        bounds=tuple(
            BoundLine(
                window=window,
                used=used,
                most=most,
                share=min(100, round(100 * used / most)) if most else None,
                is_passed=used > most,
            )
            for window, used, most in bounds
            if most is not None
        ),
        tripped_now=state.tripped_now,
        tripped_today=state.tripped_today,
        by=quota.by,
    )
