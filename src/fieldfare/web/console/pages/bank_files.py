"""A bank as a file: importing lines, with what is wrong with each, and a look at them before."""

from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import islice
from typing import Annotated, BinaryIO, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from fieldfare.access import Permission, Principal
from fieldfare.engine.bank_files import BankFormat, LineProblem, LineReader, Taken, take_pieces
from fieldfare.engine.bank_formats import format_of
from fieldfare.engine.banks import KnownPiece, must_be_theirs, the_bank
from fieldfare.kernel import BadInput
from fieldfare.web.console.templating import answer, wants_json
from fieldfare.web.console.views.adding import ImportView, PieceLine, import_view
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

router = APIRouter(include_in_schema=False)
Writer = Annotated[Principal, requires(Permission.BANKS_WRITE)]
LINES: Final = 500
SHOWN: Final = 20


@dataclass(slots=True)
class _Look:
    """What is seen of a file on the way through it."""

    readable: int = 0
    taken: Taken = field(default_factory=Taken)
    first: list[PieceLine] = field(default_factory=list)


@router.get("/banks/{name}/import")
def import_page(request: Request, who: Writer, platform: Platform, name: str) -> Response:
    """Show where to drop a file of entries."""
    must_be_theirs(name)
    now_ms = platform.clock.now_ms()
    view = platform.store.read(lambda uow: import_view(uow, who.org, name, now_ms=now_ms))
    return answer(request, "bank_import.html", view, current="banks")


@router.post("/banks/{name}/import")
async def import_file(request: Request, who: Writer, platform: Platform, name: str) -> Response:
    """Take the lines of a file, each once however often it is sent; or only look at them."""
    must_be_theirs(name)
    async with request.form(max_files=1) as form:
        part = form.get("file")
        wanted = str(form.get("format", ""))
        is_trial = form.get("act") == "look"
        if not isinstance(part, UploadFile) or not part.filename:
            error = BadInput("No file was chosen.", hint="Drop one, or choose one.")
            return await run_in_threadpool(_refused, request, platform, who, name, error)
        try:
            kind = await run_in_threadpool(_format, wanted, part.filename, part.file)
        except BadInput as error:
            return await run_in_threadpool(_refused, request, platform, who, name, error)
        look = await run_in_threadpool(
            _read, platform, who, name, part.file, kind=kind, is_trial=is_trial
        )
    view = await run_in_threadpool(
        _told, platform, who, name, look, file=part.filename, kind=kind, is_trial=is_trial
    )
    return answer(request, "bank_import.html", view, current="banks")


def _format(wanted: str, filename: str, file: BinaryIO) -> BankFormat:
    """Take the format that is named, else what the file's name or its first line tells."""
    if wanted in set(BankFormat):
        return BankFormat(wanted)
    first = next(filter(bytes.strip, islice(file, LINES)), b"")
    file.seek(0)
    return format_of(filename, first.decode(errors="replace"))


def _read(
    platform: Served, who: Principal, name: str, file: BinaryIO, *, kind: BankFormat, is_trial: bool
) -> _Look:
    platform.store.read(lambda uow: the_bank(uow, who.org, name))
    reader, look = LineReader(kind), _Look()
    lines = TextIOWrapper(file, encoding="utf-8", errors="replace")
    while portion := list(islice(lines, LINES)):
        read: list[KnownPiece | LineProblem] = list(reader.pieces(portion))
        pieces = [each for each in read if isinstance(each, KnownPiece)]
        look.readable += len(pieces)
        look.first += [PieceLine.of(each) for each in pieces[: SHOWN - len(look.first)]]
        if is_trial:
            problems = tuple(each for each in read if isinstance(each, LineProblem))
            look.taken = look.taken.plus(Taken(failed=len(problems), problems=problems))
            continue
        look.taken = look.taken.plus(
            platform.store.write(
                lambda uow, read=read: take_pieces(uow, who.org, name, read, by=who.pseudonym)  # type: ignore[misc]  # a default binds the loop's value
            )
        )
    lines.detach()
    return look


def _told(
    platform: Served,
    who: Principal,
    name: str,
    look: _Look,
    *,
    file: str,
    kind: BankFormat,
    is_trial: bool,
) -> ImportView:
    now_ms = platform.clock.now_ms()
    view = platform.store.read(lambda uow: import_view(uow, who.org, name, now_ms=now_ms))
    return view.with_file(
        file,
        format=kind.value,
        is_trial=is_trial,
        readable=look.readable,
        taken=look.taken,
        first=tuple(look.first),
    )


def _refused(
    request: Request, platform: Served, who: Principal, name: str, error: BadInput
) -> Response:
    if wants_json(request):
        raise error
    now_ms = platform.clock.now_ms()
    view = platform.store.read(
        lambda uow: import_view(uow, who.org, name, now_ms=now_ms, error=str(error))
    )
    return answer(request, "bank_import.html", view, current="banks", status=400)
