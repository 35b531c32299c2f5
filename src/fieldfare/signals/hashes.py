"""Hash facts: whether a file, or something near it, is known already.

In: an Examination, the digests of the bytes, the banks. Out: one Fact for every name in HASH_FACTS,
and the matches themselves as evidence. No match is known: policy None. What was not seen cannot be
known not to match: of a file decoded in part a match counts, its absence is Unknown.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec
import numpy as np

from fieldfare.kernel import Unknown
from fieldfare.matching import DECIDED_BANK, BankMatch, FrameHash, hashes_of
from fieldfare.matching.fingerprints import UNBORDERED, Fingerprint
from fieldfare.matching.repositories import EntryState, Polarity
from fieldfare.matching.small_banks import NOTHING_KNOWN
from fieldfare.media import Examination
from fieldfare.records import Fact, FactValue
from fieldfare.signals.fingerprinting import fingerprint_of

VERSION: Final = "pdq/2"

MATCH_FACTS: Final = (
    "hash.match.policy",
    "hash.match.bank",
    "hash.match.distance",
    "hash.match.vetted",
    "hash.match.share",
    "hash.match.seconds",
    "hash.match.means",
    "hash.match.transform",
    "hash.match.quarantined",
    "hash.match.all",
)
DECIDED_FACT: Final = "hash.decided.policy"
GOOD_FACT: Final = "hash.known_good.bank"
HASH_FACTS: Final = (*MATCH_FACTS, DECIDED_FACT, GOOD_FACT)


class Known(Protocol):
    """Where files are looked up: `matching.known.KnownContent`."""

    @property
    def looks_at_stills(self) -> bool:
        """Tell whether pictures for local features are worth taking."""
        ...

    def match(
        self, fingerprint: Fingerprint, *, at_ms: int = 0, item: str = ""
    ) -> Sequence[BankMatch]:
        """Find a file: the best match in each bank, the weightiest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a file is looked up in, when (ms since 1970), and as part of which item."""

    known: Known = field(default=NOTHING_KNOWN)
    at_ms: int = 0
    item: str = ""

    @property
    def taps(self) -> tuple[str, ...]:
        """Name what the child has to take beside what every scan does."""
        if self.known is NOTHING_KNOWN:
            return ()
        taps = ("probes", "sound")
        return (*taps, "stills") if self.known.looks_at_stills else taps


NOBODY_ASKED: Final = Asked()
"""No bank at all."""


def frame_hashes(found: Examination) -> tuple[FrameHash, ...]:
    """Give the PDQ of the sampled frames, in order of time; none if there are none."""
    if "pdq.t" not in found.arrays:
        return ()
    return hashes_of(
        np.asarray(found.arrays["pdq.t"], np.float64),
        np.asarray(found.arrays["pdq.bits"], np.uint8),
        np.asarray(found.arrays["pdq.quality"], np.uint8),
    )


def inner_hashes(found: Examination) -> tuple[FrameHash, ...]:
    """Give the PDQ of what borders leave of the sampled frames; none where there are none."""
    arrays = found.arrays
    if "probes.t" not in arrays:
        return ()
    inner = (arrays["probes.form"] == 0) & (arrays["probes.window"] == UNBORDERED)
    return hashes_of(
        np.asarray(arrays["probes.t"], np.float64)[inner],
        np.asarray(arrays["probes.bits"], np.uint8)[inner],
        np.asarray(arrays["probes.quality"], np.uint8)[inner],
    )


def hash_facts(
    found: Examination, asked: Asked, *, sha256: str, md5: str
) -> tuple[tuple[Fact, ...], tuple[BankMatch, ...]]:
    """Look a file up in every bank. Equal bytes match even if the file cannot be decoded."""
    started = time.thread_time()
    fingerprint = fingerprint_of(found, sha256=sha256, md5=md5)
    matches = asked.known.match(fingerprint, at_ms=asked.at_ms, item=asked.item)
    cost_ms = round((time.thread_time() - started) * 1000, 3)
    unseen = None if found.complete else Unknown(found.problem or "the file was not examined")
    return facts_of_matches(matches, unseen, cost_ms), tuple(matches)


def facts_of_matches(
    matches: Sequence[BankMatch], unseen: Unknown | None, cost_ms: float = 0.0
) -> tuple[Fact, ...]:
    """State what the matches of a file come to. unseen: why there may be more than these."""
    decided = next((m for m in matches if m.bank == DECIDED_BANK and m.counts), None)
    good = next((m for m in matches if m.polarity is Polarity.KNOWN_GOOD), None)
    others = [m for m in matches if m.bank != DECIDED_BANK and not m.suppressed_by]
    return (
        *_match_facts(others, unseen, cost_ms),
        _one(DECIDED_FACT, "" if decided is None else decided.policy, decided, unseen),
        _one(GOOD_FACT, "" if good is None else good.bank, good, unseen),
    )


def _match_facts(
    matches: Sequence[BankMatch], unseen: Unknown | None, cost_ms: float
) -> tuple[Fact, ...]:
    """State the best match; known good content is listed among all, and is never the best."""
    best = next((match for match in matches if match.counts), None)
    values = dict.fromkeys(MATCH_FACTS, unseen) if best is None else _values(best)
    if matches:
        values = {**values, "hash.match.all": [_as_json(match) for match in matches]}
    return tuple(
        Fact(
            name=name,
            version=VERSION,
            value=values[name],
            spans=best.spans if best else (),
            cost_ms=0.0 if i else cost_ms,
        )
        for i, name in enumerate(MATCH_FACTS)
    )


def _values(best: BankMatch) -> Mapping[str, FactValue | Unknown]:
    return {
        "hash.match.policy": best.policy,
        "hash.match.bank": best.bank,
        "hash.match.distance": best.bits,
        "hash.match.vetted": best.vetted,
        "hash.match.share": round(best.share, 4),
        "hash.match.seconds": best.seconds,
        "hash.match.means": best.means,
        "hash.match.transform": best.transform,
        "hash.match.quarantined": best.state is EntryState.QUARANTINED,
    }


def _one(name: str, value: str, match: BankMatch | None, unseen: Unknown | None) -> Fact:
    return Fact(
        name=name,
        version=VERSION,
        value=unseen if match is None else value,
        spans=() if match is None else match.spans,
    )


def _as_json(match: BankMatch) -> FactValue:
    plain: dict[str, FactValue] = msgspec.to_builtins(match)
    return {name: value for name, value in plain.items() if name not in {"spans", "pairs"}}
