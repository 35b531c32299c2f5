"""The log on a database: ids given inside the transaction, rows without personal data, payloads
under people's keys.

In flow new events; out flow events in clear, as long as the person's key exists.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Final

import msgspec
from sqlalchemy import bindparam, func, select

from fieldfare.kernel import (
    EPOCH_MS,
    HISTORY_LANE,
    BadInput,
    Clock,
    EventId,
    JsonValue,
    Org,
    at_of,
    make_id,
    next_id,
    rfc3339,
)
from fieldfare.kernel.ids import TIME_SHIFT
from fieldfare.ledger.keys import ERASED, ORGANISATION, Vault, payload_aad
from fieldfare.ledger.repositories import DataKeys
from fieldfare.records import Event, NewEvent, Subject
from fieldfare.storage.lanes import Lane, watermark
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import event_causes, events, histories, payloads
from fieldfare.storage.transaction import ReadOnlyUnit, Transaction, only

_INSERT_EVENT: Final = Statement(events.insert())
_INSERT_CAUSE: Final = Statement(event_causes.insert())
_INSERT_PAYLOAD: Final = Statement(payloads.insert())
_EVENTS: Final = select(
    events.c.org,
    events.c.id,
    events.c.kind,
    events.c.subject,
    events.c.person,
    events.c.occurred_at,
    payloads.c.body,
).select_from(
    events.outerjoin(payloads, (payloads.c.org == events.c.org) & (payloads.c.id == events.c.id))
)
_ONE: Final = Statement(
    _EVENTS.where(events.c.org == bindparam("org"), events.c.id == bindparam("event"))
)
_AFTER: Final = Statement(
    _EVENTS.where(events.c.id > bindparam("after"), events.c.id <= bindparam("up_to"))
    .order_by(events.c.id)
    .limit(bindparam("most"))
)
_OF_KIND: Final = Statement(
    _EVENTS.where(
        events.c.kind == bindparam("kind"),
        events.c.id > bindparam("after"),
        events.c.id <= bindparam("up_to"),
    )
    .order_by(events.c.id)
    .limit(bindparam("most"))
)
_OF_ORG: Final = Statement(
    _EVENTS.where(
        events.c.org == bindparam("org"),
        events.c.id > bindparam("after"),
        events.c.id <= bindparam("up_to"),
    )
    .order_by(events.c.id)
    .limit(bindparam("most"))
)
_LAST_OF: Final = Statement(
    _EVENTS.where(
        events.c.org == bindparam("org"),
        events.c.subject == bindparam("subject"),
        events.c.kind == bindparam("kind"),
        events.c.id < bindparam("before"),
    )
    .order_by(events.c.id.desc())
    .limit(1)
)
_NEWEST_OF: Final = Statement(
    _EVENTS.where(events.c.org == bindparam("org"), events.c.kind == bindparam("kind"))
    .order_by(events.c.id.desc())
    .limit(bindparam("most"))
)
_LIVE_OF_KINDS: Final = Statement(
    _EVENTS.where(
        events.c.org == bindparam("org"),
        events.c.kind.in_((bindparam("kind"), bindparam("or_kind"))),
        events.c.id > bindparam("after"),
    )
    .order_by(events.c.id)
    .limit(bindparam("most"))
)
_OF_SUBJECT: Final = Statement(
    _EVENTS.where(events.c.org == bindparam("org"), events.c.subject == bindparam("subject"))
    .order_by(events.c.id.desc())
    .limit(bindparam("most"))
)
_CAUSES: Final = Statement(
    select(event_causes.c.id, event_causes.c.cause)
    .where(
        event_causes.c.org == bindparam("org"),
        event_causes.c.id >= bindparam("first"),
        event_causes.c.id <= bindparam("last"),
    )
    .order_by(event_causes.c.id, event_causes.c.place)
)
_CAUSED_BY: Final = Statement(
    select(event_causes.c.id)
    .where(event_causes.c.org == bindparam("org"), event_causes.c.cause == bindparam("event"))
    .order_by(event_causes.c.id)
)
_FIRST_LIVE: Final = Statement(
    select(func.min(events.c.id)).where(
        events.c.org == bindparam("org"), events.c.id > bindparam("history")
    )
)
_LAST_BETWEEN: Final = Statement(
    select(func.max(events.c.id)).where(
        events.c.id >= bindparam("first"), events.c.id <= bindparam("last")
    )
)
HISTORY_END: Final = Statement(
    select(histories.c.last_id).where(histories.c.org == bindparam("org"))
)
_SET_HISTORY: Final = upsert(histories)


class _Payload(msgspec.Struct):
    """What is encrypted: who it is about, whose it is, and the data as JSON."""

    subject: Subject
    person: Subject | None
    data: msgspec.Raw


_encode: Final = msgspec.json.Encoder().encode
_decode_data: Final = msgspec.json.Decoder(dict[str, JsonValue]).decode
_decode_payload: Final = msgspec.json.Decoder(_Payload).decode


class SqlLog:
    """`records.Log` inside one transaction. lane: None in a read."""

    def __init__(self, tx: Transaction, keys: DataKeys, vault: Vault, lane: Lane | None) -> None:
        self._tx = tx
        self._keys = keys
        self._vault = vault
        self._lane = lane

    def append(self, org: Org, event: NewEvent, /) -> Event:
        if self._lane is None:
            raise ReadOnlyUnit
        return self.write(org, self._lane.next(), event)

    def write(self, org: Org, event_id: EventId, event: NewEvent) -> Event:
        """Put an event under an id that was made for it."""
        vault, tx = self._vault, self._tx
        subject, person = event.subject, event.person
        owner = ORGANISATION if person is None else vault.pseudonym(org, person)
        data = _encode(event.data)
        clear = _encode(_Payload(subject, person, msgspec.Raw(data)))
        body = vault.writing_key(self._keys, org, owner).encrypt(clear, payload_aad(org, event_id))
        name = owner if subject == person else vault.pseudonym(org, subject)
        digest = sha256(body).hexdigest()
        tx.insert(
            _INSERT_EVENT, (org, event_id, event.kind, name, owner, event.occurred_at, digest)
        )
        tx.insert(_INSERT_PAYLOAD, (org, event_id, owner, body))
        for place, cause in enumerate(event.causes):
            tx.insert(_INSERT_CAUSE, (org, event_id, place, cause))
        appended = Event(
            org=org,
            id=event_id,
            at=at_of(event_id),
            kind=event.kind,
            subject=subject,
            # Read back, so that whoever follows the log live sees what a replay will see.
            data=_decode_data(data),
            person=person,
            occurred_at=event.occurred_at,
            causes=event.causes,
        )
        tx.footprint.events.append(appended)
        return appended

    def get(self, org: Org, event_id: EventId, /) -> Event | None:
        found = self._tx.row(_ONE, org=org, event=event_id)
        return None if found is None else self._events([found])[0]

    def after(self, event_id: EventId, /, *, limit: int) -> Sequence[Event]:
        up_to = watermark(self._tx)
        return self._events(self._tx.rows(_AFTER, after=event_id, up_to=up_to, most=limit))

    def caused_by(self, org: Org, event_id: EventId, /) -> Sequence[EventId]:
        return [EventId(row[0]) for row in self._tx.rows(_CAUSED_BY, org=org, event=event_id)]

    def of_subject(self, org: Org, subject: Subject, /, *, limit: int) -> Sequence[Event]:
        name = self._vault.pseudonym(org, subject)
        rows = self._tx.rows(_OF_SUBJECT, org=org, subject=name, most=limit)
        return self._events(rows[::-1])

    def of_kind(self, kind: str, after: EventId, /, *, limit: int) -> Sequence[Event]:
        up_to = watermark(self._tx)
        rows = self._tx.rows(_OF_KIND, kind=kind, after=after, up_to=up_to, most=limit)
        return self._events(rows)

    def of_org(self, org: Org, after: EventId, up_to: EventId, /, *, limit: int) -> Sequence[Event]:
        bound = min(up_to, watermark(self._tx))
        rows = self._tx.rows(_OF_ORG, org=org, after=after, up_to=bound, most=limit)
        return self._events(rows)

    def last_of(self, org: Org, kind: str, subject: Subject, before: EventId, /) -> Event | None:
        name = self._vault.pseudonym(org, subject)
        found = self._tx.row(_LAST_OF, org=org, subject=name, kind=kind, before=before)
        return None if found is None else self._events([found])[0]

    def newest_of(self, org: Org, kind: str, /, *, limit: int) -> Sequence[Event]:
        return self._events(self._tx.rows(_NEWEST_OF, org=org, kind=kind, most=limit))

    def live_of_kinds(
        self, org: Org, kinds: Sequence[str], after: EventId, /, *, limit: int
    ) -> Sequence[Event]:
        """Read events of one kind or two in id order, without the imported history."""
        after = max(after, EventId(only(self._tx.row(HISTORY_END, org=org)) or 0))
        rows = self._tx.rows(
            _LIVE_OF_KINDS, org=org, kind=kinds[0], or_kind=kinds[-1], after=after, most=limit
        )
        return self._events(rows)

    def _events(self, rows: Sequence[Row]) -> list[Event]:
        causes = causes_of(self._tx, ((row[0], row[1]) for row in rows))
        return [self._event(row, causes.get((row[0], row[1]), ())) for row in rows]

    def _event(self, row: Row, causes: tuple[EventId, ...]) -> Event:
        org, event_id, kind, subject, person, occurred_at, body = row
        payload = self._open(org, event_id, person, body)
        if payload is None:
            about, owner = Subject(ERASED, subject), Subject(ERASED, person) if person else None
        else:
            about, owner = payload.subject, payload.person
        return Event(
            org=org,
            id=event_id,
            at=at_of(event_id),
            kind=kind,
            subject=about,
            data=None if payload is None else _decode_data(payload.data),
            person=owner,
            occurred_at=occurred_at,
            causes=causes,
        )

    def _open(
        self, org: Org, event_id: EventId, person: str, body: bytes | None
    ) -> _Payload | None:
        if body is None:
            return None
        key = self._vault.reading_key(self._keys, org, person)
        clear = key.decrypt(body, payload_aad(org, event_id)) if key is not None else None
        return None if clear is None else _decode_payload(clear)


class SqlHistory:
    """`records.History`: ids made from the host's time, in the lane of history."""

    def __init__(self, tx: Transaction, log: SqlLog, clock: Clock) -> None:
        self._tx = tx
        self._log = log
        self._clock = clock

    def append(self, org: Org, new: Sequence[NewEvent], /) -> Sequence[Event]:
        dated = sorted(((_occurred_at(event), event) for event in new), key=itemgetter(0))
        if not dated:
            return []
        last = only(self._tx.row(HISTORY_END, org=org)) or 0
        ceiling = self._ceiling(org, last)
        appended = []
        for at_ms, event in dated:
            last = self._next(last, at_ms)
            if last >= ceiling:
                raise BadInput(
                    f"the event of {rfc3339(at_ms)} is not older than the first live event",
                    hint="Send what happened since then as live events.",
                    pointer="/occurred_at",
                )
            appended.append(self._log.write(org, last, event))
        self._tx.run(_SET_HISTORY, org=org, last_id=last)
        return appended

    def _ceiling(self, org: Org, history_end: int) -> int:
        first_live = only(self._tx.row(_FIRST_LIVE, org=org, history=history_end))
        return first_live or make_id(self._clock.now_ms())

    def _next(self, last: int, at_ms: int) -> EventId:
        """Give the next free id at a moment, over all organisations: they share the lane."""
        first = max(make_id(at_ms, lane=HISTORY_LANE), last)
        end_of_ms = (first >> TIME_SHIFT << TIME_SHIFT) | (1 << TIME_SHIFT) - 1
        taken = only(self._tx.row(_LAST_BETWEEN, first=first, last=end_of_ms))
        ms = at_of(first)
        return next_id(taken, now_ms=ms, lane=HISTORY_LANE) if taken else EventId(first)


def causes_of(
    tx: Transaction, ids: Iterable[tuple[Org, EventId]]
) -> dict[tuple[Org, EventId], tuple[EventId, ...]]:
    """Read the causes of events, in the order they were given: one query an organisation."""
    spans: dict[Org, tuple[EventId, EventId]] = {}
    for org, event_id in ids:
        low, high = spans.get(org, (event_id, event_id))
        spans[org] = (min(low, event_id), max(high, event_id))
    found: dict[tuple[Org, EventId], tuple[EventId, ...]] = {}
    for org, (first, last) in spans.items():
        for effect, cause in tx.rows(_CAUSES, org=org, first=first, last=last):
            found[org, effect] = (*found.get((org, effect), ()), cause)
    return found


def _occurred_at(event: NewEvent) -> int:
    at_ms = event.occurred_at
    if at_ms is None or at_ms < EPOCH_MS:
        raise BadInput(
            f"a past {event.kind} needs a moment since 2024",
            hint="Give each line of the history its occurred_at.",
            pointer="/occurred_at",
        )
    return at_ms
