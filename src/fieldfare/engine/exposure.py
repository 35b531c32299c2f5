"""Exposure: how many of an item's views the rules have judged, for the gate to begin with.

In flow the counted views and what waits on the log; out flow the views up to which the evaluator
has come. A stage that opened because views were counted, and not because rules ran on them, would
let a restart do what only a judgement may.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from fieldfare.decisions.gate import THRESHOLDS
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.records import Event, Subject

PAGE: Final = 1_000


def views_judged(uow: UnitOfWork, position: EventId) -> Mapping[tuple[Org, Subject], int]:
    """Count the views of items that were seen often, without those still waiting for the rules.

    position: the last event the evaluator has done. An absent item is below the first threshold.
    """
    judged = {(org, subject): seen for org, subject, seen in uow.views.at_least(THRESHOLDS[0])}
    for org, subject, before in _waiting(uow, position):
        if (org, subject) in judged:
            judged[org, subject] = min(judged[org, subject], before)
    return judged


def _waiting(uow: UnitOfWork, position: EventId) -> Iterator[tuple[Org, Subject, int]]:
    """Walk what waits, each with the views there were before it."""
    for event in _after(uow, "item.viewed", position):
        yield from _before(event, event)
    for event in _after(uow, "views.reached", position):
        # The window that reached it is done; the rules have not run on what it reached.
        window = uow.log.get(event.org, event.causes[0]) if event.causes else None
        if window is not None:
            yield from _before(event, window)


def _before(event: Event, window: Event) -> Iterator[tuple[Org, Subject, int]]:
    data = window.data or {}
    total, views = data.get("total"), data.get("views")
    if isinstance(total, int) and isinstance(views, int):
        yield event.org, event.subject, total - views


def _after(uow: UnitOfWork, kind: str, after: EventId) -> Iterator[Event]:
    while events := uow.recall.of_kind(kind, after, limit=PAGE):
        yield from events
        after = events[-1].id
