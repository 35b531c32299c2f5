"""Intake: what a host sent becomes events on the log, durably, before anybody says 202.

In flow validated structs (`ingest.schemas`) and media references; out flow ids. Checks and digests
run on the caller's thread, only look-ups and inserts inside the transaction, so that a hundred
events cost one commit. Repeating a call under the host's own key gives the first answer again.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from fieldfare.engine.host_events import Arrival, write_host_event
from fieldfare.engine.unit import ScanTask, Store, UnitOfWork
from fieldfare.ingest.kinds import ITEM_KINDS
from fieldfare.ingest.remote_addresses import reference
from fieldfare.ingest.repositories import EarlierCall
from fieldfare.ingest.schemas import (
    HostEvent,
    ItemPosted,
    PostedItem,
    as_json,
    checked_item,
    moment,
)
from fieldfare.kernel import (
    BadInput,
    Clock,
    Conflict,
    EventId,
    FieldfareError,
    JsonValue,
    Org,
    Overloaded,
    digest,
)
from fieldfare.records import (
    ACCOUNT,
    ItemState,
    ItemVersion,
    MediaRef,
    NewEvent,
    Subject,
)

ITEMS_CALL: Final = "items"
EVENTS_CALL: Final = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What the host is told. version: 0 for events that bring no item. repeated: under the same
    key.
    """

    event_id: EventId
    kind: str = ""
    host_id: str = ""
    version: int = 0
    state: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A checked event with everything that can be computed outside the transaction."""

    call: str
    key: str | None
    content: str
    write: "Callable[[UnitOfWork, Org], Accepted]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Posting:
    """An item with what was computed about it: JSON fields, version digest, host's time in ms."""

    item: PostedItem
    fields: Mapping[str, JsonValue]
    media: tuple[MediaRef, ...]
    version: str
    occurred_at: int | None

    def event(self, number: int, before: EventId | None) -> NewEvent:
        item = self.item
        return NewEvent(
            kind="item.posted" if before is None else "item.changed",
            subject=Subject(item.kind, item.host_id),
            person=Subject(ACCOUNT, item.author),
            occurred_at=self.occurred_at,
            causes=() if before is None else (before,),
            data={
                "item": dict(self.fields),
                "actor": item.author,
                "version": self.version,
                "number": number,
                "media": [msgspec.to_builtins(part) for part in self.media],
            },
        )


class Intake:
    """Accepts items and events. `lag` tells (events, scans) waiting; bounds are (events, scans)."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        lag: Callable[[], tuple[int, int]],
        bounds: tuple[int, int],
    ) -> None:
        self._store = store
        self._clock = clock
        self._lag = lag
        self._bounds = bounds

    def post(
        self, org: Org, item: PostedItem, media: Sequence[MediaRef] = ()
    ) -> "Future[Accepted]":
        """Put one item on the log. A Conflict names the first call under the same key."""
        self.must_have_room()
        prepared = _prepare_item(checked_item(item), tuple(media), call=ITEMS_CALL, key=item.key)
        return self._store.submit(lambda uow: _once(uow, org, prepared))

    def post_events(
        self, org: Org, events: Sequence[HostEvent | FieldfareError]
    ) -> "Future[list[Accepted | FieldfareError]]":
        """Put many events on the log in one transaction, in order; a bad one does not hurt the
        others.
        """
        self.must_have_room()
        prepared = [e if isinstance(e, FieldfareError) else _prepare(e) for e in events]

        def write(uow: UnitOfWork) -> list[Accepted | FieldfareError]:
            return [p if isinstance(p, FieldfareError) else _taken(uow, org, p) for p in prepared]

        return self._store.submit(write)

    def must_have_room(self) -> None:
        """Raise Overloaded while more waits than the bounds allow; ask before keeping media."""
        events, scans = self._lag()
        if events > self._bounds[0] or scans > self._bounds[1]:
            raise Overloaded(
                f"{events} events and {scans} scans are waiting",
                retry_after_s=5 if events <= 2 * self._bounds[0] else 30,
                hint="Send the same call again later, with the same keys.",
            )


def version_digest(
    texts: Mapping[str, str], media: Sequence[MediaRef], media_url: str | None = None
) -> str:
    """Name a version by its content: the text fields and the media's SHA-256s, in order.

    Media that are still to be fetched are named by their URL: the bytes behind it are taken once,
    and other bytes need another URL.
    """
    named: list[JsonValue] = [part.sha256 for part in media]
    if media_url:
        named.append({"url": media_url})
    return digest([dict(texts), named])[:32]


def must_fit(item: PostedItem, *, files: int, at: str = "") -> None:
    """Check that an item brings the media its kind needs, in one way. Raises BadInput.

    files: how many come with it. at: the pointer of the item in what was sent.
    """
    needs = ITEM_KINDS[item.kind].media
    pointer = f"{at}/media_url"
    if files and item.media_url:
        hint = "Send the file parts or the media_url."
        raise BadInput("the media come in two ways at once", hint=hint, pointer=pointer)
    if needs == "required" and not files and not item.media_url:
        hint = "Post it as multipart with a file part to /v1/items, or name its media_url."
        raise BadInput(f"a {item.kind} needs its media", hint=hint, pointer=at)
    if needs == "none" and (files or item.media_url):
        hint = "Leave the file parts and the media_url out."
        raise BadInput(f"a {item.kind} carries no media", hint=hint, pointer=at)
    if item.media_url:
        reference(item.media_url, pointer=pointer)


def _prepare(event: HostEvent) -> _Prepared | FieldfareError:
    try:
        occurred_at = moment(event.occurred_at, pointer="/occurred_at")
        if isinstance(event, ItemPosted):
            item = checked_item(event.item, at="/item")
            item = msgspec.structs.replace(item, occurred_at=item.occurred_at or event.occurred_at)
            return _prepare_item(item, (), call=EVENTS_CALL, key=event.key)
        data = as_json(event)
        arrival = Arrival(event=event, data=data, occurred_at=occurred_at)
        return _Prepared(
            call=EVENTS_CALL,
            key=event.key,
            content=digest(data),
            write=lambda uow, org: Accepted(event_id=write_host_event(uow, org, arrival)),
        )
    except FieldfareError as error:
        return error


def _prepare_item(
    item: PostedItem, media: tuple[MediaRef, ...], *, call: str, key: str | None
) -> _Prepared:
    must_fit(item, files=len(media), at="/item" if call == EVENTS_CALL else "")
    occurred_at = moment(item.occurred_at, pointer="/occurred_at")
    fields = as_json(msgspec.structs.replace(item, key=None))
    version = version_digest(item.text_fields(), media, item.media_url)
    content = digest([fields, version])
    posting = _Posting(
        item=item, fields=fields, media=media, version=version, occurred_at=occurred_at
    )
    return _Prepared(
        call=call,
        key=key,
        content=content,
        write=lambda uow, org: _write_item(uow, org, posting),
    )


def _taken(uow: UnitOfWork, org: Org, prepared: _Prepared) -> Accepted | FieldfareError:
    try:
        return _once(uow, org, prepared)
    except FieldfareError as error:
        return error


def _once(uow: UnitOfWork, org: Org, prepared: _Prepared) -> Accepted:
    if prepared.key is None:
        return prepared.write(uow, org)
    earlier = uow.call_keys.find(org, prepared.call, prepared.key)
    if earlier is not None:
        if earlier.content_digest != prepared.content:
            raise Conflict(
                f"key {prepared.key!r} was used before with other content",
                hint=f"The first call is event {earlier.event_id}; use a new key.",
                pointer="/key",
            )
        return replace(msgspec.json.decode(earlier.answer, type=Accepted), repeated=True)
    accepted = prepared.write(uow, org)
    uow.call_keys.keep(
        org,
        prepared.call,
        prepared.key,
        EarlierCall(
            content_digest=prepared.content,
            event_id=accepted.event_id,
            answer=msgspec.json.encode(accepted),
        ),
    )
    return accepted


def _write_item(uow: UnitOfWork, org: Org, posting: _Posting) -> Accepted:
    item, media = posting.item, posting.media
    subject = Subject(item.kind, item.host_id)
    current = uow.items.current(org, subject)
    if current and current.digest == posting.version and current.state is not ItemState.DELETED:
        return _accepted(current)
    number = current.number + 1 if current else 1
    event = uow.log.append(org, posting.event(number, current.event_id if current else None))
    posted = ItemVersion(
        subject=subject,
        number=number,
        digest=posting.version,
        state=ItemState.RECEIVED,
        author=Subject(ACCOUNT, item.author),
        market=item.market,
        media=media,
        event_id=event.id,
        posted_at=event.at,
        revision=current.revision if current else 0,
    )
    uow.items.put(org, posted)
    if media or item.media_url:
        uow.scans.add(
            ScanTask(
                org=org, event_id=event.id, subject=subject, version=posting.version, attempts=0
            )
        )
    return _accepted(posted)


def _accepted(item: ItemVersion) -> Accepted:
    return Accepted(
        event_id=item.event_id,
        kind=item.subject.kind,
        host_id=item.subject.host_id,
        version=item.number,
        state=item.state.value,
    )
