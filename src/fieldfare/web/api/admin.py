"""What an operator reads and changes: policies, banks, lists, webhooks and the outbox."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from fieldfare.access import Permission, Principal
from fieldfare.enforcement import new_webhook
from fieldfare.engine.administration import (
    KnownFile,
    add_to_bank,
    change_bank,
    count_terms,
    put_bank,
    put_list,
    put_webhook,
    remove_webhook,
    rotate_secret,
)
from fieldfare.engine.readable_lists import OlderList
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.schemas import Name, Words, decode
from fieldfare.kernel import BadInput, EventId, JsonValue, NotFound, parse_id, rfc3339
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, ListRecord
from fieldfare.policies import Policy
from fieldfare.records import OutboxRow, OutboxState
from fieldfare.web.api.shapes import answer, limit_of, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

MAX_FILES: Final = 100
Hex64 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Radius = Annotated[int, msgspec.Meta(ge=0, le=100)]
BankNote = Annotated[str, msgspec.Meta(max_length=1_000)]
Quality = Annotated[int, msgspec.Meta(ge=0, le=100)]

router = APIRouter(prefix="/v1", tags=["administration"])


class NewBank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bank of known content. vetted: its entries were checked, rules may act on a match."""

    name: Name
    policy: Name
    vetted: bool = False
    radius: Radius = 31
    min_quality: Quality = 50
    note: BankNote = ""


class BankChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be different about a bank; what is left out stays."""

    vetted: bool | msgspec.UnsetType = msgspec.UNSET
    radius: Radius | msgspec.UnsetType = msgspec.UNSET
    min_quality: Quality | msgspec.UnsetType = msgspec.UNSET
    note: BankNote | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class NewEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A known file by its hashes."""

    sha256: Hex64
    pdq: Annotated[tuple[Hex64, ...], msgspec.Meta(max_length=36_000)] = ()
    label: Annotated[str, msgspec.Meta(max_length=200)] = ""


class NewList(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A list or lexicon as the text of its file."""

    name: Name
    text: Annotated[str, msgspec.Meta(max_length=4_000_000)]
    lexicon: bool = False


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where effects are carried; no kinds means every kind."""

    id: Name
    url: Words
    kinds: tuple[Name, ...] = ()


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    effect_id: Name
    webhook_id: Name


_BANK: Final = msgspec.json.Decoder(NewBank)
_BANK_CHANGE: Final = msgspec.json.Decoder(BankChange)
_ENTRY: Final = msgspec.json.Decoder(NewEntry)
_LIST: Final = msgspec.json.Decoder(NewList)
_WEBHOOK: Final = msgspec.json.Decoder(NewWebhook)
_REPLAY: Final = msgspec.json.Decoder(Replay)


@router.get("/policies")
def list_policies(
    who: Annotated[Principal, requires(Permission.POLICIES_READ)], platform: Platform
) -> Response:
    """List the policies in force."""
    pack = platform.pack(who.org)
    rows: list[JsonValue] = [_policy_json(policy) for policy in pack.policies.values()]
    return answer({"name": pack.name, "version": pack.version, "hash": pack.hash, "policies": rows})


@router.get("/banks")
def list_banks(
    who: Annotated[Principal, requires(Permission.BANKS_READ)], platform: Platform
) -> Response:
    """List the banks of known content, with how many entries each has."""

    def read(uow: UnitOfWork) -> list[JsonValue]:
        return [
            {**_bank_json(bank), "entries": len(uow.banks.entries(who.org, bank.name))}
            for bank in uow.banks.banks(who.org)
        ]

    return answer({"banks": platform.store.read(read)})


@router.post("/banks", status_code=201, openapi_extra=openapi_body(NewBank))
async def create_bank(
    request: Request,
    who: Annotated[Principal, requires(Permission.BANKS_WRITE)],
    platform: Platform,
) -> Response:
    """Create a bank. 409: its name is taken."""
    wanted = decode(_BANK, await request.body())
    bank = BankRecord(org=who.org, **msgspec.structs.asdict(wanted))
    pack = platform.pack(who.org)
    await run_in_threadpool(
        platform.store.write, lambda uow: put_bank(uow, bank, pack, by=who.pseudonym)
    )
    return answer(_bank_json(bank), status=201)


@router.patch("/banks/{name}", openapi_extra=openapi_body(BankChange))
async def patch_bank(
    name: str,
    request: Request,
    who: Annotated[Principal, requires(Permission.BANKS_WRITE)],
    platform: Platform,
) -> Response:
    """Change what is named of a bank; the rest stays as it is."""
    wanted = decode(_BANK_CHANGE, await request.body())
    changes = {
        field: value
        for field, value in msgspec.structs.asdict(wanted).items()
        if value is not msgspec.UNSET
    }
    bank = await run_in_threadpool(
        platform.store.write,
        lambda uow: change_bank(uow, who.org, name, changes, by=who.pseudonym),
    )
    return answer(_bank_json(bank))


@router.get("/banks/{name}/entries")
def list_entries(
    name: str, who: Annotated[Principal, requires(Permission.BANKS_READ)], platform: Platform
) -> Response:
    """List what a bank knows: labels and digests, never pictures."""
    found = platform.store.read(lambda uow: uow.banks.entries(who.org, name))
    return answer({"entries": [_entry_json(entry) for entry in found]})


@router.post(
    "/banks/{name}/entries", status_code=201, openapi_extra=openapi_body(NewEntry, with_media=True)
)
async def add_entries(
    name: str,
    request: Request,
    who: Annotated[Principal, requires(Permission.BANKS_WRITE)],
    platform: Platform,
) -> Response:
    """Add known content by its hashes (JSON) or as files, which are hashed and not kept."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=MAX_FILES) as form:
            parts = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
            files = await run_in_threadpool(_hashed, platform, parts)
    else:
        entry = decode(_ENTRY, await request.body())
        files = [KnownFile(label=entry.label, sha256=entry.sha256, pdq=entry.pdq)]
    added = await run_in_threadpool(
        platform.store.write,
        lambda uow: add_to_bank(uow, who.org, name, files, by=who.pseudonym),
    )
    rows: list[JsonValue] = [
        {"id": str(entry_id), "label": file.label, "sha256": file.sha256, "frames": len(file.pdq)}
        for entry_id, file in zip(added, files, strict=True)
    ]
    return answer({"entries": rows}, status=201)


@router.get("/lists")
def list_lists(
    who: Annotated[Principal, requires(Permission.BANKS_READ)], platform: Platform
) -> Response:
    """List the named lists and lexicons; one with a problem goes on with its last good version.

    since: the event that set the newest version; runs_since: the one that set the version that is
    in force, "" where none can be read.
    """
    found = platform.store.read(lambda uow: uow.lists.current(who.org, as_of=EventId(2**63 - 1)))
    older = platform.books.of(who.org).older_lists
    rows: list[JsonValue] = [
        {
            "name": each.name,
            "kind": each.kind,
            "hash": each.hash,
            "since": str(each.since),
            "runs_since": _runs_since(each, older.get(each.name)),
            "problem": older[each.name].wrong if each.name in older else "",
        }
        for each in found
    ]
    return answer({"lists": rows})


def _runs_since(newest: ListRecord, older: OlderList | None) -> str:
    since = newest.since if older is None else older.since
    return "" if since is None else str(since)


@router.post("/lists", status_code=201, openapi_extra=openapi_body(NewList))
async def import_list(
    request: Request,
    who: Annotated[Principal, requires(Permission.LISTS_WRITE)],
    platform: Platform,
) -> Response:
    """Import a list or lexicon as a new version; a bad line is named and nothing is taken."""
    wanted = decode(_LIST, await request.body())
    since = await run_in_threadpool(
        platform.store.write,
        lambda uow: put_list(
            uow, who.org, wanted.name, wanted.text, lexicon=wanted.lexicon, by=who.pseudonym
        ),
    )
    terms = count_terms(wanted.name, wanted.text, lexicon=wanted.lexicon)
    return answer({"name": wanted.name, "since": str(since), "terms": terms}, status=201)


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


def _hashed(platform: Served, parts: list[UploadFile]) -> list[KnownFile]:
    files = [platform.known_file(part.filename or "", part.file) for part in parts]
    if not files:
        raise BadInput("no file part", hint="Send each file in a part called file.")
    return files


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


def _policy_json(policy: Policy) -> dict[str, JsonValue]:
    built: dict[str, JsonValue] = msgspec.to_builtins(policy)
    return built


def _bank_json(bank: BankRecord) -> dict[str, JsonValue]:
    built: dict[str, JsonValue] = msgspec.to_builtins(bank)
    return built


def _entry_json(entry: BankEntryRecord) -> dict[str, JsonValue]:
    return {
        "id": str(entry.id),
        "label": entry.label,
        "sha256": entry.sha256,
        "frames": len(entry.pdq),
        "added_at": rfc3339(entry.added_at),
    }


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
