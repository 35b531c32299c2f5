"""A page of an exchange on its way into a bank: one transaction, checkpoint and all.

A page and what is known of its records flow in; out flow entries added, changed and removed, the
records as they are known now, and the checkpoint from which the next page is fetched. So a process
that ends between two pages has taken each page wholly or not at all, and goes on after the last.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from fieldfare.engine.banks import (
    KnownPiece,
    add_to_bank,
    change_entry,
    remove_entries,
)
from fieldfare.engine.exchange_records import GONE, ExchangeProgress, FetchCounts, HeldRecord
from fieldfare.engine.unit import UnitOfWork
from fieldfare.engine.word_entries import known_piece
from fieldfare.kernel import BadInput, NotFound, Org, digest
from fieldfare.matching.exchanges import (
    Page,
    SharedRecord,
    Signal,
    SignalKind,
    Standing,
    VpdqFrame,
    read_vpdq,
)
from fieldfare.matching.fingerprints import FrameTable, pack_frames
from fieldfare.matching.known_text import TLSH_PREFIX
from fieldfare.matching.repositories import (
    EXCHANGED,
    BankEntryRecord,
    EntryHashes,
    EntryState,
)

MATCHED_BY: Final = frozenset({SignalKind.PDQ, SignalKind.MD5, SignalKind.SHA256, SignalKind.VPDQ})
WORDS: Final = frozenset({SignalKind.URL, SignalKind.TEXT, SignalKind.TLSH})
GOOD: Final = 100
"""The quality of a hash whose sender told none: it was shared to be matched."""
MAX_LABEL: Final = 200


def exchange_pseudonym(name: str) -> str:
    """Name an exchange as the one who changed its bank."""
    return f"{EXCHANGED}{name}"


def store_page(uow: UnitOfWork, org: Org, name: str, page: Page) -> FetchCounts:
    """Take a page. Raises NotFound if the exchange was removed meanwhile."""
    progress = progress_of(uow, org, name)
    listing = progress.listing + (1 if page.begins else 0)
    counts = _apply(uow, org, name, page, listing=listing)
    save_progress(
        uow,
        org,
        name,
        replace(
            progress,
            checkpoint=page.checkpoint,
            checkpoint_at=page.at_s * 1000 or progress.checkpoint_at,
            listing=listing,
            # What an older listing lacked may be in this one: it is looked at when this one ends.
            sweeping=(progress.sweeping and not page.begins) or page.ends,
            counts=progress.counts.plus(counts),
            problems=(*progress.problems, *page.problems)[:10],
        ),
    )
    return counts


def forecast(uow: UnitOfWork, org: Org, name: str, page: Page) -> tuple[FetchCounts, int]:
    """Say what taking a page would do, and how many of its records are known; do nothing."""
    counts, met = FetchCounts(skipped=page.skipped), 0
    for record in _last_of_each(page.records):
        known = uow.held_records.get(org, name, record.key)
        met += known is not None
        counts = counts.plus(_kind_of_change(record, known, has_entry=known is not None))
    return counts, met


def progress_of(uow: UnitOfWork, org: Org, name: str) -> ExchangeProgress:
    """Give how far an exchange is. Raises NotFound if it was removed."""
    exchange = uow.exchanges.get(org, name)
    if exchange is None:
        raise NotFound(f"no exchange {name!r}", hint="List them: fieldfare exchange list")
    return exchange.progress


def save_progress(uow: UnitOfWork, org: Org, name: str, progress: ExchangeProgress) -> None:
    """Keep how far an exchange is and leave its set-up as it is now."""
    exchange = uow.exchanges.get(org, name)
    if exchange is not None:
        uow.exchanges.put(replace(exchange, progress=progress))


def _apply(uow: UnitOfWork, org: Org, name: str, page: Page, *, listing: int) -> FetchCounts:
    counts = FetchCounts(skipped=page.skipped)
    new: list[KnownPiece] = []
    instead_of: list[BankEntryRecord | None] = []
    records = _last_of_each(page.records)
    # All are read before any is written: a read between two writes would send each by itself.
    held = {each.key: uow.held_records.get(org, name, each.key) for each in records}
    for record in records:
        known = held[record.key]
        if known is not None and known.digest == _digest(record):
            if known.seen != listing:
                uow.held_records.put(replace(known, seen=listing))
            counts = counts.plus(FetchCounts(unchanged=1))
            continue
        entry = _entry_of(uow, org, name, record.key) if known is not None else None
        if known is not None and entry is not None and not _matchable(record):
            # It goes when the fetch has ended, if what goes then is not too much.
            uow.held_records.put(replace(known, seen=GONE))
            continue
        counts = counts.plus(_kind_of_change(record, known, has_entry=entry is not None))
        _hold(uow, org, name, record, listing=listing)
        piece = piece_of_record(name, record)
        if entry is not None and not _suits(uow, entry, piece):
            remove_entries(uow, org, [entry.id], by=exchange_pseudonym(name))
        elif entry is not None and piece is not None:
            change_entry(uow, org, entry.id, {"labels": piece.labels}, by=exchange_pseudonym(name))
            continue
        if piece is not None:
            new.append(piece if entry is None else replace(piece, note=entry.note))
            instead_of.append(entry)
    _add(uow, org, name, new, instead_of)
    return counts


def _hold(uow: UnitOfWork, org: Org, name: str, record: SharedRecord, *, listing: int) -> None:
    """Keep what is known of a record, or forget what is deleted."""
    if record.deleted:
        uow.held_records.remove(org, name, record.key)
        return
    held = HeldRecord(
        org=org,
        exchange=name,
        key=record.key,
        digest=_digest(record),
        seen=listing,
        address=record.address,
    )
    uow.held_records.put(held)


def _add(
    uow: UnitOfWork,
    org: Org,
    name: str,
    new: Sequence[KnownPiece],
    instead_of: Sequence[BankEntryRecord | None],
) -> None:
    """Add entries; what people had set about the one that stood in its place is set again."""
    if not new:
        return
    added = add_to_bank(uow, org, name, new, by=exchange_pseudonym(name))
    for entry_id, before in zip(added, instead_of, strict=True):
        if before is None:
            continue
        if before.state is not EntryState.ACTIVE or before.disabled_until is not None:
            kept = {"state": before.state, "disabled_until": before.disabled_until}
            change_entry(uow, org, entry_id, kept, by=exchange_pseudonym(name))


def forget(uow: UnitOfWork, org: Org, name: str, key: str) -> int:
    """Take the entry of a record out of the bank; returns how many went."""
    entry = _entry_of(uow, org, name, key)
    return remove_entries(uow, org, [entry.id], by=exchange_pseudonym(name)) if entry else 0


def _entry_of(uow: UnitOfWork, org: Org, name: str, key: str) -> BankEntryRecord | None:
    found = uow.entry_pages.of_source(org, exchange_pseudonym(name), key)
    return found[0] if found else None


def _last_of_each(records: Sequence[SharedRecord]) -> Sequence[SharedRecord]:
    """Keep what a page says last about each record."""
    return list({record.key: record for record in records}.values())


def _kind_of_change(
    record: SharedRecord, known: HeldRecord | None, *, has_entry: bool
) -> FetchCounts:
    if known is not None and known.digest == _digest(record):
        return FetchCounts(unchanged=1)
    if _matchable(record):
        return FetchCounts(changed=1) if has_entry else FetchCounts(added=1)
    if has_entry:
        return FetchCounts(removed=1)
    return FetchCounts(unchanged=1) if record.deleted else FetchCounts(unusable=1)


def _matchable(record: SharedRecord) -> bool:
    if not record.is_known_content:
        return False
    return any(s.kind in MATCHED_BY for s in record.signals) or _words(record) is not None


def _digest(record: SharedRecord) -> str:
    return digest(
        [
            [[signal.kind.value, signal.value] for signal in record.signals],
            [*record.tags],
            record.standing.value,
            record.deleted,
        ]
    )


def piece_of_record(name: str, record: SharedRecord) -> KnownPiece | None:
    """Make what is put into the bank, or None for a record nothing is matched by."""
    if not _matchable(record):
        return None
    standing = () if record.standing is Standing.REPORTED else (record.standing.value,)
    return replace(
        _words(record) or _media(record.signals),
        label=record.key[:MAX_LABEL],
        labels=(*record.tags, *standing),
        source=exchange_pseudonym(name),
        source_id=record.key,
    )


def _media(signals: Sequence[Signal]) -> KnownPiece:
    table, seconds = _frames(signals)
    values = {signal.kind: signal.value for signal in signals}
    return KnownPiece(
        sha256=values.get(SignalKind.SHA256, ""),
        md5=values.get(SignalKind.MD5, ""),
        frames=len(table),
        seconds=seconds,
        hashes=EntryHashes(frames=pack_frames(table) if len(table) else b""),
    )


def _words(record: SharedRecord) -> KnownPiece | None:
    """Make an entry of a record that is a text or URL; None for any other, or one too short."""
    for signal in record.signals:
        if signal.kind in WORDS:
            prefix = TLSH_PREFIX if signal.kind is SignalKind.TLSH else ""
            try:
                return known_piece(prefix + signal.value, is_url=signal.kind is SignalKind.URL)
            except BadInput:
                return None
    return None


def _frames(signals: Sequence[Signal]) -> tuple[FrameTable, float]:
    """Give the frames of a record and how long it plays (s); pictures lie a second apart."""
    stills = [
        VpdqFrame(signal.value, GOOD, float(number))
        for number, signal in enumerate(s for s in signals if s.kind is SignalKind.PDQ)
    ]
    moving = [frame for s in signals if s.kind is SignalKind.VPDQ for frame in read_vpdq(s.value)]
    frames = moving or stills
    bits = np.frombuffer(bytes.fromhex("".join(f.hex for f in frames)), np.uint8).reshape(-1, 32)
    t = np.array([frame.t for frame in frames], float)
    quality = np.array([frame.quality for frame in frames], np.uint8)
    seconds = float(t[-1]) + 1.0 if moving else 0.0
    return FrameTable.of(t, bits, quality), seconds


def _suits(uow: UnitOfWork, entry: BankEntryRecord, piece: KnownPiece | None) -> bool:
    """Say whether an entry has the hashes of a piece, so that it can stay as it is."""
    if piece is None or (entry.sha256, entry.md5) != (piece.sha256, piece.md5):
        return False
    held = uow.entries.hashes(entry.org, entry.id)
    return held is not None and held.frames == piece.hashes.frames
