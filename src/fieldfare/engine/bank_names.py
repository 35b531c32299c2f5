"""Giving a bank another name: a bank made like it, its entries moved, the old one taken away."""

from dataclasses import replace

from fieldfare.engine.administration import note
from fieldfare.engine.banks import BANK, BATCH, CHANGED, put_bank, the_bank
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import Conflict, EventId, JsonValue, Org
from fieldfare.policies import PolicyPack
from fieldfare.records import Subject


def rename_bank(
    uow: UnitOfWork, org: Org, name: str, to: str, pack: PolicyPack, *, by: str
) -> bool:
    """Move up to BATCH entries under the new name; False while more are left: call again.

    Raises NotFound if there is no such bank, Conflict if the new name is taken by another, or an
    exchange feeds the bank, which it does by its name.
    """
    known = the_bank(uow, org, name)
    if uow.exchanges.get(org, name) is not None:
        hint = "Remove the exchange first, or leave the name."
        raise Conflict(f"an exchange feeds the bank {name!r} by its name", hint=hint)
    wanted = replace(known, name=to)
    there = uow.banks.get(org, to)
    if there is None:
        put_bank(uow, wanted, pack, by=by)
    elif there != wanted:
        raise Conflict(f"the bank {to!r} exists already", hint="Take another name.")
    page = uow.entry_pages.of_bank(org, name, after=EventId(0), limit=BATCH)
    data: dict[str, JsonValue] = {"renamed_from": name, "count": len(page)}
    event_id = note(uow, org, CHANGED, Subject(BANK, to), data=data, by=by)
    for entry in page:
        uow.entries.change(replace(entry, bank=to, changed=event_id))
    if len(page) == BATCH:
        return False
    uow.banks.remove(org, name)
    note(uow, org, CHANGED, Subject(BANK, name), data={"bank": "renamed", "to": to}, by=by)
    return True
