"""Near copies: what a person removed is known from then on; its copies need no person."""

from fieldfare.engine.administration import note
from fieldfare.engine.content import scan_of
from fieldfare.engine.shelf import DECIDED_PREFIX, Shelf
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, JsonValue, Org
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.records import Decision, ItemVersion, Subject


def remember(uow: UnitOfWork, decision: Decision, item: ItemVersion) -> None:
    """Keep the frames of an item a person removed, under the policy it broke."""
    scan = scan_of(uow, decision.org, item)
    hashes = (scan.data or {}).get("hashes") if scan else None
    if decision.judgement.action != "remove" or not isinstance(hashes, list):
        return
    bank = f"{DECIDED_PREFIX}{decision.judgement.policy}"
    org, policy = decision.org, decision.judgement.policy
    if bank not in {record.name for record in uow.banks.banks(org)}:
        uow.banks.put(BankRecord(org=org, name=bank, policy=policy, vetted=True))
    for told in hashes:
        if not isinstance(told, dict):
            continue
        data: dict[str, JsonValue] = {"sha256": told["sha256"], "decision": str(decision.id)}
        event_id = note(uow, org, "bank.changed", Subject("bank", bank), data=data, by="decisions")
        uow.banks.add(
            BankEntryRecord(
                org=org,
                id=event_id,
                bank=bank,
                label=str(item.subject),
                sha256=str(told["sha256"]),
                pdq=_good(told["pdq"]),
                added_at=decision.at,
            )
        )


def forget(uow: UnitOfWork, org: Org, subject: Subject, version: str) -> None:
    """Take back what was kept of a version whose removal holds no longer; other versions stay."""
    for record in uow.banks.banks(org):
        if record.name.startswith(DECIDED_PREFIX):
            for entry in uow.banks.entries(org, record.name):
                if entry.label == str(subject) and _version(uow, entry) == version:
                    uow.banks.remove(org, entry.id)
                    data: dict[str, JsonValue] = {"removed": str(entry.id)}
                    bank = Subject("bank", record.name)
                    note(uow, org, "bank.changed", bank, data=data, by="decisions")


def _version(uow: UnitOfWork, entry: BankEntryRecord) -> str:
    """Find the version an entry was made of: that of the decision its event names."""
    added = uow.log.get(entry.org, entry.id)
    named = (added.data or {}).get("decision") if added else None
    decision = uow.decisions.get(entry.org, EventId(int(str(named)))) if named else None
    return decision.version if decision else ""


def _good(frames: JsonValue) -> tuple[str, ...]:
    found = [f for f in frames if isinstance(f, dict)] if isinstance(frames, list) else []
    return tuple(
        dict.fromkeys(
            str(frame["hex"])
            for frame in found
            if isinstance(frame["quality"], int | float) and frame["quality"] >= Shelf.quality
        )
    )
