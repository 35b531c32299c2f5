"""The investigation page: what was asked, what was found, and what may be done with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fieldfare.engine.investigating import DAY_MS, Findings, Inquiry, row_json
from fieldfare.engine.saved_queries import SavedQuery
from fieldfare.kernel import at_of
from fieldfare.web.console.charts import Columns, columns
from fieldfare.web.console.moments import Moment

TOP_SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TopRow:
    """A value: how often, its share, the share before, and how many percent points that is more."""

    value: str | None
    count: int
    share: float
    before: float | None
    more: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    id: str
    at: Moment
    kind: str
    subject_kind: str
    host_id: str
    person: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of an inquiry. chart: columns over time; step: how long one of them is, in ms.

    askable: of the items, those that people can be asked about.
    """

    count: int
    items: int
    askable: int
    items_cut: bool
    values: int
    scanned: int
    complete: bool
    up_to: Moment
    step: int
    before: int | None
    chart: Columns | None
    top: tuple[TopRow, ...]
    rows: tuple[EventRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What the page was asked. to: RFC 3339, "" for now; asked, skipped: what an order came to."""

    q: str = ""
    top: str = ""
    kind: str = ""
    days: int = 7
    to: str = ""
    asked: int | None = None
    labelled: int | None = None
    skipped: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvestigateView:
    """to: where the time looked at ends. trouble: why nothing was found, with carets.

    top_type, person_type: of the entities that the most frequent values and persons are, "" for
    values that are none. names: what an expression may name; policies: those a case may be opened
    under; labels, entity_types: those the rules declare and know; most: items or entities an order
    may be about; key: of the order that this page may send.
    """

    asked: Asking
    to: Moment
    trouble: str
    found: Found | None
    top_type: str
    person_type: str
    saved: tuple[SavedQuery, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    days: tuple[int, ...]
    policies: tuple[str, ...]
    labels: tuple[str, ...]
    entity_types: tuple[str, ...]
    may_order: bool
    most: int
    key: str


def found_view(found: Findings, *, askable: int) -> Found:
    """Lay findings out for a page. askable: of the items, as in `Found`."""
    labels = [_label(start, found.step_ms) for start in found.starts]
    return Found(
        count=found.count,
        items=found.items,
        askable=askable,
        items_cut=found.items_cut,
        values=found.values,
        scanned=found.scanned,
        complete=found.complete,
        up_to=Moment(found.up_to_ms),
        step=found.step_ms,
        before=found.before,
        chart=columns([found.counts], labels),
        top=tuple(
            TopRow(
                value=row.value,
                count=row.count,
                share=row.share,
                before=row.before,
                more=None if row.before is None else row.share - row.before,
            )
            for row in found.top[:TOP_SHOWN]
        ),
        rows=tuple(_rows(found)),
    )


def inquiry_of(asked: Asking, to_ms: int) -> Inquiry:
    """Write what the page was asked as an inquiry."""
    return Inquiry(
        text=asked.q.replace("\r\n", "\n"),
        shown=asked.top,
        kinds=(asked.kind,) if asked.kind else (),
        from_ms=to_ms - asked.days * DAY_MS,
        to_ms=to_ms,
    )


def _label(start_ms: int, step_ms: int) -> str:
    """Write when a column begins as shortly as it can be told from the others."""
    begins = datetime.fromtimestamp(start_ms / 1000, UTC)
    return f"{begins:%-d %b %H:%M}" if step_ms < DAY_MS else f"{begins:%-d %b}"


def _rows(found: Findings) -> Iterable[EventRow]:
    for event in found.rows:
        told = row_json(event)
        yield EventRow(
            id=str(event.id),
            at=Moment(at_of(event.id)),
            kind=event.kind,
            subject_kind=event.subject.kind,
            host_id=event.subject.host_id,
            person=event.person.host_id if event.person else None,
            text=str(told["text"]),
        )
