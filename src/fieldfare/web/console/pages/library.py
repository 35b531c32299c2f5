"""Policies, rules and banks: what is in force, for reading."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from fieldfare.access import Permission, Principal
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.library import (
    bank_view,
    banks_view,
    place_of_rule,
    policies_view,
    policy_view,
    rule_file_view,
    rules_view,
)
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
PolicyReader = Annotated[Principal, requires(Permission.POLICIES_READ)]
RuleReader = Annotated[Principal, requires(Permission.RULES_READ)]
BankReader = Annotated[Principal, requires(Permission.BANKS_READ)]


@router.get("/policies")
def policies_page(request: Request, who: PolicyReader, platform: Platform) -> Response:
    view = policies_view(platform.pack(who.org))
    return answer(request, "policies.html", view, current="policies")


@router.get("/policies/{code}")
def policy_page(request: Request, who: PolicyReader, platform: Platform, code: str) -> Response:
    view = policy_view(platform.pack(who.org), code)
    return answer(request, "policy.html", view, current="policies")


@router.get("/rules")
def rules_page(request: Request, who: RuleReader, platform: Platform, find: str = "") -> Response:
    """List the rule files; with `find` go to the line that defines the rule of that name."""
    rule_set = platform.rule_set(who.org)
    if find:
        file, line = place_of_rule(rule_set, find)
        return RedirectResponse(f"/rules/{quote(file)}#L{line}", status_code=303)
    view = rules_view(rule_set)
    return answer(request, "rules.html", view, current="rules")


@router.get("/rules/{name:path}")
def rule_file_page(request: Request, who: RuleReader, platform: Platform, name: str) -> Response:
    view = rule_file_view(platform.rule_set(who.org), name)
    return answer(request, "rule_file.html", view, current="rules")


@router.get("/banks")
def banks_page(request: Request, who: BankReader, platform: Platform) -> Response:
    view = platform.store.read(lambda uow: banks_view(uow, who.org))
    return answer(request, "banks.html", view, current="banks")


@router.get("/banks/{name}")
def bank_page(request: Request, who: BankReader, platform: Platform, name: str) -> Response:
    view = platform.store.read(lambda uow: bank_view(uow, who.org, name))
    return answer(request, "bank.html", view, current="banks")
