"""What rules did, for the pages: measures of hits flow in, lines with a value for each day out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import Org, at_of
from fieldfare.metrics import DAY_MS, Share
from fieldfare.metrics.rule_hits import HitReport, HitsOf, RuleMeasure, measure_rules
from fieldfare.records import RuleHit
from fieldfare.web.console.moments import Moment

DAYS: Final = 28
NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HitsLine:
    """What one rule did. days: hits of each day of UTC, the oldest first.

    novel: hits on events that nothing else found. judged: of the item versions people looked at
    later, those they restricted; low, high: where that share lies with 95 %, None of nothing.
    """

    rule: str
    hits: int
    days: tuple[int, ...]
    novel: Share
    errors: int
    actions: tuple[tuple[str, int], ...]
    judged: Share
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HitExample:
    """An item a rule hit. action: what the rule asked for."""

    kind: str
    host_id: str
    action: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapLine:
    """A rule and the live rules that hit the same events. shared: of its own hits."""

    rule: str
    others: tuple[tuple[str, Share], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """What a queue would get. days: item versions of each day, the oldest first.

    per_day: of the days the version ran; None where those were less than one.
    """

    queue: str
    items: int
    per_day: float | None
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole days of UTC up to now. labels: one a day, such as `22 Nov`."""

    from_ms: int
    to_ms: int
    labels: tuple[str, ...]


def period(now_ms: int, days: int = DAYS) -> Period:
    """Give the period of the last days, today included."""
    today = now_ms - now_ms % DAY_MS
    starts = [today - back * DAY_MS for back in range(days - 1, -1, -1)]
    return Period(
        from_ms=starts[0],
        to_ms=now_ms + 1,
        labels=tuple(f"{datetime.fromtimestamp(at / 1000, UTC):%-d %b}" for at in starts),
    )


def hits_of_rules(uow: UnitOfWork, org: Org, of: Period, rule: str = "") -> dict[str, HitsLine]:
    """Measure what rules did that decided; rule: the only one, "" for all."""
    wanted = HitsOf(from_ms=of.from_ms, to_ms=of.to_ms, rule=rule, deciding=True)
    return {line.rule: line for line in lines_of(measure_rules(uow, org, wanted), of)}


def lines_of(measured: Iterable[RuleMeasure], of: Period) -> tuple[HitsLine, ...]:
    return tuple(_line(each, of) for each in measured)


def _line(measure: RuleMeasure, of: Period) -> HitsLine:
    judged = measure.judged
    return HitsLine(
        rule=measure.rule,
        hits=measure.hits,
        days=each_day(dict(measure.days), of),
        novel=Share(measure.novel, measure.hits),
        errors=measure.errors,
        actions=tuple(sorted(measure.actions.items(), key=lambda each: (-each[1], each[0]))),
        judged=judged,
        low=judged.interval[0] if judged.n else None,
        high=judged.interval[1] if judged.n else None,
    )


def each_day(found: Mapping[int, int], of: Period) -> tuple[int, ...]:
    """Lay counts by day (its start in ms since 1970) out over a period; 0 where there is none."""
    return tuple(found.get(of.from_ms + at * DAY_MS, 0) for at in range(len(of.labels)))


def overlaps(report: HitReport) -> tuple[OverlapLine, ...]:
    """Say which live rules hit what the version's rules hit, those with most in common first."""
    hits = {rule.rule: rule.hits for rule in report.rules}
    found: dict[str, list[tuple[str, Share]]] = {rule: [] for rule in hits}
    for each in sorted(report.overlap, key=lambda one: (-one.both, one.other)):
        if each.rule in found and len(found[each.rule]) < NAMED:
            of_all = max(hits[each.rule], each.both)
            found[each.rule].append((each.other, Share(each.both, of_all)))
    return tuple(OverlapLine(rule=rule, others=tuple(others)) for rule, others in found.items())


def queue_lines(report: HitReport, of: Period) -> tuple[QueueLine, ...]:
    """Say what each queue would get, the fullest first."""
    days: dict[str, dict[int, int]] = {}
    for load in report.queues:
        days.setdefault(load.queue, {})[load.day_ms] = load.items
    return tuple(
        QueueLine(
            queue=rate.queue,
            items=rate.items,
            per_day=rate.per_day if rate.per_day is None else round(rate.per_day, 1),
            days=each_day(days[rate.queue], of),
        )
        for rate in report.rates
    )


def examples(uow: UnitOfWork, org: Org, of: HitsOf, *, limit: int) -> tuple[HitExample, ...]:
    """Give the newest items that were hit, each once."""
    found: dict[tuple[str, str], RuleHit] = {}
    for hit in uow.rule_measures.examples(org, of, limit=4 * limit):
        found.setdefault((hit.subject.kind, hit.subject.host_id), hit)
    return tuple(
        HitExample(kind=kind, host_id=host_id, action=hit.action, at=Moment(at_of(hit.event_id)))
        for (kind, host_id), hit in list(found.items())[:limit]
    )
