"""What each kind of host event does to the projections, in the transaction that appends it."""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.repositories import Account
from fieldfare.ingest.schemas import (
    AccountChanged,
    AccountCreated,
    AccountDeleted,
    Follow,
    HostEvent,
    ItemDeleted,
    ItemName,
    ItemTouched,
    ItemViewed,
    ReportFiled,
    moment,
)
from fieldfare.kernel import BadInput, EventId, JsonValue, Org
from fieldfare.records import ACCOUNT, ItemState, ItemVersion, NewEvent, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A checked host event on its way into the log. `data` is its JSON, `occurred_at` in ms."""

    event: HostEvent
    data: Mapping[str, JsonValue]
    occurred_at: int | None


def write_host_event(uow: UnitOfWork, org: Org, arrival: Arrival) -> EventId:
    """Append a host's event (any but a posted item) and bring the projections along.

    Raises BadInput for an item that was never posted: what happened to nothing cannot be judged.
    """
    match arrival.event:
        case ItemViewed() as event:
            written = _viewed(uow, org, arrival, event)
        case ItemDeleted() as event:
            written = _deleted(uow, org, arrival, event)
        case ReportFiled() as event:
            written = _reported(uow, org, arrival, event)
        case ItemTouched() as event:
            touched = _posted(uow, org, event.item)
            written = _append(uow, org, arrival, subject=touched.subject, person=event.actor)
        case AccountCreated() | AccountChanged() | AccountDeleted() as event:
            written = _account(uow, org, arrival, event)
        case Follow() as event:
            followed = Subject(ACCOUNT, event.account)
            written = _append(uow, org, arrival, subject=followed, person=event.actor)
        case event:
            # Effect acknowledgements and an operator's own kinds are about the host itself.
            written = _append(uow, org, arrival, subject=Subject("host", event.kind), person=None)
    return written


def _append(
    uow: UnitOfWork,
    org: Org,
    arrival: Arrival,
    *,
    subject: Subject,
    person: str | None,
    cause: EventId | None = None,
    told: Mapping[str, JsonValue] | None = None,
) -> EventId:
    new = NewEvent(
        kind=arrival.event.kind,
        subject=subject,
        person=Subject(ACCOUNT, person) if person else None,
        occurred_at=arrival.occurred_at,
        causes=() if cause is None else (cause,),
        data={**arrival.data, **(told or {})},
    )
    return uow.log.append(org, new).id


def _posted(uow: UnitOfWork, org: Org, name: ItemName) -> ItemVersion:
    item = uow.items.current(org, Subject(name.kind, name.host_id))
    if item is None:
        raise BadInput(
            f"{name.kind}:{name.host_id} was never posted",
            hint="Post the item first, then what happened to it.",
            pointer="/item",
        )
    return item


def _viewed(uow: UnitOfWork, org: Org, arrival: Arrival, event: ItemViewed) -> EventId:
    item = _posted(uow, org, event.item)
    moment(event.window_start, pointer="/window_start")
    seen = next(
        (v for v in uow.items.versions(org, item.subject) if v.number == event.version), item
    )
    total = uow.views.add(
        org, item.subject, seen.digest, views=event.views, watch_ms=event.watch_ms
    )
    # The total travels with the event, so that crossing a threshold is a fact of the log.
    told: dict[str, JsonValue] = {"total": total}
    return _append(
        uow, org, arrival, subject=item.subject, person=None, cause=item.event_id, told=told
    )


def _deleted(uow: UnitOfWork, org: Org, arrival: Arrival, event: ItemDeleted) -> EventId:
    item = _posted(uow, org, event.item)
    uow.items.settle(org, item.subject, item.digest, state=ItemState.DELETED)
    author = item.author.host_id
    return _append(uow, org, arrival, subject=item.subject, person=author, cause=item.event_id)


def _reported(uow: UnitOfWork, org: Org, arrival: Arrival, event: ReportFiled) -> EventId:
    item = _posted(uow, org, event.item)
    told: dict[str, JsonValue] = {
        "actor": event.reporter,
        "views": uow.views.total(org, item.subject),
        "version": item.digest,
    }
    reporter = event.reporter
    event_id = _append(
        uow, org, arrival, subject=item.subject, person=reporter, cause=item.event_id, told=told
    )
    uow.reports.file(org, item.subject, event_id, reporter=Subject(ACCOUNT, reporter))
    return event_id


def _account(
    uow: UnitOfWork,
    org: Org,
    arrival: Arrival,
    event: AccountCreated | AccountChanged | AccountDeleted,
) -> EventId:
    subject = Subject(ACCOUNT, event.actor)
    event_id = _append(uow, org, arrival, subject=subject, person=event.actor)
    before = uow.accounts.get(org, subject) or Account(subject=subject, created_at=0)
    created_at = before.created_at
    if isinstance(event, AccountCreated):
        told = moment(event.created_at, pointer="/created_at")
        created_at = told or arrival.occurred_at or created_at
    # A change told late is no sign of life: what was deleted comes back by being created.
    gone = isinstance(event, AccountDeleted) or (
        isinstance(event, AccountChanged) and before.state == "deleted"
    )
    uow.accounts.put(
        org,
        Account(
            subject=subject,
            created_at=created_at,
            market=before.market if isinstance(event, AccountDeleted) else event.market,
            state="deleted" if gone else "active",
            decision_id=before.decision_id,
            revision=before.revision,
        ),
    )
    return event_id
