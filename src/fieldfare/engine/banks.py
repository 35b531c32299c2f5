"""Banks and their entries, as people, imports and exchanges change them.

Each change is an event `bank.changed` on the log in the same transaction; many entries that come
together are one event. Whoever keeps an index of banks follows these events and the entries they
changed (`EntryPages.changed`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldfare.engine.administration import note
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, Conflict, EventId, JsonValue, NotFound, Org, did_you_mean
from fieldfare.matching.features import FeaturesUnavailable, is_available
from fieldfare.matching.matches import DECIDED_PREFIX
from fieldfare.matching.repositories import (
    NO_HASHES,
    UPLOADED,
    BankEntryRecord,
    BankRecord,
    EntryHashes,
    EntryKind,
    KeptStill,
    Polarity,
)
from fieldfare.policies import PolicyPack
from fieldfare.records import Subject

BANK: Final = "bank"
CHANGED: Final = "bank.changed"
MAX_NAME: Final = 64
WIDENED: Final = "widened"
"""Whether a change of settings lets a bank match or act where it did not."""
BATCH: Final = 1_000
"""So many entries at most are one event."""
BATCH_BYTES: Final = 1 << 25
"""And no more than have so many bytes of hashes, or one: what follows an event holds all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPiece:
    """A piece of content for a bank, by its digests and hashes; fields as in BankEntryRecord.

    frames: how many rows `hashes.frames` has.
    """

    label: str = ""
    kind: EntryKind = EntryKind.MEDIA
    sha256: str = ""
    md5: str = ""
    content: str = ""
    note: str = ""
    labels: tuple[str, ...] = ()
    source: str = UPLOADED
    source_id: str = ""
    frames: int = 0
    seconds: float = 0.0
    stills: tuple[KeptStill, ...] = ()
    hashes: EntryHashes = NO_HASHES


class KeptByUs(Conflict):
    """A bank of what was decided here follows the decisions alone."""

    slug = "bank-kept-by-us"


def must_be_theirs(name: str) -> None:
    """Raise KeptByUs for a bank that only decisions may change."""
    if name.startswith(DECIDED_PREFIX):
        raise KeptByUs(
            "This bank holds what was decided here, and follows the decisions.",
            hint="Change the decision on the item, or make a bank of your own.",
        )


def put_bank(uow: UnitOfWork, bank: BankRecord, pack: PolicyPack, *, by: str) -> None:
    """Create a bank. Raises Conflict if its name is taken, BadInput for a policy the pack does not
    have, FeaturesUnavailable for a priority bank without the extra `features`.
    """
    if bank.policy not in pack.policies:
        hint = (
            did_you_mean(bank.policy, pack.policies)
            or "See the Policies page, or GET /v1/policies."
        )
        raise BadInput(f"no policy {bank.policy!r}", hint=hint, pointer="/policy")
    if not bank.name.replace("-", "").replace("_", "").isalnum() or len(bank.name) > MAX_NAME:
        hint = "Use letters, digits, - and _."
        raise BadInput(f"{bank.name!r} is not a bank's name", hint=hint, pointer="/name")
    _may_keep_stills(bank, pack)
    if bank.priority:
        must_find_features()
    if uow.banks.get(bank.org, bank.name) is not None:
        raise Conflict(
            f"the bank {bank.name!r} exists already",
            hint=f"Change it: fieldfare bank change {bank.name} ...",
            pointer="/name",
        )
    _change_bank(uow, bank, by=by)


def change_bank(
    uow: UnitOfWork,
    org: Org,
    name: str,
    changes: Mapping[str, object],
    *,
    by: str,
    pack: PolicyPack | None = None,
) -> BankRecord:
    """Change fields of a bank and leave the others.

    pack: where a bank may come to keep stills. Raises NotFound if there is no such bank, BadInput
    for stills under a policy that lets nobody see them.
    """
    known = the_bank(uow, org, name)
    bank = replace(known, **changes)  # type: ignore[arg-type]  # fields of a bank, checked on arrival
    if not known.keeps_stills:
        _may_keep_stills(bank, pack)
    if bank.priority and not known.priority:
        must_find_features()
    _change_bank(uow, bank, by=by, widened=reaches_further(known, bank))
    return bank


def must_find_features() -> None:
    """Raise FeaturesUnavailable where a priority bank would find no more than any other."""
    if not is_available():
        raise FeaturesUnavailable


def _may_keep_stills(bank: BankRecord, pack: PolicyPack | None) -> None:
    if bank.keeps_stills and not (pack and pack.may_picture(bank.policy)):
        raise BadInput(
            f"no pictures are kept under {bank.policy}",
            hint="Leave keeps_stills off: its policy lets nobody see them.",
            pointer="/keeps_stills",
        )


def the_bank(uow: UnitOfWork, org: Org, name: str) -> BankRecord:
    """Give a bank. Raises NotFound if there is none of that name."""
    bank = uow.banks.get(org, name)
    if bank is None:
        raise no_bank(name, (each.name for each in uow.banks.banks(org)))
    return bank


def no_bank(name: str, known: Iterable[str]) -> NotFound:
    """Say that there is no such bank, and which was perhaps meant."""
    hint = did_you_mean(name, known) or f"Create it: fieldfare bank create {name} --policy ..."
    return NotFound(f"no bank {name!r}", hint=hint)


def reaches_further(before: BankRecord, now: BankRecord) -> bool:
    """Tell whether a bank, as it is now, may match or act where it did not."""
    return (
        now.vetted > before.vetted
        or now.enabled > before.enabled
        or now.priority > before.priority
        or now.radius > before.radius
        or now.min_quality < before.min_quality
        or now.min_seconds < before.min_seconds
        or now.min_frames < before.min_frames
        or now.enabled_ratio > before.enabled_ratio
        or (now.polarity is Polarity.HARMFUL and before.polarity is not Polarity.HARMFUL)
        or (before.disabled_until is not None and now.disabled_until != before.disabled_until)
    )


def _change_bank(uow: UnitOfWork, bank: BankRecord, *, by: str, widened: bool = False) -> None:
    uow.banks.put(bank)
    data: dict[str, JsonValue] = {
        "policy": bank.policy,
        "vetted": bank.vetted,
        "radius": bank.radius,
        "min_quality": bank.min_quality,
        "enabled": bank.enabled,
        "polarity": bank.polarity.value,
        "min_seconds": bank.min_seconds,
        "min_frames": bank.min_frames,
        "enabled_ratio": bank.enabled_ratio,
        "disabled_until": bank.disabled_until,
        "priority": bank.priority,
        "hourly_limit": bank.hourly_limit,
        "keeps_stills": bank.keeps_stills,
        **({WIDENED: True} if widened else {}),
    }
    note(uow, bank.org, CHANGED, Subject(BANK, bank.name), data=data, by=by)


def add_to_bank(
    uow: UnitOfWork, org: Org, bank: str, pieces: Sequence[KnownPiece], *, by: str
) -> list[EventId]:
    """Add known content to a bank; returns the ids of the entries, in order.

    Raises NotFound if there is no such bank.
    """
    the_bank(uow, org, bank)
    added: list[EventId] = []
    for batch in _batches(pieces):
        added += _add(uow, org, bank, batch, by=by)
    return added


def _batches(pieces: Sequence[KnownPiece]) -> Iterator[Sequence[KnownPiece]]:
    """Cut pieces into what is one event each."""
    start, held = 0, 0
    for place, piece in enumerate(pieces):
        size = piece.hashes.size
        if place > start and (place - start == BATCH or held + size > BATCH_BYTES):
            yield pieces[start:place]
            start, held = place, 0
        held += size
    if start < len(pieces):
        yield pieces[start:]


def _add(
    uow: UnitOfWork, org: Org, bank: str, pieces: Sequence[KnownPiece], *, by: str
) -> list[EventId]:
    # Ids grow with the log; those of a batch follow each other, and may run ahead of it.
    last = uow.entry_trail.last_id(org)
    data: dict[str, JsonValue] = {"count": len(pieces)}
    if len(pieces) == 1:
        data = {"label": pieces[0].label, "sha256": pieces[0].sha256, **data}
    event_id = note(uow, org, CHANGED, Subject(BANK, bank), data=data, by=by)
    event = uow.log.get(org, event_id)
    at = event.at if event else 0
    first = max(event_id, last + 1)
    for number, piece in enumerate(pieces):
        entry = BankEntryRecord(
            org=org,
            id=EventId(first + number),
            bank=bank,
            label=piece.label,
            sha256=piece.sha256,
            added_at=at,
            changed=event_id,
            kind=piece.kind,
            md5=piece.md5,
            content=piece.content,
            note=piece.note,
            labels=piece.labels,
            source=piece.source,
            source_id=piece.source_id,
            frames=piece.frames,
            seconds=piece.seconds,
            stills=piece.stills,
        )
        uow.entries.add(entry, piece.hashes)
    return [EventId(first + number) for number in range(len(pieces))]


def change_entry(
    uow: UnitOfWork, org: Org, entry_id: EventId, changes: Mapping[str, object], *, by: str
) -> BankEntryRecord:
    """Change fields of an entry and leave the others. Raises NotFound if there is no such entry."""
    known = the_entry(uow, org, entry_id)
    data: dict[str, JsonValue] = {"entry": str(entry_id)}
    data |= {name: str(changes[name]) for name in ("state", "disabled_until") if name in changes}
    event_id = note(uow, org, CHANGED, Subject(BANK, known.bank), data=data, by=by)
    entry = replace(known, **{**changes, "changed": event_id})  # type: ignore[arg-type]  # fields of an entry, checked on arrival
    uow.entries.change(entry)
    return entry


def the_entry(uow: UnitOfWork, org: Org, entry_id: EventId) -> BankEntryRecord:
    """Give an entry. Raises NotFound if there is none of that id."""
    entry = uow.entries.get(org, entry_id)
    if entry is None:
        hint = "List a bank's entries: fieldfare bank list NAME"
        raise NotFound(f"no entry {entry_id}", hint=hint)
    return entry


def remove_entries(uow: UnitOfWork, org: Org, entry_ids: Sequence[EventId], *, by: str) -> int:
    """Take entries out of their banks; returns how many there were. At most BATCH at once."""
    gone: dict[str, list[JsonValue]] = {}
    for entry_id in entry_ids:
        entry = uow.entries.get(org, entry_id)
        if entry is not None and uow.entries.remove(org, entry_id):
            gone.setdefault(entry.bank, []).append(str(entry_id))
    for bank, ids in gone.items():
        note(uow, org, CHANGED, Subject(BANK, bank), data={"removed": ids}, by=by)
    return sum(map(len, gone.values()))


def remove_bank(uow: UnitOfWork, org: Org, name: str, *, by: str) -> bool:
    """Take away a bank with up to BATCH of its entries; False while more are left: call again.

    Raises NotFound if there is no such bank, Conflict while an exchange feeds it: that would take
    what it holds for known, and not bring it again.
    """
    the_bank(uow, org, name)
    if uow.exchanges.get(org, name) is not None:
        hint = f"Remove the exchange first: fieldfare exchange remove {name}"
        raise Conflict(f"an exchange feeds the bank {name!r}", hint=hint)
    page = uow.entry_pages.of_bank(org, name, after=EventId(0), limit=BATCH)
    remove_entries(uow, org, [entry.id for entry in page], by=by)
    if len(page) == BATCH:
        return False
    uow.banks.remove(org, name)
    note(uow, org, CHANGED, Subject(BANK, name), data={"bank": "removed"}, by=by)
    return True
