"""The aftermath: what was decided, said and seen of the items a candidate has something to say on.

In flow the items, and slices of the log from the span's start to now; out flow small traces in id
order: recorded decisions, people's verdicts, new versions, windows of views.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from fieldfare.decisions.record import DECISION_MADE
from fieldfare.engine.backtest.findings import Item
from fieldfare.engine.backtest.plan import OpensLake, Plan, Slice
from fieldfare.engine.lake import LakeEvent
from fieldfare.engine.pool import Beat
from fieldfare.kernel import EventId
from fieldfare.records import ACCOUNT, Voice
from fieldfare.review.reviewing import VERDICT_GIVEN, VERDICT_WITHDRAWN

CHANGED: Final = "item.changed"
VIEWED: Final = "item.viewed"
DELETED: Final = "item.deleted"
KINDS: Final = frozenset(
    {DECISION_MADE, VERDICT_GIVEN, VERDICT_WITHDRAWN, CHANGED, DELETED, VIEWED}
)
ALLOW: Final = "allow"


class Decided(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A recorded decision. queues: where it asked a person."""

    event_id: EventId
    subject: Item
    version: str
    action: str
    by_rule: bool
    queues: tuple[str, ...]


class Said(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A person's verdict on a version. is_good: nothing against it; None: taken back."""

    event_id: EventId
    subject: Item
    version: str
    is_good: bool | None


class Renewed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=True):
    """Another version took the place of what was judged, or the item is gone ("")."""

    event_id: EventId
    subject: Item
    version: str


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=True):
    """A window of views of an item."""

    event_id: EventId
    subject: Item
    views: int
    surface: str
    market: str
    age_band: str


Trace = Decided | Said | Renewed | Seen


def find_aftermath(task: tuple[Plan, Slice, OpensLake, frozenset[Item]], beat: Beat) -> list[Trace]:
    """Read one slice; a work for a Pool. Decisions that do something are kept of every item."""
    plan, piece, open_lake, items = task
    found: list[Trace] = []
    lake = open_lake()
    for batch in lake.events(plan.org, after=piece.after, up_to=piece.up_to, kinds=KINDS):
        for event in batch:
            item = (event.subject.kind, event.subject.host_id)
            if item in items or event.kind in {DECISION_MADE, VERDICT_GIVEN, VERDICT_WITHDRAWN}:
                found += _READ[event.kind](event, item)
        beat.advance(len(batch))
    return [
        trace
        for trace in found
        if trace.subject in items or (trace.event_id > plan.after and _does_something(trace))
    ]


def _does_something(trace: Trace) -> bool:
    match trace:
        case Decided():
            return trace.action != ALLOW or bool(trace.queues)
        case Said():
            return trace.is_good is not True
        case _:
            return False


def _decided(event: LakeEvent, item: Item) -> Iterator[Trace]:
    judgement = event.data.get("judgement")
    if isinstance(judgement, dict):
        review = judgement.get("review")
        wishes = review if isinstance(review, list) else []
        yield Decided(
            event_id=event.id,
            subject=item,
            version="" if item[0] == ACCOUNT else str(event.data.get("version", "")),
            action=str(judgement.get("action", ALLOW)),
            by_rule=judgement.get("by") == Voice.RULE.value,
            queues=tuple(dict.fromkeys(str(w["queue"]) for w in wishes if isinstance(w, dict))),
        )


def _said(event: LakeEvent, item: Item) -> Iterator[Trace]:
    withdrawn = event.kind == VERDICT_WITHDRAWN
    yield Said(
        event_id=event.id,
        subject=item,
        version=str(event.data.get("version", "")),
        is_good=None if withdrawn else event.data.get("action") == ALLOW,
    )


def _renewed(event: LakeEvent, item: Item) -> Iterator[Trace]:
    version = "" if event.kind == DELETED else str(event.data.get("version", ""))
    yield Renewed(event_id=event.id, subject=item, version=version)


def _seen(event: LakeEvent, item: Item) -> Iterator[Trace]:
    data: Mapping[str, Any] = event.data
    views = data.get("views")
    if isinstance(views, int) and views > 0:
        yield Seen(
            event_id=event.id,
            subject=item,
            views=views,
            surface=str(data.get("surface", "")),
            market=str(data.get("market", "")),
            age_band=str(data.get("age_band", "unknown")),
        )


_READ: Final[Mapping[str, Callable[[LakeEvent, Item], Iterator[Trace]]]] = {
    DECISION_MADE: _decided,
    VERDICT_GIVEN: _said,
    VERDICT_WITHDRAWN: _said,
    CHANGED: _renewed,
    DELETED: _renewed,
    VIEWED: _seen,
}
