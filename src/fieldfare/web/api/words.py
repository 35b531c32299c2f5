"""Known texts and URLs over JSON: entries for banks, and what of a text is known."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.already_held import add_once
from fieldfare.engine.banks import KnownPiece, must_be_theirs
from fieldfare.engine.word_entries import known_piece
from fieldfare.ingest.schemas import decode
from fieldfare.kernel import BadInput, JsonValue
from fieldfare.matching.known_text import TLSH_PREFIX, TextMatches, When
from fieldfare.matching.thresholds import Asking
from fieldfare.matching.urls import MAX_URL
from fieldfare.signals.copies import match_json
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires

Words = Annotated[str, msgspec.Meta(max_length=20_000)]
Label = Annotated[str, msgspec.Meta(max_length=200)]
Note = Annotated[str, msgspec.Meta(max_length=1_000)]
Labels = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...],
    msgspec.Meta(max_length=50),
]
Reader = Annotated[Principal, requires(Permission.BANKS_READ)]
Writer = Annotated[Principal, requires(Permission.BANKS_WRITE)]

router = APIRouter(prefix="/v1", tags=["administration"])


class NewWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of: a text, a URL (or a host name), or the TLSH digest of a text nobody passed on."""

    text: Words = ""
    url: Annotated[str, msgspec.Meta(max_length=MAX_URL)] = ""
    tlsh: Annotated[str, msgspec.Meta(max_length=72)] = ""
    label: Label = ""
    note: Note = ""
    labels: Labels = ()


class NewWordEntries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts and URLs for a bank. All are taken, or none."""

    entries: Annotated[tuple[NewWords, ...], msgspec.Meta(min_length=1, max_length=1_000)]


class AskedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text to look up, as a comment would be."""

    text: Words


_ENTRIES: Final = msgspec.json.Decoder(NewWordEntries)
_ASKED: Final = msgspec.json.Decoder(AskedText)


@router.post("/banks/{name}/words", status_code=201, openapi_extra=openapi_body(NewWordEntries))
async def add_words(name: str, request: Request, who: Writer, platform: Platform) -> Response:
    """Add known texts and URLs. 400 names the entry that cannot be matched; then none is added."""
    must_be_theirs(name)
    wanted = decode(_ENTRIES, await request.body()).entries
    pieces = [_piece(words, place) for place, words in enumerate(wanted)]
    placed = await run_in_threadpool(
        platform.store.write,
        lambda uow: add_once(uow, who.org, name, pieces, by=who.pseudonym),
    )
    rows: list[JsonValue] = [
        {
            "id": str(each.entry),
            "kind": piece.kind.value,
            "content": piece.content,
            "is_new": each.is_new,
        }
        for each, piece in zip(placed, pieces, strict=True)
    ]
    return answer({"entries": rows}, status=201 if any(each.is_new for each in placed) else 200)


@router.post("/match/text", openapi_extra=openapi_body(AskedText))
async def match_text(request: Request, who: Reader, platform: Platform) -> Response:
    """Say which known texts and URLs a text holds, as if it were posted now. Nothing is kept."""
    text = decode(_ASKED, await request.body()).text
    when = When(asking=Asking(at_ms=platform.clock.now_ms(), item=text))
    known = platform.books.words.of(who.org)
    return answer(matches_json(await run_in_threadpool(known.match, {"text": text}, when)))


def matches_json(found: TextMatches) -> dict[str, JsonValue]:
    """Write matches as they are answered."""
    return {
        "texts": [match_json(match) for match in found.texts],
        "urls": [match_json(match) for match in found.urls],
        "known_good": [match_json(match) for match in found.good],
        "lookalikes": [
            {"passes_for": name, "start": int(span.start), "end": int(span.end)}
            for name, span in found.passes_for
        ],
    }


def _piece(words: NewWords, place: int) -> KnownPiece:
    given = {"text": words.text, "url": words.url, "tlsh": words.tlsh}
    named = [name for name, content in given.items() if content]
    pointer = f"/entries/{place}"
    if len(named) != 1:
        hint = "Give one of text, url and tlsh."
        raise BadInput(f"entry {place} has {len(named)} contents", hint=hint, pointer=pointer)
    content = TLSH_PREFIX * (named[0] == "tlsh") + given[named[0]]
    try:
        return known_piece(
            content,
            is_url=named[0] == "url",
            label=words.label,
            note=words.note,
            labels=words.labels,
        )
    except BadInput as error:
        raise BadInput(error.message, hint=error.hint, pointer=f"{pointer}/{named[0]}") from error
