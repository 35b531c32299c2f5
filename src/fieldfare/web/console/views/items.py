"""One item as the pages show it: what it is, what was found, and everything that happened to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldfare.engine.content import scan_of
from fieldfare.engine.looks import LOOKED_AT
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.kinds import ITEM_KINDS
from fieldfare.kernel import EventId, JsonValue, NotFound, Org
from fieldfare.policies import PolicyPack
from fieldfare.records import Event, ItemVersion, Subject
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.views.grounds import (
    DecisionLine,
    Find,
    TextLine,
    decision_line,
    show,
    text_lines,
)
from fieldfare.web.console.views.known import KnownOfItem, known_of_item
from fieldfare.web.console.views.scan_pictures import Still, seconds_of, stills_of

HISTORY: Final = 500
LANES: Final = ("host", "machine", "people", "outcome")
_MACHINE: Final = frozenset({"item.scanned", "views.reached"})
_PEOPLE: Final = ("verdict.", "case.", "media.", "report.", "appeal.", LOOKED_AT)
_OUTCOME: Final = frozenset({"decision.made", "effect.acknowledged", "strike.applied"})


class ItemUnknown(NotFound):
    slug = "item-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLine:
    """A fact the scan found, or why it could not. ms: of CPU and waiting."""

    name: str
    value: str
    unknown: str
    version: str
    ms: float
    spans: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A link to another entry of the time line. here: whether it stands on the same page."""

    id: str
    kind: str
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """An entry of the time line. lane: 0 host, 1 machine, 2 people, 3 outcome."""

    id: str
    kind: str
    at: Moment
    lane: int
    summary: str
    details: tuple[tuple[str, str], ...]
    causes: tuple[Cause, ...]
    erased: bool
    decision: DecisionLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    number: int
    digest: str
    state: str
    posted_at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    kind: str
    host_id: str
    author: str
    market: str
    language: str
    state: str
    number: int
    digest: str
    posted_at: Moment
    views: int
    reports: tuple[tuple[str, int], ...]
    texts: tuple[TextLine, ...]
    media: tuple[tuple[str, int], ...]
    stills: tuple[Still, ...]
    facts: tuple[FactLine, ...]
    versions: tuple[VersionLine, ...]
    decision: DecisionLine | None
    decisions: int
    timeline: tuple[EventLine, ...]
    known: KnownOfItem


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentLine:
    """A decision in the list of items. version_state: "" for accounts."""

    kind: str
    host_id: str
    decision: DecisionLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsView:
    """The newest decisions. next: cursor of the following page, "" on the last.

    kinds: of items there are. kind, host_id: what was looked for and is not there; "" if nothing
    was.
    """

    rows: tuple[RecentLine, ...]
    next: str
    kinds: tuple[str, ...] = tuple(ITEM_KINDS)
    kind: str = ""
    host_id: str = ""


def items_view(uow: UnitOfWork, org: Org, *, before: EventId | None, limit: int) -> ItemsView:
    found = uow.decisions.page(org, before=before, limit=limit + 1)
    rows = tuple(
        RecentLine(
            kind=each.subject.kind, host_id=each.subject.host_id, decision=decision_line(each)
        )
        for each in found[:limit]
    )
    return ItemsView(rows=rows, next=rows[-1].decision.id if len(found) > limit else "")


def item_view(
    uow: UnitOfWork, org: Org, subject: Subject, find: Find, *, pack: PolicyPack, by: str
) -> ItemView:
    """Read everything about one item. Raises ItemUnknown."""
    item = uow.items.current(org, subject)
    if item is None:
        raise ItemUnknown(f"There is no {subject.kind} {subject.host_id!r}.")
    post = uow.log.get(org, item.event_id)
    scan = scan_of(uow, org, item)
    decisions = uow.decisions.of_subject(org, subject)
    lines = {decision.id: decision_line(decision) for decision in decisions}
    events = uow.log.of_subject(org, subject, limit=HISTORY)
    return ItemView(
        kind=subject.kind,
        host_id=subject.host_id,
        author=item.author.host_id,
        market=item.market,
        language=told(post, "language"),
        state=item.state.value,
        number=item.number,
        digest=item.digest,
        posted_at=Moment(item.posted_at),
        views=uow.views.total(org, subject),
        reports=reports_of(events),
        texts=text_lines(post, find),
        media=tuple((part.sha256, part.size) for part in item.media),
        stills=stills_of(scan),
        facts=facts_of(scan),
        versions=tuple(_version(each) for each in uow.items.versions(org, subject)),
        decision=lines.get(item.decision_id) if item.decision_id else None,
        decisions=len(decisions),
        timeline=tuple(_event(event, events, lines) for event in events),
        known=known_of_item(uow, org, item, pack, by=by),
    )


def told(post: Event | None, field: str) -> str:
    """Read a text field of the item as the host told it; "" if it did not, or it was erased."""
    item = (post.data or {}).get("item") if post else None
    value = item.get(field) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""


def facts_of(scan: Event | None) -> tuple[FactLine, ...]:
    """List the facts a scan found, by name."""
    found = (scan.data or {}).get("facts") if scan else None
    facts = found if isinstance(found, dict) else {}
    return tuple(
        _fact(name, fact) for name, fact in sorted(facts.items()) if isinstance(fact, dict)
    )


def reports_of(events: Sequence[Event]) -> tuple[tuple[str, int], ...]:
    """Count users' reports by reason, most frequent first."""
    counts: dict[str, int] = {}
    for event in events:
        if event.kind == "report.filed":
            reason = str((event.data or {}).get("reason", "?"))
            counts[reason] = counts.get(reason, 0) + 1
    return tuple(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def _version(item: ItemVersion) -> VersionLine:
    return VersionLine(
        number=item.number,
        digest=item.digest,
        state=item.state.value,
        posted_at=Moment(item.posted_at),
    )


def _fact(name: str, fact: Mapping[str, JsonValue]) -> FactLine:
    spans = fact.get("spans")
    return FactLine(
        name=name,
        value="" if "unknown" in fact else show(fact.get("value")),
        unknown=str(fact.get("unknown", "")),
        version=str(fact.get("version", "")),
        ms=seconds_of(fact.get("ms")),
        spans=tuple(_span(each) for each in (spans if isinstance(spans, list) else [])),
    )


def _span(span: JsonValue) -> tuple[float, float]:
    """Read a span as it stands on the log: [start, end] or {start, end}."""
    if isinstance(span, dict):
        return seconds_of(span.get("start")), seconds_of(span.get("end"))
    if isinstance(span, list) and len(span) >= 2:  # noqa: PLR2004  # start and end
        return seconds_of(span[0]), seconds_of(span[1])
    return 0.0, 0.0


def lane_of_kind(kind: str) -> int:
    """Say who made an event: 0 the host, 1 a machine, 2 people, 3 what came of it."""
    if kind in _OUTCOME:
        return 3
    if kind.startswith(_PEOPLE):
        return 2
    return 1 if kind in _MACHINE else 0


def _event(
    event: Event, all_events: Sequence[Event], decisions: Mapping[EventId, DecisionLine]
) -> EventLine:
    here = {each.id: each.kind for each in all_events}
    return EventLine(
        id=str(event.id),
        kind=event.kind,
        at=Moment(event.at),
        lane=lane_of_kind(event.kind),
        summary=_summary(event),
        details=_details(event),
        causes=tuple(
            Cause(id=str(cause), kind=here.get(cause, ""), here=cause in here)
            for cause in event.causes
        ),
        erased=event.data is None,
        decision=decisions.get(event.id),
    )


_SUMMED_UP: Final[Mapping[str, tuple[str, ...]]] = {
    "item.viewed": ("views", "surface", "market"),
    "views.reached": ("views",),
    "report.filed": ("reason", "text"),
    "case.opened": ("queue", "reason"),
    "case.skipped": ("reviewer", "reason"),
    "case.escalated": ("reviewer", "note"),
    "verdict.given": ("reviewer", "action", "policy", "note"),
    "verdict.withdrawn": ("reviewer",),
    "media.revealed": ("reviewer", "what"),
    LOOKED_AT: ("by",),
}
_HIDDEN: Final = frozenset({"facts", "stills", "item", "judgement", "key", "media"})


def _summary(event: Event) -> str:
    data = event.data or {}
    names = _SUMMED_UP.get(event.kind, ())
    return " · ".join(show(data[name]) for name in names if data.get(name) not in (None, ""))


def _details(event: Event) -> tuple[tuple[str, str], ...]:
    data = event.data or {}
    return tuple((name, show(value)) for name, value in data.items() if name not in _HIDDEN)
