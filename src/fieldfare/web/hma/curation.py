"""`/c/bank`: banks and their content, as HMA's curators change them."""

from dataclasses import replace
from typing import Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Principal
from fieldfare.engine.bank_names import rename_bank
from fieldfare.engine.bank_removals import BankRemovals
from fieldfare.engine.banks import (
    KnownPiece,
    add_to_bank,
    change_bank,
    change_entry,
    put_bank,
    the_bank,
)
from fieldfare.engine.exchange_pages import piece_of_record
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, Conflict, EventId, JsonValue
from fieldfare.kernel.ids import LAST_ID
from fieldfare.matching.exchanges import SharedRecord, Signal, SignalKind, signal_of
from fieldfare.matching.fingerprints import WHOLE, unpack_frames
from fieldfare.matching.repositories import (
    BankEntryRecord,
    BankRecord,
    EntryHashes,
    EntryState,
)
from fieldfare.web.hma.acting import Acting, Curator, Hma, Reader
from fieldfare.web.hma.answers import (
    MissingParameter,
    Object,
    abort,
    object_of,
    ratio_of,
    told,
    truth,
)
from fieldfare.web.hma.hashing import HashedFile, hashed_upload, hashed_url
from fieldfare.web.hma.matching import ALSO, ENABLED
from fieldfare.web.hma.metadata import kept_note, metadata_of, note_of, read_metadata
from fieldfare.web.hma.names import hma_names, is_hma_name

ON, OFF = 1, 0
FIVE_YEARS_S: Final = 5 * 365 * 86_400
NAME_RULE: Final = "Bank names must be UPPER_WITH_UNDERSCORE"

router = APIRouter(prefix="/c")


@router.get("/banks")
def list_banks(who: Reader, hma: Hma) -> Response:
    """List the banks."""
    banks = hma.platform.store.read(lambda uow: uow.banks.banks(who.org))
    names = hma_names(banks)
    rows: list[JsonValue] = [
        bank_body(hma, bank, names[bank.name]) for bank in banks if bank.name in names
    ]
    return told(rows)


@router.post("/banks")
async def create_bank(request: Request, who: Curator, hma: Hma) -> Response:
    """Make a bank. Its policy is the one the listener was started with, or `policy` of the body."""
    body = await object_of(request)
    name, policy = body.get("name"), body.get("policy") or hma.policy
    if not isinstance(name, str):
        raise MissingParameter("name")
    if not is_hma_name(name):
        abort(400, NAME_RULE)
    if not isinstance(policy, str) or not policy:
        abort(400, "This server names no policy for new banks: start it with --hma-policy")
    ratio = ratio_of(body)
    bank = BankRecord(
        org=who.org,
        name=name,
        policy=policy,
        vetted=False,
        enabled_ratio=1.0 if ratio is None else ratio,
    )
    pack = hma.platform.pack(who.org)

    def write(uow: UnitOfWork) -> None:
        if name in hma_names(uow.banks.banks(who.org)).values():
            raise Conflict("taken")
        put_bank(uow, bank, pack, by=who.pseudonym)

    try:
        await run_in_threadpool(hma.platform.store.write, write)
    except Conflict:
        abort(403, "Bank already exists")
    return told(bank_body(hma, bank, name), status=201)


@router.get("/bank/{bank_name}")
def show_bank(bank_name: str, who: Reader, hma: Hma) -> Response:
    """Show one bank."""
    return told(bank_body(hma, the_bank_named(hma, who, bank_name), bank_name))


@router.put("/bank/{bank_name}")
async def update_bank(bank_name: str, request: Request, who: Curator, hma: Hma) -> Response:
    """Change a bank's share of matching, or its name."""
    body = await object_of(request)
    bank = await run_in_threadpool(the_bank_named, hma, who, bank_name, "Bank not found")
    name, ratio = body.get("name"), ratio_of(body)
    if name is not None and (not isinstance(name, str) or not is_hma_name(name)):
        abort(400, NAME_RULE)
    changes: dict[str, object] = {}
    if ratio is not None:
        # A share alone switches nothing on that a person has switched off.
        on = {"enabled": True, "disabled_until": None} if body.get("enabled") else {}
        changes = {"enabled_ratio": ratio, **on}
    to = name if isinstance(name, str) else bank_name
    bank = await run_in_threadpool(
        _changed, hma, who, bank, changes, None if to == bank_name else to
    )
    bank_name = to
    return told(bank_body(hma, bank, bank_name))


@router.delete("/bank/{bank_name}")
def delete_bank(bank_name: str, who: Curator, hma: Hma) -> Response:
    """Remove a bank with all it holds; one that is not there is as good as removed."""
    names = hma_names(hma.platform.store.read(lambda uow: uow.banks.banks(who.org)))
    own = next((own for own, shown in names.items() if shown == bank_name), None)
    if own is not None:
        BankRemovals(hma.platform.store, hma.platform.blobs).bank(who.org, own, by=who.pseudonym)
    return told({"message": "Done"})


@router.post("/bank/{bank_name}/content")
async def add_content(bank_name: str, request: Request, who: Curator, hma: Hma) -> Response:
    """Put a file into a bank by its hashes, with what is told beside it; the file is not kept."""
    bank = await run_in_threadpool(the_bank_named, hma, who, bank_name)
    metadata, note = await read_metadata(request)
    hashed: HashedFile
    if request.query_params.get("url"):
        hashed = await hashed_url(request, hma)
    elif request.headers.get("content-type", "").startswith("multipart/form-data"):
        hashed = await hashed_upload(request, hma)
    else:
        abort(400, "Neither `url` nor multipart file upload was received")
    piece = replace(
        hashed.piece,
        label=metadata.content_uri[:200] if metadata else "",
        source_id=metadata.content_id if metadata else "",
        note=kept_note(note, metadata),
    )
    added = await run_in_threadpool(_add, hma, who, bank, piece)
    return told({"id": added, "signals": hashed.body})


@router.post("/bank/{bank_name}/signal")
async def add_signal(bank_name: str, request: Request, who: Curator, hma: Hma) -> Response:
    """Put content into a bank by hashes that were made elsewhere."""
    bank = await run_in_threadpool(the_bank_named, hma, who, bank_name)
    given = await object_of(request)
    if not given:
        abort(400, "No signals given")
    signals = tuple(_checked(name, text) for name, text in given.items())
    added = await run_in_threadpool(_add, hma, who, bank, piece_of(signals))
    return told({"id": added, "signals": {s.kind.value: s.value for s in signals}})


@router.get("/bank/{bank_name}/content/{content_id}")
def show_content(
    bank_name: str, content_id: int, request: Request, who: Reader, hma: Hma
) -> Response:
    """Show an entry, with its hashes or what was told beside it if that is asked for."""
    only = request.query_params.get("signal_type")
    if only is not None and only not in (*ENABLED, *ALSO):
        abort(400, f"No such signal type '{only[:100]}'")
    bank, entry = _the_content(hma, who, bank_name, content_id)
    body = _content_body(hma, bank, bank_name, entry)
    if truth(request, "include_signals") or only is not None:
        signals = signals_of(hma, entry)
        body["signals"] = {k: v for k, v in signals.items() if only in (None, k)}
    if truth(request, "include_metadata"):
        body["metadata"] = metadata_of(entry)
    return told(body)


@router.put("/bank/{bank_name}/content/{content_id}")
async def update_content(
    bank_name: str, content_id: int, request: Request, who: Curator, hma: Hma
) -> Response:
    """Switch an entry on (1), off (0), or off until a moment (s since 1970)."""
    body = await object_of(request)
    bank, entry = await run_in_threadpool(_the_content, hma, who, bank_name, content_id)
    if "disable_until_ts" in body:
        changes = _until(hma, body["disable_until_ts"])
        entry = await run_in_threadpool(
            hma.platform.store.write, lambda uow: _switched(uow, who, entry, changes)
        )
    return told(_content_body(hma, bank, bank_name, entry))


@router.delete("/bank/{bank_name}/content/{content_id}")
def delete_content(bank_name: str, content_id: int, who: Curator, hma: Hma) -> Response:
    """Take an entry out of a bank; says how many there were."""
    bank = the_bank_named(hma, who, bank_name)
    platform = hma.platform
    entry = platform.store.read(lambda uow: uow.entries.get(who.org, _id_of(content_id)))
    found = [] if entry is None or entry.bank != bank.name else [entry.id]
    removals = BankRemovals(platform.store, platform.blobs)
    return told({"deleted": removals.entries(who.org, found, by=who.pseudonym)})


def the_bank_named(hma: Acting, who: Principal, name: str, words: str = "") -> BankRecord:
    """Give the bank HMA's clients call by a name; 404 if there is none."""
    banks = hma.platform.store.read(lambda uow: uow.banks.banks(who.org))
    names = hma_names(banks)
    found = next((bank for bank in banks if names.get(bank.name) == name), None)
    if found is None:
        abort(404, words or f"bank '{name}' not found")
    return found


def bank_body(hma: Acting, bank: BankRecord, name: str) -> Object:
    """Write a bank as HMA does."""
    asked = bank.is_asked(hma.platform.clock.now_ms())
    return {"name": name, "matching_enabled_ratio": bank.enabled_ratio if asked else 0.0}


def piece_of(signals: tuple[Signal, ...]) -> KnownPiece:
    """Make what a bank keeps of hashes that came without a file."""
    piece = piece_of_record("", SharedRecord(key="", signals=signals))
    return replace(piece, source="upload", source_id="", labels=()) if piece else KnownPiece()


def signals_of(hma: Acting, entry: BankEntryRecord) -> dict[str, JsonValue]:
    """Give the hashes of an entry by HMA's names: one PDQ for a picture, vPDQ for what moves."""
    signals: dict[str, JsonValue] = {}
    if entry.md5:
        signals[SignalKind.MD5.value] = entry.md5
    if entry.sha256:
        signals[SignalKind.SHA256.value] = entry.sha256
    held = hma.platform.store.read(lambda uow: uow.entries.hashes(entry.org, entry.id))
    packed = held.frames if isinstance(held, EntryHashes) else b""
    if packed:
        table = unpack_frames(packed)
        rows = table.chosen(table.window == WHOLE)
        if len(rows) == 1 and not entry.seconds:
            signals[SignalKind.PDQ.value] = rows.bits[0].tobytes().hex()
        elif len(rows):
            lines = zip(rows.bits, rows.quality, rows.t, strict=True)
            texts = [f"{bits.tobytes().hex()},{int(q)},{float(t):.3f}" for bits, q, t in lines]
            signals[SignalKind.VPDQ.value] = msgspec.json.encode(texts).decode()
    return signals


def _content_body(hma: Acting, bank: BankRecord, name: str, entry: BankEntryRecord) -> Object:
    until = ON
    if entry.state is not EntryState.ACTIVE:
        until = OFF
    elif entry.disabled_until is not None:
        until = entry.disabled_until // 1000
    body: Object = {
        "id": entry.id,
        "disable_until_ts": until,
        "collab_metadata": {},
        "original_media_uri": entry.label or None,
        "bank": bank_body(hma, bank, name),
        "note": note_of(entry) or None,
    }
    if entry.source.startswith("exchange:"):
        body["collab_metadata"] = {entry.source.partition(":")[2]: [entry.source_id]}
    return body


def _until(hma: Acting, value: JsonValue) -> dict[str, object]:
    try:
        until_s = int(str(value))
    except ValueError:
        abort(400, f"Invalid int: '{value}'")
    if until_s < 0:
        abort(400, "disable_until_ts must be a non-negative integer")
    if until_s > hma.platform.clock.now_ms() // 1000 + FIVE_YEARS_S:
        abort(400, "disable_until_ts must be less than 5 years in the future")
    if until_s in (ON, OFF):
        state = EntryState.ACTIVE if until_s == ON else EntryState.DISABLED
        return {"state": state, "disabled_until": None}
    return {"state": EntryState.ACTIVE, "disabled_until": until_s * 1000}


def _the_content(
    hma: Acting, who: Principal, bank_name: str, content_id: int
) -> tuple[BankRecord, BankEntryRecord]:
    bank = the_bank_named(hma, who, bank_name)
    entry = hma.platform.store.read(lambda uow: uow.entries.get(who.org, _id_of(content_id)))
    if entry is None or entry.bank != bank.name:
        abort(404, f"content '{content_id}' not found")
    return bank, entry


def _id_of(content_id: int) -> EventId:
    """Give an id, and for a number that is too large to be one an id that no entry has."""
    return EventId(min(content_id, LAST_ID))


def _checked(name: str, text: JsonValue) -> Signal:
    if name not in (*ENABLED, *ALSO):
        abort(400, f"No such signal type {name[:100]}")
    try:
        return signal_of(SignalKind(name), str(text))
    except BadInput as error:
        abort(400, f"Invalid {name} signal: {error.message}")


def _add(hma: Acting, who: Principal, bank: BankRecord, piece: KnownPiece) -> int:
    (added,) = hma.platform.store.write(
        lambda uow: add_to_bank(uow, who.org, bank.name, [piece], by=who.pseudonym)
    )
    return added


def _switched(
    uow: UnitOfWork, who: Principal, entry: BankEntryRecord, changes: dict[str, object]
) -> BankEntryRecord:
    """Switch an entry, but leave one that is quarantined as it is: off, until a person looks.

    Off is what it is already; were it written as switched off, switching it on would release it.
    """
    now = uow.entries.get(who.org, entry.id)
    if now is None:
        abort(404, f"content '{entry.id}' not found")
    if now.state is not EntryState.QUARANTINED:
        return change_entry(uow, who.org, entry.id, changes, by=who.pseudonym)
    if changes["state"] is EntryState.ACTIVE:
        abort(409, "this content matched too much and is quarantined; a person releases it")
    return now


def _changed(
    hma: Acting, who: Principal, bank: BankRecord, changes: dict[str, object], to: str | None
) -> BankRecord:
    """Change a bank and its name, or neither: a name that is refused takes the rest back."""
    pack, store = hma.platform.pack(who.org), hma.platform.store

    def write(uow: UnitOfWork) -> bool:
        if to is not None and to in hma_names(uow.banks.banks(who.org)).values():
            raise Conflict("Bank name already exists", hint="Take another name.")
        if changes:
            change_bank(uow, who.org, bank.name, changes, by=who.pseudonym)
        return to is None or rename_bank(uow, who.org, bank.name, to, pack, by=who.pseudonym)

    try:
        done = store.write(write)
    except Conflict as error:
        abort(403, error.message)
    while to is not None and not done:
        done = store.write(
            lambda uow: rename_bank(uow, who.org, bank.name, to, pack, by=who.pseudonym)
        )
    return store.read(lambda uow: the_bank(uow, who.org, bank.name if to is None else to))
