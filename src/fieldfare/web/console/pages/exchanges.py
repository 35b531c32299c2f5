"""Exchanges: how each is, setting them up, and fetching by hand."""

from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.exchange_administration import (
    NewExchange,
    add_exchange,
    change_exchange,
    remove_exchange,
)
from fieldfare.engine.exchange_records import FetchCounts
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, Conflict, FieldfareError, JsonValue
from fieldfare.matching.exchanges import api_named
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer, wants_json
from fieldfare.web.console.views.bank_form import mark as _
from fieldfare.web.console.views.exchanges import (
    CONFIG,
    SECRET,
    Done,
    exchange_view,
    exchanges_view,
    field_of,
    new_form,
    part_of,
)
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served
from fieldfare.web.turns import in_turn

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires(Permission.BANKS_READ)]
Keeper = Annotated[Principal, requires(Permission.EXCHANGES_ADMIN)]
BUDGET_S: Final = 15.0
"""So long does a fetch by hand keep its page waiting; what is left is fetched in the background."""


@router.get("/exchanges")
def exchanges_page(request: Request, who: Reader, platform: Platform) -> Response:
    """List the exchanges, and how each is."""
    view = platform.store.read(lambda uow: exchanges_view(uow, who.org))
    return answer(request, "exchanges.html", view, current="banks")


@router.get("/new-exchange")
def new_exchange_page(
    request: Request, who: Keeper, platform: Platform, api: str = "local_file"
) -> Response:
    """Show the form of a new exchange of a kind."""
    view = new_form(api_named(api), platform.pack(who.org))
    return answer(request, "exchange_new.html", view, current="banks")


@router.post("/new-exchange")
def create(request: Request, who: Keeper, platform: Platform, fields: Fields) -> Response:
    """Set an exchange up; where something is wrong, say so beside it."""
    api, pack = api_named(fields.get("api", "")), platform.pack(who.org)
    try:
        wanted = NewExchange(
            name=_name(fields),
            api=api.name,
            policy=fields.get("policy", ""),
            config=part_of(fields, CONFIG, with_empty=False),
            credentials=part_of(fields, SECRET, with_empty=False),
            every_s=_every_s(fields),
            tells=fields.get("tells") == "yes",
        )
        platform.store.write(lambda uow: add_exchange(uow, who.org, wanted, pack, by=who.pseudonym))
    except (BadInput, Conflict) as error:
        if wants_json(request):
            raise
        errors = {field_of(error.pointer): str(error)}
        view = new_form(api, pack, typed=fields, errors=errors)
        return answer(request, "exchange_new.html", view, current="banks", status=error.status)
    return done(request, f"/exchanges/{quote(wanted.name)}", {"name": wanted.name})


@router.get("/exchanges/{name}")
def exchange_page(request: Request, who: Reader, platform: Platform, name: str) -> Response:
    """Show an exchange: how it is, what its last fetch did, how it is set up."""
    return _page(request, platform, who, name)


@router.post("/exchanges/{name}/change")
def change(
    request: Request, who: Keeper, platform: Platform, name: str, fields: Fields
) -> Response:
    """Change how an exchange is set up; a credential that is left empty stays."""
    try:
        changes: dict[str, JsonValue] = {
            "config": part_of(fields, CONFIG, with_empty=True),
            "credentials": part_of(fields, SECRET, with_empty=False),
            "every_s": _every_s(fields),
            "tells": fields.get("tells") == "yes",
        }
        platform.store.write(
            lambda uow: change_exchange(uow, who.org, name, changes, by=who.pseudonym)
        )
    except BadInput as error:
        if wants_json(request):
            raise
        errors = {field_of(error.pointer): str(error)}
        view = platform.store.read(
            lambda uow: exchange_view(uow, who.org, name, typed=fields, errors=errors)
        )
        return answer(request, "exchange.html", view, current="banks", status=error.status)
    return done(request, f"/exchanges/{quote(name)}", {"name": name})


@router.post("/exchanges/{name}/pause")
def pause(request: Request, who: Keeper, platform: Platform, name: str, fields: Fields) -> Response:
    """Stop fetching, or go on with it."""
    on = fields.get("on") == "yes"
    platform.store.write(
        lambda uow: change_exchange(uow, who.org, name, {"enabled": on}, by=who.pseudonym)
    )
    return done(request, f"/exchanges/{quote(name)}", {"name": name, "enabled": on})


@router.post("/exchanges/{name}/fetch")
def fetch(request: Request, who: Keeper, platform: Platform, name: str, fields: Fields) -> Response:
    """Fetch now, or try it out: the same without storing anything."""
    is_trial = fields.get("trial") == "yes"
    work = platform.exchanges.try_out if is_trial else platform.exchanges.fetch

    def order() -> Done:
        came = work(who.org, name, budget_s=BUDGET_S)
        return Done(
            what="trial" if is_trial else "fetch",
            pages=came.pages,
            more=came.more,
            counts=came.counts,
            problems=came.problems,
        )

    return _ordered(request, platform, who, name, order)


@router.post("/exchanges/{name}/confirm")
def confirm(
    request: Request, who: Keeper, platform: Platform, name: str, fields: Fields
) -> Response:
    """Let the entries go whose removal was held back, as many as the page said."""

    def order() -> Done:
        try:
            entries = int(fields.get("entries", ""))
        except ValueError:
            raise BadInput(_("A number of entries."), pointer="/entries") from None
        gone = platform.exchanges.confirm(who.org, name, entries=entries, by=who.pseudonym)
        return Done(what="fetch", counts=FetchCounts(removed=gone))

    return _ordered(request, platform, who, name, order)


@router.post("/exchanges/{name}/test")
def introduce(request: Request, who: Keeper, platform: Platform, name: str) -> Response:
    """Ask the service who we are to it; nothing is fetched."""

    def order() -> Done:
        return Done(what="test", told=platform.exchanges.introduce(who.org, name))

    return _ordered(request, platform, who, name, order)


@router.post("/exchanges/{name}/remove")
def remove(
    request: Request, who: Keeper, platform: Platform, name: str, fields: Fields
) -> Response:
    """Remove an exchange; its bank stays, with what it brought unless that is to go too."""
    entries = fields.get("entries") == "yes"

    def write(uow: UnitOfWork) -> bool:
        return remove_exchange(uow, who.org, name, entries=entries, by=who.pseudonym)

    while not platform.store.write(write):
        pass
    return done(request, "/exchanges", {"removed": name})


def _name(fields: dict[str, str]) -> str:
    name = fields.get("name", "").strip()
    if not name:
        raise BadInput(_("It needs a name."), pointer="/name")
    return name


def _every_s(fields: dict[str, str]) -> int:
    try:
        return round(float(fields.get("every_min", "60").replace(",", ".")) * 60)
    except (ValueError, OverflowError):
        raise BadInput(_("A number of minutes."), pointer="/every_s") from None


def _ordered(
    request: Request, platform: Served, who: Principal, name: str, order: Callable[[], Done]
) -> Response:
    """Carry an order out and show what came of it; a service that refuses is no error of ours."""
    try:
        came = in_turn(order)
    except FieldfareError as error:
        if wants_json(request) or error.status in {404, 429}:
            raise
        came = Done(what="failed", error=str(error))
    return _page(request, platform, who, name, came)


def _page(
    request: Request, platform: Served, who: Principal, name: str, came: Done | None = None
) -> Response:
    view = platform.store.read(lambda uow: exchange_view(uow, who.org, name, done=came))
    return answer(request, "exchange.html", view, current="banks")
