"""Exchanges over JSON: setting them up, fetching, and how each is. Credentials are never told."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.exchange_administration import (
    NewExchange,
    add_exchange,
    begin_anew,
    change_exchange,
    remove_exchange,
)
from fieldfare.engine.exchange_records import HOUR_S, ExchangeRecord
from fieldfare.engine.exchanges import Fetched, the_exchange
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.schemas import Name, decode
from fieldfare.kernel import JsonValue, rfc3339
from fieldfare.matching.exchanges import APIS, ExchangeApi, ExchangeField
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires

Reader = Annotated[Principal, requires(Permission.BANKS_READ)]
Keeper = Annotated[Principal, requires(Permission.EXCHANGES_ADMIN)]
Every = Annotated[int, msgspec.Meta(ge=60, le=31 * 86_400)]
Settings = dict[str, JsonValue]

router = APIRouter(prefix="/v1/exchanges", tags=["administration"])


class WantedExchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An exchange, which feeds the bank of its name. policy: of that bank, if it has to be made.

    config and credentials: as GET /v1/exchanges/apis says of each kind. tells: give the service our
    reviewers' opinions. every_s: how often it is fetched.
    """

    name: Name
    api: Name
    policy: str = ""
    config: Settings = {}
    credentials: Settings = {}
    every_s: Every = HOUR_S
    tells: bool = False
    enabled: bool = True


class ExchangeChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be different; what is left out stays, in config and credentials too."""

    config: Settings | msgspec.UnsetType = msgspec.UNSET
    credentials: Settings | msgspec.UnsetType = msgspec.UNSET
    every_s: Every | msgspec.UnsetType = msgspec.UNSET
    tells: bool | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class RemovalConfirmed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """entries: how many are to go, as `counts.withheld` of the exchange says."""

    entries: Annotated[int, msgspec.Meta(ge=1)]


class FetchWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """dry_run: store nothing. anew: list everything again. seconds: how long this call may take."""

    dry_run: bool = False
    anew: bool = False
    seconds: Annotated[float, msgspec.Meta(ge=0, le=120)] = 20.0


_WANTED: Final = msgspec.json.Decoder(WantedExchange)
_CHANGE: Final = msgspec.json.Decoder(ExchangeChange)
_CONFIRMED: Final = msgspec.json.Decoder(RemovalConfirmed)
_FETCH: Final = msgspec.json.Decoder(FetchWanted)


@router.get("/apis")
def list_apis(_who: Reader) -> Response:
    """List the kinds of exchanges, and what each has to be told."""
    return answer({"apis": [_api_json(api) for api in APIS.values()]})


@router.get("")
def list_exchanges(who: Reader, platform: Platform) -> Response:
    """List the exchanges and how each is."""

    def read(uow: UnitOfWork) -> list[JsonValue]:
        return [
            {**exchange_json(each), "records": uow.held_records.count(who.org, each.name)}
            for each in uow.exchanges.all(who.org)
        ]

    return answer({"exchanges": platform.store.read(read)})


@router.post("", status_code=201, openapi_extra=openapi_body(WantedExchange))
async def create_exchange(request: Request, who: Keeper, platform: Platform) -> Response:
    """Set an exchange up; it is fetched for the first time within a quarter of a minute."""
    wanted = NewExchange(**msgspec.structs.asdict(decode(_WANTED, await request.body())))
    pack = platform.pack(who.org)
    made = await run_in_threadpool(
        platform.store.write,
        lambda uow: add_exchange(uow, who.org, wanted, pack, by=who.pseudonym),
    )
    return answer(exchange_json(made), status=201)


@router.get("/{name}")
def get_exchange(name: str, who: Reader, platform: Platform) -> Response:
    """Give one exchange: how it is set up, how far it is, what went wrong last."""

    def read(uow: UnitOfWork) -> dict[str, JsonValue]:
        found = exchange_json(the_exchange(uow, who.org, name))
        return {**found, "records": uow.held_records.count(who.org, name)}

    return answer(platform.store.read(read))


@router.patch("/{name}", openapi_extra=openapi_body(ExchangeChange))
async def patch_exchange(name: str, request: Request, who: Keeper, platform: Platform) -> Response:
    """Change what is named; another config makes its fetching begin anew."""
    wanted = msgspec.structs.asdict(decode(_CHANGE, await request.body()))
    changes = {key: value for key, value in wanted.items() if value is not msgspec.UNSET}
    changed = await run_in_threadpool(
        platform.store.write,
        lambda uow: change_exchange(uow, who.org, name, changes, by=who.pseudonym),
    )
    return answer(exchange_json(changed))


@router.delete("/{name}")
def delete_exchange(
    name: str, who: Keeper, platform: Platform, *, entries: bool = False
) -> Response:
    """Remove an exchange. Its bank stays, and what it shared too, but with `entries=true`."""

    def write(uow: UnitOfWork) -> bool:
        return remove_exchange(uow, who.org, name, entries=entries, by=who.pseudonym)

    while not platform.store.write(write):
        pass
    return answer({"name": name, "removed": True, "entries_removed": entries})


@router.post("/{name}/fetch", openapi_extra=openapi_body(FetchWanted))
async def fetch_exchange(name: str, request: Request, who: Keeper, platform: Platform) -> Response:
    """Fetch now. `more` in the answer: it was cut off by `seconds`; call again to go on."""
    wanted = decode(_FETCH, await request.body() or b"{}")

    def fetch() -> Fetched:
        if wanted.anew and not wanted.dry_run:
            platform.store.write(lambda uow: begin_anew(uow, who.org, name, by=who.pseudonym))
        work = platform.exchanges.try_out if wanted.dry_run else platform.exchanges.fetch
        return work(who.org, name, budget_s=wanted.seconds)

    done = await run_in_threadpool(fetch)
    counts: dict[str, JsonValue] = msgspec.to_builtins(done.counts)
    return answer(
        {
            "name": name,
            "dry_run": wanted.dry_run,
            "pages": done.pages,
            "more": done.more,
            "counts": counts,
            "problems": [*done.problems],
        }
    )


@router.post("/{name}/confirm", openapi_extra=openapi_body(RemovalConfirmed))
async def confirm_removal(name: str, request: Request, who: Keeper, platform: Platform) -> Response:
    """Let the entries go whose removal was held back because it was so many at once."""
    entries = decode(_CONFIRMED, await request.body()).entries
    removed = await run_in_threadpool(
        lambda: platform.exchanges.confirm(who.org, name, entries=entries, by=who.pseudonym)
    )
    return answer({"name": name, "removed": removed})


@router.post("/{name}/test")
def test_exchange(name: str, who: Keeper, platform: Platform) -> Response:
    """Ask the service who we are to it; nothing is fetched."""
    return answer({"name": name, "told": platform.exchanges.introduce(who.org, name)})


@router.post("/{name}/opinions")
def tell_opinions(name: str, who: Keeper, platform: Platform) -> Response:
    """Give the service our reviewers' opinions now, if it is set to take them."""
    told, untold = platform.exchanges.tell(who.org, name)
    return answer({"name": name, "told": told, "not_taken": untold})


def exchange_json(exchange: ExchangeRecord) -> dict[str, JsonValue]:
    """Write an exchange as it is answered: which credentials are set, not what they are."""
    done = exchange.progress
    counts: dict[str, JsonValue] = msgspec.to_builtins(done.counts)
    return {
        "name": exchange.name,
        "api": exchange.api,
        "config": dict(exchange.config),
        "credentials": [*sorted(exchange.credentials)],
        "enabled": exchange.enabled,
        "every_s": exchange.every_s,
        "tells": exchange.tells,
        "state": done.state.value,
        "error": done.error,
        "problems": [*done.problems],
        "started_at": _moment(done.started_at),
        "ended_at": _moment(done.ended_at),
        "succeeded_at": _moment(done.succeeded_at),
        "checkpoint_at": _moment(done.checkpoint_at),
        "failures": done.failures,
        "counts": counts,
        "opinions_told": done.told,
        "opinions_not_taken": done.untold,
    }


def _api_json(api: ExchangeApi) -> dict[str, JsonValue]:
    return {
        "name": api.name,
        "title": api.title,
        "takes_opinions": api.takes_opinions,
        "config": [_field_json(each) for each in api.fields],
        "credentials": [_field_json(each) for each in api.secrets],
    }


def _field_json(wanted: ExchangeField) -> JsonValue:
    built: dict[str, JsonValue] = msgspec.to_builtins(wanted)
    return built


def _moment(at_ms: int) -> str | None:
    return rfc3339(at_ms) if at_ms else None
