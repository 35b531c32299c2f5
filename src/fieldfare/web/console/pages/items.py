"""Items: the newest decisions, and one item with everything that happened to it."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from fieldfare.access import Permission, Principal
from fieldfare.engine.looks import looked_at
from fieldfare.kernel import parse_id
from fieldfare.records import Subject
from fieldfare.web.console.templating import answer, wants_json
from fieldfare.web.console.views.items import ItemsView, ItemUnknown, item_view, items_view
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
_PAGE: Final = 50
Reader = Annotated[Principal, requires(Permission.ITEMS_READ)]
_MAX_ID: Final = 400


@router.get("/items")
def items_page(
    request: Request,
    who: Reader,
    platform: Platform,
    *,
    before: str = "",
    kind: Annotated[str, Query(max_length=_MAX_ID)] = "",
    host_id: Annotated[str, Query(max_length=_MAX_ID)] = "",
) -> Response:
    """List the newest decisions; with kind and host_id go to that item."""
    if kind and host_id:
        return RedirectResponse(f"/items/{quote(kind, safe='')}/{quote(host_id)}", status_code=303)
    cursor = parse_id(before) if before else None
    view = platform.store.read(lambda uow: items_view(uow, who.org, before=cursor, limit=_PAGE))
    return answer(request, "items.html", view, current="items")


@router.get("/items/{kind}/{host_id:path}")
def item_page(
    request: Request, who: Reader, platform: Platform, kind: str, host_id: str
) -> Response:
    """Show one item, and record that it was looked at."""
    subject, find = Subject(kind, host_id), platform.books.of(who.org).found_in
    pack = platform.pack(who.org)
    try:
        view = platform.store.read(
            lambda uow: item_view(uow, who.org, subject, find, pack=pack, by=who.pseudonym)
        )
    except ItemUnknown:
        if wants_json(request):
            raise
        nothing = ItemsView(rows=(), next="", kind=kind, host_id=host_id)
        return answer(request, "items.html", nothing, current="items", status=404)
    platform.store.write(lambda uow: looked_at(uow, who.org, subject, by=who.pseudonym))
    return answer(request, "item.html", view, current="items")
