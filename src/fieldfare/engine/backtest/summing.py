"""Summing up: from what was weighed to the records of a result, in an order that never varies."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from fieldfare.engine.backtest.aftermath import ALLOW
from fieldfare.engine.backtest.findings import DAY_MS, SliceResult
from fieldfare.engine.backtest.plan import Plan
from fieldfare.engine.backtest.results import (
    BacktestResult,
    Change,
    Example,
    FactHeld,
    Known,
    Part,
    Prevented,
    QueueLoad,
    RuleHits,
)
from fieldfare.engine.backtest.weighing import Order, Scales, Weighed, by_rule, quietly
from fieldfare.kernel import EventId, at_of

EXAMPLES: Final = 10
"""Examples of each rule and of each cell of the matrix."""
_SPREAD: Final = 0x9E37_79B9_7F4A_7C15
"""Odd, so that multiplying by it mixes the order of ids: examples come from all of the span."""


def summed(plan: Plan, found: SliceResult, scales: Scales) -> BacktestResult:
    """Sum up a backtest. Deterministic: neither slices nor processes show in it."""
    versions = list(scales.versions.values())
    heard = [one for one in versions if one.first is not None]
    quiet = quietly(found, versions)
    return BacktestResult(
        rule_set=plan.rules.hash,
        pack=plan.pack.hash,
        first_id=str(plan.after + 1),
        last_id=str(plan.up_to),
        judged=dict(sorted(found.judged.items())),
        hits=_hits(plan, found, heard),
        changes=_changes(versions, scales.order, quiet),
        accounts=_changes(scales.accounts.values(), scales.order, Counter()),
        prevented=Prevented(
            views=scales.views.total(),
            by_action=dict(sorted(scales.views.items())),
            by_rule=dict(sorted(scales.views_by_rule.items())),
        ),
        known=_known(versions),
        markets=_parts(heard, scales.order, "market"),
        languages=_parts(heard, scales.order, "language"),
        review=_review(versions),
        facts=tuple(
            FactHeld(name=name, known=t.known, unknown=t.unknown, missing=t.missing)
            for name, t in sorted(found.facts.items())
        ),
        absent=tuple(name for name, tally in sorted(found.facts.items()) if not tally.known),
        errors=dict(sorted(found.errors.items())),
    )


def day_of(days: int) -> str:
    """Write a day, counted since 1970, as 2026-10-01."""
    return datetime.fromtimestamp(days * DAY_MS / 1000, UTC).date().isoformat()


def _hits(plan: Plan, found: SliceResult, heard: Sequence[Weighed]) -> tuple[RuleHits, ...]:
    days: dict[str, dict[str, int]] = defaultdict(dict)
    for (rule, day), hits in sorted(found.days.items()):
        days[rule][day_of(day)] = hits
    items = by_rule(heard)
    return tuple(
        RuleHits(
            rule=info.name,
            hits=sum(days[info.name].values()),
            days=days[info.name],
            items=len(items[info.name]),
            known_good=sum(one.good is True for one in items[info.name]),
            known_bad=sum(one.good is False for one in items[info.name]),
            examples=_examples(items[info.name]),
        )
        for info in plan.rules.rules
    )


def _changes(
    weighed: Iterable[Weighed], order: Order, quiet: Mapping[str, int]
) -> tuple[Change, ...]:
    cells: dict[tuple[str, str], list[Weighed]] = defaultdict(list)
    for one in weighed:
        if change := one.change(order):
            cells[change].append(one)
    counts = Counter({cell: len(inside) for cell, inside in cells.items()})
    counts.update({(old, ALLOW): some for old, some in quiet.items()})
    ordered = sorted(counts, key=lambda cell: (order.of(cell[0]), order.of(cell[1]), cell))
    return tuple(
        Change(
            old=old,
            new=new,
            count=counts[old, new],
            examples=_examples(cells[old, new]) if old != new else (),
        )
        for old, new in ordered
    )


def _known(versions: Sequence[Weighed]) -> Known:
    restricted = [one for one in versions if one.first is not None and one.new != ALLOW]
    good = [one for one in restricted if one.good is True]
    return Known(
        good_restricted=len(good),
        bad_restricted=sum(one.good is False for one in restricted),
        bad_missed=sum(one.good is False and one.new == ALLOW for one in versions),
        examples=_examples(good),
    )


def _parts(heard: Sequence[Weighed], order: Order, name: str) -> tuple[Part, ...]:
    groups: dict[str, list[Weighed]] = defaultdict(list)
    for one in heard:
        if one.first is not None:
            groups[getattr(one.first, name)].append(one)
    return tuple(
        Part(
            name=key,
            items=len(inside),
            restricted=sum(one.new != ALLOW for one in inside),
            changed=sum(_is_changed(one, order) for one in inside),
        )
        for key, inside in sorted(groups.items())
    )


def _is_changed(one: Weighed, order: Order) -> bool:
    change = one.change(order)
    return change is not None and change[0] != change[1]


def _review(versions: Sequence[Weighed]) -> tuple[QueueLoad, ...]:
    old: Counter[tuple[str, str]] = Counter()
    new: Counter[tuple[str, str]] = Counter()
    for one in versions:
        for queue, event_id in one.old_queues.items():
            old[queue, day_of(at_of(event_id) // DAY_MS)] += 1
        for queue, event_id in one.queues.items():
            new[queue, day_of(at_of(event_id) // DAY_MS)] += 1
    return tuple(
        QueueLoad(queue=queue, day=day, old=old[queue, day], new=new[queue, day])
        for queue, day in sorted({*old, *new})
    )


def _examples(weighed: Sequence[Weighed]) -> tuple[Example, ...]:
    """Choose a few from all of the span, the same ones each time.

    What the candidate is silent about is opened by the decision on record.
    """

    def event_of(one: Weighed) -> EventId:
        return one.first.event_id if one.first else one.recorded

    def mixed(one: Weighed) -> tuple[int, str]:
        return (event_of(one) * _SPREAD % 2**64, one.version)

    return tuple(
        Example(
            event_id=str(event_of(one) or ""),
            kind=one.subject[0],
            host_id=one.subject[1],
            version=one.version,
        )
        for one in sorted(weighed, key=mixed)[:EXAMPLES]
    )
