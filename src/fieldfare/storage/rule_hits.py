"""What rules hit: written by the evaluator, counted for the measures, swept when it is old."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    FromClause,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)

from fieldfare.kernel import EPOCH_MS, EventId, Org
from fieldfare.kernel.ids import TIME_SHIFT, first_id
from fieldfare.metrics.overview import DAY_MS
from fieldfare.metrics.rule_hits import HOUR_MS, HitCount, HitsOf, Overlap, QueueLoad
from fieldfare.metrics.shares import Share
from fieldfare.records import HitMode, RuleHit, Subject, Voice
from fieldfare.records.rule_hits import THREW
from fieldfare.storage.statements import Row, Statement
from fieldfare.storage.tables import decisions, rule_hits
from fieldfare.storage.transaction import Transaction

ALLOW: Final = "allow"
PEOPLE: Final = (Voice.ORDER.value, Voice.APPEAL.value, Voice.PERSON.value)
WAYS: Final = ("version", "rule", "all")
"""By what hits are chosen, each with an index of its own."""

_h = rule_hits.c
_ADD: Final = Statement(rule_hits.insert())


def _chosen(way: str) -> tuple[ColumnElement[bool], ...]:
    named: tuple[ColumnElement[bool], ...] = ()
    if way == "version":
        named = (_h.rule_set == bindparam("of_rule_set"),)
    if way == "rule":
        named = (_h.rule == bindparam("of_rule"),)
    return (
        _h.org == bindparam("org"),
        *named,
        _h.event_id >= bindparam("first"),
        _h.event_id < bindparam("end"),
        or_(_h.mode != HitMode.SHADOW.value, bindparam("shadows", type_=BigInteger()) == 1),
    )


def _each(make: Callable[[str], Executable]) -> dict[str, Statement]:
    return {way: Statement(make(way)) for way in WAYS}


def _began(column: ColumnElement[int], length_ms: int) -> ColumnElement[int]:
    """Count the hours or days of an id since the first that ids know.

    Written into the SQL as they are: PostgreSQL takes two parameters of one value for two values.
    """
    ms = column.op(">>", return_type=BigInteger())(literal_column(str(TIME_SHIFT)))
    return ms // literal_column(str(length_ms), BigInteger())


def _counts(way: str) -> Executable:
    hour = _began(_h.event_id, HOUR_MS).label("hour")
    novel = case((_h.novel, 1), else_=0)
    return (
        select(
            _h.rule,
            _h.rule_set,
            hour,
            _h.action,
            func.count(),
            func.sum(novel),
        )
        .where(*_chosen(way))
        .group_by(_h.rule, _h.rule_set, hour, _h.action)
    )


def _judged(way: str) -> Executable:
    hit = (
        select(_h.rule, _h.kind, _h.host_id, _h.version, func.min(_h.event_id).label("first_hit"))
        .where(*_chosen(way), _h.action != THREW)
        .group_by(_h.rule, _h.kind, _h.host_id, _h.version)
        .subquery("hit")
    )
    right = case((decisions.c.action != ALLOW, 1), else_=0)
    return (
        select(hit.c.rule, func.count(), func.sum(right))
        .select_from(hit.join(decisions, decisions.c.id == _last_decision(hit)))
        .where(
            decisions.c.org == bindparam("org"),
            or_(*(decisions.c.voice == voice for voice in PEOPLE)),
        )
        .group_by(hit.c.rule)
    )


def _last_decision(hit: FromClause) -> ColumnElement[int]:
    """Find what stands on the version of a hit: an undone decision of a person does not."""
    made = decisions.alias("made")
    return (
        select(func.max(made.c.id))
        .where(
            made.c.org == bindparam("org"),
            made.c.kind == hit.c.kind,
            made.c.host_id == hit.c.host_id,
            made.c.version == hit.c.version,
            made.c.id > hit.c.first_hit,
        )
        .scalar_subquery()
    )


def _queues(way: str) -> Executable:
    day = _began(_h.event_id, DAY_MS).label("day")
    asked = (
        select(_h.queue, day, _h.kind, _h.host_id, _h.version)
        .where(*_chosen(way), _h.queue != "")
        .distinct()
        .subquery("asked")
    )
    return (
        select(asked.c.queue, asked.c.day, func.count())
        .group_by(asked.c.queue, asked.c.day)
        .order_by(asked.c.day, asked.c.queue)
    )


def _examples(way: str) -> Executable:
    return (
        select(*_h)
        .where(*_chosen(way), _h.action != THREW)
        .order_by(_h.event_id.desc())
        .limit(bindparam("most"))
    )


_COUNTS: Final = _each(_counts)
_JUDGED: Final = _each(_judged)
_QUEUES: Final = _each(_queues)
_EXAMPLES: Final = _each(_examples)
_other = rule_hits.alias("other")
_OVERLAP: Final = Statement(
    select(_h.rule, _other.c.rule, func.count())
    .select_from(
        rule_hits.join(
            _other,
            (_other.c.org == _h.org)
            & (_other.c.event_id == _h.event_id)
            & (_other.c.rule_set == bindparam("against")),
        )
    )
    .where(*_chosen("version"), _h.action != THREW, _other.c.action != THREW)
    .group_by(_h.rule, _other.c.rule)
    .order_by(func.count().desc(), _h.rule, _other.c.rule)
)
_OLD: Final = Statement(
    rule_hits.delete().where(_h.org == bindparam("in_org"), _h.event_id < bindparam("before"))
)


class SqlRuleHits:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, hits: Sequence[RuleHit], /) -> None:
        for hit in hits:
            row = (
                hit.org,
                hit.event_id,
                hit.rule_set,
                hit.rule,
                hit.mode.value,
                hit.subject.kind,
                hit.subject.host_id,
                hit.version,
                hit.action,
                hit.novel,
                hit.queue,
            )
            self._tx.insert(_ADD, row)

    def forget_before(self, org: Org, event_id: EventId, /) -> int:
        """Delete the hits on events before one; how many."""
        return self._tx.run(_OLD, in_org=org, before=event_id)


class SqlRuleMeasures:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def counts(self, org: Org, of: HitsOf, /) -> Sequence[HitCount]:
        return [
            HitCount(
                rule=row[0],
                rule_set=row[1],
                hour_ms=EPOCH_MS + int(row[2]) * HOUR_MS,
                action=row[3],
                hits=row[4],
                novel=int(row[5]),
            )
            for row in self._rows(_COUNTS, org, of)
        ]

    def overlap(self, org: Org, of: HitsOf, against: str, /) -> Sequence[Overlap]:
        rows = self._tx.rows(_OVERLAP, **_values(org, of), against=against)
        return [Overlap(rule=row[0], other=row[1], both=row[2]) for row in rows]

    def judged(self, org: Org, of: HitsOf, /) -> Mapping[str, Share]:
        return {row[0]: Share(int(row[2]), row[1]) for row in self._rows(_JUDGED, org, of)}

    def queues(self, org: Org, of: HitsOf, /) -> Sequence[QueueLoad]:
        return [
            QueueLoad(queue=row[0], day_ms=EPOCH_MS + int(row[1]) * DAY_MS, items=row[2])
            for row in self._rows(_QUEUES, org, of)
        ]

    def examples(self, org: Org, of: HitsOf, /, *, limit: int) -> Sequence[RuleHit]:
        return [_hit(row) for row in self._rows(_EXAMPLES, org, of, most=limit)]

    def _rows(
        self, statements: Mapping[str, Statement], org: Org, of: HitsOf, **more: object
    ) -> list[Row]:
        way = "version" if of.rule_set else "rule" if of.rule else "all"
        return self._tx.rows(statements[way], **_values(org, of), **more)


def _values(org: Org, of: HitsOf) -> dict[str, object]:
    return {
        "org": org,
        "of_rule_set": of.rule_set,
        "of_rule": of.rule,
        "first": first_id(of.from_ms),
        "end": first_id(of.to_ms),
        "shadows": 0 if of.deciding else 1,
    }


def _hit(row: Row) -> RuleHit:
    return RuleHit(
        org=row[0],
        event_id=EventId(row[1]),
        rule_set=row[2],
        rule=row[3],
        mode=HitMode(row[4]),
        subject=Subject(row[5], row[6]),
        version=row[7],
        action=row[8],
        novel=bool(row[9]),
        queue=row[10],
    )
