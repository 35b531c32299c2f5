"""The overview: removed items of a period flow in, the safety measures flow out, per policy.

Base set R: items removed for a breach in the period, a later restored one still counted; authors'
own deletions are not in it. Definitions as in the Community Guidelines Enforcement Reports of the
field. A headline without its parts misleads, so every measure also stands per policy: once with
each item under all its policies, once under its first alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from fieldfare.kernel import Org
from fieldfare.metrics.repositories import Measures, RemovedItem
from fieldfare.metrics.shares import Share, share_of
from fieldfare.review.repositories import QueueDepths

DAY_MS: Final = 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The measures over one base set of removed items.

    proactive: removed before anybody reported it. before_any_view: no view of any version at
    removal. within_24h: from posting, not from finding; viewed_within_24h: those of them that were
    seen before. automated: no person had a hand in it. restored: shown again later.
    """

    removed: int
    proactive: Share
    before_any_view: Share
    within_24h: Share
    viewed_within_24h: Share
    automated: Share
    restored: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRates:
    """One policy's measures. every: items that broke it among others; primary: it was the first."""

    policy: str
    every: Rates
    primary: Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """Open cases of a queue. oldest_ms: age of the oldest."""

    queue: str
    open: int
    oldest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The measures of [from_ms, to_ms). removal: removed of posted items in the period.

    actions: decisions in force on current items by (headline action, who decided).
    """

    from_ms: int
    to_ms: int
    posted: Mapping[str, int]
    all: Rates
    policies: tuple[PolicyRates, ...]
    actions: Mapping[tuple[str, str], int]
    queues: tuple[QueueState, ...]

    @property
    def removal_share(self) -> float | None:
        """Removed over posted in the period; None when nothing was posted.

        May pass 1: what is removed now may have been posted before.
        """
        posted = sum(self.posted.values())
        return self.all.removed / posted if posted else None

    @property
    def open_cases(self) -> int:
        return sum(queue.open for queue in self.queues)

    @property
    def oldest_case_ms(self) -> int | None:
        """Age of the oldest open case in ms; None when there is none."""
        return max((queue.oldest_ms for queue in self.queues if queue.open), default=None)


def is_proactive(item: RemovedItem) -> bool:
    """Say whether the item was removed before any user report."""
    return item.reported_at is None or item.removed_at < item.reported_at


def _is_within_a_day(item: RemovedItem) -> bool:
    return item.removed_at - item.posted_at <= DAY_MS


def rates(items: Iterable[RemovedItem]) -> Rates:
    """Measure one base set."""
    rows = tuple(items)
    return Rates(
        removed=len(rows),
        proactive=share_of(rows, is_proactive),
        before_any_view=share_of(rows, lambda item: item.views_at_removal == 0),
        within_24h=share_of(rows, _is_within_a_day),
        viewed_within_24h=share_of(
            rows, lambda item: item.views_at_removal > 0 and _is_within_a_day(item)
        ),
        automated=share_of(rows, lambda item: item.automated),
        restored=share_of(rows, lambda item: item.restored),
    )


def by_policy(items: Sequence[RemovedItem]) -> tuple[PolicyRates, ...]:
    """Measure each policy, the one with most removals first, then by code."""
    codes = {code for item in items for code in (item.policy, *item.policies) if code}
    measured = (
        PolicyRates(
            policy=code,
            every=rates(item for item in items if code == item.policy or code in item.policies),
            primary=rates(item for item in items if code == item.policy),
        )
        for code in codes
    )
    return tuple(sorted(measured, key=lambda row: (-row.every.removed, row.policy)))


class MeasuredUnit(Protocol):
    """The part of a consistent read that the overview needs."""

    @property
    def measures(self) -> Measures: ...
    @property
    def queues(self) -> QueueDepths: ...


def overview(uow: MeasuredUnit, org: Org, *, from_ms: int, to_ms: int) -> Overview:
    """Read and measure the period [from_ms, to_ms); queues are as of its end."""
    period = {"from_ms": from_ms, "to_ms": to_ms}
    return measure(
        uow.measures.removed(org, **period),
        **period,
        posted=uow.measures.posted(org, **period),
        actions=uow.measures.actions(org, **period),
        depths=uow.queues.depths(org, now_ms=to_ms),
    )


def measure(
    removed: Sequence[RemovedItem],
    *,
    from_ms: int,
    to_ms: int,
    posted: Mapping[str, int],
    actions: Mapping[tuple[str, str], int],
    depths: Mapping[str, tuple[int, int]],
) -> Overview:
    """Measure a period. depths: per queue the open cases and the age of the oldest in ms."""
    queues = (QueueState(queue=q, open=n, oldest_ms=age) for q, (n, age) in depths.items())
    return Overview(
        from_ms=from_ms,
        to_ms=to_ms,
        posted=dict(posted),
        all=rates(removed),
        policies=by_policy(removed),
        actions=dict(actions),
        queues=tuple(sorted(queues, key=lambda queue: (-queue.oldest_ms, queue.queue))),
    )
