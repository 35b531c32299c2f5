"""The thresholds of a bank: whether what was seen of an entry is a match, or why it is none."""

from dataclasses import dataclass
from hashlib import sha256

from fieldfare.matching.matches import DIGESTS, Sighting
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, EntryState

_SLACK_S = 0.5
"""A copy may lack so much of an entry that has to be met whole: its first and its last frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, and when. at_ms: ms since 1970. item: what shares of items are drawn by."""

    at_ms: int
    item: str

    def silence_of(self, bank: BankRecord) -> str:
        """Say why a bank is not asked; "" if it is."""
        if not bank.enabled:
            return "the bank is off"
        if not bank.is_asked(self.at_ms):
            return "the bank is off for a time"
        if bank.enabled_ratio < 1 and not _drawn(bank, self.item):
            return f"the bank is asked about {bank.enabled_ratio:.0%} of items, and not this one"
        return ""


def refusals(
    bank: BankRecord, entry: BankEntryRecord, seen: Sighting, asking: Asking
) -> tuple[str, ...]:
    """Say why a sighting is no match for its bank; nothing if it is one."""
    why = [asking.silence_of(bank)]
    if not entry.is_asked(asking.at_ms):
        off = "the entry is disabled"
        why.append(off if entry.state is EntryState.DISABLED else f"{off} for a time")
    if seen.means not in DIGESTS:
        why += _too_little(bank, entry, seen)
    return tuple(filter(None, why))


def _too_little(bank: BankRecord, entry: BankEntryRecord, seen: Sighting) -> list[str]:
    why = []
    if seen.means == "pdq" and seen.distance > bank.radius:
        why.append(
            f"its nearest frame differs in {seen.distance} bits, the bank takes {bank.radius}"
        )
    if seen.means == "sound" and entry.frames and not bank.priority:
        why.append("only its sound matches, which is enough for priority banks alone")
    # An entry of which little is known cannot be met for longer, or in more pictures, than it has.
    seconds = bank.min_seconds
    if entry.seconds > 0:
        seconds = min(seconds, max(0.0, entry.seconds - _SLACK_S))
    elif entry.frames <= 1:
        seconds = 0.0
    if seen.seconds < seconds:
        why.append(f"{seen.seconds:.1f} s match, the bank asks for {seconds:.1f} s")
    frames = min(bank.min_frames, max(entry.frames, 1))
    if seen.means == "pdq" and seen.reference_frames < frames:
        why.append(f"{seen.reference_frames} distinct frames match, the bank asks for {frames}")
    return why


def _drawn(bank: BankRecord, item: str) -> bool:
    """Draw whether a bank is asked about an item, the same way each time."""
    drawn = int.from_bytes(sha256(f"{bank.name}\0{item}".encode()).digest()[:8])
    return drawn < bank.enabled_ratio * 2**64
