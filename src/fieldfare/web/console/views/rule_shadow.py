"""What a version does beside the live one: hits, what is new in them, load of queues, precision."""

from dataclasses import dataclass

from fieldfare.engine.unit import UnitOfWork
from fieldfare.engine.version_reports import report_version
from fieldfare.engine.versioning import VersionRow
from fieldfare.kernel import Org
from fieldfare.metrics import Share
from fieldfare.metrics.rule_hits import HitsOf
from fieldfare.web.console.views.rule_hits import (
    HitExample,
    HitsLine,
    OverlapLine,
    Period,
    QueueLine,
    examples,
    lines_of,
    overlaps,
    queue_lines,
)
from fieldfare.web.console.views.rule_versions import VersionLine, version_line

EXAMPLES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowView:
    """What a version did or would have done in a period. labels: of its days.

    ran_ms, ran_days: how long of the period it was to run; a queue's day is of that time.
    against: the live version, None where it is the live one itself or none is live. novel: of all
    hits, those on events nothing live found.
    """

    version: VersionLine
    against: VersionLine | None
    days: int
    ran_ms: int
    ran_days: float
    labels: tuple[str, ...]
    hits: int
    by_day: tuple[int, ...]
    novel: Share
    errors: int
    rules: tuple[HitsLine, ...]
    overlap: tuple[OverlapLine, ...]
    queues: tuple[QueueLine, ...]
    examples: tuple[HitExample, ...]


def shadow_view(
    uow: UnitOfWork, org: Org, row: VersionRow, live: VersionRow | None, of: Period, *, problem: str
) -> ShadowView:
    """Report on one version over a period, compared with the live one.

    problem: why it does not run although it should, "" if it does.
    """
    other = live if live and live.version.hash != row.version.hash else None
    wanted = HitsOf(from_ms=of.from_ms, to_ms=of.to_ms, rule_set=row.version.hash)
    against = other.version.hash if other else ""
    report = report_version(uow, org, wanted, against=against, now_ms=of.to_ms, problem=problem)
    rules = lines_of(report.rules, of)
    return ShadowView(
        version=version_line(row, problem),
        against=version_line(other) if other else None,
        days=len(of.labels),
        ran_ms=report.ran_ms,
        ran_days=round(report.ran_days, 1),
        labels=of.labels,
        hits=report.hits,
        by_day=tuple(sum(day) for day in zip(*(rule.days for rule in rules), strict=True)),
        novel=Share(sum(rule.novel.hits for rule in rules), report.hits),
        errors=report.errors,
        rules=rules,
        overlap=overlaps(report),
        queues=queue_lines(report, of),
        examples=examples(uow, org, wanted, limit=EXAMPLES),
    )
