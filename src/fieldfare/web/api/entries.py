"""What is done with entries of banks beyond keeping them: judged, made from items, read and written
as files.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.already_held import add_once
from fieldfare.engine.bank_files import (
    BankFormat,
    LineProblem,
    LineReader,
    Taken,
    header,
    take_pieces,
    written,
)
from fieldfare.engine.banks import (
    KnownPiece,
    must_be_theirs,
    the_bank,
    the_entry,
)
from fieldfare.engine.feedback import judge_match
from fieldfare.engine.reference_looks import looked_clearly
from fieldfare.engine.reference_stills import keeps_pictures, read_still
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.schemas import Name, decode
from fieldfare.kernel import (
    BadInput,
    EventId,
    JsonValue,
    NotFound,
    Org,
    did_you_mean,
    parse_id,
    rfc3339,
)
from fieldfare.matching.matches import has_distance
from fieldfare.matching.repositories import (
    DECIDED,
    NO_HASHES,
    BankEntryRecord,
    BankRecord,
    Feedback,
    Opinion,
)
from fieldfare.records import Subject
from fieldfare.web.api.banks import placed_answer
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

LINES: Final = 500
"""Lines that are taken in one transaction, and entries that are written at once."""
MAX_LINE: Final = 4_000_000
HITS: Final = 100

router = APIRouter(prefix="/v1/banks", tags=["administration"])
Reader = Annotated[Principal, requires(Permission.BANKS_READ)]
Writer = Annotated[Principal, requires(Permission.BANKS_WRITE)]


class JudgedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item by its kind and the host's id."""

    kind: Name
    host_id: Name


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is said of a match of the entry and an item: confirmed or denied."""

    item: JudgedItem
    opinion: Opinion
    note: Annotated[str, msgspec.Meta(max_length=1_000)] = ""


class FromItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The item whose media are added, itself or by the case about it."""

    item: JudgedItem | None = None
    case: str = ""
    label: Annotated[str, msgspec.Meta(max_length=200)] = ""
    note: Annotated[str, msgspec.Meta(max_length=1_000)] = ""


class Lines(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Some lines of a file. first_line: the number of the first; header: of a csv file."""

    format: BankFormat = BankFormat.NDJSON
    lines: Annotated[tuple[str, ...], msgspec.Meta(max_length=5_000)]
    first_line: Annotated[int, msgspec.Meta(ge=1)] = 1
    header: str = ""


_JUDGEMENT: Final = msgspec.json.Decoder(Judgement)
_FROM_ITEM: Final = msgspec.json.Decoder(FromItem)
_LINES: Final = msgspec.json.Decoder(Lines)


@router.post("/{name}/entries/{entry}/feedback", openapi_extra=openapi_body(Judgement))
async def judge(
    name: str,
    entry: str,
    request: Request,
    who: Annotated[Principal, requires(Permission.MATCHES_JUDGE)],
    platform: Platform,
) -> Response:
    """Confirm or deny a match; the last word of each person on each item counts."""
    said = decode(_JUDGEMENT, await request.body())
    if said.opinion is Opinion.SUGGESTED_DENIAL:
        hint = "Say confirmed or denied; suggestions come from decisions."
        raise BadInput("a person does not suggest", hint=hint, pointer="/opinion")

    def write(uow: UnitOfWork) -> Feedback:
        found = _entry_of(uow, who, name, entry)
        item = Subject(said.item.kind, said.item.host_id)
        return judge_match(
            uow, who.org, found.id, item, said.opinion, words=said.note, by=who.pseudonym
        )

    return answer(feedback_json(await run_in_threadpool(platform.store.write, write)))


@router.get("/{name}/entries/{entry}/feedback")
def feedback(name: str, entry: str, who: Reader, platform: Platform) -> Response:
    """Give what an entry matched lately, the newest first, and what people said of it."""

    def read(uow: UnitOfWork) -> dict[str, JsonValue]:
        found = _entry_of(uow, who, name, entry)
        said = uow.feedback.of_entry(who.org, found.id)
        hits = uow.entry_hits.of_entry(who.org, found.id, limit=HITS)
        return {
            "feedback": [feedback_json(each) for each in said],
            "hits": [
                {
                    "item": _item_json(hit.item),
                    "at": rfc3339(hit.at),
                    "means": hit.means,
                    "distance": hit.distance if has_distance(hit.means) else None,
                    "event_id": str(hit.event_id),
                }
                for hit in hits
            ],
        }

    return answer(platform.store.read(read))


@router.get("/{name}/entries/{entry}/stills/{number}")
def still(
    name: str,
    entry: str,
    number: int,
    who: Annotated[Principal, requires(Permission.REVEAL)],
    platform: Platform,
) -> Response:
    """Give a small grey picture of what an entry was made of, where its bank keeps any.

    Each is a clear look: recorded, and counted as exposure.
    """

    def read(uow: UnitOfWork) -> tuple[BankRecord, BankEntryRecord]:
        return the_bank(uow, who.org, name), _entry_of(uow, who, name, entry)

    bank, found = platform.store.read(read)
    picture = read_still(platform.blobs, bank, found, platform.pack(who.org), number)
    platform.store.write(lambda uow: looked_clearly(uow, bank, found, by=who.pseudonym))
    headers = {"Cache-Control": "private, no-store"}
    return Response(picture, media_type="image/jpeg", headers=headers)


@router.post("/{name}/from-item", status_code=201, openapi_extra=openapi_body(FromItem))
async def add_from_item(
    name: str,
    request: Request,
    who: Annotated[Principal, requires(Permission.BANKS_ADD)],
    platform: Platform,
) -> Response:
    """Add the media of an item, or of the item a case is about, in one step."""
    must_be_theirs(name)
    wanted = decode(_FROM_ITEM, await request.body())
    pieces = await run_in_threadpool(pieces_of_item, platform, who, name, wanted)
    placed = await run_in_threadpool(
        platform.store.write,
        lambda uow: add_once(uow, who.org, name, pieces, by=who.pseudonym),
    )
    return placed_answer(placed)


@router.post("/{name}/import", openapi_extra=openapi_body(Lines))
async def import_entries(
    name: str,
    request: Request,
    who: Writer,
    platform: Platform,
    form: Annotated[str, Query(alias="format")] = BankFormat.NDJSON,
) -> Response:
    """Take entries from the lines of a file: streamed as it is, or some lines of it as JSON.

    A line is taken once however often it is sent. Lines that cannot be read are named, and the
    others taken.
    """
    must_be_theirs(name)
    await run_in_threadpool(platform.store.read, lambda uow: the_bank(uow, who.org, name))
    if request.headers.get("content-type", "").startswith("application/json"):
        sent = decode(_LINES, await request.body())
        reader = LineReader(sent.format, first_line=sent.first_line, header=sent.header)
        taken = await run_in_threadpool(_take, platform, who, name, reader, list(sent.lines))
    else:
        reader, taken = LineReader(_format(form)), Taken()
        async for lines in _portions(request):
            taken = taken.plus(await run_in_threadpool(_take, platform, who, name, reader, lines))
    problems: list[JsonValue] = [
        {"line": each.line, "detail": each.detail} for each in taken.problems
    ]
    counts = {"added": taken.added, "known": taken.known, "failed": taken.failed}
    return answer({**counts, "problems": problems})


@router.get("/{name}/export")
def export_entries(
    name: str,
    who: Reader,
    platform: Platform,
    form: Annotated[str, Query(alias="format")] = BankFormat.NDJSON,
) -> Response:
    """Write all entries of a bank as the lines of a file, streamed."""
    wanted = _format(form)
    platform.store.read(lambda uow: the_bank(uow, who.org, name))
    kind = "text/csv" if wanted is BankFormat.CSV else "text/plain"
    return StreamingResponse(_all_lines(platform, who.org, name, wanted), media_type=kind)


@router.get("/{name}/export-page")
def export_page(
    name: str,
    who: Reader,
    platform: Platform,
    form: Annotated[str, Query(alias="format")] = BankFormat.NDJSON,
    cursor: str | None = None,
) -> Response:
    """Write some entries as lines, for whoever goes on where they stopped."""
    wanted = _format(form)
    after = parse_id(cursor) if cursor else EventId(0)
    platform.store.read(lambda uow: the_bank(uow, who.org, name))
    lines, following = _page(platform, who.org, name, wanted, after)
    head: list[str] = [header(wanted)] if not cursor and header(wanted) else []
    told: list[JsonValue] = [*head, *lines]
    return answer({"lines": told, "next": None if following is None else str(following)})


def _entry_of(uow: UnitOfWork, who: Principal, bank: str, entry: str) -> BankEntryRecord:
    found = the_entry(uow, who.org, parse_id(entry))
    if found.bank != bank:
        raise NotFound(f"no entry {entry} in the bank {bank!r}", hint=f"It is in {found.bank}.")
    return found


def pieces_of_item(
    platform: Served, who: Principal, bank: str, wanted: FromItem
) -> list[KnownPiece]:
    """Hash the media of an item, or of a case's, for a bank. Raises NotFound if it has none."""

    def read(uow: UnitOfWork) -> tuple[BankRecord, Subject]:
        record = the_bank(uow, who.org, bank)
        if wanted.item is not None:
            return record, Subject(wanted.item.kind, wanted.item.host_id)
        case = uow.cases.get(who.org, parse_id(wanted.case)) if wanted.case else None
        if case is None:
            raise NotFound("no such item or case", hint="Name an item, or a case by its id.")
        return record, case.subject

    record, subject = platform.store.read(read)
    item = platform.store.read(lambda uow: uow.items.current(who.org, subject))
    if item is None or not item.media:
        hint = "Only media that were posted can be added."
        raise NotFound(f"{subject} has no media here", hint=hint)
    # Not the key of what a removal keeps: that goes when the removal does, and this stays.
    key = f"{subject}@{item.digest}#chosen"
    pictures = keeps_pictures(record, platform.pack(who.org))
    return [
        replace(
            platform.scanning.known_part(item, part, bank=record, pictures=pictures),
            label=wanted.label or str(subject),
            note=wanted.note,
            source=DECIDED,
            source_id=key,
        )
        for part in item.media
    ]


def _take(
    platform: Served, who: Principal, bank: str, reader: LineReader, lines: list[str]
) -> Taken:
    taken = Taken()
    for start in range(0, len(lines), LINES):
        read: list[KnownPiece | LineProblem] = list(reader.pieces(lines[start : start + LINES]))
        taken = taken.plus(
            platform.store.write(
                lambda uow, read=read: take_pieces(uow, who.org, bank, read, by=who.pseudonym)  # type: ignore[misc]  # a default binds the loop's value
            )
        )
    return taken


async def _portions(request: Request) -> AsyncIterator[list[str]]:
    """Give the lines of a body as it comes, some hundred at a time."""
    rest = b""
    lines: list[str] = []
    async for block in request.stream():
        *whole, rest = (rest + block).split(b"\n")
        if len(rest) > MAX_LINE:
            raise BadInput("a line is too long", hint=f"At most {MAX_LINE} bytes a line.")
        lines += [line.decode(errors="replace") for line in whole]
        if len(lines) >= LINES:
            yield lines
            lines = []
    if rest:
        lines.append(rest.decode(errors="replace"))
    if lines:
        yield lines


def _all_lines(platform: Served, org: Org, bank: str, form: BankFormat) -> Iterator[str]:
    if header(form):
        yield header(form) + "\n"
    after: EventId | None = EventId(0)
    while after is not None:
        lines, after = _page(platform, org, bank, form, after)
        yield "".join(f"{line}\n" for line in lines)


def _page(
    platform: Served, org: Org, bank: str, form: BankFormat, after: EventId
) -> tuple[list[str], EventId | None]:
    def read(uow: UnitOfWork) -> tuple[list[str], EventId | None]:
        page = uow.entry_pages.of_bank(org, bank, after=after, limit=LINES)
        lines = [
            line
            for entry in page
            for line in written(entry, uow.entries.hashes(org, entry.id) or NO_HASHES, form)
        ]
        return lines, page[-1].id if len(page) == LINES else None

    return platform.store.read(read)


def _format(text: str) -> BankFormat:
    try:
        return BankFormat(text)
    except ValueError:
        hint = did_you_mean(text, BankFormat) or f"Known are {', '.join(BankFormat)}."
        raise BadInput(f"no format {text!r}", hint=hint, pointer="/format") from None


def feedback_json(said: Feedback) -> dict[str, JsonValue]:
    """Write what somebody said of a match; who they are is a pseudonym."""
    return {
        "entry": str(said.entry),
        "item": _item_json(said.item),
        "by": said.by,
        "opinion": said.opinion.value,
        "note": said.note,
        "at": rfc3339(said.at),
    }


def _item_json(item: Subject) -> dict[str, JsonValue]:
    return {"kind": item.kind, "host_id": item.host_id}
