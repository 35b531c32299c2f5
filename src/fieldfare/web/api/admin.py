"""What an operator decides by: policies, banks of known content, lists."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from fieldfare.access import Permission, Principal
from fieldfare.engine.administration import (
    KnownFile,
    add_to_bank,
    change_bank,
    count_terms,
    put_bank,
    put_list,
)
from fieldfare.engine.readable_lists import OlderList
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.schemas import Name, decode
from fieldfare.kernel import BadInput, EventId, JsonValue, rfc3339
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, ListRecord
from fieldfare.policies import Policy
from fieldfare.web.api.shapes import answer, openapi_body
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


_BANK: Final = msgspec.json.Decoder(NewBank)
_BANK_CHANGE: Final = msgspec.json.Decoder(BankChange)
_ENTRY: Final = msgspec.json.Decoder(NewEntry)
_LIST: Final = msgspec.json.Decoder(NewList)


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


def _hashed(platform: Served, parts: list[UploadFile]) -> list[KnownFile]:
    files = [platform.known_file(part.filename or "", part.file) for part in parts]
    if not files:
        raise BadInput("no file part", hint="Send each file in a part called file.")
    return files


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
