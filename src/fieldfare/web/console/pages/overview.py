"""The overview: how well the platform does, over a period."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.metrics.brakes import quota_states
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.overview import overview_view
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
_DAY_MS: Final = 24 * 3_600_000


@router.get("/overview")
def overview_page(
    request: Request,
    who: Annotated[Principal, requires(Permission.OVERVIEW)],
    platform: Platform,
    days: Annotated[int, Query(ge=1, le=3_650)] = 30,
) -> Response:
    """Show the measures of the last `days` days."""
    now_ms = platform.clock.now_ms()
    measured = platform.overview(who.org, now_ms - days * _DAY_MS, now_ms + 1)
    quotas = platform.store.read(lambda uow: quota_states(uow, who.org, now_ms=now_ms))
    view = overview_view(measured, platform.pack(who.org), quotas, days=days)
    return answer(request, "overview.html", view, current="overview")
