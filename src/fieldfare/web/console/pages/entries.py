"""One entry of a bank: looking at it, changing it, taking it out."""

from dataclasses import replace
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.already_held import add_once
from fieldfare.engine.bank_removals import BankRemovals
from fieldfare.engine.banks import change_entry, must_be_theirs, the_bank
from fieldfare.engine.feedback import judge_match
from fieldfare.engine.reference_looks import looked_clearly
from fieldfare.engine.reference_stills import read_still
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, parse_id
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, Opinion
from fieldfare.records import Subject
from fieldfare.web.api.entries import FromItem, JudgedItem, pieces_of_item
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer, wants_json
from fieldfare.web.console.views.bank_form import MAX_NOTE
from fieldfare.web.console.views.entries import Asked, entry_of_bank, entry_view
from fieldfare.web.console.views.entry_form import read_entry
from fieldfare.web.console.views.match_pictures import blurred_jpeg, data_uri
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires(Permission.BANKS_READ)]
Writer = Annotated[Principal, requires(Permission.BANKS_WRITE)]
Judge = Annotated[Principal, requires(Permission.MATCHES_JUDGE)]
Reviewer = Annotated[Principal, requires(Permission.REVIEW)]
Seer = Annotated[Principal, requires(Permission.REVEAL)]
_NO_STORE: Final = {"Cache-Control": "private, no-store"}
Adder = Annotated[Principal, requires(Permission.BANKS_ADD)]
_OPINIONS: Final = {each.value: each for each in (Opinion.CONFIRMED, Opinion.DENIED)}


@router.get("/banks/{name}/entries/{entry}")
def entry_page(
    request: Request, who: Reader, platform: Platform, name: str, entry: str
) -> Response:
    """Show an entry: its hashes, where it is from, what it matched."""
    wanted, asked = parse_id(entry), _asked(platform, who)
    view = platform.store.read(lambda uow: entry_view(uow, who.org, name, wanted, asked))
    return answer(request, "entry.html", view, current="banks")


@router.post("/banks/{name}/entries/{entry}/change")
def change(
    request: Request, who: Writer, platform: Platform, fields: Fields, *, name: str, entry: str
) -> Response:
    """Change what is sent of an entry, such as its state; the rest stays."""
    wanted = parse_id(entry)
    changes, errors = read_entry(fields)
    if not changes.keys() <= {"state"}:
        must_be_theirs(name)
    if errors:
        if wants_json(request):
            wrong, why = next(iter(errors.items()))
            raise BadInput(why, pointer=f"/{wrong}")
        asked = replace(_asked(platform, who), values=fields, errors=errors)
        view = platform.store.read(lambda uow: entry_view(uow, who.org, name, wanted, asked))
        return answer(request, "entry.html", view, current="banks", status=400)

    def write(uow: UnitOfWork) -> None:
        known = entry_of_bank(uow, who.org, name, wanted)
        change_entry(uow, who.org, known.id, changes, by=who.pseudonym)

    platform.store.write(write)
    return done(request, _path(name, entry), {"id": entry})


@router.get("/banks/{name}/entries/{entry}/stills/{number}")
def blurred_reference(
    who: Reviewer, platform: Platform, *, name: str, entry: str, number: int
) -> Response:
    """Give a picture of an entry, blurred here: shapes and no features."""
    bank, known = platform.store.read(lambda uow: _both(uow, who, name, entry))
    picture = read_still(platform.blobs, bank, known, platform.pack(who.org), number)
    return Response(blurred_jpeg(picture), media_type="image/jpeg", headers=_NO_STORE)


@router.post("/banks/{name}/entries/{entry}/reveal")
def reveal(request: Request, who: Seer, platform: Platform, name: str, entry: str) -> Response:
    """Show an entry with its pictures clear, once; recorded and counted as exposure."""
    bank, known = platform.store.read(lambda uow: _both(uow, who, name, entry))
    pack = platform.pack(who.org)
    places = range(max(1, len(known.stills)))  # of none there is a refusal, and no exposure
    clear = [read_still(platform.blobs, bank, known, pack, place) for place in places]
    platform.store.write(lambda uow: looked_clearly(uow, bank, known, by=who.pseudonym))
    asked = replace(_asked(platform, who), clear=tuple(map(data_uri, clear)))
    view = platform.store.read(lambda uow: entry_view(uow, who.org, name, known.id, asked))
    return answer(request, "entry.html", view, current="banks")


def _both(
    uow: UnitOfWork, who: Principal, name: str, entry: str
) -> tuple[BankRecord, BankEntryRecord]:
    return the_bank(uow, who.org, name), entry_of_bank(uow, who.org, name, parse_id(entry))


def _asked(platform: Served, who: Principal) -> Asked:
    return Asked(by=who.pseudonym, now_ms=platform.clock.now_ms(), pack=platform.pack(who.org))


@router.post("/banks/{name}/entries/{entry}/opinion")
def judge(
    request: Request, who: Judge, platform: Platform, fields: Fields, *, name: str, entry: str
) -> Response:
    """Say whether a match of the entry and an item is right; the last word of each counts."""
    opinion = _OPINIONS.get(fields.get("opinion", ""))
    item = Subject(fields.get("kind", ""), fields.get("host_id", ""))
    words = fields.get("note", "").strip()
    if opinion is None or len(words) > MAX_NOTE:
        hint = f"Say confirmed or denied, with a note of at most {MAX_NOTE} characters."
        raise BadInput("That says nothing of the match.", hint=hint, pointer="/opinion")
    wanted = parse_id(entry)

    def write(uow: UnitOfWork) -> None:
        known = entry_of_bank(uow, who.org, name, wanted)
        judge_match(uow, who.org, known.id, item, opinion, words=words, by=who.pseudonym)

    platform.store.write(write)
    return done(request, _then(fields) or _path(name, entry), {"id": entry})


@router.post("/add-to-bank")
def add_item(request: Request, who: Adder, platform: Platform, fields: Fields) -> Response:
    """Add the media of an item to a bank, in one step."""
    name = fields.get("bank", "")
    must_be_theirs(name)
    item = JudgedItem(kind=fields.get("kind", ""), host_id=fields.get("host_id", ""))
    pieces = pieces_of_item(platform, who, name, FromItem(item=item))
    placed = platform.store.write(
        lambda uow: add_once(uow, who.org, name, pieces, by=who.pseudonym)
    )
    path = _then(fields) or _path(name, str(placed[0].entry))
    return done(request, path, {"entries": [str(each.entry) for each in placed]})


def _then(fields: dict[str, str]) -> str:
    """Give the page of ours that a form asks to go on to; "" if it names none."""
    then = fields.get("then", "")
    return then if then == "/review" or then.startswith("/items/") else ""


@router.post("/banks/{name}/entries/{entry}/remove")
def remove(request: Request, who: Writer, platform: Platform, name: str, entry: str) -> Response:
    """Take an entry out of its bank."""
    must_be_theirs(name)
    wanted = parse_id(entry)
    known = platform.store.read(lambda uow: entry_of_bank(uow, who.org, name, wanted))
    BankRemovals(platform.store, platform.blobs).entries(who.org, [known.id], by=who.pseudonym)
    return done(request, f"/banks/{quote(name)}", {"removed": entry})


def _path(name: str, entry: str) -> str:
    return f"/banks/{quote(name)}/entries/{entry}"
