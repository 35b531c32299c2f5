"""A backtest laid out: a result flows in; matrices, days and examples to open flow out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from fieldfare.engine.backtest.results import (
    BacktestResult,
    Change,
    Example,
    FactHeld,
    Held,
    Known,
    Part,
    Prevented,
)
from fieldfare.kernel import at_of, unix_ms
from fieldfare.metrics import Share
from fieldfare.web.console.moments import Moment

NONE: Final = "none"
MOST_DAYS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Subjects whose action was the row's and would be the column's.

    turn: same, stricter or milder; "" where there is nothing.
    """

    count: int
    turn: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    old: str
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Old action by new action, both from mild to grave."""

    new: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    stricter: int
    milder: int
    same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """What one rule did. days: hits of each day. judged: of those people judged, that were bad."""

    rule: str
    hits: int
    items: int
    days: tuple[int, ...]
    judged: Share
    views: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """Questions to people: as recorded and as they would be, in all and by day."""

    queue: str
    old: int
    new: int
    old_days: tuple[int, ...]
    new_days: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the lake held. events: of the span; first, last: of all it holds, None of nothing."""

    events: int
    first: Moment | None
    last: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that a backtest found. labels: of its days, such as `22 Nov`; by_day: hits in all.

    history: None in results from before it was told.
    """

    events: int
    history: History | None
    judged: tuple[tuple[str, int], ...]
    labels: tuple[str, ...]
    by_day: tuple[int, ...]
    matrix: Matrix
    accounts: Matrix | None
    rules: tuple[RuleRow, ...]
    silent: tuple[str, ...]
    prevented: Prevented
    known: Known
    markets: tuple[Part, ...]
    languages: tuple[Part, ...]
    review: tuple[QueueRow, ...]
    facts: tuple[FactHeld, ...]
    absent: tuple[str, ...]
    errors: tuple[tuple[str, int], ...]


def findings(result: BacktestResult, order: Mapping[str, int]) -> Findings:
    """Lay out a result. order: how grave each action is, as the pack says."""
    days = days_of(result)
    rules = [
        RuleRow(
            rule=each.rule,
            hits=each.hits,
            items=each.items,
            days=tuple(each.days.get(day, 0) for day in days),
            judged=Share(each.known_bad, each.known_bad + each.known_good),
            views=result.prevented.by_rule.get(each.rule, 0),
            examples=each.examples,
        )
        for each in result.hits
    ]
    hitting = sorted((row for row in rules if row.hits), key=lambda row: (-row.hits, row.rule))
    return Findings(
        events=result.events,
        history=_history(result.history) if result.history else None,
        judged=tuple(sorted(result.judged.items())),
        labels=tuple(f"{date.fromisoformat(day):%-d %b}" for day in days),
        by_day=tuple(sum(row.days[at] for row in hitting) for at in range(len(days))),
        matrix=matrix(result.changes, order),
        accounts=matrix(result.accounts, order) if result.accounts else None,
        rules=tuple(hitting),
        silent=tuple(sorted(row.rule for row in rules if not row.hits)),
        prevented=result.prevented,
        known=result.known,
        markets=_largest(result.markets),
        languages=_largest(result.languages),
        review=_review(result, days),
        facts=result.facts,
        absent=result.absent,
        errors=tuple(sorted(result.errors.items(), key=lambda each: (-each[1], each[0]))),
    )


def _history(held: Held) -> History:
    first, last = (Moment(unix_ms(at)) if at else None for at in (held.first_at, held.last_at))
    return History(events=held.events, first=first, last=last)


def days_of(result: BacktestResult) -> tuple[str, ...]:
    """List the days of the span, such as 2026-10-01; of a span beyond 400 days the last."""
    first, last = (
        datetime.fromtimestamp(at_of(int(each)) / 1000, UTC).date()
        for each in (result.first_id, result.last_id)
    )
    first = max(first, last - timedelta(days=MOST_DAYS - 1))
    return tuple(
        (first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)
    )


def matrix(changes: Iterable[Change], order: Mapping[str, int]) -> Matrix:
    """Lay changes out as old action by new action."""
    cells = {(change.old, change.new): change for change in changes}

    def grave(action: str) -> tuple[int, str]:
        return (-1 if action == NONE else order.get(action, 0), action)

    olds = sorted({old for old, _ in cells}, key=grave)
    news = sorted({new for _, new in cells}, key=grave)
    turns = {"stricter": 0, "milder": 0, "same": 0}
    rows = []
    for old in olds:
        row = []
        for new in news:
            change = cells.get((old, new))
            turn = _turn(old, new, order) if change and change.count else ""
            if change and turn:
                turns[turn] += change.count
            row.append(
                Cell(
                    count=change.count if change else 0,
                    turn=turn,
                    examples=change.examples if change else (),
                )
            )
        rows.append(MatrixRow(old=old, cells=tuple(row), total=sum(cell.count for cell in row)))
    return Matrix(new=tuple(news), rows=tuple(rows), **turns)


def _turn(old: str, new: str, order: Mapping[str, int]) -> str:
    before, after = order.get(old, 0), order.get(new, 0)
    if old == new or before == after:
        return "same"
    return "stricter" if after > before else "milder"


def _largest(parts: Sequence[Part]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=lambda part: (-part.items, part.name)))


def _review(result: BacktestResult, days: Sequence[str]) -> tuple[QueueRow, ...]:
    loads = {(load.queue, load.day): load for load in result.review}
    rows = []
    for queue in dict.fromkeys(load.queue for load in result.review):
        found = [loads.get((queue, day)) for day in days]
        old = tuple(load.old if load else 0 for load in found)
        new = tuple(load.new if load else 0 for load in found)
        rows.append(QueueRow(queue=queue, old=sum(old), new=sum(new), old_days=old, new_days=new))
    return tuple(sorted(rows, key=lambda row: (-row.new, row.queue)))
