"""Builders of known content: banks, entries and hashes of invented frames."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import EventId, Org
from fieldfare.matching.fingerprints import Fingerprint, FrameTable, probes_of
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.matching.small_banks import SmallBank

MAIN = Org("main")


def some_bits(frames: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Draw hashes that are not near each other: (frames, 32) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (frames, 32), np.uint8)


def some_frames(
    bits: NDArray[np.uint8], *, start_s: float = 0.0, every_s: float = 1.0, quality: int = 100
) -> FrameTable:
    """Set hashes at regular moments: a table of form 0."""
    t = start_s + every_s * np.arange(len(bits), dtype=np.float64)
    return FrameTable.of(t, bits, np.full(len(bits), quality, np.uint8))


def a_probe(frames: FrameTable, *, sha256: str = "", md5: str = "") -> Fingerprint:
    """Ask about frames in all eight forms, as a scan does."""
    seconds = float(frames.t.max()) + 1.0 if len(frames) > 1 else 0.0
    return Fingerprint(sha256=sha256, md5=md5, seconds=seconds, frames=probes_of(frames))


def a_bank(
    name: str = "known", *entries: tuple[BankEntryRecord, FrameTable], **fields: object
) -> SmallBank:
    """Make a vetted bank; fields: of BankRecord."""
    given = {"policy": "X.ONE", "vetted": True, **fields}
    bank = BankRecord(org=MAIN, name=name, **given)  # type: ignore[arg-type]  # fields of a bank
    return SmallBank(bank=bank, entries=entries)


def an_entry(
    number: int, frames: FrameTable | None = None, *, bank: str = "known", **fields: object
) -> tuple[BankEntryRecord, FrameTable]:
    """Make an entry with its frames; fields: of BankEntryRecord."""
    table = FrameTable.empty() if frames is None else frames
    given = {"label": "us", "sha256": "", "added_at": 0, "changed": EventId(1), **fields}
    entry = BankEntryRecord(
        org=MAIN,
        id=EventId(number),
        bank=bank,
        frames=len(table),
        **given,  # type: ignore[arg-type]  # fields of an entry
    )
    return entry, table


def with_flipped_bits(bits: NDArray[np.uint8], flips: int | Sequence[int]) -> NDArray[np.uint8]:
    """Change the first bits of each hash: so many for all, or for each its own number."""
    each = [flips] * len(bits) if isinstance(flips, int) else flips
    rows = np.unpackbits(bits, axis=1)
    for row, number in zip(rows, each, strict=True):
        row[:number] ^= 1
    return np.packbits(rows, axis=1)
