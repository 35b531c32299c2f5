"""Investigating over JSON: an inquiry, the queries that were saved, and review in bulk."""

import time
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.bulk_label import BulkLabel, Labelled, LabelOrder
from fieldfare.engine.bulk_orders import MOST
from fieldfare.engine.bulk_review import Bulk, BulkOrder, BulkReview
from fieldfare.engine.investigating import MOST_ROWS, Findings, Inquiry, Investigation, row_json
from fieldfare.engine.saved_queries import SavedQuery, delete_query, save_query, saved_queries
from fieldfare.ingest.schemas import Key, Name, decode, moment
from fieldfare.kernel import JsonValue, Org, Unavailable, at_of, rfc3339
from fieldfare.metrics import DAY_MS
from fieldfare.web.api.shapes import answer, day_or_moment, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served
from fieldfare.web.turns import in_turn

WEEK_MS: Final = 7 * DAY_MS
PATIENCE_S: Final = 20.0
"""How long an inquiry may look; then it says how far it came."""
SHORTER: Final = "Ask for a shorter time: an order is about all of it, or about nothing."
router = APIRouter(prefix="/v1", tags=["investigating"])
Expression = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]
Moment = Annotated[str, msgspec.Meta(max_length=40)]
Kinds = Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)]
Rows = Annotated[int, msgspec.Meta(ge=0, le=MOST_ROWS)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=MOST)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Shown = Annotated[str, msgspec.Meta(max_length=10_000)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Asked(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}
):
    """An inquiry: events with from <= moment < to, a day (UTC) or RFC 3339, for which it is true.

    to: left out, now; from: left out, a week before that. top: an expression whose most frequent
    values are wanted. kinds: of events; none for those that rules judge.
    """

    expression: Expression
    from_: Moment = ""
    to: Moment = ""
    kinds: Kinds = ()
    top: Shown = ""
    rows: Rows = 50


class NewQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A query to keep under a name."""

    name: Name
    expression: Expression
    kinds: Kinds = ()
    top: Shown = ""


class Order(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}
):
    """Ask people about all items that are selected. expected: how many a preview counted.

    key: the same order under it is carried out once. queue: the policy's own if left out.
    """

    expression: Expression
    from_: Moment
    to: Moment
    policy: Name
    reason: Reason
    expected: Count
    key: Key
    kinds: Kinds = ()
    queue: Annotated[str, msgspec.Meta(max_length=200)] = ""
    limit: Limit = 1_000


class Labelling(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}
):
    """Label every entity whose id is a value of `top`. expected: how many a preview counted."""

    expression: Expression
    from_: Moment
    to: Moment
    top: Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]
    entity_type: Name
    label: Name
    reason: Reason
    expected: Count
    key: Key
    kinds: Kinds = ()
    status: Literal["added", "removed"] = "added"
    expires_at: Moment | None = None
    limit: Limit = 1_000


_LABELLING: Final = msgspec.json.Decoder(Labelling)
_ASKED: Final = msgspec.json.Decoder(Asked)
_NEW_QUERY: Final = msgspec.json.Decoder(NewQuery)
_ORDER: Final = msgspec.json.Decoder(Order)


@router.post("/query", openapi_extra=openapi_body(Asked))
async def query(
    request: Request, who: Annotated[Principal, requires(Permission.QUERY)], platform: Platform
) -> Response:
    """Tell which events an expression selects: how many when, the top values, the newest."""
    asked = decode(_ASKED, await request.body())
    inquiry = inquiry_of(asked, now_ms=platform.clock.now_ms())
    found = await run_in_threadpool(
        in_turn, lambda: investigation(platform, who.org).findings(inquiry)
    )
    return answer(findings_json(found))


@router.get("/queries")
def read_queries(
    who: Annotated[Principal, requires(Permission.QUERY)], platform: Platform
) -> Response:
    """List the saved queries."""
    saved = platform.store.read(lambda uow: saved_queries(uow, who.org))
    rows: list[JsonValue] = [_saved_json(each) for each in saved.values()]
    return answer({"queries": rows})


@router.post("/queries", status_code=201, openapi_extra=openapi_body(NewQuery))
async def keep_query(
    request: Request, who: Annotated[Principal, requires(Permission.QUERY)], platform: Platform
) -> Response:
    """Keep a query under a name, in the place of an earlier one."""
    new = decode(_NEW_QUERY, await request.body())
    saved = SavedQuery(
        name=new.name, text=new.expression, shown=new.top, kinds=new.kinds, by=who.pseudonym
    )
    await run_in_threadpool(
        platform.store.write, lambda uow: save_query(uow, who.org, saved, by=who.pseudonym)
    )
    return answer(_saved_json(saved), status=201)


@router.delete("/queries/{name:path}")
def drop_query(
    name: str, who: Annotated[Principal, requires(Permission.QUERY)], platform: Platform
) -> Response:
    """Let go of a saved query."""
    platform.store.write(lambda uow: delete_query(uow, who.org, name, by=who.pseudonym))
    return answer({"deleted": name})


@router.post("/query/bulk-review", openapi_extra=openapi_body(Order))
async def bulk_review(
    request: Request, who: Annotated[Principal, requires(Permission.BULK_ACT)], platform: Platform
) -> Response:
    """Open a case for every item that is selected; the same order again changes nothing."""
    order = order_of(decode(_ORDER, await request.body()))
    came = await run_in_threadpool(in_turn, lambda: carry_out(platform, who, order))
    return answer(msgspec.to_builtins(came))


@router.post("/query/bulk-label", openapi_extra=openapi_body(Labelling))
async def bulk_label(
    request: Request, who: Annotated[Principal, requires(Permission.BULK_ACT)], platform: Platform
) -> Response:
    """Label every entity that is shown, by hand; the same order again changes nothing."""
    told = decode(_LABELLING, await request.body())
    asked = Asked(
        expression=told.expression, from_=told.from_, to=told.to, kinds=told.kinds, top=told.top
    )
    order = LabelOrder(
        inquiry=inquiry_of(asked),
        entity_type=told.entity_type,
        label=told.label,
        reason=told.reason,
        expected=told.expected,
        limit=told.limit,
        key=told.key,
        added=told.status == "added",
        expires_at=moment(told.expires_at, pointer="/expires_at"),
    )
    came = await run_in_threadpool(in_turn, lambda: label_all(platform, who, order))
    return answer(msgspec.to_builtins(came))


def label_all(platform: Served, who: Principal, order: LabelOrder) -> Labelled:
    """Carry an order out, once. Raises Unavailable if not all of the time could be looked at."""
    bulk = BulkLabel(platform.store, who.org, platform.books.of(who.org))
    earlier = bulk.earlier(order)
    if earlier is not None:
        return earlier
    values, complete = investigation(platform, who.org).values(order.inquiry)
    if not complete:
        raise Unavailable("there is more than could be looked at", hint=SHORTER)
    return bulk.carry_out(order, values, by=who.pseudonym)


def inquiry_of(asked: Asked, *, now_ms: int | None = None) -> Inquiry:
    """Read an inquiry. Raises BadInput naming the field.

    now_ms: what is meant by a moment that is left out; None where none may be.
    """
    if now_ms is not None:
        to_ms = day_or_moment(asked.to, "/to") if asked.to else now_ms + 1
        from_ms = day_or_moment(asked.from_, "/from") if asked.from_ else to_ms - WEEK_MS
    else:
        to_ms, from_ms = day_or_moment(asked.to, "/to"), day_or_moment(asked.from_, "/from")
    return Inquiry(
        text=asked.expression,
        from_ms=from_ms,
        to_ms=to_ms,
        kinds=asked.kinds,
        shown=asked.top,
        rows=asked.rows,
    )


def order_of(told: Order) -> BulkOrder:
    """Read an order. Raises BadInput naming the field."""
    asked = Asked(expression=told.expression, from_=told.from_, to=told.to, kinds=told.kinds)
    return BulkOrder(
        inquiry=inquiry_of(asked),
        policy=told.policy,
        queue=told.queue,
        reason=told.reason,
        expected=told.expected,
        limit=told.limit,
        key=told.key,
    )


def investigation(platform: Served, org: Org) -> Investigation:
    """Look into an organisation's events for as long as a person waits."""
    ends = time.monotonic() + PATIENCE_S
    return Investigation(
        platform.lake, platform.books.of(org), org, is_over=lambda: time.monotonic() > ends
    )


def carry_out(platform: Served, who: Principal, order: BulkOrder) -> Bulk:
    """Carry an order out, once. Raises Unavailable if not all of the time could be looked at."""
    bulk = BulkReview(platform.store, who.org, platform.pack(who.org))
    earlier = bulk.earlier(order)
    if earlier is not None:
        return earlier
    subjects, complete = investigation(platform, who.org).subjects(order.inquiry)
    if not complete:
        raise Unavailable("there is more than could be looked at", hint=SHORTER)
    return bulk.carry_out(order, subjects, by=who.pseudonym)


def findings_json(found: Findings) -> dict[str, JsonValue]:
    """Show findings as JSON."""
    columns: list[JsonValue] = [
        {"from": rfc3339(start), "count": count}
        for start, count in zip(found.starts, found.counts, strict=True)
    ]
    top: list[JsonValue] = [msgspec.to_builtins(value) for value in found.top]
    rows: list[JsonValue] = [
        {**row_json(event), "at": rfc3339(at_of(event.id))} for event in found.rows
    ]
    return {
        "count": found.count,
        "items": found.items,
        "items_cut": found.items_cut,
        "values": found.values,
        "scanned": found.scanned,
        "complete": found.complete,
        "up_to": rfc3339(found.up_to_ms),
        "before": found.before,
        "over_time": columns,
        "top": top,
        "rows": rows,
    }


def _saved_json(saved: SavedQuery) -> dict[str, JsonValue]:
    kinds: list[JsonValue] = list(saved.kinds)
    return {
        "name": saved.name,
        "expression": saved.text,
        "top": saved.shown,
        "kinds": kinds,
        "by": saved.by,
    }
