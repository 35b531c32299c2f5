"""Backtests: start one, see how far it is, read what it found, compare two, take it away."""

from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.backtest.comparing import compared
from fieldfare.engine.backtest.exporting import as_csv
from fieldfare.engine.backtest.planning import Wanted
from fieldfare.engine.backtest.results import BacktestResult, result_json
from fieldfare.engine.backtest_records import BacktestRecord
from fieldfare.ingest.schemas import decode
from fieldfare.kernel import Conflict, JsonValue, parse_id, rfc3339
from fieldfare.metrics import DAY_MS
from fieldfare.web.api.rules import FileText
from fieldfare.web.api.shapes import answer, day_or_moment, limit_of, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.turns import in_turn

router = APIRouter(prefix="/v1/backtests", tags=["rules"])


class NewBacktest(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    rename={"from_": "from"},
):
    """A candidate and a span: from <= moment < to, a day (UTC) or RFC 3339.

    to: now, unless it is given; from: a week before. files: the candidate's; rule_set: or the hash
    of a kept version; neither: the rules in force.
    """

    from_: Annotated[str, msgspec.Meta(max_length=40)] = ""
    to: Annotated[str, msgspec.Meta(max_length=40)] = ""
    files: Annotated[dict[str, FileText], msgspec.Meta(min_length=1, max_length=500)] | None = None
    rule_set: Annotated[str, msgspec.Meta(max_length=64)] = ""


WEEK_MS: Final = 7 * DAY_MS
_NEW: Final = msgspec.json.Decoder(NewBacktest)


@router.post("", status_code=202, openapi_extra=openapi_body(NewBacktest))
async def start_backtest(
    request: Request,
    who: Annotated[Principal, requires(Permission.RULES_WRITE)],
    platform: Platform,
) -> Response:
    """Start a backtest in the background; it is told at once under which id."""
    told = decode(_NEW, await request.body())
    to_ms = day_or_moment(told.to, "/to") if told.to else platform.clock.now_ms() + 1
    wanted = Wanted(
        from_ms=day_or_moment(told.from_, "/from") if told.from_ else to_ms - WEEK_MS,
        to_ms=to_ms,
        files=told.files,
        rule_set=told.rule_set,
    )
    record = await run_in_threadpool(
        in_turn, lambda: platform.backtests.start(who.org, wanted, by=who.pseudonym)
    )
    return answer(record_json(record, (0, 0)), status=202)


@router.get("")
def list_backtests(
    who: Annotated[Principal, requires(Permission.RULES_READ)], platform: Platform, limit: int = 50
) -> Response:
    """List the newest backtests, without what they found."""
    found = platform.backtests.newest(who.org, limit=limit_of(limit))
    rows: list[JsonValue] = [
        record_json(record, platform.backtests.progress(who.org, record.id)) for record in found
    ]
    return answer({"backtests": rows})


@router.get("/compare")
def compare_backtests(
    who: Annotated[Principal, requires(Permission.RULES_READ)], platform: Platform, a: str, b: str
) -> Response:
    """Lay two backtests side by side."""
    found = compared(_result(platform, who, a), _result(platform, who, b))
    return answer({"a": a, "b": b, **msgspec.to_builtins(found)})


@router.get("/{backtest_id}")
def read_backtest(
    backtest_id: str,
    who: Annotated[Principal, requires(Permission.RULES_READ)],
    platform: Platform,
) -> Response:
    """Give one backtest: its state and progress, and in the end what it found."""
    record = platform.backtests.get(who.org, parse_id(backtest_id))
    result = platform.backtests.result(who.org, record)
    told = record_json(record, platform.backtests.progress(who.org, record.id))
    return answer({**told, "result": None if result is None else result_json(result)})


@router.post("/{backtest_id}/cancel")
def cancel_backtest(
    backtest_id: str,
    who: Annotated[Principal, requires(Permission.RULES_WRITE)],
    platform: Platform,
) -> Response:
    """Stop one that runs; one that is over stays as it is."""
    record = platform.backtests.cancel(who.org, parse_id(backtest_id))
    return answer(record_json(record, (0, 0)))


@router.get("/{backtest_id}/export")
def export_backtest(
    backtest_id: str,
    who: Annotated[Principal, requires(Permission.RULES_READ)],
    platform: Platform,
    format: Literal["csv", "json"] = "csv",  # noqa: A002 -- a query parameter has this name
) -> Response:
    """Give what one found as a file: every number a row, or all of it as JSON."""
    result = _result(platform, who, backtest_id)
    if format == "csv":
        body, kind = as_csv(result).encode(), "text/csv; charset=utf-8"
    else:
        record = record_json(platform.backtests.get(who.org, parse_id(backtest_id)), (0, 0))
        whole = {name: record[name] for name in ("id", "from", "to")} | result_json(result)
        body, kind = msgspec.json.encode(whole), "application/json"
    named = f'attachment; filename="backtest-{parse_id(backtest_id)}.{format}"'
    return Response(body, media_type=kind, headers={"Content-Disposition": named})


def record_json(record: BacktestRecord, progress: tuple[int, int]) -> dict[str, JsonValue]:
    """Write a backtest without what it found."""
    done, total = progress
    return {
        "id": str(record.id),
        "rule_set": record.rule_set,
        "from": rfc3339(record.from_ms),
        "to": rfc3339(record.to_ms),
        "by": record.by,
        "state": record.state.value,
        "why": record.why,
        "started_at": rfc3339(record.started_at),
        "ended_at": rfc3339(record.ended_at) if record.ended_at else None,
        "events": record.events,
        "progress": {"done": done, "total": total},
    }


def _result(platform: Platform, who: Principal, backtest_id: str) -> BacktestResult:
    record = platform.backtests.get(who.org, parse_id(backtest_id))
    result = platform.backtests.result(who.org, record)
    if result is None:
        hint = record.why or "Wait until its state is done."
        raise Conflict(f"the backtest {backtest_id} is {record.state.value}", hint=hint)
    return result
