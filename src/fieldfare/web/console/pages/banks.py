"""Banks of known content: all of them, one of them, and the form that makes or changes one."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.bank_removals import BankRemovals
from fieldfare.engine.banks import (
    change_bank,
    must_be_theirs,
    put_bank,
    the_bank,
)
from fieldfare.kernel import BadInput, Conflict
from fieldfare.matching.repositories import BankRecord
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer, wants_json
from fieldfare.web.console.views.bank_form import bank_form, read_bank, values_of
from fieldfare.web.console.views.bank_form import mark as _
from fieldfare.web.console.views.banks import BankFilter, EntriesAsked, bank_view, banks_view
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires(Permission.BANKS_READ)]
Writer = Annotated[Principal, requires(Permission.BANKS_WRITE)]
Words = Annotated[str, Query(max_length=200)]
Choice = Annotated[str, Query(max_length=20)]


@router.get("/banks")
def banks_page(
    request: Request,
    who: Reader,
    platform: Platform,
    *,
    q: Words = "",
    state: Choice = "",
    vetted: Choice = "",
    polarity: Choice = "",
) -> Response:
    """List the banks, those this platform keeps itself last."""
    asked = BankFilter(words=q, state=state, vetted=vetted, polarity=polarity)
    now_ms = platform.clock.now_ms()
    view = platform.store.read(lambda uow: banks_view(uow, who.org, asked, now_ms=now_ms))
    return answer(request, "banks.html", view, current="banks")


@router.get("/new-bank")
def new_bank_page(request: Request, who: Writer, platform: Platform) -> Response:
    """Show the form of a new bank, filled in with what is usual."""
    usual = values_of(BankRecord(org=who.org, name="", policy="", vetted=False))
    view = bank_form(platform.pack(who.org), usual)
    return answer(request, "bank_form.html", view, current="banks")


@router.post("/new-bank")
def create(request: Request, who: Writer, platform: Platform, fields: Fields) -> Response:
    """Make a bank; where something is wrong, say so beside it and keep what was typed."""
    read, pack = read_bank(fields), platform.pack(who.org)
    name = fields.get("name", "").strip()
    if not name:
        read.errors["name"] = _("It needs a name.")
    if not fields.get("policy"):
        read.errors["policy"] = _("Choose one.")
    if not read.errors:
        bank = BankRecord(org=who.org, name=name, policy=fields.get("policy", ""), **read.fields)  # type: ignore[arg-type]  # fields of a bank, read
        try:
            platform.store.write(lambda uow: put_bank(uow, bank, pack, by=who.pseudonym))
        except (BadInput, Conflict) as error:
            if wants_json(request):
                raise
            read.errors[error.pointer.lstrip("/")] = str(error)
        else:
            return done(request, f"/banks/{quote(name)}", {"name": name})
    return _again(request, platform, who, fields, read.errors)


@router.get("/banks/{name}")
def bank_page(
    request: Request,
    who: Reader,
    platform: Platform,
    name: str,
    *,
    q: Words = "",
    state: Choice = "",
    kind: Choice = "",
    before: Choice = "",
) -> Response:
    """Show a bank and a page of its entries."""
    asked = EntriesAsked(words=q, state=state, kind=kind, before=before)
    now_ms = platform.clock.now_ms()
    view = platform.store.read(lambda uow: bank_view(uow, who.org, name, asked, now_ms=now_ms))
    return answer(request, "bank.html", view, current="banks")


@router.get("/banks/{name}/change")
def change_page(request: Request, who: Writer, platform: Platform, name: str) -> Response:
    """Show the form of a bank as it is."""
    must_be_theirs(name)
    bank = platform.store.read(lambda uow: the_bank(uow, who.org, name))
    view = bank_form(platform.pack(who.org), values_of(bank), name=name)
    return answer(request, "bank_form.html", view, current="banks")


@router.post("/banks/{name}/change")
def change(
    request: Request, who: Writer, platform: Platform, name: str, fields: Fields
) -> Response:
    """Change a bank; where something is wrong, say so beside it and keep what was typed."""
    must_be_theirs(name)
    read = read_bank(fields)
    if read.errors:
        platform.store.read(lambda uow: the_bank(uow, who.org, name))
        return _again(request, platform, who, fields, read.errors, name=name)
    pack = platform.pack(who.org)
    platform.store.write(
        lambda uow: change_bank(uow, who.org, name, read.fields, by=who.pseudonym, pack=pack)
    )
    return done(request, f"/banks/{quote(name)}", {"name": name})


@router.post("/banks/{name}/remove")
def remove(
    request: Request, who: Writer, platform: Platform, name: str, fields: Fields
) -> Response:
    """Remove a bank with all its entries, if its name was typed to say that it is meant."""
    must_be_theirs(name)
    if fields.get("name") != name:
        raise BadInput("The name does not match.", hint="Type the name of the bank that goes.")
    BankRemovals(platform.store, platform.blobs).bank(who.org, name, by=who.pseudonym)
    return done(request, "/banks", {"removed": name})


def _again(
    request: Request,
    platform: Platform,
    who: Principal,
    typed: dict[str, str],
    errors: dict[str, str],
    *,
    name: str = "",
) -> Response:
    if wants_json(request):
        wrong, why = next(iter(errors.items()))
        raise BadInput(why, pointer=f"/{wrong}")
    view = bank_form(platform.pack(who.org), typed, name=name, errors=errors)
    return answer(request, "bank_form.html", view, current="banks", status=400)
