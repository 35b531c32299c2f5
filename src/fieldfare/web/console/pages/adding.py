"""Adding to a bank by hand: files, hashes, texts and URLs."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from fieldfare.access import Permission, Principal
from fieldfare.engine.already_held import add_once
from fieldfare.engine.banks import KnownPiece, must_be_theirs, the_bank
from fieldfare.engine.word_entries import known_piece
from fieldfare.kernel import BadInput, JsonValue
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer, wants_json
from fieldfare.web.console.views.adding import Typed, add_view, pieces_of
from fieldfare.web.console.views.bank_form import mark as _
from fieldfare.web.console.views.entry_form import read_entry
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

router = APIRouter(include_in_schema=False)
Writer = Annotated[Principal, requires(Permission.BANKS_WRITE)]
MAX_FILES: Final = 100


@router.get("/banks/{name}/add")
def add_page(request: Request, who: Writer, platform: Platform, name: str) -> Response:
    """Show what can be added, and how."""
    must_be_theirs(name)
    now_ms = platform.clock.now_ms()
    view = platform.store.read(lambda uow: add_view(uow, who.org, name, now_ms=now_ms))
    return answer(request, "bank_add.html", view, current="banks")


@router.post("/banks/{name}/add/files")
async def add_files(request: Request, who: Writer, platform: Platform, name: str) -> Response:
    """Hash files and add them, all or none; the files themselves are not kept."""
    must_be_theirs(name)
    async with request.form(max_files=MAX_FILES) as form:
        parts = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
        pieces = await run_in_threadpool(_hashed, platform, who, name, parts)
    return await run_in_threadpool(_add, request, platform, who, name, pieces)


@router.post("/banks/{name}/add/hashes")
def add_hashes(
    request: Request, who: Writer, platform: Platform, name: str, fields: Fields
) -> Response:
    """Add hashes, one a line; where a line is wrong, say which, and add none."""
    must_be_theirs(name)
    said, errors = read_entry({**_UNSAID, **_said(fields)})
    pieces, problems = pieces_of(
        fields.get("hashes", ""),
        fields.get("what", ""),
        label=str(said["label"]),
        labels=_labels(said),
        note=str(said["note"]),
    )
    if not pieces and not problems:
        errors["hashes"] = _("Paste at least one hash.")
    if errors or problems:
        typed = Typed(values=fields, errors=errors, problems=problems)
        return _again(request, platform, who, name, typed)
    return _add(request, platform, who, name, pieces)


@router.post("/banks/{name}/add/words")
def add_words(
    request: Request, who: Writer, platform: Platform, name: str, fields: Fields
) -> Response:
    """Add a text, or a URL, by which its copies are known."""
    must_be_theirs(name)
    said, errors = read_entry({**_UNSAID, **_said(fields)})
    try:
        piece = known_piece(
            fields.get("content", ""),
            is_url=fields.get("kind") == "url",
            label=str(said["label"]),
            note=str(said["note"]),
            labels=_labels(said),
        )
    except BadInput as error:
        typed = Typed(values=fields, errors={**errors, "content": str(error)})
        return _again(request, platform, who, name, typed)
    if errors:
        return _again(request, platform, who, name, Typed(values=fields, errors=errors))
    return _add(request, platform, who, name, [piece])


_UNSAID: Final = {"label": "", "note": "", "labels": ""}


def _said(fields: dict[str, str]) -> dict[str, str]:
    return {name: fields[name] for name in _UNSAID if name in fields}


def _labels(said: dict[str, object]) -> tuple[str, ...]:
    labels = said["labels"]
    return labels if isinstance(labels, tuple) else ()


def _hashed(
    platform: Served, who: Principal, name: str, parts: list[UploadFile]
) -> list[KnownPiece]:
    bank = platform.store.read(lambda uow: the_bank(uow, who.org, name))
    chosen = [part for part in parts if part.filename]
    if not chosen:
        raise BadInput("No file was chosen.", hint="Drop files onto the page, or choose them.")
    return [platform.known_file(part.filename or "", part.file, bank=bank) for part in chosen]


def _add(
    request: Request,
    platform: Served,
    who: Principal,
    name: str,
    pieces: list[KnownPiece],
) -> Response:
    placed = platform.store.write(
        lambda uow: add_once(uow, who.org, name, pieces, by=who.pseudonym)
    )
    rows: list[JsonValue] = [
        {
            "id": str(each.entry),
            "label": each.label,
            "frames": each.frames,
            "is_new": each.is_new,
        }
        for each in placed
    ]
    path = f"/banks/{quote(name)}"
    if len(placed) == 1:
        path += f"/entries/{placed[0].entry}"
    return done(request, path, {"entries": rows})


def _again(request: Request, platform: Served, who: Principal, name: str, typed: Typed) -> Response:
    if wants_json(request):
        if typed.problems:
            first = typed.problems[0]
            raise BadInput(f"Line {first.line}: {first.why}", pointer="/hashes")
        wrong, why = next(iter(typed.errors.items()))
        raise BadInput(why, pointer=f"/{wrong}")
    now_ms = platform.clock.now_ms()
    view = platform.store.read(lambda uow: add_view(uow, who.org, name, now_ms=now_ms, typed=typed))
    return answer(request, "bank_add.html", view, current="banks", status=400)
