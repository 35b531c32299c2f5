"""Setting exchanges up: each change an event on the log, without a word of the credentials."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fieldfare.engine.administration import note
from fieldfare.engine.banks import BATCH, put_bank, remove_entries
from fieldfare.engine.exchange_pages import exchange_pseudonym
from fieldfare.engine.exchange_records import ALL_LISTINGS, CHANGED, HOUR_S, ExchangeRecord
from fieldfare.engine.exchanges import the_exchange
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, Conflict, EventId, JsonValue, Org
from fieldfare.matching.exchanges import api_named
from fieldfare.matching.repositories import BankRecord
from fieldfare.policies import PolicyPack
from fieldfare.records import Subject

ADDRESSES: Final = ("base_url", "environment")
"""The settings that say where credentials are sent."""

SHORTEST_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExchange:
    """An exchange as it is wanted. policy: of the bank, where it has to be made."""

    name: str
    api: str
    policy: str = ""
    config: Mapping[str, JsonValue] = field(default_factory=dict)
    credentials: Mapping[str, JsonValue] = field(default_factory=dict, repr=False)
    every_s: int = HOUR_S
    tells: bool = False
    enabled: bool = True


def add_exchange(
    uow: UnitOfWork, org: Org, wanted: NewExchange, pack: PolicyPack, *, by: str
) -> ExchangeRecord:
    """Set an exchange up, and make the bank it feeds where there is none of that name.

    Raises Conflict if the name is taken, BadInput for what its kind cannot take.
    """
    if uow.exchanges.get(org, wanted.name) is not None:
        raise Conflict(
            f"there is an exchange {wanted.name!r}",
            hint=f"Change it: fieldfare exchange change {wanted.name} ...",
            pointer="/name",
        )
    api = api_named(wanted.api)
    exchange = ExchangeRecord(
        org=org,
        name=wanted.name,
        api=api.name,
        config=api.check_config(wanted.config),
        credentials=api.check_secrets(wanted.credentials),
        enabled=wanted.enabled,
        every_s=_checked_s(wanted.every_s),
    )
    if uow.banks.get(org, wanted.name) is None:
        if not wanted.policy:
            hint = "Say which policy its content breaks (--policy), so that its bank can be made."
            raise BadInput(f"there is no bank {wanted.name!r}", hint=hint, pointer="/policy")
        bank = BankRecord(org=org, name=wanted.name, policy=wanted.policy, vetted=False)
        put_bank(uow, bank, pack, by=by)
    return _keep(uow, exchange, by=by, tells=wanted.tells)


def change_exchange(
    uow: UnitOfWork, org: Org, name: str, changes: Mapping[str, JsonValue], *, by: str
) -> ExchangeRecord:
    """Change what is given: config, credentials, every_s, enabled, tells.

    Another config may lead to other records, so its fetching begins anew; what the new listing
    lacks goes where the service lists everything. Raises NotFound if there is none of that name,
    BadInput for another address without the credentials that are to go there.
    """
    known = the_exchange(uow, org, name)
    api = api_named(known.api)
    exchange = known
    config, credentials = changes.get("config"), changes.get("credentials")
    if isinstance(config, dict):
        checked = api.check_config({**known.config, **config})
        if any(checked.get(each) != known.config.get(each) for each in ADDRESSES):
            _must_give_all(known, credentials)
        if checked != known.config:
            progress = replace(known.progress, checkpoint=None)
            exchange = replace(exchange, config=checked, progress=progress)
    if isinstance(credentials, dict):
        secrets = api.check_secrets({**known.credentials, **credentials})
        exchange = replace(exchange, credentials=secrets)
    every_s, enabled, tells = (changes.get(key) for key in ("every_s", "enabled", "tells"))
    if isinstance(every_s, int):
        exchange = replace(exchange, every_s=_checked_s(every_s))
    if isinstance(enabled, bool):
        exchange = replace(exchange, enabled=enabled)
    return _keep(uow, exchange, by=by, tells=tells if isinstance(tells, bool) else known.tells)


def _must_give_all(known: ExchangeRecord, credentials: JsonValue | None) -> None:
    """Raise BadInput unless every secret is given again.

    Else whoever may change an address, and was never shown the secrets, could have them sent to
    one of their own.
    """
    given = credentials if isinstance(credentials, dict) else {}
    missing = [name for name in known.credentials if not given.get(name)]
    if missing:
        told = ", ".join(missing)
        hint = f"Give with the new address the credentials that belong to it: {told}."
        raise BadInput("another address needs its own credentials", hint=hint, pointer="/config")


def begin_anew(uow: UnitOfWork, org: Org, name: str, *, by: str) -> None:
    """Forget the checkpoint, so that the next fetch lists everything."""
    known = the_exchange(uow, org, name)
    uow.exchanges.put(replace(known, progress=replace(known.progress, checkpoint=None)))
    note(uow, org, CHANGED, Subject("exchange", name), data={"anew": True}, by=by)


def remove_exchange(uow: UnitOfWork, org: Org, name: str, *, entries: bool, by: str) -> bool:
    """Remove an exchange, with up to BATCH of what it shared; False while more is left.

    entries: whether the entries it brought leave the bank. Raises NotFound if there is none.
    """
    the_exchange(uow, org, name)
    held = uow.held_records.unseen(org, name, listing=ALL_LISTINGS, limit=BATCH)
    for each in held:
        if entries:
            found = uow.entry_pages.of_source(org, exchange_pseudonym(name), each.key)
            remove_entries(uow, org, [entry.id for entry in found], by=by)
        uow.held_records.remove(org, name, each.key)
    if len(held) == BATCH:
        return False
    uow.exchanges.remove(org, name)
    data: dict[str, JsonValue] = {"removed": True, "entries_removed": entries}
    note(uow, org, CHANGED, Subject("exchange", name), data=data, by=by)
    return True


def _keep(uow: UnitOfWork, exchange: ExchangeRecord, *, by: str, tells: bool) -> ExchangeRecord:
    if tells and not api_named(exchange.api).takes_opinions:
        hint = "Leave `tells` off."
        raise BadInput(f"{exchange.api} takes no opinions", hint=hint, pointer="/tells")
    data: dict[str, JsonValue] = {
        "api": exchange.api,
        "enabled": exchange.enabled,
        "every_s": exchange.every_s,
        "tells": tells,
    }
    event_id = note(
        uow, exchange.org, CHANGED, Subject("exchange", exchange.name), data=data, by=by
    )
    progress = exchange.progress
    if tells and not exchange.tells:
        # What was said before it was switched on was not said to be passed on.
        progress = replace(progress, told_to=EventId(event_id))
    kept = replace(exchange, tells=tells, progress=progress)
    uow.exchanges.put(kept)
    return kept


def _checked_s(every_s: int) -> int:
    if every_s < SHORTEST_S:
        hint = f"Fetch at most once in {SHORTEST_S} s."
        raise BadInput(f"every_s = {every_s} is too often", hint=hint, pointer="/every_s")
    return every_s
