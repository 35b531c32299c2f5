"""The backtest from beginning to end: cut, replay on all cores, look at the aftermath, sum up."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from fieldfare.engine.backtest.aftermath import find_aftermath
from fieldfare.engine.backtest.finding import find_in_slice
from fieldfare.engine.backtest.findings import SliceResult, joined
from fieldfare.engine.backtest.plan import OpensLake, Plan, Slice
from fieldfare.engine.backtest.results import BacktestResult, Held
from fieldfare.engine.backtest.slicing import cut
from fieldfare.engine.backtest.summing import summed
from fieldfare.engine.backtest.weighing import Scales
from fieldfare.engine.grounds import CONTENT_KINDS
from fieldfare.engine.lake import Lake, LakeSpan
from fieldfare.engine.pool import InlinePool, Pool
from fieldfare.kernel import EventId, at_of, rfc3339
from fieldfare.records import ACCOUNT

Progress = Callable[[int, int], None]
"""Told how many events are done, of how many."""


def backtest(
    plan: Plan, open_lake: OpensLake, pool: Pool, *, progress: Progress, stop: threading.Event
) -> BacktestResult:
    """Run a backtest.

    The same plan over the same lake gives the same result, however many workers there are. Raises
    RuleSetDoesNotCompile before anything is read, Cancelled soon after `stop` is set.
    """
    plan.rules  # noqa: B018 -- what does not compile is told here, not from a worker
    lake = open_lake()
    span = lake.span(plan.org)
    plan = _within(plan, span)
    judged = cut(lake, plan.org, plan.after, plan.up_to, into=pool.workers)
    total = sum(lake.counts(plan.org, after=plan.after, up_to=plan.up_to).values())
    parts = _pool_for(judged, pool).map(
        find_in_slice,
        [(plan, piece, open_lake) for piece in judged],
        progress=lambda done: progress(min(done, total), total),
        stop=stop,
    )
    found = joined(parts)
    scales = Scales(plan)
    pieces = _aftermath_slices(plan, lake, found, into=pool.workers)
    items = frozenset(
        subject
        for finding in found.findings
        for subject in (finding.subject, *((ACCOUNT, host_id) for host_id, _ in finding.accounts))
    )
    traces = _pool_for(pieces, pool).map(
        find_aftermath,
        [(plan, piece, open_lake, items) for piece in pieces],
        progress=lambda _: progress(total, total),
        stop=stop,
    )
    scales.weigh(found.findings, (trace for part in traces for trace in part))
    return msgspec.structs.replace(summed(plan, found, scales), history=_held(span, total))


def _pool_for(pieces: Sequence[Slice], pool: Pool) -> Pool:
    """Work here where there is so little that starting a process would take longer."""
    return pool if len(pieces) > 1 else InlinePool()


def _held(span: LakeSpan | None, events: int) -> Held:
    """Say what there was, so that a span without history is not taken for a harmless candidate."""
    if span is None:
        return Held(events=events, first_at="", last_at="")
    return Held(
        events=events, first_at=rfc3339(at_of(span.first)), last_at=rfc3339(at_of(span.last))
    )


def _within(plan: Plan, span: LakeSpan | None) -> Plan:
    """Keep the ends of a plan to what there is, so that slices are cut where events are."""
    if span is None:
        return plan
    after = max(plan.after, EventId(span.first - 1))
    up_to = max(after, min(plan.up_to, span.last))
    return replace(
        plan, after=after, up_to=EventId(up_to), until=EventId(min(plan.until, span.last))
    )


def _aftermath_slices(plan: Plan, lake: Lake, found: SliceResult, *, into: int) -> Sequence[Slice]:
    """Cut what is to be read of the record; from its very start where it matters.

    A report or a threshold of views may be about an item that was decided before the span.
    """
    looks_back = any(finding.kind not in CONTENT_KINDS for finding in found.findings)
    after = EventId(0) if looks_back else plan.after
    until = EventId(max(plan.until, plan.up_to))
    if not looks_back:
        return cut(lake, plan.org, after, until, into=into)
    return [
        *([Slice(after=after, up_to=plan.after)] if plan.after else []),
        *cut(lake, plan.org, plan.after, until, into=into),
    ]
