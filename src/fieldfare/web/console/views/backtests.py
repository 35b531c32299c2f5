"""Backtests for the pages: kept records and their results flow in, lines and findings out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldfare.access import Permission, Principal
from fieldfare.engine.backtest.comparing import Comparison, compared
from fieldfare.engine.backtest.results import BacktestResult
from fieldfare.engine.backtest_records import BacktestRecord, BacktestState
from fieldfare.engine.unit import UnitOfWork
from fieldfare.engine.versioning import VersionRow
from fieldfare.kernel import Org
from fieldfare.metrics import DAY_MS
from fieldfare.records import Subject
from fieldfare.web.console.backtest_findings import Findings, History, Matrix, findings, matrix
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.views.rule_versions import VersionLine, version_line


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestLine:
    """A backtest. version: number of the version it ran, None for a draft nobody kept.

    to: the first moment that was not judged any more. done: share of the events, in [0, 1].
    """

    id: str
    state: str
    is_running: bool
    is_done: bool
    done: float
    rule_set: str
    version: int | None
    from_: Moment
    to: Moment
    by: str
    at: Moment
    events: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestsView:
    """The newest backtests. from_day, to_day: the last seven whole days, to start with.

    versions: to choose from; those of the newest that do not compile last.
    """

    tests: tuple[BacktestLine, ...]
    versions: tuple[VersionLine, ...]
    chosen: str
    from_day: str
    to_day: str
    may_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestView:
    """One backtest. findings: None until it is done.

    is_cut: a day or more of the period lies before or after all the history there is. pages: kind
    and id of the examples whose item has a page; what was imported has none.
    """

    test: BacktestLine
    findings: Findings | None
    is_cut: bool
    pages: frozenset[tuple[str, str]]
    may_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedView:
    """Two backtests side by side."""

    tests: tuple[BacktestLine, BacktestLine]
    comparison: Comparison
    matrices: tuple[Matrix, Matrix]


def backtest_line(
    record: BacktestRecord, rows: Sequence[VersionRow], progress: tuple[int, int]
) -> BacktestLine:
    """Write a backtest as a line. progress: events done, of how many."""
    done, total = progress
    numbers = {row.version.hash: row.version.number for row in rows}
    is_done = record.state is BacktestState.DONE
    return BacktestLine(
        id=str(record.id),
        state=record.state.value,
        is_running=record.state is BacktestState.RUNNING,
        is_done=is_done,
        done=1.0 if is_done else min(1.0, done / total) if total else 0.0,
        rule_set=record.rule_set,
        version=numbers.get(record.rule_set),
        from_=Moment(record.from_ms),
        to=Moment(record.to_ms),
        by=record.by,
        at=Moment(record.started_at),
        events=record.events,
        problem=record.why,
    )


def offered(rows: Sequence[VersionRow], broken: Mapping[str, str]) -> tuple[VersionLine, ...]:
    """List versions to choose from; last those that do not compile. broken: hash -> why."""
    lines = [version_line(row, broken.get(row.version.hash, "")) for row in rows]
    return tuple(sorted(lines, key=lambda line: bool(line.problem)))


def backtests_view(
    tests: Sequence[BacktestLine],
    versions: Sequence[VersionLine],
    who: Principal,
    *,
    chosen: str,
    span: tuple[str, str],
) -> BacktestsView:
    """List backtests. chosen: hash of the version to begin with; span: first and last day."""
    return BacktestsView(
        tests=tuple(tests),
        versions=tuple(versions),
        chosen=chosen,
        from_day=span[0],
        to_day=span[1],
        may_run=who.may(Permission.RULES_WRITE),
    )


def items_with_a_page(
    uow: UnitOfWork, org: Org, result: BacktestResult | None
) -> frozenset[tuple[str, str]]:
    """Name kind and id of the examples whose item can be opened."""
    if result is None:
        return frozenset()
    shown = [row.examples for row in result.hits]
    shown += [cell.examples for cell in result.changes]
    shown.append(result.known.examples)
    named = {(example.kind, example.host_id) for each in shown for example in each}
    return frozenset(each for each in named if uow.items.current(org, Subject(*each)) is not None)


def backtest_view(
    test: BacktestLine,
    result: BacktestResult | None,
    order: Mapping[str, int],
    who: Principal,
    *,
    pages: frozenset[tuple[str, str]],
) -> BacktestView:
    """Show one backtest. order: how grave each action is, as the pack says."""
    found = findings(result, order) if result else None
    return BacktestView(
        test=test,
        findings=found,
        is_cut=_is_cut(test, found.history if found else None),
        pages=pages,
        may_run=who.may(Permission.RULES_WRITE),
    )


def _is_cut(test: BacktestLine, history: History | None) -> bool:
    if history is None or history.first is None or history.last is None:
        return False
    before_ms, after_ms = history.first.ms - test.from_.ms, test.to.ms - history.last.ms
    return max(before_ms, after_ms) >= DAY_MS


def compared_view(
    tests: tuple[BacktestLine, BacktestLine],
    results: tuple[BacktestResult, BacktestResult],
    order: Mapping[str, int],
) -> ComparedView:
    first, second = results
    return ComparedView(
        tests=tests,
        comparison=compared(first, second),
        matrices=(matrix(first.changes, order), matrix(second.changes, order)),
    )
