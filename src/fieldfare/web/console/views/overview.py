"""The overview page: the measures of a period, each with its numbers, per policy and in all."""

from collections.abc import Sequence
from dataclasses import dataclass

from fieldfare.metrics import Overview, PolicyRates, Rates, Share
from fieldfare.metrics.brakes import QuotaState
from fieldfare.policies import PolicyPack
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.views.review import QueueLine


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When the removals of a policy happened, in 0..1000 of them; empty when there are none."""

    before_any_view: int
    within_24h: int
    later: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    code: str
    title: str
    every: Rates
    primary: Rates
    when: When | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """Decisions in force on current items, by what they say and who decided."""

    action: str
    by: str
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tripped:
    """A rule ("*": all together) whose action is a question to people at this moment."""

    rule: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewView:
    days: int
    from_: Moment
    to: Moment
    posted: tuple[tuple[str, int], ...]
    posted_total: int
    removal_share: float | None
    all: Rates
    policies: tuple[PolicyRow, ...]
    actions: tuple[ActionRow, ...]
    queues: tuple[QueueLine, ...]
    open_cases: int
    oldest_case_ms: int | None
    tripped: tuple[Tripped, ...]


def overview_view(
    measured: Overview, pack: PolicyPack, quotas: Sequence[QuotaState], *, days: int
) -> OverviewView:
    return OverviewView(
        days=days,
        from_=Moment(measured.from_ms),
        to=Moment(measured.to_ms),
        posted=tuple(sorted(measured.posted.items())),
        posted_total=sum(measured.posted.values()),
        removal_share=measured.removal_share,
        all=measured.all,
        policies=tuple(_policy(row, pack) for row in measured.policies),
        actions=tuple(
            ActionRow(action=action, by=by, items=items)
            for (action, by), items in sorted(
                measured.actions.items(), key=lambda entry: (-entry[1], entry[0])
            )
        ),
        queues=tuple(
            QueueLine(name=queue.queue, open=queue.open, oldest_ms=queue.oldest_ms)
            for queue in measured.queues
        ),
        open_cases=measured.open_cases,
        oldest_case_ms=measured.oldest_case_ms,
        tripped=tuple(
            Tripped(rule=state.quota.rule, action=state.quota.action)
            for state in quotas
            if state.tripped_now
        ),
    )


def when_of(rates: Rates) -> When | None:
    """Split the removals by when they happened."""
    if not rates.removed:
        return None
    before = _thousandths(rates.before_any_view)
    seen = _thousandths(rates.viewed_within_24h)
    return When(before_any_view=before, within_24h=seen, later=max(0, 1000 - before - seen))


def _thousandths(share: Share) -> int:
    return round(1000 * (share.value or 0.0))


def _policy(row: PolicyRates, pack: PolicyPack) -> PolicyRow:
    known = pack.policies.get(row.policy)
    return PolicyRow(
        code=row.policy,
        title=known.title if known else "",
        every=row.every,
        primary=row.primary,
        when=when_of(row.every),
    )
