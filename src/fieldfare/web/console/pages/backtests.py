"""Backtests: start one, watch it, read what it found, lay two side by side."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.backtest.planning import Wanted
from fieldfare.engine.backtest.results import BacktestResult
from fieldfare.engine.backtest_records import BacktestRecord
from fieldfare.kernel import BadInput, Conflict, parse_id, rfc3339, unix_ms
from fieldfare.metrics import DAY_MS
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer
from fieldfare.web.console.views.backtests import (
    BacktestLine,
    backtest_line,
    backtest_view,
    backtests_view,
    compared_view,
    items_with_a_page,
    offered,
)
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served
from fieldfare.web.turns import in_turn

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, requires(Permission.RULES_READ)]
Writer = Annotated[Principal, requires(Permission.RULES_WRITE)]
Named = Annotated[str, Query(max_length=64)]
Chosen = Annotated[list[str] | None, Query(max_length=10)]
SHOWN: Final = 50
COMPILED: Final = 10
"""Newest versions that are compiled for the form; with all of them the page would have to wait."""
TWO: Final = 2
WEEK: Final = 7


@router.get("/backtests")
def backtests_page(
    request: Request, who: Reader, platform: Platform, compare: Chosen = None, version: Named = ""
) -> Response:
    """List backtests; with two of them in `compare`, lay them side by side."""
    if compare:
        # Ticked in the list they come newest first; named together they stay as named.
        ids = compare[0].split(",") if len(compare) == 1 else compare[::-1]
        return _compared(request, who, platform, ids)
    rows = platform.versioning.all(who.org)
    today = datetime.fromtimestamp(platform.clock.now_ms() / 1000, UTC).date()
    span = ((today - timedelta(days=WEEK)).isoformat(), (today - timedelta(days=1)).isoformat())
    newest = platform.backtests.newest(who.org, limit=SHOWN)
    tests = [
        backtest_line(each, rows, platform.backtests.progress(who.org, each.id)) for each in newest
    ]
    broken = platform.versioning.problems(who.org, rows[:COMPILED])
    view = backtests_view(tests, offered(rows, broken), who, chosen=version, span=span)
    return answer(request, "backtests.html", view, current="rules")


@router.post("/backtests")
def start_backtest(request: Request, who: Writer, platform: Platform, fields: Fields) -> Response:
    """Start a backtest of a kept version over whole days of UTC, both included."""
    row = platform.versioning.find(who.org, fields.get("version", ""))
    first, last = _day(fields.get("from", ""), "/from"), _day(fields.get("to", ""), "/to")
    wanted = Wanted(
        from_ms=first,
        to_ms=last + DAY_MS,
        files=platform.versioning.files(who.org, row.version.hash),
    )
    record = in_turn(lambda: platform.backtests.start(who.org, wanted, by=who.pseudonym))
    return done(request, f"/backtests/{record.id}", {"id": str(record.id)})


@router.get("/backtests/{backtest_id}")
def backtest_page(request: Request, who: Reader, platform: Platform, backtest_id: str) -> Response:
    record = platform.backtests.get(who.org, parse_id(backtest_id))
    result = platform.backtests.result(who.org, record)
    pages = platform.store.read(lambda uow: items_with_a_page(uow, who.org, result))
    view = backtest_view(
        _line(platform, who, record), result, _order(platform, who), who, pages=pages
    )
    return answer(request, "backtest.html", view, current="rules")


@router.post("/backtests/{backtest_id}/cancel")
def cancel_backtest(
    request: Request, who: Writer, platform: Platform, backtest_id: str
) -> Response:
    """Stop one that runs; one that is over stays as it is."""
    record = platform.backtests.cancel(who.org, parse_id(backtest_id))
    return done(request, f"/backtests/{record.id}", {"id": str(record.id)})


def _compared(request: Request, who: Principal, platform: Served, ids: list[str]) -> Response:
    if len(ids) != TWO:
        hint = "Tick two in the list, or name them: /backtests?compare=1,2"
        raise BadInput("Two backtests are compared at a time.", hint=hint, pointer="/compare")
    first, second = (platform.backtests.get(who.org, parse_id(each)) for each in ids)
    view = compared_view(
        (_line(platform, who, first), _line(platform, who, second)),
        (_result(platform, who, first), _result(platform, who, second)),
        _order(platform, who),
    )
    return answer(request, "backtests_compared.html", view, current="rules")


def _line(platform: Served, who: Principal, record: BacktestRecord) -> BacktestLine:
    progress = platform.backtests.progress(who.org, record.id)
    return backtest_line(record, platform.versioning.all(who.org), progress)


def _result(platform: Served, who: Principal, record: BacktestRecord) -> BacktestResult:
    result = platform.backtests.result(who.org, record)
    if result is None:
        hint = record.why or "Wait until it is done."
        raise Conflict(f"The backtest {record.id} is {record.state.value}.", hint=hint)
    return result


def _order(platform: Served, who: Principal) -> dict[str, int]:
    return {kind.name: kind.order for kind in platform.pack(who.org).kinds}


def _day(text: str, pointer: str) -> int:
    try:
        at_ms = unix_ms(f"{date.fromisoformat(text).isoformat()}T00:00:00Z")
        rfc3339(at_ms + DAY_MS)  # the day after has to be writable too
    except (ValueError, OverflowError):
        raise BadInput(
            f"{text!r} is no day.", hint="Such as 2026-10-01.", pointer=pointer
        ) from None
    return at_ms
