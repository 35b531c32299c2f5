"""The match debugger: drop a file, paste hashes or a text, and see what matches and why."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from fieldfare.access import Permission, Principal
from fieldfare.kernel import BadInput, FieldfareError
from fieldfare.kernel.ids import LAST_ID
from fieldfare.matching.known_text import When
from fieldfare.matching.thresholds import Asking
from fieldfare.web.console.pages.asking import Fields
from fieldfare.web.console.templating import answer, wants_json
from fieldfare.web.console.views.hash_lines import fingerprint_of_hashes
from fieldfare.web.console.views.matching import (
    MatchView,
    Question,
    hashed_of,
    match_view,
    nothing_asked,
    words_view,
)
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served
from fieldfare.web.turns import in_turn

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires(Permission.BANKS_READ)]
MAX_TEXT: Final = 100_000


@router.get("/match")
def match_page(request: Request, _who: Reader) -> Response:
    """Show where to drop a file, and where to paste hashes or a text."""
    return answer(request, "match.html", nothing_asked({}), current="banks")


@router.post("/match/file")
async def match_file(request: Request, who: Reader, platform: Platform) -> Response:
    """Look a file up, and keep nothing of it."""
    async with request.form(max_files=1) as form:
        part = form.get("file")
        if not isinstance(part, UploadFile) or not part.filename:
            return _refused(
                request, {}, BadInput("No file was chosen.", hint="Drop one, or choose one.")
            )
        question = await run_in_threadpool(_question, platform, part)
    if question.taken and question.taken.found.problem and not len(question.fingerprint.frames):
        view = nothing_asked({}, hashed=hashed_of(question))
        return answer(request, "match.html", view, current="banks")
    view = await run_in_threadpool(_found, platform, who, question, {})
    return answer(request, "match.html", view, current="banks")


@router.post("/match/hash")
def match_hash(request: Request, who: Reader, platform: Platform, fields: Fields) -> Response:
    """Look up hashes: the digest of a file, or the frames of one picture or video."""
    values = {"hash": fields.get("hash", "")}
    try:
        question = Question(of="hash", fingerprint=fingerprint_of_hashes(values["hash"]))
    except BadInput as error:
        return _refused(request, values, error)
    view = in_turn(lambda: _found(platform, who, question, values))
    return answer(request, "match.html", view, current="banks")


@router.post("/match/text")
def match_text(request: Request, who: Reader, platform: Platform, fields: Fields) -> Response:
    """Look up a text, and the URLs in it."""
    text = fields.get("text", "")
    if not text.strip() or len(text) > MAX_TEXT:
        error = BadInput(f"Paste a text of at most {MAX_TEXT} characters.", pointer="/text")
        return _refused(request, {"text": text}, error)
    known = platform.books.words.of(who.org)
    asking = Asking(at_ms=platform.clock.now_ms(), item=text)

    def look() -> MatchView:
        platform.store.read(lambda u: platform.books.words.refresh(u, who.org, as_of=LAST_ID))
        found = known.match({"text": text}, When(asking=asking))
        return platform.store.read(lambda uow: words_view(uow, who.org, text, found, asking=asking))

    return answer(request, "match.html", in_turn(look), current="banks")


def _question(platform: Served, part: UploadFile) -> Question:
    taken = in_turn(lambda: platform.scanning.fingerprint(part.file, stills=True))
    return Question(of="file", fingerprint=taken.fingerprint, name=part.filename or "", taken=taken)


def _found(
    platform: Served, who: Principal, question: Question, values: Mapping[str, str]
) -> MatchView:
    now_ms = platform.clock.now_ms()
    found = platform.recognising.explained(who.org, question.fingerprint)
    pack = platform.pack(who.org)
    return platform.store.read(
        lambda uow: match_view(
            uow, who.org, question, found, pack=pack, now_ms=now_ms, values=values
        )
    )


def _refused(request: Request, values: Mapping[str, str], error: FieldfareError) -> Response:
    if wants_json(request):
        raise error
    view = nothing_asked(values, error=str(error))
    return answer(request, "match.html", view, current="banks", status=error.status)
