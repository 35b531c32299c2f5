"""The outbox: what is carried to the host, and the second chance of what could not be."""

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.kernel import BadInput, Conflict
from fieldfare.records import OutboxState
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.outbox import outbox_view, read_cursor
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
_PAGE: Final = 50


class NothingToReplay(Conflict):
    """The row is not dead, or a newer decision on the same item has overtaken it."""

    slug = "nothing-to-replay"


@router.get("/outbox")
def outbox_page(
    request: Request,
    who: Annotated[Principal, requires(Permission.OUTBOX_READ)],
    platform: Platform,
    state: str = "",
    before: str = "",
) -> Response:
    """List effects on their way, newest first."""
    if state and state not in set(OutboxState):
        raise BadInput(f"{state!r} is no state of an outbox row.", pointer="/state")
    wanted = OutboxState(state) if state else None
    cursor = read_cursor(before)
    view = platform.store.read(
        lambda uow: outbox_view(uow, who.org, state=wanted, before=cursor, limit=_PAGE)
    )
    return answer(request, "outbox.html", view, current="outbox")


@router.post("/outbox/replay")
def replay(
    request: Request,
    who: Annotated[Principal, requires(Permission.OUTBOX_REPLAY)],
    platform: Platform,
    fields: Fields,
) -> Response:
    """Make one dead row due again."""
    effect, webhook = fields.get("effect_id", ""), fields.get("webhook", "")
    now_ms = platform.clock.now_ms()
    done_so = platform.store.write(
        lambda uow: uow.outbox.replay(who.org, effect, webhook, now_ms=now_ms)
    )
    if not done_so:
        raise NothingToReplay(
            f"Effect {effect[:60]!r} is not dead, or a newer decision has overtaken it.",
            hint="Reload the page.",
        )
    return done(request, "/outbox?state=due", {"effect_id": effect, "state": "due"})
