"""Investigating from the console: asking, keeping a query, asking people about what was found."""

import secrets
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.bulk_label import LabelOrder
from fieldfare.engine.bulk_orders import MOST
from fieldfare.engine.bulk_review import BulkOrder, askable
from fieldfare.engine.in_force import EVALUATED_KINDS
from fieldfare.engine.labels import ACCOUNT_TYPE
from fieldfare.engine.saved_queries import SavedQuery, delete_query, save_query, saved_queries
from fieldfare.ingest.schemas import EVENT_KINDS, moment
from fieldfare.kernel import BadInput, Org
from fieldfare.rules import RuleSet
from fieldfare.rules.queries import entity_type_of, names_in
from fieldfare.web.api.query import carry_out, investigation, label_all
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.investigate import (
    Asking,
    Found,
    InvestigateView,
    found_view,
    inquiry_of,
)
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served
from fieldfare.web.turns import in_turn

router = APIRouter(include_in_schema=False)
Investigator = Annotated[Principal, requires(Permission.QUERY)]
Orderer = Annotated[Principal, requires(Permission.BULK_ACT)]
DAYS: Final = (1, 7, 28, 90, 365)
DEFAULT_DAYS: Final = 7
MOST_DIGITS: Final = 9
KINDS: Final = tuple(
    sorted({*EVALUATED_KINDS, *EVENT_KINDS.schemas, "decision.made", "verdict.given"})
)


@router.get("/investigate")
def investigate_page(
    request: Request,
    who: Investigator,
    platform: Platform,
) -> Response:
    """Show what an expression selects; without one, what could be asked."""
    asking = _asking(request.query_params)
    end = _end(asking, platform)
    found, trouble = _look(platform, who.org, asking, end)
    rules, pack = platform.rule_set(who.org), platform.pack(who.org)
    view = InvestigateView(
        asked=asking,
        to=Moment(end),
        trouble=trouble,
        found=found,
        top_type=entity_type_of(asking.top.strip(), rules.sources),
        person_type=ACCOUNT_TYPE,
        saved=tuple(platform.store.read(lambda uow: saved_queries(uow, who.org)).values()),
        names=names_in(rules.sources),
        kinds=KINDS,
        days=DAYS,
        policies=tuple(sorted(pack.policies)),
        labels=tuple(sorted(rules.labels)),
        entity_types=_entity_types(rules),
        may_order=who.may(Permission.BULK_ACT),
        most=MOST,
        key=secrets.token_hex(8),
    )
    return answer(request, "investigate.html", view, current="investigate")


@router.post("/investigate/save")
def save_one(request: Request, who: Investigator, platform: Platform, fields: Fields) -> Response:
    """Keep the query under a name."""
    name = fields.get("name", "").strip()
    if not 1 <= len(name) <= 200 or not fields.get("q", "").strip():  # noqa: PLR2004 -- as the API
        raise BadInput("a saved query has a name and an expression", pointer="/name")
    asked = _asking(fields)
    kinds = (asked.kind,) if asked.kind else ()
    saved = SavedQuery(name=name, text=asked.q, shown=asked.top, kinds=kinds, by=who.pseudonym)
    platform.store.write(lambda uow: save_query(uow, who.org, saved, by=who.pseudonym))
    return done(request, f"/investigate?{_link(asked)}", {"name": name})


@router.post("/investigate/forget")
def forget_one(request: Request, who: Investigator, platform: Platform, fields: Fields) -> Response:
    """Let go of a saved query."""
    name = fields.get("name", "")
    platform.store.write(lambda uow: delete_query(uow, who.org, name, by=who.pseudonym))
    return done(request, "/investigate", {"deleted": name})


@router.post("/investigate/review")
def review_all(request: Request, who: Orderer, platform: Platform, fields: Fields) -> Response:
    """Ask people about every item that the page counted, once."""
    asked = _asking(fields)
    end = _end(asked, platform)
    order = BulkOrder(
        inquiry=inquiry_of(asked, end),
        policy=fields.get("policy", ""),
        reason=_reason(fields),
        expected=_number(fields, "expected") or 0,
        limit=MOST,
        key=fields.get("key", ""),
    )
    came = in_turn(lambda: carry_out(platform, who, order))
    told = f"{_link(asked)}&asked={came.asked}&skipped={came.skipped}"
    return done(request, f"/investigate?{told}", msgspec.to_builtins(came))


@router.post("/investigate/label")
def label_each(request: Request, who: Orderer, platform: Platform, fields: Fields) -> Response:
    """Label every entity whose id the page showed, once."""
    asked = _asking(fields)
    order = LabelOrder(
        inquiry=inquiry_of(asked, _end(asked, platform)),
        entity_type=fields.get("entity_type", ""),
        label=fields.get("label", ""),
        reason=_reason(fields),
        expected=_number(fields, "expected") or 0,
        limit=MOST,
        key=fields.get("key", ""),
    )
    came = in_turn(lambda: label_all(platform, who, order))
    told = f"{_link(asked)}&labelled={came.entities}"
    return done(request, f"/investigate?{told}", msgspec.to_builtins(came))


def _reason(fields: Mapping[str, str]) -> str:
    reason = fields.get("reason", "").strip()
    if not reason:
        raise BadInput("say why", hint="Whoever finds it wants to know.", pointer="/reason")
    return reason[:500]


def _entity_types(rules: RuleSet) -> tuple[str, ...]:
    """Name the types of entities that labels of the rules are for."""
    named = {each for terms in rules.labels.values() for each in terms.valid_for}
    return tuple(sorted(named or {ACCOUNT_TYPE}))


def _look(platform: Served, org: Org, asking: Asking, end: int) -> tuple[Found | None, str]:
    """Ask the lake; what is wrong with the expression is shown beside it, not instead of it."""
    if not asking.q.strip():
        return None, ""
    try:
        inquiry = inquiry_of(asking, end)
        found = in_turn(lambda: investigation(platform, org).findings(inquiry))
    except BadInput as error:
        return None, str(error)
    some = found.subjects if found.items <= MOST else ()  # more are not asked about at once
    return found_view(found, askable=platform.store.read(lambda uow: askable(uow, org, some))), ""


def _end(asked: Asking, platform: Served) -> int:
    """Give where the time ends: where an earlier page said, else now."""
    told = moment(asked.to, pointer="/to") if asked.to else None
    return told or platform.clock.now_ms() + 1


def _asking(fields: Mapping[str, str]) -> Asking:
    days = _number(fields, "days") or DEFAULT_DAYS
    if days not in DAYS:
        raise BadInput(f"days={days} is not offered", hint=f"Use one of {DAYS}.", pointer="/days")
    return Asking(
        q=fields.get("q", ""),
        top=fields.get("top", ""),
        kind=fields.get("kind", ""),
        days=days,
        to=fields.get("to", ""),
        asked=_number(fields, "asked"),
        labelled=_number(fields, "labelled"),
        skipped=_number(fields, "skipped"),
    )


def _number(fields: Mapping[str, str], name: str) -> int | None:
    """Read a number; None where there is none. Raises BadInput for what is no number."""
    text = fields.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BadInput(f"{text[:20]!r} is no number", hint="Digits only.", pointer=f"/{name}")
    return int(text)


def _link(asked: Asking) -> str:
    return urlencode(
        {"q": asked.q, "top": asked.top, "kind": asked.kind, "days": asked.days, "to": asked.to}
    )
