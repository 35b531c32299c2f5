"""POST /v1/items, /v1/events and /v1/decide: what hosts send, answered once it is durable."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from fieldfare.access import Permission, Principal
from fieldfare.engine.history import import_history
from fieldfare.engine.intake import Accepted, must_fit
from fieldfare.ingest.schemas import EVENT_KINDS, HostEvent, PostedItem, decode, decode_item
from fieldfare.kernel import BadInput, FieldfareError, JsonValue, Org
from fieldfare.records import ACCOUNT, Decision, MediaRef, Subject
from fieldfare.web.api.shapes import answer, decision_json, openapi_body, openapi_events
from fieldfare.web.guards import Platform, requires
from fieldfare.web.problems import problem_type
from fieldfare.web.served import Served

MAX_EVENTS: Final = 1_000
MAX_PARTS: Final = 40
MAX_WAIT_MS: Final = 200

router = APIRouter(prefix="/v1", tags=["ingest"])
Sender = Annotated[Principal, requires(Permission.INGEST)]


class _Events(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    events: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MAX_EVENTS)]


class Decide(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item, and how long (ms) the caller will wait for its decision."""

    item: msgspec.Raw
    wait_ms: Annotated[int, msgspec.Meta(ge=0, le=MAX_WAIT_MS)] = 100


_EVENTS: Final = msgspec.json.Decoder(_Events)
_DECIDE: Final = msgspec.json.Decoder(Decide)


@router.post("/items", status_code=202, openapi_extra=openapi_body(PostedItem, with_media=True))
async def post_item(request: Request, who: Sender, platform: Platform) -> Response:
    """Put an item on the log: 202 once it is durable, 200 if the same key said the same before."""
    platform.intake.must_have_room()
    async with _arriving(request) as (item, parts):
        accepted = await _post(platform, who.org, item, parts)
    return answer(_accepted_json(accepted), status=200 if accepted.repeated else 202)


@router.post("/events", status_code=202, openapi_extra=openapi_events(EVENT_KINDS.schemas))
async def post_events(request: Request, who: Sender, platform: Platform) -> Response:
    """Put up to 1,000 events on the log; a bad one is rejected by its index, the others kept."""
    batch = decode(_EVENTS, await request.body())
    events = [_decoded(raw) for raw in batch.events]
    results = await asyncio.wrap_future(platform.intake.post_events(who.org, events))
    return answer(_batch_json(results), status=202)


@router.post("/history", status_code=202, openapi_extra=openapi_events(EVENT_KINDS.schemas))
async def post_history(request: Request, who: Sender, platform: Platform) -> Response:
    """Put past events on the log, each with its occurred_at: they count, and have no effects."""
    batch = decode(_EVENTS, await request.body())
    events = [_decoded(raw) for raw in batch.events]
    now_ms = platform.clock.now_ms()
    written = await asyncio.wrap_future(
        platform.store.submit(lambda uow: import_history(uow, who.org, events, now_ms=now_ms))
    )
    results = [r if isinstance(r, FieldfareError) else Accepted(event_id=r) for r in written]
    return answer(_batch_json(results), status=202)


@router.post("/decide", openapi_extra=openapi_body(Decide, with_media=True))
async def decide(request: Request, who: Sender, platform: Platform) -> Response:
    """Decide now: 200 with the decision if it is made in time, else 202, held, a webhook later."""
    platform.intake.must_have_room()
    if _is_multipart(request):
        wait_ms = MAX_WAIT_MS
        async with _arriving(request) as (item, parts):
            accepted = await _post(platform, who.org, item, parts)
    else:
        asked = decode(_DECIDE, await request.body())
        wait_ms = asked.wait_ms
        accepted = await _post(platform, who.org, decode_item(asked.item), ())
    decision = await _decision_in_time(platform, who.org, accepted, wait_ms)
    if decision is None:
        held: dict[str, JsonValue] = {**_accepted_json(accepted), "state": "held"}
        return answer(held, status=202)
    return answer(decision_json(decision), status=200)


async def _decision_in_time(
    platform: Served, org: Org, accepted: Accepted, wait_ms: int
) -> Decision | None:
    promised = platform.evaluator.waits_for(accepted.event_id)
    subject = Subject(accepted.kind, accepted.host_id)
    try:
        made = await run_in_threadpool(platform.decision_on, org, subject, accepted.version)
        if made is not None:
            return made
        return await asyncio.wait_for(asyncio.wrap_future(promised), wait_ms / 1000)
    except TimeoutError:
        return None
    finally:
        platform.evaluator.gives_up(accepted.event_id, promised)


def _is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")


@asynccontextmanager
async def _arriving(request: Request) -> AsyncIterator[tuple[PostedItem, list[UploadFile]]]:
    """Give the item of a request and its media, which are gone afterwards."""
    if not _is_multipart(request):
        yield decode_item(await request.body()), []
        return
    async with request.form(max_files=MAX_PARTS, max_fields=MAX_PARTS) as form:
        yield (
            await _metadata_of(form),
            [part for part in form.getlist("file") if isinstance(part, UploadFile)],
        )


async def _metadata_of(form: FormData) -> PostedItem:
    metadata = form.get("metadata")
    if isinstance(metadata, UploadFile):
        raw = await metadata.read()
    else:
        raw = str(metadata or "").encode()
    if not raw:
        hint = "Send the item as JSON in a part called metadata, the media in parts called file."
        raise BadInput("the part 'metadata' is missing", hint=hint, pointer="/metadata")
    unknown = set(form) - {"metadata", "file"}
    if unknown:
        name = min(unknown)
        hint = "The parts are metadata and file."
        raise BadInput(f"unknown part {name!r}", hint=hint, pointer=f"/{name}")
    return decode_item(raw)


async def _post(
    platform: Served, org: Org, item: PostedItem, parts: Sequence[UploadFile]
) -> Accepted:
    # Before anything is kept that nobody would ever name; an upload takes long enough for a jam.
    must_fit(item, files=len(parts))
    platform.intake.must_have_room()
    media = await run_in_threadpool(_keep, platform, org, item, parts) if parts else ()
    return await asyncio.wrap_future(platform.intake.post(org, item, media))


def _keep(
    platform: Served, org: Org, item: PostedItem, parts: Sequence[UploadFile]
) -> tuple[MediaRef, ...]:
    author = Subject(ACCOUNT, item.author)
    kept = [(platform.blobs.put(org, author, part.file), part) for part in parts]
    return tuple(
        MediaRef(
            sha256=blob.sha256,
            size=blob.size,
            name=part.filename or "",
            content_type=part.content_type or "",
        )
        for blob, part in kept
    )


def _decoded(raw: msgspec.Raw) -> HostEvent | FieldfareError:
    try:
        return EVENT_KINDS.decode(raw)
    except FieldfareError as error:
        return error


def _batch_json(results: Sequence[Accepted | FieldfareError]) -> dict[str, JsonValue]:
    accepted: list[JsonValue] = []
    rejected: list[JsonValue] = []
    for index, result in enumerate(results):
        if isinstance(result, FieldfareError):
            rejected.append(_rejection(index, result))
        else:
            accepted.append({"index": index, "id": str(result.event_id)})
    return {"accepted": accepted, "rejected": rejected}


def _rejection(index: int, error: FieldfareError) -> dict[str, JsonValue]:
    return {
        "index": index,
        "type": problem_type(error.slug),
        "detail": str(error),
        "pointer": f"/events/{index}{error.pointer}",
    }


def _accepted_json(accepted: Accepted) -> dict[str, JsonValue]:
    return {
        "event_id": str(accepted.event_id),
        "item": {
            "kind": accepted.kind,
            "host_id": accepted.host_id,
            "version": accepted.version,
        },
        "state": accepted.state,
    }
