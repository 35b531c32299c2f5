"""What rules do and would do: hits over time, overlap, novelty, load of queues, precision.

In flow counts of the hits that the evaluator keeps of every version that runs; out flow measures a
rule and reports a version. A hit is right if what stands on the item version is a person's decision
that restricts it. Precision is of what people looked at, which is no fair sample: its n and its
interval stand beside it, and where nobody looked there is none.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

from fieldfare.kernel import Org
from fieldfare.metrics.overview import DAY_MS
from fieldfare.metrics.shares import Share
from fieldfare.records import RuleHit
from fieldfare.records.rule_hits import THREW

HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HitsOf:
    """Which hits are meant: of [from_ms, to_ms), and of a version or a rule if they are named.

    deciding: only of versions as they decided, live or in a rollout. Without a version and a rule
    it is all of them.
    """

    from_ms: int
    to_ms: int
    rule_set: str = ""
    rule: str = ""
    deciding: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HitCount:
    """Hits of one rule of one version in an hour (its start in ms since 1970) with one action."""

    rule: str
    rule_set: str
    hour_ms: int
    action: str
    hits: int
    novel: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Events that both a rule and a rule of the other version hit."""

    rule: str
    other: str
    both: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLoad:
    """Item versions that a day's (its start in ms since 1970) hits would send to a queue."""

    queue: str
    day_ms: int
    items: int


class RuleMeasures(Protocol):
    def counts(self, org: Org, of: HitsOf, /) -> Sequence[HitCount]: ...

    def overlap(self, org: Org, of: HitsOf, against: str, /) -> Sequence[Overlap]:
        """Count the events that the named version's rules and those of `against` both hit."""
        ...

    def judged(self, org: Org, of: HitsOf, /) -> Mapping[str, Share]:
        """Give for each rule the item versions it hit that people judged later, and of them those
        that a person restricted.
        """
        ...

    def queues(self, org: Org, of: HitsOf, /) -> Sequence[QueueLoad]: ...

    def examples(self, org: Org, of: HitsOf, /, *, limit: int) -> Sequence[RuleHit]:
        """Give the newest hits, the newest first."""
        ...


class MeasuringUnit(Protocol):
    """The part of a unit of work this reads."""

    @property
    def rule_measures(self) -> RuleMeasures: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMeasure:
    """One rule over a period.

    novel: hits on events that nothing else found. errors: events it threw on. actions: what it
    asked for, how often. hours: (start in ms since 1970, hits), those without any left out. judged:
    item versions people judged later, and how many of them a person restricted.
    """

    rule: str
    hits: int
    novel: int
    errors: int
    actions: Mapping[str, int]
    hours: tuple[tuple[int, int], ...]
    judged: Share

    @classmethod
    def nothing(cls, rule: str) -> Self:
        """Measure a rule that hit nothing."""
        return cls(rule=rule, hits=0, novel=0, errors=0, actions={}, hours=(), judged=Share(0, 0))

    @property
    def precision(self) -> float | None:
        """In [0, 1]; None while nobody judged."""
        return self.judged.value

    @property
    def days(self) -> tuple[tuple[int, int], ...]:
        """The hits by day of UTC, as `hours`."""
        found: Counter[int] = Counter()
        for hour_ms, hits in self.hours:
            found[hour_ms - hour_ms % DAY_MS] += hits
        return tuple(sorted(found.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRate:
    """Item versions a queue would get. per_day: None for less than a day of running."""

    queue: str
    items: int
    per_day: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HitReport:
    """What a version did or would have done.

    against: hash of the version it is compared with. ran_ms: how long of the period it was to run;
    what comes in a day is of these days, not of those that were looked at. problem: why it does not
    run now although it should, "" if it does: since when is not kept, so there are no rates.
    """

    of: HitsOf
    against: str
    ran_ms: int
    problem: str
    rules: tuple[RuleMeasure, ...]
    overlap: tuple[Overlap, ...]
    queues: tuple[QueueLoad, ...]

    @property
    def hits(self) -> int:
        return sum(rule.hits for rule in self.rules)

    @property
    def errors(self) -> int:
        return sum(rule.errors for rule in self.rules)

    @property
    def ran_days(self) -> float:
        return self.ran_ms / DAY_MS

    @property
    def rates(self) -> tuple[QueueRate, ...]:
        """Say what each queue would get, the fullest first."""
        items: Counter[str] = Counter()
        for load in self.queues:
            items[load.queue] += load.items
        return tuple(
            QueueRate(
                queue=queue,
                items=n,
                per_day=None if self.problem or self.ran_ms < DAY_MS else n / self.ran_days,
            )
            for queue, n in sorted(items.items(), key=lambda each: (-each[1], each[0]))
        )


def measure_rules(uow: MeasuringUnit, org: Org, of: HitsOf) -> tuple[RuleMeasure, ...]:
    """Measure every rule that hit or threw, the one with most hits first."""
    judged = uow.rule_measures.judged(org, of)
    rows: dict[str, list[HitCount]] = defaultdict(list)
    for count in uow.rule_measures.counts(org, of):
        rows[count.rule].append(count)
    measured = (
        _measure(rule, counts, judged.get(rule, Share(0, 0))) for rule, counts in rows.items()
    )
    return tuple(sorted(measured, key=lambda rule: (-rule.hits, rule.rule)))


def report_hits(  # what is known of the version besides its hits
    uow: MeasuringUnit, org: Org, of: HitsOf, *, against: str, ran_ms: int, problem: str = ""
) -> HitReport:
    """Report on a version, compared with another; `against` "" compares with none.

    ran_ms: how long of the period the version was to run. problem: why it does not run now.
    """
    return HitReport(
        of=of,
        against=against,
        ran_ms=ran_ms,
        problem=problem,
        rules=measure_rules(uow, org, of),
        overlap=tuple(uow.rule_measures.overlap(org, of, against)) if against else (),
        queues=tuple(uow.rule_measures.queues(org, of)),
    )


def _measure(rule: str, counts: Sequence[HitCount], judged: Share) -> RuleMeasure:
    hours: Counter[int] = Counter()
    actions: Counter[str] = Counter()
    novel = errors = 0
    for count in counts:
        if count.action == THREW:
            errors += count.hits
            continue
        hours[count.hour_ms] += count.hits
        actions[count.action] += count.hits
        novel += count.novel
    return RuleMeasure(
        rule=rule,
        hits=sum(hours.values()),
        novel=novel,
        errors=errors,
        actions=dict(actions),
        hours=tuple(sorted(hours.items())),
        judged=judged,
    )
