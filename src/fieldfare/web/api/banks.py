"""Banks of known content and their entries, over JSON. Pictures are never among the answers."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from fieldfare.access import Permission, Principal
from fieldfare.engine.already_held import Placed, add_once
from fieldfare.engine.bank_removals import BankRemovals
from fieldfare.engine.banks import (
    KnownPiece,
    change_bank,
    change_entry,
    must_be_theirs,
    put_bank,
    the_bank,
    the_entry,
)
from fieldfare.engine.unit import UnitOfWork
from fieldfare.engine.word_entries import known_piece
from fieldfare.ingest.schemas import Name, decode
from fieldfare.kernel import BadInput, EventId, JsonValue, parse_id, rfc3339, unix_ms
from fieldfare.matching import row_of
from fieldfare.matching.fingerprints import FrameTable, pack_frames
from fieldfare.matching.repositories import (
    BankEntryRecord,
    BankRecord,
    EntryHashes,
    EntryState,
    Polarity,
)
from fieldfare.web.api.shapes import answer, limit_of, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

MAX_FILES: Final = 100
GOOD: Final = 100
"""The quality of a hash of which nobody told it."""

Hex64 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Digest256 = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]
Digest128 = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{32})?$")]
Radius = Annotated[int, msgspec.Meta(ge=0, le=100)]
Note = Annotated[str, msgspec.Meta(max_length=1_000)]
Quality = Annotated[int, msgspec.Meta(ge=50, le=100)]
Ratio = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=36_000)]
Frames = Annotated[int, msgspec.Meta(ge=1, le=36_000)]
Limit = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Labels = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...],
    msgspec.Meta(max_length=50),
]
Reader = Annotated[Principal, requires(Permission.BANKS_READ)]
Writer = Annotated[Principal, requires(Permission.BANKS_WRITE)]

router = APIRouter(prefix="/v1/banks", tags=["administration"])


class NewBank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bank of known content. vetted: its entries were checked, rules may act on a match.

    known_good banks keep weaker matches of others from counting. disabled_until: RFC 3339.
    """

    name: Name
    policy: Name
    vetted: bool = False
    radius: Radius = 31
    min_quality: Quality = 50
    note: Note = ""
    polarity: Polarity = Polarity.HARMFUL
    min_seconds: Seconds = 0.0
    min_frames: Frames = 1
    enabled_ratio: Ratio = 1.0
    disabled_until: str | None = None
    priority: bool = False
    hourly_limit: Limit = 1_000
    keeps_stills: bool = False


class BankChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be different about a bank; what is left out stays."""

    vetted: bool | msgspec.UnsetType = msgspec.UNSET
    radius: Radius | msgspec.UnsetType = msgspec.UNSET
    min_quality: Quality | msgspec.UnsetType = msgspec.UNSET
    note: Note | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    polarity: Polarity | msgspec.UnsetType = msgspec.UNSET
    min_seconds: Seconds | msgspec.UnsetType = msgspec.UNSET
    min_frames: Frames | msgspec.UnsetType = msgspec.UNSET
    enabled_ratio: Ratio | msgspec.UnsetType = msgspec.UNSET
    disabled_until: str | msgspec.UnsetType | None = msgspec.UNSET
    priority: bool | msgspec.UnsetType = msgspec.UNSET
    hourly_limit: Limit | msgspec.UnsetType = msgspec.UNSET
    keeps_stills: bool | msgspec.UnsetType = msgspec.UNSET


class NewEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A known file by its hashes (a digest, or the PDQ of its frames), or a text, or a URL."""

    sha256: Digest256 = ""
    md5: Digest128 = ""
    pdq: Annotated[tuple[Hex64, ...], msgspec.Meta(max_length=36_000)] = ()
    text: Annotated[str, msgspec.Meta(max_length=20_000)] = ""
    url: Annotated[str, msgspec.Meta(max_length=4_000)] = ""
    label: Annotated[str, msgspec.Meta(max_length=200)] = ""
    note: Note = ""
    labels: Labels = ()


class EntryChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be different about an entry; what is left out stays."""

    label: Annotated[str, msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET
    note: Note | msgspec.UnsetType = msgspec.UNSET
    labels: Labels | msgspec.UnsetType = msgspec.UNSET
    state: EntryState | msgspec.UnsetType = msgspec.UNSET
    disabled_until: str | msgspec.UnsetType | None = msgspec.UNSET


_BANK: Final = msgspec.json.Decoder(NewBank)
_BANK_CHANGE: Final = msgspec.json.Decoder(BankChange)
_ENTRY: Final = msgspec.json.Decoder(NewEntry)
_ENTRY_CHANGE: Final = msgspec.json.Decoder(EntryChange)


@router.get("")
def list_banks(who: Reader, platform: Platform) -> Response:
    """List the banks of known content, with how many entries each has."""

    def read(uow: UnitOfWork) -> list[JsonValue]:
        counts = uow.banks.counts(who.org)
        return [
            {**bank_json(bank), "entries": counts.get(bank.name, 0)}
            for bank in uow.banks.banks(who.org)
        ]

    return answer({"banks": platform.store.read(read)})


@router.post("", status_code=201, openapi_extra=openapi_body(NewBank))
async def create_bank(request: Request, who: Writer, platform: Platform) -> Response:
    """Create a bank. 409: its name is taken."""
    wanted = decode(_BANK, await request.body())
    bank = BankRecord(org=who.org, **_given(wanted))  # type: ignore[arg-type]  # fields of a bank, decoded
    pack = platform.pack(who.org)
    await run_in_threadpool(
        platform.store.write, lambda uow: put_bank(uow, bank, pack, by=who.pseudonym)
    )
    return answer(bank_json(bank), status=201)


@router.get("/{name}")
def get_bank(name: str, who: Reader, platform: Platform) -> Response:
    """Give one bank, with how many entries it has."""

    def read(uow: UnitOfWork) -> dict[str, JsonValue]:
        bank = the_bank(uow, who.org, name)
        return {**bank_json(bank), "entries": uow.banks.counts(who.org).get(name, 0)}

    return answer(platform.store.read(read))


@router.patch("/{name}", openapi_extra=openapi_body(BankChange))
async def patch_bank(name: str, request: Request, who: Writer, platform: Platform) -> Response:
    """Change what is named of a bank; the rest stays as it is."""
    must_be_theirs(name)
    changes = _given(decode(_BANK_CHANGE, await request.body()))
    pack = platform.pack(who.org)
    bank = await run_in_threadpool(
        platform.store.write,
        lambda uow: change_bank(uow, who.org, name, changes, by=who.pseudonym, pack=pack),
    )
    return answer(bank_json(bank))


@router.delete("/{name}")
def delete_bank(name: str, who: Writer, platform: Platform) -> Response:
    """Remove a bank with all its entries, a thousand at a time."""
    must_be_theirs(name)
    BankRemovals(platform.store, platform.blobs).bank(who.org, name, by=who.pseudonym)
    return answer({"removed": name})


@router.get("/{name}/entries")
def list_entries(
    name: str,
    who: Reader,
    platform: Platform,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    limit: int = 200,
) -> Response:
    """List what a bank knows, oldest first: labels and digests, never pictures."""
    most, after = limit_of(limit), parse_id(cursor) if cursor else EventId(0)

    def read(uow: UnitOfWork) -> list[BankEntryRecord]:
        the_bank(uow, who.org, name)
        return list(uow.entry_pages.of_bank(who.org, name, after=after, limit=most + 1))

    found = platform.store.read(read)
    following = str(found[most - 1].id) if len(found) > most else None
    return answer({"entries": [entry_json(entry) for entry in found[:most]], "next": following})


@router.post(
    "/{name}/entries", status_code=201, openapi_extra=openapi_body(NewEntry, with_media=True)
)
async def add_entries(name: str, request: Request, who: Writer, platform: Platform) -> Response:
    """Add known content by its hashes (JSON) or as files, which are hashed and not kept.

    What the bank has already is not added again; 200 if all of it is there, with the entries.
    """
    must_be_theirs(name)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=MAX_FILES) as form:
            parts = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
            pieces = await run_in_threadpool(_hashed, platform, who, name, parts)
    else:
        pieces = [_piece(decode(_ENTRY, await request.body()))]
    placed = await run_in_threadpool(
        platform.store.write,
        lambda uow: add_once(uow, who.org, name, pieces, by=who.pseudonym),
    )
    return placed_answer(placed)


@router.get("/{name}/entries/{entry}")
def get_entry(name: str, entry: str, who: Reader, platform: Platform) -> Response:
    """Give one entry."""
    found = platform.store.read(lambda uow: _entry_of(uow, who, name, entry))
    return answer(entry_json(found))


@router.patch("/{name}/entries/{entry}", openapi_extra=openapi_body(EntryChange))
async def patch_entry(
    name: str, entry: str, request: Request, who: Writer, platform: Platform
) -> Response:
    """Change what is named of an entry, such as its state; the rest stays as it is."""
    changes = _given(decode(_ENTRY_CHANGE, await request.body()))
    if not changes.keys() <= {"state"}:  # a flood may quarantine what was decided, too
        must_be_theirs(name)

    def write(uow: UnitOfWork) -> BankEntryRecord:
        known = _entry_of(uow, who, name, entry)
        return change_entry(uow, who.org, known.id, changes, by=who.pseudonym)

    return answer(entry_json(await run_in_threadpool(platform.store.write, write)))


@router.delete("/{name}/entries/{entry}")
def delete_entry(name: str, entry: str, who: Writer, platform: Platform) -> Response:
    """Take an entry out of its bank."""
    must_be_theirs(name)
    known = platform.store.read(lambda uow: _entry_of(uow, who, name, entry))
    BankRemovals(platform.store, platform.blobs).entries(who.org, [known.id], by=who.pseudonym)
    return answer({"removed": entry})


def _entry_of(uow: UnitOfWork, who: Principal, bank: str, entry: str) -> BankEntryRecord:
    the_bank(uow, who.org, bank)
    found = the_entry(uow, who.org, parse_id(entry))
    return found if found.bank == bank else the_entry(uow, who.org, EventId(0))


def _given(wanted: msgspec.Struct) -> dict[str, object]:
    """Give the fields that were sent, moments as ms."""
    given = {k: v for k, v in msgspec.structs.asdict(wanted).items() if v is not msgspec.UNSET}
    until = given.get("disabled_until")
    if isinstance(until, str):
        try:
            given["disabled_until"] = unix_ms(until)
        except ValueError:
            hint = "Write it as 2026-10-01T12:00:00Z."
            raise BadInput(
                f"{until!r} is no moment", hint=hint, pointer="/disabled_until"
            ) from None
    return given


def _piece(entry: NewEntry) -> KnownPiece:
    kinds = (bool(entry.text), bool(entry.url), bool(entry.sha256 or entry.md5 or entry.pdq))
    if sum(kinds) > 1:
        hint = "Give a text, or a URL, or the hashes of a file: each is an entry of its own."
        raise BadInput("an entry that is several things at once", hint=hint)
    if entry.text or entry.url:
        return known_piece(
            entry.url or entry.text,
            is_url=bool(entry.url),
            label=entry.label,
            note=entry.note,
            labels=entry.labels,
        )
    if not (entry.sha256 or entry.md5 or entry.pdq):
        raise BadInput("an entry without any hash", hint="Give sha256, md5, pdq, text or url.")
    bits = np.array([row_of(text) for text in entry.pdq], np.uint8).reshape(-1, 32)
    # Moments nobody told: a second apart, so that frames are distinct.
    table = FrameTable.of(np.arange(len(bits), dtype=float), bits, np.full(len(bits), GOOD))
    return KnownPiece(
        label=entry.label,
        sha256=entry.sha256,
        md5=entry.md5,
        note=entry.note,
        labels=entry.labels,
        frames=len(table),
        hashes=EntryHashes(frames=pack_frames(table) if len(table) else b""),
    )


def _hashed(
    platform: Served, who: Principal, bank: str, parts: list[UploadFile]
) -> list[KnownPiece]:
    record = platform.store.read(lambda uow: the_bank(uow, who.org, bank))
    pieces = [platform.known_file(part.filename or "", part.file, bank=record) for part in parts]
    if not pieces:
        raise BadInput("no file part", hint="Send each file in a part called file.")
    return pieces


def placed_answer(placed: Sequence[Placed]) -> Response:
    """Answer with the entries that hold what was sent: 201 if any is new, else 200."""
    rows: list[JsonValue] = [
        {
            "id": str(each.entry),
            "label": each.label,
            "sha256": each.sha256,
            "frames": each.frames,
            "is_new": each.is_new,
        }
        for each in placed
    ]
    return answer({"entries": rows}, status=201 if any(each.is_new for each in placed) else 200)


def bank_json(bank: BankRecord) -> dict[str, JsonValue]:
    """Write a bank as it is answered."""
    built: dict[str, JsonValue] = msgspec.to_builtins(bank)
    return {**built, "disabled_until": _moment(bank.disabled_until)}


def entry_json(entry: BankEntryRecord) -> dict[str, JsonValue]:
    """Write an entry as it is answered."""
    return {
        "id": str(entry.id),
        "bank": entry.bank,
        "kind": entry.kind.value,
        "state": entry.state.value,
        "label": entry.label,
        "sha256": entry.sha256,
        "md5": entry.md5,
        "content": entry.content,
        "frames": entry.frames,
        "seconds": entry.seconds,
        "note": entry.note,
        "labels": list(entry.labels),
        "stills": len(entry.stills),
        "stills_at": [still.t for still in entry.stills],
        "source": entry.source,
        "source_id": entry.source_id,
        "disabled_until": _moment(entry.disabled_until),
        "added_at": rfc3339(entry.added_at),
    }


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)
