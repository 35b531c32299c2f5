"""Policies: what is in force, for reading."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.library import policies_view, policy_view
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
PolicyReader = Annotated[Principal, requires(Permission.POLICIES_READ)]


@router.get("/policies")
def policies_page(request: Request, who: PolicyReader, platform: Platform) -> Response:
    view = policies_view(platform.pack(who.org))
    return answer(request, "policies.html", view, current="policies")


@router.get("/policies/{code}")
def policy_page(request: Request, who: PolicyReader, platform: Platform, code: str) -> Response:
    view = policy_view(platform.pack(who.org), code)
    return answer(request, "policy.html", view, current="policies")
