"""Hash facts: whether a file, or something near it, is known already.

In: an Examination, the digests of the bytes, the banks. Out: one Fact for every name in HASH_FACTS,
and the matches themselves as evidence. No match is known: policy None. What was not seen cannot be
known not to match: of a file decoded in part a match counts, its absence is Unknown.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import numpy as np

from fieldfare.kernel import Unknown
from fieldfare.matching import (
    DECIDED_BANK,
    BankIndex,
    BankMatch,
    FrameHash,
    hashes_of,
    match_frames,
)
from fieldfare.media import Examination
from fieldfare.records import Fact, FactValue

VERSION: Final = "pdq/1"

MATCH_FACTS: Final = (
    "hash.match.policy",
    "hash.match.bank",
    "hash.match.distance",
    "hash.match.vetted",
    "hash.match.share",
    "hash.match.all",
)
DECIDED_FACT: Final = "hash.decided.policy"
HASH_FACTS: Final = (*MATCH_FACTS, DECIDED_FACT)


def frame_hashes(found: Examination) -> tuple[FrameHash, ...]:
    """Give the PDQ of the sampled frames, in order of time; none if there are none."""
    if "pdq.t" not in found.arrays:
        return ()
    return hashes_of(
        np.asarray(found.arrays["pdq.t"], np.float64),
        np.asarray(found.arrays["pdq.bits"], np.uint8),
        np.asarray(found.arrays["pdq.quality"], np.uint8),
    )


def hash_facts(
    found: Examination, banks: Sequence[BankIndex], *, sha256: str, md5: str
) -> tuple[tuple[Fact, ...], tuple[BankMatch, ...]]:
    """Look a file up in every bank. Equal bytes match even if the file cannot be decoded."""
    started = time.thread_time()
    frames = frame_hashes(found)
    matches = match_frames(frames, banks, sha256=sha256, md5=md5, until_s=found.decoded_s)
    decided = next((m for m in matches if m.bank == DECIDED_BANK), None)
    others = tuple(m for m in matches if m.bank != DECIDED_BANK)
    cost_ms = round((time.thread_time() - started) * 1000, 3)
    unseen = None if found.complete else Unknown(found.problem or "the file was not examined")
    return (*_match_facts(others, unseen, cost_ms), _decided_fact(decided, unseen)), matches


def _match_facts(
    matches: Sequence[BankMatch], unseen: Unknown | None, cost_ms: float
) -> tuple[Fact, ...]:
    if not matches:
        nothing: FactValue | Unknown = unseen
        return tuple(
            Fact(name=name, version=VERSION, value=nothing, cost_ms=0.0 if i else cost_ms)
            for i, name in enumerate(MATCH_FACTS)
        )
    best = matches[0]
    values: dict[str, FactValue] = {
        "hash.match.policy": best.policy,
        "hash.match.bank": best.bank,
        "hash.match.distance": best.distance,
        "hash.match.vetted": best.vetted,
        "hash.match.share": round(best.share, 4),
        "hash.match.all": [_as_json(match) for match in matches],
    }
    return tuple(
        Fact(
            name=name,
            version=VERSION,
            value=values[name],
            spans=best.spans,
            cost_ms=0.0 if i else cost_ms,
        )
        for i, name in enumerate(MATCH_FACTS)
    )


def _decided_fact(match: BankMatch | None, unseen: Unknown | None) -> Fact:
    return Fact(
        name=DECIDED_FACT,
        version=VERSION,
        value=match.policy if match else unseen,
        spans=match.spans if match else (),
    )


def _as_json(match: BankMatch) -> FactValue:
    plain = asdict(match)
    del plain["spans"]
    return plain
