"""`/c/exchanges` and the settings HMA shows: exchanges, signal types, content types."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Principal
from fieldfare.engine.exchange_administration import (
    NewExchange,
    add_exchange,
    change_exchange,
    remove_exchange,
)
from fieldfare.engine.exchange_records import ExchangeRecord, FetchState
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, Conflict, JsonValue
from fieldfare.matching.exchanges import APIS, ExchangeField
from fieldfare.matching.exchanges.ncmec import ENVIRONMENTS
from fieldfare.web.hma.acting import Acting, ExchangeKeeper, Hma, Reader
from fieldfare.web.hma.answers import Object, abort, object_of, told
from fieldfare.web.hma.matching import ENABLED, index_sizes
from fieldfare.web.hma.names import is_hma_name

router = APIRouter(prefix="/c")
_ADDRESS: Final = "base_url_override"


@router.get("/exchanges/apis")
def list_apis(_who: Reader) -> Response:
    """List the kinds of exchanges."""
    return told([*APIS])


@router.get("/exchanges/api/{api_name}")
def show_api(api_name: str, who: Reader, hma: Hma) -> Response:
    """Say whether a kind takes credentials, and whether any exchange of it has some."""
    return told(_api_body(hma, who, api_name))


@router.post("/exchanges/api/{api_name}")
async def set_credentials(
    api_name: str, request: Request, who: ExchangeKeeper, hma: Hma
) -> Response:
    """Give every exchange of a kind these credentials: ours belong to an exchange."""
    _must_be_api(api_name)
    credentials = (await object_of(request)).get("credential_json")
    if isinstance(credentials, dict) and credentials:

        def write(uow: UnitOfWork) -> int:
            own = [each for each in uow.exchanges.all(who.org) if each.api == api_name]
            for each in own:
                changes: dict[str, JsonValue] = {"credentials": credentials}
                change_exchange(uow, who.org, each.name, changes, by=who.pseudonym)
            return len(own)

        try:
            changed = await run_in_threadpool(hma.platform.store.write, write)
        except BadInput as error:
            abort(400, error.message)
        if not changed:
            abort(400, f"no exchange of the kind '{api_name}' yet: give it credential_json")
    elif credentials is not None:
        abort(400, "credentials are taken away by removing the exchange")
    return told(await run_in_threadpool(_api_body, hma, who, api_name))


@router.get("/exchanges/api/{api_name}/schema")
def show_schema(api_name: str, _who: Reader) -> Response:
    """Say which settings and credentials a kind takes."""
    _must_be_api(api_name)
    api = APIS[api_name]
    secrets: JsonValue = {"fields": [_field(each) for each in api.secrets]} if api.secrets else None
    return told(
        {
            "config_schema": {"fields": [_field(each) for each in api.fields]},
            "credentials_schema": secrets,
        }
    )


@router.get("/exchanges")
def list_exchanges(who: Reader, hma: Hma) -> Response:
    """List the exchanges' names."""
    found = hma.platform.store.read(lambda uow: uow.exchanges.all(who.org))
    return told([each.name for each in found])


@router.post("/exchanges")
async def create_exchange(request: Request, who: ExchangeKeeper, hma: Hma) -> Response:
    """Set an exchange up, which feeds the bank of its name."""
    body = await object_of(request)
    bank, api, config = body.get("bank"), body.get("api"), body.get("api_json", {})
    credentials = body.get("credential_json") or {}
    if not isinstance(bank, str):
        abort(400, "bank is required")
    if not is_hma_name(bank):
        abort(400, "Field `bank` must match /^[A-Z0-9_]+$/")
    if not isinstance(config, dict) or not isinstance(credentials, dict):
        abort(400, "Field `api_json` must be object")
    if not isinstance(api, str):
        abort(400, "Field `api_type` is required")
    if api not in APIS:
        abort(400, f"No such exchange type '{api[:100]}'")
    wanted = NewExchange(
        name=bank,
        api=api,
        policy=hma.policy,
        config=_settings(config, credentials),
        credentials={k: v for k, v in credentials.items() if k != _ADDRESS},
        enabled=config.get("enabled") is not False,
    )
    pack = hma.platform.pack(who.org)
    try:
        await run_in_threadpool(
            hma.platform.store.write,
            lambda uow: add_exchange(uow, who.org, wanted, pack, by=who.pseudonym),
        )
    except (BadInput, Conflict) as error:
        words = "Failed to parse `api_json` - verify all fields are supplied."
        abort(400, f"{words} {error}")
    return told({"message": "Created successfully"}, status=201)


@router.get("/exchange/{exchange_name}")
def show_exchange(exchange_name: str, who: Reader, hma: Hma) -> Response:
    """Show how an exchange is set up."""
    return told(_exchange_body(_the_exchange(hma, who, exchange_name)))


@router.get("/exchange/{exchange_name}/status")
def show_status(exchange_name: str, who: Reader, hma: Hma) -> Response:
    """Say how far an exchange is, in the words of HMA's code and in those of its documents."""
    exchange = _the_exchange(hma, who, exchange_name)
    done = exchange.progress
    count = hma.platform.store.read(lambda uow: uow.held_records.count(who.org, exchange_name))
    fetching = done.state is FetchState.FETCHING
    failed = done.state is FetchState.FAILED
    return told(
        {
            "checkpoint_ts": _seconds(done.checkpoint_at),
            "running_fetch_start_ts": _seconds(done.started_at) if fetching else None,
            "last_fetch_complete_ts": _seconds(done.ended_at),
            "last_fetch_succeeded": None if not done.ended_at else not failed,
            "up_to_date": done.state is FetchState.IDLE and bool(done.succeeded_at),
            "fetched_items": count,
            "last_fetch_time": done.started_at // 1000,
            "checkpoint_time": done.checkpoint_at // 1000,
            "success": not failed,
        }
    )


@router.put("/exchange/{exchange_name}")
async def update_exchange(
    exchange_name: str, request: Request, who: ExchangeKeeper, hma: Hma
) -> Response:
    """Switch an exchange on or off."""
    body = await object_of(request)
    found = await run_in_threadpool(_the_exchange, hma, who, exchange_name)
    enabled = body.get("enabled")
    if enabled is not None:
        changes: dict[str, JsonValue] = {"enabled": bool(enabled)}
        found = await run_in_threadpool(
            hma.platform.store.write,
            lambda uow: change_exchange(uow, who.org, exchange_name, changes, by=who.pseudonym),
        )
    return told(_exchange_body(found))


@router.post("/exchange/{exchange_name}/credentials")
async def set_own_credentials(
    exchange_name: str, request: Request, who: ExchangeKeeper, hma: Hma
) -> Response:
    """Give one exchange its credentials; those that are not named stay."""
    found = await run_in_threadpool(_the_exchange, hma, who, exchange_name)
    credentials = (await object_of(request)).get("credential_json")
    if not isinstance(credentials, dict) or not credentials:
        abort(400, "credentials are taken away by removing the exchange")
    if not APIS[found.api].secrets:
        abort(400, f"exchange API '{found.api}' does not support credentials")
    changes: dict[str, JsonValue] = {"credentials": credentials}
    try:
        found = await run_in_threadpool(
            hma.platform.store.write,
            lambda uow: change_exchange(uow, who.org, exchange_name, changes, by=who.pseudonym),
        )
    except BadInput as error:
        abort(400, error.message)
    return told(_credential_status(found))


@router.delete("/exchange/{exchange_name}")
def delete_exchange(exchange_name: str, who: ExchangeKeeper, hma: Hma) -> Response:
    """Remove an exchange and what it shared; one that is not there is as good as removed."""
    store = hma.platform.store
    if store.read(lambda uow: uow.exchanges.get(who.org, exchange_name)) is not None:
        while not store.write(
            lambda uow: remove_exchange(uow, who.org, exchange_name, entries=True, by=who.pseudonym)
        ):
            pass
    return told({"message": "Exchange deleted"})


@router.get("/signal_type")
def list_signal_types(_who: Reader) -> Response:
    """List the signal types HMA has by default; all are on."""
    return told([{"name": kind.value, "enabled_ratio": 1.0} for kind in ENABLED])


@router.put("/signal_type/{signal_type_name}")
def update_signal_type(signal_type_name: str, _who: ExchangeKeeper) -> Response:
    """Refuse: signal types are not switched here, banks and entries are."""
    abort(501, f"signal type '{signal_type_name[:100]}' cannot be changed here; change a bank")


@router.get("/signal_type/index")
def signal_type_index(who: Reader, hma: Hma) -> Response:
    """Say how far the indexes are; they follow the database within a second."""
    sizes = index_sizes(hma, who)
    return told(
        {
            kind: {
                "db_size": size,
                "index_size": size,
                "index_out_of_date": False,
                "newest_db_item": built_to,
                "index_built_to": built_to,
            }
            for kind, (size, built_to) in sizes.items()
        }
    )


@router.get("/content_type")
def list_content_types(_who: Reader) -> Response:
    """List what kinds of content are hashed."""
    return told([{"name": name, "enabled": True} for name in ("photo", "video")])


def _the_exchange(hma: Acting, who: Principal, name: str) -> ExchangeRecord:
    found = hma.platform.store.read(lambda uow: uow.exchanges.get(who.org, name))
    if found is None:
        abort(404, f"Exchange '{name}' not found")
    return found


def _exchange_body(exchange: ExchangeRecord) -> Object:
    return {
        "name": exchange.name,
        "api": exchange.api,
        "enabled": exchange.enabled,
        **exchange.config,
        "credential_status": _credential_status(exchange),
    }


def _credential_status(exchange: ExchangeRecord) -> Object:
    has = bool(exchange.credentials)
    return {
        "supports_auth": bool(APIS[exchange.api].secrets),
        "has_credentials": has,
        "source": "exchange" if has else None,
    }


def _api_body(hma: Acting, who: Principal, name: str) -> Object:
    _must_be_api(name)
    own = hma.platform.store.read(lambda uow: uow.exchanges.all(who.org))
    return {
        "supports_authentification": bool(APIS[name].secrets),
        "has_set_authentification": any(e.api == name and e.credentials for e in own),
    }


def _settings(config: Object, credentials: Object) -> Object:
    """Read the settings of an exchange as HMA's clients write them.

    They name NCMEC's environments by their addresses, and put another address of StopNCII among
    the credentials.
    """
    settings = {k: v for k, v in config.items() if k not in {"name", "api", "enabled"}}
    names = {address: name for name, address in ENVIRONMENTS.items()}
    if settings.get("environment") in names:
        settings["environment"] = names[str(settings["environment"])]
    if credentials.get(_ADDRESS):
        settings["base_url"] = credentials[_ADDRESS]
    return settings


def _must_be_api(name: str) -> None:
    if name not in APIS:
        abort(400, f"no such Exchange API '{name[:100]}'")


def _field(wanted: ExchangeField) -> JsonValue:
    return {
        "name": wanted.name,
        "type": wanted.kind,
        "required": wanted.required,
        "default": None,
        "help": wanted.help,
        "choices": [*wanted.choices] or None,
    }


def _seconds(at_ms: int) -> int | None:
    return at_ms // 1000 if at_ms else None
