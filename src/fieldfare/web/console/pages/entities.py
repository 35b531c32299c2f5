"""Entities: finding one, what labels it has and why, and giving or taking one by hand."""

from typing import Annotated, Final
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from fieldfare.access import Permission, Principal
from fieldfare.engine.entities import entity_record, newest_labelled
from fieldfare.engine.labels import change_by_hand, subject_of
from fieldfare.engine.looks import looked_at
from fieldfare.kernel import BadInput
from fieldfare.rules.labels import Entity
from fieldfare.web.api.labels import NewLabel, change_of
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.entities import entities_view, entity_view
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires(Permission.ENTITIES_READ)]
Labeller = Annotated[Principal, requires(Permission.LABELS_WRITE)]
OfType = Annotated[str, Query(alias="type", max_length=400)]
Named = Annotated[str, Query(alias="id", max_length=400)]
SHOWN: Final = 50


@router.get("/entities")
def entities_page(
    request: Request, who: Reader, platform: Platform, of_type: OfType = "", named: Named = ""
) -> Response:
    """List the types rules name and what was labelled last; with type and id go to that entity."""
    if of_type and named:
        return RedirectResponse(_path(of_type, named), status_code=303)
    rules = platform.rule_set(who.org)
    newest = platform.store.read(lambda uow: newest_labelled(uow, who.org, limit=SHOWN))
    return answer(request, "entities.html", entities_view(rules, newest), current="items")


@router.get("/entities/{entity_type}/{entity_id:path}")
def entity_page(
    request: Request, who: Reader, platform: Platform, entity_type: str, entity_id: str
) -> Response:
    """Show an entity, and record that it was looked at."""
    entity, now_ms = Entity(entity_type, entity_id), platform.clock.now_ms()
    subject = subject_of(entity)
    person = platform.vault.pseudonym(who.org, subject)
    found = platform.store.read(
        lambda uow: entity_record(uow, who.org, entity, person=person, now_ms=now_ms)
    )
    may_label = who.may(Permission.LABELS_WRITE)
    view = entity_view(found, platform.rule_set(who.org), may_label=may_label)
    platform.store.write(lambda uow: looked_at(uow, who.org, subject, by=who.pseudonym))
    return answer(request, "entity.html", view, current="items")


@router.post("/entities/{entity_type}/{entity_id:path}")
def label_one(  # noqa: PLR0917 -- what a route is given
    request: Request,
    who: Labeller,
    platform: Platform,
    entity_type: str,
    entity_id: str,
    fields: Fields,
) -> Response:
    told = {name: value for name, value in fields.items() if name != "csrf" and value}
    try:
        entity = {"type": entity_type, "id": entity_id}
        wanted = msgspec.convert({**told, "entity": entity}, NewLabel)
    except msgspec.ValidationError as error:
        raise BadInput(f"this is no change of a label: {error}") from error
    change = change_of(wanted, by=who.pseudonym, now_ms=platform.clock.now_ms())
    in_force = platform.books.of(who.org)
    event_id = platform.store.write(lambda uow: change_by_hand(uow, who.org, in_force, change))
    path = _path(entity_type, entity_id)
    return done(request, path, {"event_id": str(event_id), "label": change.label})


def _path(entity_type: str, entity_id: str) -> str:
    return f"/entities/{quote(entity_type, safe='')}/{quote(entity_id)}"
