"""Past events: what happened before an organisation came to us, counted and never acted upon.

In flow the same host events as live ones, each with its moment; out flow ids in the lane of
history. No projection learns of them: they feed counters, the lake and backtests.
"""

from collections.abc import Sequence

import msgspec

from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.schemas import HostEvent, ItemPosted, as_json, checked_item, moment
from fieldfare.kernel import EventId, FieldfareError, JsonValue, Org
from fieldfare.records import ACCOUNT, NewEvent, Subject

Taken = EventId | FieldfareError


def import_history(
    uow: UnitOfWork, org: Org, events: Sequence[HostEvent | FieldfareError]
) -> list[Taken]:
    """Put past events on the log; each is answered with its id or what is wrong with it."""
    return [_imported(uow, org, event) for event in events]


def _imported(uow: UnitOfWork, org: Org, event: HostEvent | FieldfareError) -> Taken:
    if isinstance(event, FieldfareError):
        return event
    try:
        (written,) = uow.history.append(org, [_past(event)])
    except FieldfareError as error:
        return error
    return written.id


def _past(event: HostEvent) -> NewEvent:
    occurred_at = moment(event.occurred_at, pointer="/occurred_at")
    if not isinstance(event, ItemPosted):
        data = as_json(event)
        person = _person(data)
        subject = Subject(ACCOUNT, person) if person else Subject("host", event.kind)
        return NewEvent(
            kind=event.kind,
            subject=_item(data) or subject,
            person=Subject(ACCOUNT, person) if person else None,
            occurred_at=occurred_at,
            data={**data, "actor": person},
        )
    item = checked_item(event.item, at="/item")
    fields = as_json(msgspec.structs.replace(item, key=None))
    return NewEvent(
        kind=event.kind,
        subject=Subject(item.kind, item.host_id),
        person=Subject(ACCOUNT, item.author),
        occurred_at=moment(item.occurred_at, pointer="/item/occurred_at") or occurred_at,
        data={"item": fields, "actor": item.author, "media": []},
    )


def _person(data: dict[str, JsonValue]) -> str:
    told = data.get("actor") or data.get("reporter") or ""
    return str(told)


def _item(data: dict[str, JsonValue]) -> Subject | None:
    name = data.get("item")
    return Subject(str(name["kind"]), str(name["host_id"])) if isinstance(name, dict) else None
