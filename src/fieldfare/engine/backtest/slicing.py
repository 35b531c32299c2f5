"""Cutting a span of the log into slices of about as many events each."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from fieldfare.engine.backtest.plan import Slice
from fieldfare.engine.lake import Lake
from fieldfare.kernel import EventId, Org
from fieldfare.kernel.ids import TIME_SHIFT

PARTS: Final = 8
"""How finely each slice-to-be is measured before the span is cut."""
SMALLEST: Final = 5_000
"""Events below which a second process costs more than it saves."""


def counted(lake: Lake, org: Org, after: EventId, up_to: EventId) -> Mapping[str, int]:
    """Count the events of a span by kind."""
    return lake.counts(org, after=after, up_to=up_to)


def cut(lake: Lake, org: Org, after: EventId, up_to: EventId, *, into: int) -> Sequence[Slice]:
    """Cut a span into at most `into` slices, in order, without a gap."""
    total = sum(counted(lake, org, after, up_to).values())
    into = min(into, total // SMALLEST)
    if into <= 1:
        return [Slice(after=after, up_to=up_to)]
    edges = _edges(after, up_to, parts=into * PARTS)
    events = [sum(counted(lake, org, begin, end).values()) for begin, end in pairwise(edges)]
    slices, begin, held, share = [], after, 0, total / into
    for end, some in zip(edges[1:], events, strict=True):
        held += some
        if held >= share and end < up_to:
            slices.append(Slice(after=begin, up_to=end))
            begin, held = end, 0
    return [*slices, Slice(after=begin, up_to=up_to)]


def _edges(after: EventId, up_to: EventId, *, parts: int) -> list[EventId]:
    """Divide a span into parts of equal time, at whole milliseconds."""
    first, last = after >> TIME_SHIFT, up_to >> TIME_SHIFT
    marks = {first + (last - first) * n // parts for n in range(1, parts)}
    inner = [EventId((mark << TIME_SHIFT) - 1) for mark in sorted(marks)]
    return [after, *(mark for mark in inner if after < mark < up_to), up_to]
