"""Past events: what happened before an organisation came to us, counted and never acted upon.

In flow the same host events as live ones, each with its moment; out flow ids in the lane of
history. No projection learns of them: they feed counters, the lake and backtests.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.repositories import EarlierCall
from fieldfare.ingest.schemas import HostEvent, ItemPosted, as_json, checked_item, moment
from fieldfare.kernel import (
    Conflict,
    EventId,
    FieldfareError,
    JsonValue,
    Org,
    digest,
    make_id,
)
from fieldfare.kernel.ids import HISTORY_LANE
from fieldfare.records import ACCOUNT, NewEvent, Subject

HISTORY_CALL: Final = "history"
IMPORTED: Final = "history.imported"
Taken = EventId | FieldfareError


def import_history(
    uow: UnitOfWork, org: Org, events: Sequence[HostEvent | FieldfareError], *, now_ms: int
) -> list[Taken]:
    """Put past events on the log; each is answered with its id or what is wrong with it.

    An event at the end of the log tells the evaluator that the past has changed: `newest` names
    the last of each kind. What is repeated under its key is answered with the first id; now_ms:
    from when on keys count their 24 hours.
    """
    taken = [_imported(uow, org, event, now_ms=now_ms) for event in events]
    newest: dict[str, EventId] = {}
    for event, written in zip(events, taken, strict=True):
        if isinstance(event, HostEvent) and not isinstance(written, FieldfareError):
            newest[event.kind] = max(written, newest.get(event.kind, written))
    if newest:
        told: dict[str, JsonValue] = {kind: str(at) for kind, at in newest.items()}
        about = Subject("history", "import")
        uow.log.append(org, NewEvent(kind=IMPORTED, subject=about, data={"newest": told}))
    return taken


def _imported(
    uow: UnitOfWork, org: Org, event: HostEvent | FieldfareError, *, now_ms: int
) -> Taken:
    if isinstance(event, FieldfareError):
        return event
    try:
        return _once(uow, org, event.key, _past(event), now_ms=now_ms)
    except FieldfareError as error:
        return error


def _once(uow: UnitOfWork, org: Org, key: str, past: NewEvent, *, now_ms: int) -> EventId:
    content = digest([past.kind, past.occurred_at, past.data])
    earlier = uow.call_keys.find(org, HISTORY_CALL, key)
    if earlier is not None:
        first = EventId(int(earlier.answer))
        if earlier.content_digest != content:
            raise Conflict(
                f"key {key!r} was used before with other content",
                hint=f"The first call is event {first}; use a new key.",
                pointer="/key",
            )
        return first
    (written,) = uow.history.append(org, [past])
    # Keys are forgotten by the id of their call, and that of a past event is long gone by.
    called = make_id(now_ms, lane=HISTORY_LANE)
    answer = str(written.id).encode()
    uow.call_keys.keep(
        org, HISTORY_CALL, key, EarlierCall(content_digest=content, event_id=called, answer=answer)
    )
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
