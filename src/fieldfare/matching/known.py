"""Known content: whether a file, or something near it, is in the banks of an organisation.

In: a Fingerprint. Out: the best match in each bank with its explanation, or what nearly matched and
why it did not. Digests are asked first, then frames, then whatever stages are plugged in (sound,
local features); each bank then decides by its own thresholds. Entries are looked up as they are
hit: nothing of them is held here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Protocol

import numpy as np

from fieldfare.kernel import Span
from fieldfare.matching.fingerprints import Fingerprint
from fieldfare.matching.frame_stage import (
    FrameSearch,
    frame_sightings,
    good_moments,
    moments_matched,
)
from fieldfare.matching.matches import (
    DIGESTS,
    BankMatch,
    Sighting,
    by_weight,
    match_of,
    shown_bank,
    stretches,
)
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, EntryKind, Polarity
from fieldfare.matching.thresholds import Asking, refusals

NEAR_BITS: Final = 16
"""So far beyond a bank's radius near misses are shown."""

COVERED: Final = 0.8
"""The share of a match that known good content has to cover to keep it from counting."""


class Shelf(Protocol):
    """The banks of one organisation, as far as they are asked for."""

    def banks(self) -> Mapping[str, BankRecord]: ...

    def of_digest(self, digest: str, /) -> Sequence[BankEntryRecord]: ...

    def entry(self, entry_id: int, /) -> BankEntryRecord | None: ...


class Stage(Protocol):
    """A way of finding entries beside their frames."""

    @property
    def looks_at_stills(self) -> bool: ...

    def sightings(
        self, fingerprint: Fingerprint, banks: Mapping[str, BankRecord], /
    ) -> Sequence[Sighting]:
        """Find entries of these banks in a file. What the stage cannot tell it leaves out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """What is somewhat like an entry, and why it is no match. match: what it would have been."""

    match: BankMatch
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """All that is known of a file: what matches, and what nearly does.

    left_out: what was not compared, in words, where a file is near to too much; else nothing.
    """

    matches: tuple[BankMatch, ...]
    near: tuple[NearMiss, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    bank: BankRecord
    entry: BankEntryRecord
    seen: Sighting
    why: tuple[str, ...]


class _Candidates(NamedTuple):
    found: list[_Candidate]
    left_out: tuple[str, ...]


class KnownContent:
    """Looks files up in the banks of one organisation. Safe to use from several threads."""

    def __init__(self, shelf: Shelf, rows: FrameSearch, stages: Sequence[Stage] = ()) -> None:
        self._shelf = shelf
        self._rows = rows
        self._stages = tuple(stages)

    @property
    def looks_at_stills(self) -> bool:
        """Tell whether pictures for local features are worth taking."""
        banks = self._shelf.banks().values()
        return any(bank.priority and bank.enabled for bank in banks) and any(
            stage.looks_at_stills for stage in self._stages
        )

    def match(
        self, fingerprint: Fingerprint, *, at_ms: int = 0, item: str = ""
    ) -> tuple[BankMatch, ...]:
        """Find a file: the best match in each bank, the weightiest first.

        at_ms: now, for what is off until a moment. item: what the share of items a bank is asked
        about is drawn by; the file itself if it is not given.
        """
        asking = Asking(at_ms=at_ms, item=item or fingerprint.sha256)
        banks = self._shelf.banks()
        asked = {name: bank for name, bank in banks.items() if not asking.silence_of(bank)}
        staged = self._staged(fingerprint, asked)
        found = self._candidates(fingerprint, asked, asking, staged).found
        return _matches(found, fingerprint)

    def explained(self, fingerprint: Fingerprint, *, at_ms: int = 0, item: str = "") -> Explained:
        """Find a file, and say of what is near it why it is no match."""
        asking = Asking(at_ms=at_ms, item=item or fingerprint.sha256)
        banks = self._shelf.banks()
        staged = self._staged(fingerprint, banks)  # the dearest of all, and so only once
        plain = self._candidates(fingerprint, banks, asking, staged)
        if any(asking.silence_of(bank) for bank in banks.values()):
            matches = self.match(fingerprint, at_ms=at_ms, item=item)
        else:
            matches = _matches(plain.found, fingerprint)
        wide = self._candidates(fingerprint, banks, asking, staged, wider=NEAR_BITS).found
        entries = {match.entry for match in matches}
        near: dict[int, _Candidate] = {}
        for each in [*wide, *plain.found]:
            if each.why and str(each.entry.id) not in entries:
                near[each.entry.id] = each
        shown = [
            NearMiss(match=_match([each], fingerprint), why=each.why) for each in near.values()
        ]
        return Explained(
            matches=matches,
            near=tuple(sorted(shown, key=lambda n: by_weight(n.match))),
            left_out=plain.left_out,
        )

    def _staged(self, fingerprint: Fingerprint, banks: Mapping[str, BankRecord]) -> list[Sighting]:
        return [one for stage in self._stages for one in stage.sightings(fingerprint, banks)]

    def _candidates(
        self,
        fingerprint: Fingerprint,
        banks: Mapping[str, BankRecord],
        asking: Asking,
        staged: Sequence[Sighting],
        *,
        wider: int = 0,
    ) -> _Candidates:
        entries: dict[int, BankEntryRecord | None] = {}

        def bank_of(owner: int) -> BankRecord | None:
            if owner not in entries:
                entries[owner] = self._shelf.entry(owner)
            entry = entries[owner]
            return None if entry is None else banks.get(entry.bank)

        frames = frame_sightings(
            self._rows, fingerprint, tuple(banks.values()), bank_of, wider=wider
        )
        seen = [*self._of_digests(fingerprint, entries), *frames.sightings, *staged]
        found: list[_Candidate] = []
        for one in seen:
            bank, entry = bank_of(one.owner), entries[one.owner]
            if bank is not None and entry is not None:
                why = refusals(bank, entry, one, asking)
                found.append(_Candidate(bank=bank, entry=entry, seen=one, why=why))
        return _Candidates(found, frames.left_out)

    def _of_digests(
        self, fingerprint: Fingerprint, entries: dict[int, BankEntryRecord | None]
    ) -> Iterable[Sighting]:
        whole = (Span(0.0, fingerprint.seconds),) if fingerprint.seconds > 0 else ()
        known: set[int] = set()
        for means, digest in (("sha256", fingerprint.sha256), ("md5", fingerprint.md5)):
            for entry in self._shelf.of_digest(digest) if digest else ():
                # The digest of a text is that of its words, which is no file's.
                if entry.kind is EntryKind.MEDIA and entry.id not in known:
                    known.add(entry.id)
                    entries[entry.id] = entry
                    yield Sighting(
                        owner=entry.id,
                        means="sha256" if means == "sha256" else "md5",
                        seconds=fingerprint.seconds,
                        reference_frames=max(entry.frames, 1),
                        spans=whole,
                    )


def _matches(found: Sequence[_Candidate], fingerprint: Fingerprint) -> tuple[BankMatch, ...]:
    matches = _best([each for each in found if not each.why], fingerprint)
    return tuple(sorted(_suppressed(matches), key=by_weight))


def _best(found: Sequence[_Candidate], fingerprint: Fingerprint) -> list[BankMatch]:
    """Give the best match of each bank; those of decided content are one."""
    banks: dict[str, list[_Candidate]] = {}
    for each in found:
        banks.setdefault(shown_bank(each.bank), []).append(each)
    return [_match(each, fingerprint) for each in banks.values()]


def _match(found: Sequence[_Candidate], fingerprint: Fingerprint) -> BankMatch:
    """Make one match of what was seen of one bank: its best sighting, and all its moments."""
    best = min(found, key=_strength)
    frames = good_moments(fingerprint.frames, best.bank.min_quality)
    if best.seen.means in DIGESTS:
        return match_of(
            best.bank,
            best.entry,
            best.seen,
            frames=len(frames),
            of_frames=len(frames),
            spans=best.seen.spans,
        )
    matched = moments_matched([each.seen for each in found])
    matched = matched[np.isin(matched, frames)]
    moments = np.unique(fingerprint.frames.t)
    spans = stretches(moments, matched, fingerprint.seconds) if len(matched) else best.seen.spans
    return match_of(
        best.bank,
        best.entry,
        best.seen,
        frames=len(matched),
        of_frames=len(frames),
        spans=spans,
    )


def _strength(one: _Candidate) -> tuple[bool, bool, int, float, int, int]:
    """Order sightings, the best first; a quarantined entry gives way to any other."""
    seen = one.seen
    quarantined = one.bank.vetted and one.entry.state != "active"
    exact = seen.means in DIGESTS
    return (
        quarantined,
        not exact,
        seen.distance,
        -seen.seconds,
        -seen.reference_frames,
        seen.owner,
    )


def _suppressed(matches: Sequence[BankMatch]) -> list[BankMatch]:
    """Let known good content keep weaker matches of the same stretch from counting."""
    good = [m for m in matches if m.polarity is Polarity.KNOWN_GOOD and m.vetted]
    found: list[BankMatch] = []
    for match in matches:
        over = next((g for g in good if match.counts and _outweighs(g, match)), None)
        by = "" if over is None else f"{over.bank}/{over.entry}"
        found.append(replace(match, suppressed_by=by))
    return found


def _outweighs(good: BankMatch, match: BankMatch) -> bool:
    """Tell whether known good content explains a match away.

    Equal bytes explain all but equal bytes. Else like is weighed with like: a song that is known to
    be harmless says nothing of the pictures, and a harmless picture as a whole nothing of one that
    is set into it.
    """
    exact = good.means in DIGESTS
    if match.means in DIGESTS:
        return False
    if not exact and (good.means != match.means or good.bits > match.bits):
        return False
    length = sum(span.end - span.start for span in match.spans)
    if exact or length <= 0:
        return True
    shared = sum(
        max(0.0, min(one.end, other.end) - max(one.start, other.start))
        for one in match.spans
        for other in good.spans
    )
    return shared >= COVERED * length
