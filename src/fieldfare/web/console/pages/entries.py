"""One entry of a bank: looking at it, changing it, taking it out."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.banks import add_to_bank, change_entry, remove_entries
from fieldfare.engine.feedback import judge_match
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, parse_id
from fieldfare.matching.repositories import Opinion
from fieldfare.records import Subject
from fieldfare.web.api.entries import FromItem, JudgedItem, pieces_of_item
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.pages.banks import must_be_theirs
from fieldfare.web.console.templating import answer, wants_json
from fieldfare.web.console.views.bank_form import MAX_NOTE
from fieldfare.web.console.views.entries import Asked, entry_of_bank, entry_view
from fieldfare.web.console.views.entry_form import read_entry
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires(Permission.BANKS_READ)]
Writer = Annotated[Principal, requires(Permission.BANKS_WRITE)]
Judge = Annotated[Principal, requires(Permission.MATCHES_JUDGE)]
Adder = Annotated[Principal, requires(Permission.BANKS_ADD)]
_OPINIONS: Final = {each.value: each for each in (Opinion.CONFIRMED, Opinion.DENIED)}


@router.get("/banks/{name}/entries/{entry}")
def entry_page(
    request: Request, who: Reader, platform: Platform, name: str, entry: str
) -> Response:
    """Show an entry: its hashes, where it is from, what it matched."""
    wanted, asked = parse_id(entry), Asked(by=who.pseudonym, now_ms=platform.clock.now_ms())
    view = platform.store.read(lambda uow: entry_view(uow, who.org, name, wanted, asked))
    return answer(request, "entry.html", view, current="banks")


@router.post("/banks/{name}/entries/{entry}/change")
def change(
    request: Request, who: Writer, platform: Platform, fields: Fields, *, name: str, entry: str
) -> Response:
    """Change what is sent of an entry, such as its state; the rest stays."""
    must_be_theirs(name)
    wanted = parse_id(entry)
    changes, errors = read_entry(fields)
    if errors:
        if wants_json(request):
            wrong, why = next(iter(errors.items()))
            raise BadInput(why, pointer=f"/{wrong}")
        asked = Asked(
            by=who.pseudonym, now_ms=platform.clock.now_ms(), values=fields, errors=errors
        )
        view = platform.store.read(lambda uow: entry_view(uow, who.org, name, wanted, asked))
        return answer(request, "entry.html", view, current="banks", status=400)

    def write(uow: UnitOfWork) -> None:
        known = entry_of_bank(uow, who.org, name, wanted)
        change_entry(uow, who.org, known.id, changes, by=who.pseudonym)

    platform.store.write(write)
    return done(request, _path(name, entry), {"id": entry})


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
    added = platform.store.write(
        lambda uow: add_to_bank(uow, who.org, name, pieces, by=who.pseudonym)
    )
    path = _then(fields) or _path(name, str(added[0]))
    return done(request, path, {"entries": [str(each) for each in added]})


def _then(fields: dict[str, str]) -> str:
    """Give the page of ours that a form asks to go on to; "" if it names none."""
    then = fields.get("then", "")
    return then if then == "/review" or then.startswith("/items/") else ""


@router.post("/banks/{name}/entries/{entry}/remove")
def remove(request: Request, who: Writer, platform: Platform, name: str, entry: str) -> Response:
    """Take an entry out of its bank."""
    must_be_theirs(name)
    wanted = parse_id(entry)

    def write(uow: UnitOfWork) -> None:
        known = entry_of_bank(uow, who.org, name, wanted)
        remove_entries(uow, who.org, [known.id], by=who.pseudonym)

    platform.store.write(write)
    return done(request, f"/banks/{quote(name)}", {"removed": entry})


def _path(name: str, entry: str) -> str:
    return f"/banks/{quote(name)}/entries/{entry}"
