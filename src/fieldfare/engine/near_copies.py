"""Near copies: what a person removed is known from then on; its copies need no person."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from fieldfare.engine.administration import note
from fieldfare.engine.banks import BANK, CHANGED, KnownPiece, add_to_bank, remove_entries
from fieldfare.engine.content import scan_of
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, JsonValue, Org
from fieldfare.matching import MIN_QUALITY, row_of
from fieldfare.matching.fingerprints import UNBORDERED, WHOLE, FrameTable, joined, pack_frames
from fieldfare.matching.matches import DECIDED_PREFIX
from fieldfare.matching.repositories import DECIDED, BankEntryRecord, BankRecord, EntryHashes
from fieldfare.matching.sound import packed_of_text
from fieldfare.records import Decision, ItemVersion, Subject

BY: Final = "decisions"


def remember(uow: UnitOfWork, decision: Decision, item: ItemVersion) -> None:
    """Keep the frames of an item a person removed, under the policy it broke."""
    scan = scan_of(uow, decision.org, item)
    hashes = (scan.data or {}).get("hashes") if scan else None
    if decision.judgement.action != "remove" or not isinstance(hashes, list):
        return
    bank = f"{DECIDED_PREFIX}{decision.judgement.policy}"
    org, policy = decision.org, decision.judgement.policy
    if uow.banks.get(org, bank) is None:
        uow.banks.put(BankRecord(org=org, name=bank, policy=policy, vetted=True))
        note(uow, org, CHANGED, Subject(BANK, bank), data={"policy": policy}, by=BY)
    pieces = [
        piece_of(told, label=str(item.subject), source=DECIDED, source_id=_key(item))
        for told in hashes
        if isinstance(told, dict)
    ]
    add_to_bank(uow, org, bank, pieces, by=BY)


def piece_of(told: dict[str, JsonValue], *, label: str, source: str, source_id: str) -> KnownPiece:
    """Make a piece for a bank of what a scan told of a file."""
    frames = frames_of(told)
    good = frames.chosen((frames.quality >= MIN_QUALITY) & (frames.window == WHOLE))
    return KnownPiece(
        label=label,
        sha256=str(told["sha256"]),
        md5=str(told.get("md5", "")),
        source=source,
        source_id=source_id,
        frames=len(good),
        hashes=EntryHashes(
            frames=pack_frames(good) if len(good) else b"",
            sound=_sound_alone(told),
        ),
    )


def _sound_alone(told: dict[str, JsonValue]) -> bytes:
    """Give the print of what is sound alone; else it is no reason to remove a copy."""
    sound = told.get("sound")
    return packed_of_text(str(sound)) if sound and not told.get("pdq") else b""


def frames_of(told: dict[str, JsonValue]) -> FrameTable:
    """Read the frames of a file as its scan told of them, with borders and without."""
    return joined(_rows(told.get("pdq"), WHOLE), _rows(told.get("inner"), UNBORDERED))


def _rows(listed: JsonValue, window: int) -> FrameTable:
    rows = [f for f in listed if isinstance(f, dict)] if isinstance(listed, list) else []
    return FrameTable.of(
        np.array([float(str(f["t"])) for f in rows], np.float64),
        np.array([row_of(str(f["hex"])) for f in rows], np.uint8).reshape(-1, 32),
        np.array([int(str(f["quality"])) for f in rows], np.uint8),
        window=window,
    )


def forget(uow: UnitOfWork, org: Org, subject: Subject, version: str) -> None:
    """Take back what was kept of a version whose removal holds no longer; other versions stay."""
    for item in uow.items.versions(org, subject):
        if item.digest == version:
            found = {entry.id for entry in _kept(uow, org, item)}
            remove_entries(uow, org, sorted(found), by=BY)


def _kept(uow: UnitOfWork, org: Org, item: ItemVersion) -> Iterator[BankEntryRecord]:
    """Find the entries made of a version, those too that were made before they said so."""
    yield from uow.entry_pages.of_source(org, DECIDED, _key(item))
    for part in item.media:
        for entry in uow.entry_pages.of_digest(org, part.sha256):
            older = entry.source == DECIDED and not entry.source_id
            of_item = older and entry.label == str(item.subject)
            if of_item and _version(uow, entry) == item.digest:
                yield entry


def _key(item: ItemVersion) -> str:
    return f"{item.subject}@{item.digest}"


def _version(uow: UnitOfWork, entry: BankEntryRecord) -> str:
    """Find the version an entry was made of: that of the decision its event names."""
    added = uow.log.get(entry.org, entry.id)
    named = (added.data or {}).get("decision") if added else None
    decision = uow.decisions.get(entry.org, EventId(int(str(named)))) if named else None
    return decision.version if decision else ""
