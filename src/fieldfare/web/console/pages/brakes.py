"""Quotas and snoozes: seeing them, and setting them from a form."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.brake_administration import lift_quota, set_quota, snooze, wake
from fieldfare.kernel import BadInput, parse_id
from fieldfare.web.api.brakes import snooze_end, snoozed
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.brakes import brakes_view
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires(Permission.RULES_READ)]
Operator = Annotated[Principal, requires(Permission.RULES_BRAKE)]


@router.get("/brakes")
def brakes_page(request: Request, who: Reader, platform: Platform) -> Response:
    """Show how much rules may do by themselves, how much they did, and whom they let be."""
    in_force, now_ms = platform.books.of(who.org), platform.clock.now_ms()
    may_set = Permission.RULES_BRAKE in who.permissions
    view = platform.store.read(
        lambda uow: brakes_view(uow, who.org, in_force, now_ms=now_ms, may_set=may_set)
    )
    return answer(request, "brakes.html", view, current="rules")


@router.post("/brakes/quota")
def set_one(request: Request, who: Operator, platform: Platform, fields: Fields) -> Response:
    rule, action = fields.get("rule", ""), fields.get("action", "")
    in_force = platform.books.of(who.org)
    per_minute, per_day = _times(fields, "per_minute"), _times(fields, "per_day")
    platform.store.write(
        lambda uow: set_quota(
            uow,
            who.org,
            in_force,
            rule=rule,
            action=action,
            per_minute=per_minute,
            per_day=per_day,
            by=who.pseudonym,
        )
    )
    return done(request, "/brakes", {"rule": rule, "action": action})


@router.post("/brakes/lift")
def lift_one(request: Request, who: Operator, platform: Platform, fields: Fields) -> Response:
    rule, action = fields.get("rule", ""), fields.get("action", "")
    platform.store.write(lambda uow: lift_quota(uow, who.org, rule, action, by=who.pseudonym))
    return done(request, "/brakes", {"rule": rule, "action": action})


@router.post("/brakes/snooze")
def snooze_one(request: Request, who: Operator, platform: Platform, fields: Fields) -> Response:
    kind, colon, host_id = fields.get("entity", "").partition(":")
    if not (kind and colon and host_id):
        raise BadInput(
            f"{fields.get('entity', '')!r} is no entity",
            hint="Write KIND:ID, as in account:ana.",
            pointer="/entity",
        )
    about = snoozed(kind, host_id)
    in_force, now_ms = platform.books.of(who.org), platform.clock.now_ms()
    until = snooze_end(None, fields.get("for", ""), now_ms=now_ms)
    made = platform.store.write(
        lambda uow: snooze(
            uow,
            who.org,
            in_force,
            rule=fields.get("rule", ""),
            entity=about,
            until=until,
            now_ms=now_ms,
            reason=fields.get("reason", ""),
            by=who.pseudonym,
        )
    )
    return done(request, "/brakes", {"id": str(made.id)})


@router.post("/brakes/wake")
def wake_one(request: Request, who: Operator, platform: Platform, fields: Fields) -> Response:
    event_id, now_ms = parse_id(fields.get("id", "")), platform.clock.now_ms()
    platform.store.write(lambda uow: wake(uow, who.org, event_id, now_ms=now_ms, by=who.pseudonym))
    return done(request, "/brakes", {"id": str(event_id)})


def _times(fields: dict[str, str], name: str) -> int | None:
    """Read how often; an empty field sets no bound. Raises BadInput for what is no number."""
    text = fields.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004 -- as the API
        raise BadInput(
            f"{text[:20]!r} is no number of times", hint="Digits only.", pointer=f"/{name}"
        )
    return int(text)
