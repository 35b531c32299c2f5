"""Where effects go: webhooks, and the outbox that is sent to them."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.enforcement import new_webhook
from fieldfare.engine.administration import put_webhook, remove_webhook, rotate_secret
from fieldfare.ingest.schemas import Name, Words, decode
from fieldfare.kernel import BadInput, EventId, JsonValue, NotFound, parse_id, rfc3339
from fieldfare.records import OutboxRow, OutboxState
from fieldfare.web.api.shapes import answer, limit_of, openapi_body
from fieldfare.web.guards import Platform, requires

router = APIRouter(prefix="/v1", tags=["administration"])


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where effects are carried; no kinds means every kind."""

    id: Name
    url: Words
    kinds: tuple[Name, ...] = ()


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    effect_id: Name
    webhook_id: Name


_WEBHOOK: Final = msgspec.json.Decoder(NewWebhook)
_REPLAY: Final = msgspec.json.Decoder(Replay)


@router.get("/webhooks")
def list_webhooks(
    who: Annotated[Principal, requires(Permission.WEBHOOKS_ADMIN)], platform: Platform
) -> Response:
    """List the webhooks, without their secrets."""
    found = platform.store.read(lambda uow: uow.webhooks.all(who.org))
    rows: list[JsonValue] = [
        {"id": each.id, "url": each.url, "kinds": [*sorted(each.kinds)], "enabled": each.enabled}
        for each in found
    ]
    return answer({"webhooks": rows})


@router.post("/webhooks", status_code=201, openapi_extra=openapi_body(NewWebhook))
async def add_webhook(
    request: Request,
    who: Annotated[Principal, requires(Permission.WEBHOOKS_ADMIN)],
    platform: Platform,
) -> Response:
    """Register a webhook; its secret is in this answer and never shown again. 409: id is taken."""
    wanted = decode(_WEBHOOK, await request.body())
    webhook = new_webhook(who.org, wanted.id, wanted.url, kinds=frozenset(wanted.kinds))
    await run_in_threadpool(
        platform.store.write, lambda uow: put_webhook(uow, webhook, by=who.pseudonym)
    )
    body: dict[str, JsonValue] = {"id": webhook.id, "url": webhook.url}
    return answer({**body, "secret": webhook.secrets[0]}, status=201)


@router.post("/webhooks/{webhook_id}/secret", status_code=201)
def rotate_webhook_secret(
    webhook_id: str,
    who: Annotated[Principal, requires(Permission.WEBHOOKS_ADMIN)],
    platform: Platform,
) -> Response:
    """Draw a fresh secret, shown only here; the one before signs too until the next is drawn."""
    webhook = platform.store.write(
        lambda uow: rotate_secret(uow, who.org, webhook_id, by=who.pseudonym)
    )
    return answer({"id": webhook.id, "secret": webhook.secrets[0]}, status=201)


@router.delete("/webhooks/{webhook_id}")
def delete_webhook(
    webhook_id: str,
    who: Annotated[Principal, requires(Permission.WEBHOOKS_ADMIN)],
    platform: Platform,
) -> Response:
    """Remove a webhook; what was not sent to it becomes dead."""
    platform.store.write(lambda uow: remove_webhook(uow, who.org, webhook_id, by=who.pseudonym))
    return answer({"id": webhook_id, "removed": True})


@router.get("/outbox")
def list_outbox(
    who: Annotated[Principal, requires(Permission.OUTBOX_READ)],
    platform: Platform,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Response:
    """List effects on their way, newest first; state=dead gives the dead letters."""
    states = None if state is None else frozenset({_state(state)})
    before, most = _place_of(cursor), limit_of(limit)
    rows = platform.store.read(
        lambda uow: uow.outbox.page(who.org, states=states, before=before, limit=most)
    )
    following = "-".join(map(str, rows[-1].place)) if len(rows) == most else None
    return answer({"effects": [_row_json(row) for row in rows], "next": following})


@router.post("/outbox/replay", openapi_extra=openapi_body(Replay))
async def replay(
    request: Request,
    who: Annotated[Principal, requires(Permission.OUTBOX_REPLAY)],
    platform: Platform,
) -> Response:
    """Send a dead effect again."""
    wanted = decode(_REPLAY, await request.body())
    now_ms = platform.clock.now_ms()
    done = await run_in_threadpool(
        platform.store.write,
        lambda uow: uow.outbox.replay(who.org, wanted.effect_id, wanted.webhook_id, now_ms=now_ms),
    )
    if not done:
        hint = "List them with GET /v1/outbox?state=dead."
        raise NotFound(f"no dead effect {wanted.effect_id!r} of that webhook", hint=hint)
    return answer({"effect_id": wanted.effect_id, "state": OutboxState.DUE.value})


def _place_of(cursor: str | None) -> tuple[EventId, int, str] | None:
    """Read the cursor of the outbox: decision, part and webhook of the last row seen."""
    if cursor is None:
        return None
    decision, _, rest = cursor.partition("-")
    part, _, webhook = rest.partition("-")
    if not part.isdigit() or not webhook:
        raise BadInput(f"{cursor!r} is not a cursor", hint="Use `next` as it came.")
    return parse_id(decision), int(part), webhook


def _state(word: str) -> OutboxState:
    try:
        return OutboxState(word)
    except ValueError:
        hint = f"Use one of {', '.join(OutboxState)}."
        raise BadInput(f"{word!r} is not a state", hint=hint, pointer="/state") from None


def _row_json(row: OutboxRow) -> dict[str, JsonValue]:
    return {
        "id": row.id,
        "decision_id": str(row.decision_id),
        "webhook_id": row.webhook_id,
        "subject": {"kind": row.subject.kind, "host_id": row.subject.host_id},
        "subject_revision": row.subject_revision,
        "state": row.state.value,
        "attempts": row.attempts,
        "due_at": rfc3339(row.due_at),
        "error": row.error,
    }
