"""Policies and banks: what is in force, for reading."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.library import (
    bank_view,
    banks_view,
    policies_view,
    policy_view,
)
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
PolicyReader = Annotated[Principal, requires(Permission.POLICIES_READ)]
BankReader = Annotated[Principal, requires(Permission.BANKS_READ)]


@router.get("/policies")
def policies_page(request: Request, who: PolicyReader, platform: Platform) -> Response:
    view = policies_view(platform.pack(who.org))
    return answer(request, "policies.html", view, current="policies")


@router.get("/policies/{code}")
def policy_page(request: Request, who: PolicyReader, platform: Platform, code: str) -> Response:
    view = policy_view(platform.pack(who.org), code)
    return answer(request, "policy.html", view, current="policies")


@router.get("/banks")
def banks_page(request: Request, who: BankReader, platform: Platform) -> Response:
    view = platform.store.read(lambda uow: banks_view(uow, who.org))
    return answer(request, "banks.html", view, current="banks")


@router.get("/banks/{name}")
def bank_page(request: Request, who: BankReader, platform: Platform, name: str) -> Response:
    view = platform.store.read(lambda uow: bank_view(uow, who.org, name))
    return answer(request, "bank.html", view, current="banks")
