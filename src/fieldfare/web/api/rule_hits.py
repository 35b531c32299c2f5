"""What rules hit: of a version beside the live one, of one rule, and of all that decided."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.unit import UnitOfWork
from fieldfare.engine.version_reports import report_version
from fieldfare.ingest.schemas import moment
from fieldfare.kernel import EPOCH_MS, BadInput, JsonValue, NotFound, Org, did_you_mean, rfc3339
from fieldfare.metrics import DAY_MS
from fieldfare.metrics.rule_hits import (
    HitReport,
    HitsOf,
    RuleMeasure,
    measure_rules,
)
from fieldfare.records import RuleHit
from fieldfare.web.api.shapes import answer, limit_of
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

router = APIRouter(prefix="/v1", tags=["rules"])
USUAL_DAYS: Final = 7
LONGEST_DAYS: Final = 100
From = Annotated[str | None, Query(alias="from", description="RFC 3339; left out: 7 days ago.")]
To = Annotated[str | None, Query(description="RFC 3339; left out: now.")]
Days = Annotated[
    int | None,
    Query(ge=1, le=LONGEST_DAYS, description="Instead of from: so many days back from the end."),
]


@router.get("/rule-versions/{version}/shadow")
def read_report(
    version: str,
    who: Annotated[Principal, requires(Permission.RULES_READ)],
    platform: Platform,
    *,
    since: From = None,
    to: To = None,
    days: Days = None,
    against: str = "",
) -> Response:
    """Say what a version did, or would have done, beside another: hits, overlap, load, precision.

    against: left out, the live version, or for the live one what it was made from.
    """
    period = period_of(platform, since, to, days)
    report = hits_of_version(platform, who.org, version, period, against=against)
    return answer(report_json(report))


@router.get("/rules/hits")
def measure_all(
    who: Annotated[Principal, requires(Permission.RULES_READ)],
    platform: Platform,
    *,
    since: From = None,
    to: To = None,
    days: Days = None,
) -> Response:
    """Measure every rule that decided in a period, the one with most hits first."""
    from_ms, to_ms = period_of(platform, since, to, days)
    of = HitsOf(from_ms=from_ms, to_ms=to_ms, deciding=True)
    measured = platform.store.read(lambda uow: measure_rules(uow, who.org, of))
    rows: list[JsonValue] = [measure_json(each) for each in measured]
    return answer({**_period_json(of), "rules": rows})


@router.get("/rules/{rule}/hits")
def measure_one(
    rule: str,
    who: Annotated[Principal, requires(Permission.RULES_READ)],
    platform: Platform,
    *,
    since: From = None,
    to: To = None,
    days: Days = None,
    limit: int = 20,
) -> Response:
    """Measure one rule as it decided, with its newest hits; a rule that hit nothing has zeros.

    404 for a rule that no running version has and that no hit is kept of.
    """
    from_ms, to_ms = period_of(platform, since, to, days)
    most = limit_of(limit)
    of = HitsOf(from_ms=from_ms, to_ms=to_ms, rule=rule, deciding=True)
    measured, newest = platform.store.read(
        lambda uow: (
            measure_rules(uow, who.org, of),
            uow.rule_measures.examples(who.org, of, limit=most),
        )
    )
    if not newest:
        _must_be_known(platform, who.org, rule)
    found = next((each for each in measured if each.rule == rule), RuleMeasure.nothing(rule))
    examples: list[JsonValue] = [hit_json(hit) for hit in newest]
    return answer({**_period_json(of), **measure_json(found), "examples": examples})


def hits_of_version(
    platform: Served, org: Org, name: str, period: tuple[int, int], *, against: str
) -> HitReport:
    """Report on a version. Raises NotFound for one that is not there."""
    versioning = platform.versioning
    version = versioning.find(org, name).version
    if against:
        other = versioning.find(org, against).version.hash
    else:
        live = platform.rule_set(org).hash
        other = version.base if live == version.hash else live
    of = HitsOf(from_ms=period[0], to_ms=period[1], rule_set=version.hash)
    now_ms = platform.clock.now_ms()
    problem = platform.books.of(org).not_compiling.get(version.hash, "")
    return platform.store.read(
        lambda uow: report_version(uow, org, of, against=other, now_ms=now_ms, problem=problem)
    )


def period_of(
    platform: Served, since: str | None, to: str | None, days: int | None = None
) -> tuple[int, int]:
    """Read a period; the last seven days by itself. Raises BadInput for one that is none.

    days: counted back from the end, and by the installation's own clock where no end is given.
    """
    if since and days:
        hint = "Leave one of them out."
        raise BadInput("from and days both say where it begins", hint=hint, pointer="/days")
    now_ms = platform.clock.now_ms()
    end = (moment(to, pointer="/to") if to else None) or now_ms + 1
    back_ms = (days or USUAL_DAYS) * DAY_MS
    start = (moment(since, pointer="/from") if since else None) or end - back_ms
    if not start < end <= start + LONGEST_DAYS * DAY_MS:
        hint = f"Ask for a period of up to {LONGEST_DAYS} days that ends after it begins."
        raise BadInput("that is no period", hint=hint, pointer="/from")
    return start, end


def report_json(report: HitReport) -> dict[str, JsonValue]:
    """Write a report; moments are the beginnings of hours and days of UTC.

    ran_days: of the period, those on which the version was to run. problem: why it does not now, ""
    if it does. per_day: of these days; None of less than 1, and where it does not run.
    """
    rows: list[JsonValue] = [measure_json(each) for each in report.rules]
    return {
        **_period_json(report.of),
        "version": report.of.rule_set,
        "against": report.against,
        "ran_days": round(report.ran_days, 3),
        "problem": report.problem,
        "hits": report.hits,
        "errors": report.errors,
        "rules": rows,
        "overlap": [
            {"rule": each.rule, "other": each.other, "both": each.both} for each in report.overlap
        ],
        "queues": [
            {"queue": each.queue, "day": rfc3339(each.day_ms), "items": each.items}
            for each in report.queues
        ],
        "rates": [
            {"queue": each.queue, "items": each.items, "per_day": each.per_day}
            for each in report.rates
        ],
    }


def measure_json(measured: RuleMeasure) -> dict[str, JsonValue]:
    """Write a measure. precision: None while nobody judged; interval: of 95 %."""
    low, high = measured.judged.interval
    interval: JsonValue = [low, high] if measured.judged.n else None
    return {
        "rule": measured.rule,
        "hits": measured.hits,
        "novel": measured.novel,
        "errors": measured.errors,
        "actions": dict(measured.actions),
        "hours": [{"at": rfc3339(at), "hits": hits} for at, hits in measured.hours],
        "days": [{"at": rfc3339(at), "hits": hits} for at, hits in measured.days],
        "judged": measured.judged.n,
        "right": measured.judged.hits,
        "precision": measured.precision,
        "interval": interval,
    }


def hit_json(hit: RuleHit) -> dict[str, JsonValue]:
    """Write one hit."""
    return {
        "event_id": str(hit.event_id),
        "rule": hit.rule,
        "rule_set": hit.rule_set,
        "mode": hit.mode.value,
        "subject": {"kind": hit.subject.kind, "host_id": hit.subject.host_id},
        "version": hit.version,
        "action": hit.action,
        "novel": hit.novel,
        "queue": hit.queue,
    }


def _must_be_known(platform: Served, org: Org, rule: str) -> None:
    """Raise NotFound for a rule of no version that runs, unless a hit is kept of one that did."""
    known = {each.name for rules in platform.books.of(org).active for each in rules.rules}
    ever = HitsOf(from_ms=EPOCH_MS, to_ms=platform.clock.now_ms() + 1, rule=rule)

    def was_hit(uow: UnitOfWork) -> bool:
        return bool(uow.rule_measures.examples(org, ever, limit=1))

    if rule not in known and not platform.store.read(was_hit):
        hint = did_you_mean(rule, known) or "List them: fieldfare rules hits, or the Rules page."
        raise NotFound(f"no rule {rule[:80]!r}", hint=hint)


def _period_json(of: HitsOf) -> dict[str, JsonValue]:
    return {"from": rfc3339(of.from_ms), "to": rfc3339(of.to_ms)}
