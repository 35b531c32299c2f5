"""The outbox page: what is on its way to the host, what got there and what did not."""

import json
from dataclasses import dataclass

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org, parse_id
from fieldfare.records import OutboxRow, OutboxState
from fieldfare.web.console.moments import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectLine:
    effect_id: str
    type: str
    webhook: str
    kind: str
    host_id: str
    revision: int
    state: str
    attempts: int
    due_at: Moment
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookLine:
    id: str
    url: str
    kinds: tuple[str, ...]
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxView:
    """Newest rows first. state: the filter, "" for all; next: cursor of the following page."""

    webhooks: tuple[WebhookLine, ...]
    state: str
    rows: tuple[EffectLine, ...]
    next: str


def outbox_view(
    uow: UnitOfWork,
    org: Org,
    *,
    state: OutboxState | None,
    before: tuple[EventId, int, str] | None,
    limit: int,
) -> OutboxView:
    states = None if state is None else frozenset({state})
    found = uow.outbox.page(org, states=states, before=before, limit=limit + 1)
    rows = found[:limit]
    return OutboxView(
        webhooks=tuple(
            WebhookLine(
                id=hook.id, url=hook.url, kinds=tuple(sorted(hook.kinds)), enabled=hook.enabled
            )
            for hook in uow.webhooks.all(org)
        ),
        state=state.value if state else "",
        rows=tuple(_line(row) for row in rows),
        next=write_cursor(rows[-1].place) if len(found) > limit else "",
    )


def write_cursor(place: tuple[EventId, int, str]) -> str:
    """Write the place of a row as a cursor: `<decision id>-<part>-<webhook id>`."""
    return "-".join(str(part) for part in place)


def read_cursor(text: str) -> tuple[EventId, int, str] | None:
    """Read a cursor back; "" is none. Raises BadInput for anything else."""
    if not text:
        return None
    decision, _, rest = text.partition("-")
    part, _, webhook = rest.partition("-")
    return parse_id(decision), int(parse_id(part)), webhook


def _line(row: OutboxRow) -> EffectLine:
    return EffectLine(
        effect_id=row.id,
        type=_type(row.body),
        webhook=row.webhook_id,
        kind=row.subject.kind,
        host_id=row.subject.host_id,
        revision=row.subject_revision,
        state=row.state.value,
        attempts=row.attempts,
        due_at=Moment(row.due_at),
        error=row.error,
    )


def _type(body: bytes) -> str:
    """Read the type out of a webhook body of our own writing."""
    read = json.loads(body)
    return str(read.get("type", "")) if isinstance(read, dict) else ""
