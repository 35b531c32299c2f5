"""Replaying a slice: the candidate over events of the lake, with the state live rules would have.

In flow a plan and a slice; out flow outcomes, one an event. What the slice's first event may still
see in its windows is counted before, kind by kind as far back as each reaches, and every label
change before it is taken in: so a slice gives what the whole span would have given in its place.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from fieldfare.engine.backtest.plan import Plan, Slice
from fieldfare.engine.lake import Lake, LakeEvent
from fieldfare.engine.pool import Beat
from fieldfare.kernel import EventId
from fieldfare.kernel.ids import TIME_SHIFT
from fieldfare.rules import Occurrence, Outcome, Running
from fieldfare.rules.labels import LABEL_CHANGED

HORIZON_SLACK_MS: Final = 1


def replay(
    plan: Plan, piece: Slice, lake: Lake, beat: Beat
) -> Iterator[tuple[Sequence[LakeEvent], Sequence[Outcome | None]]]:
    """Give the events of a slice, a batch at a time, with the outcome of each.

    Nobody reads the reasons of a replay: they do not tell the values that rules saw. None for an
    event that no rule judges. The beat counts the slice's own events.
    """
    rules = plan.rules
    running = Running([rules])
    _warm(running, plan, piece.after, lake)
    lists, ends = plan.lists_at(EventId(piece.after + 1))
    judge = running.judge
    for batch in lake.events(plan.org, after=piece.after, up_to=piece.up_to):
        rules.work_ahead((e.kind, e.id, e.data, e.facts) for e in batch if e.judged)
        outcomes: list[Outcome | None] = []
        for event in batch:
            if event.id > ends:
                lists, ends = plan.lists_at(event.id)
            if event.judged:
                outcomes.append(judge(rules, occurrence_of(event), lists, explained=False))
                continue
            outcomes.append(None)
            if event.kind == LABEL_CHANGED:
                running.count(occurrence_of(event))
        yield batch, outcomes
        beat.advance(len(batch))


def occurrence_of(event: LakeEvent) -> Occurrence:
    """Give an event of the lake as rules see it."""
    return Occurrence(
        kind=event.kind,
        event_id=event.id,
        subject=event.subject,
        version=event.version,
        data=event.data,
        facts=event.facts,
    )


def _warm(running: Running, plan: Plan, up_to: EventId, lake: Lake) -> None:
    """Take in what an event after `up_to` may still see: all labels, and what windows hold."""
    for batch in lake.events(plan.org, after=EventId(0), up_to=up_to, kinds={LABEL_CHANGED}):
        for event in batch:
            running.count(occurrence_of(event))
    starts = {
        kind: EventId(max(0, up_to - ((window_ms + HORIZON_SLACK_MS) << TIME_SHIFT)))
        for kind, window_ms in running.horizons().items()
    }
    edges = [*sorted(set(starts.values())), up_to]
    for begin, end in pairwise(edges):
        kinds = {kind for kind, start in starts.items() if start <= begin}
        for batch in lake.events(plan.org, after=begin, up_to=end, kinds=kinds):
            for event in batch:
                if event.judged:
                    running.count(occurrence_of(event))
