"""Rules: the list of what is in force, one rule, one file."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from fieldfare.access import Permission, Principal
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.past_rules import past_rule_view
from fieldfare.web.console.views.rule_hits import period
from fieldfare.web.console.views.rules import (
    RuleUnknown,
    rule_file_view,
    rule_view,
    rules_view,
    version_with,
)
from fieldfare.web.guards import Platform, requires

router = APIRouter(include_in_schema=False)
RuleReader = Annotated[Principal, requires(Permission.RULES_READ)]
Search = Annotated[str, Query(max_length=200)]


@router.get("/rules")
def rules_page(
    request: Request, who: RuleReader, platform: Platform, q: Search = "", find: Search = ""
) -> Response:
    """List the rules that answer a search; with `find` go to the rule of that name."""
    in_force = platform.books.of(who.org)
    of = period(platform.clock.now_ms())
    if find:
        try:
            version_with(in_force, find)
        except RuleUnknown:
            if platform.store.read(lambda uow: past_rule_view(uow, who.org, find, of)) is None:
                raise
        return RedirectResponse(f"/rules/rule/{quote(find)}", status_code=303)
    view = platform.store.read(lambda uow: rules_view(uow, who, in_force, of, search=q))
    return answer(request, "rules.html", view, current="rules")


@router.get("/rules/rule/{name}")
def rule_page(request: Request, who: RuleReader, platform: Platform, name: str) -> Response:
    rule_set = platform.rule_set(who.org)
    if (file := f"rule/{name}") in rule_set.sources:
        # A folder of that name in the rule set: no rule is named with a dot.
        return answer(request, "rule_file.html", rule_file_view(rule_set, file), current="rules")
    of = period(platform.clock.now_ms())
    in_force = platform.books.of(who.org)
    try:
        view = platform.store.read(lambda uow: rule_view(uow, who.org, in_force, name, of))
    except RuleUnknown:
        past = platform.store.read(lambda uow: past_rule_view(uow, who.org, name, of))
        if past is None:
            raise
        return answer(request, "rule_past.html", past, current="rules")
    return answer(request, "rule.html", view, current="rules")


@router.get("/rules/{name:path}")
def rule_file_page(request: Request, who: RuleReader, platform: Platform, name: str) -> Response:
    view = rule_file_view(platform.rule_set(who.org), name)
    return answer(request, "rule_file.html", view, current="rules")
