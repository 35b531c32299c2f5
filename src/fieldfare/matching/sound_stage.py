"""Recognising sound: stretches of a file in which it sounds as an entry does.

In: a print of sound and the index. Out: which owners it has, from when to when, at which speed. The
landmarks of a copy meet those of its entry at one offset in time; chance meetings scatter. Each
speed a copy may be played at is tried, the best is made exact by a straight line through the
meetings, and only a stretch that has many of them counts.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import Span
from fieldfare.matching.fingerprints import Fingerprint
from fieldfare.matching.matches import Sighting
from fieldfare.matching.pdq import RADIUS
from fieldfare.matching.repositories import BankRecord
from fieldfare.matching.sound import QUERY_FAN, STEP_S, SoundPrint, landmarks_of
from fieldfare.matching.sound_segments import Met

SPEEDS: Final = tuple(float(np.exp(0.035 * i)) for i in range(-9, 13))
"""From 0.73 to 1.52 times, 3.5 % apart: landmarks bear half of that."""

LEAST_VOTES: Final = 30
"""Peaks of the file that must meet the entry on one line in time."""

LEAST_VOTES_A_SECOND: Final = 3.0
_GAP_S: Final = 3.0
_LEAST_S: Final = 1.5
_OFFSET_STEPS: Final = 8
_CANDIDATES: Final = 8
_WORTH: Final = 8
_NEAR: Final = 12.0
_ON_LINE: Final = 4.0
_ROUNDS: Final = 3
_OFFSETS: Final = 1 << 20


class SoundMatch(NamedTuple):
    """An owner in a file: time in its sound is offset_s + speed x time in the file.

    votes: peaks of the file that meet it there. spans: where in the file.
    """

    owner: int
    offset_s: float
    speed: float
    votes: int
    spans: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        return sum(span.end - span.start for span in self.spans)


class LandmarkSearch(Protocol):
    """Who has landmarks, and when: `SoundIndex`."""

    def met(self, key: NDArray[np.uint32]) -> Met: ...

    def __len__(self) -> int: ...


class _Meetings(NamedTuple):
    """Landmarks met at one speed. peak: (m,) of the query. t: its step. owner, step: where."""

    peak: NDArray[np.intp]
    t: NDArray[np.float64]
    owner: NDArray[np.int64]
    step: NDArray[np.float64]


class _Candidate(NamedTuple):
    votes: int
    owner: int
    speed: float
    offset: float


class SoundStage:
    """Finds entries by how a file sounds.

    Of entries with frames only those of priority banks are found by sound alone: the same song is
    under many harmless clips. The thresholds of a bank say so (`matching.thresholds`).
    """

    looks_at_stills: Final = False

    def __init__(self, index: LandmarkSearch) -> None:
        self._index = index

    def sightings(
        self, fingerprint: Fingerprint, banks: Mapping[str, BankRecord], /
    ) -> list[Sighting]:
        """Find entries in a file's sound. Some 10 ms a second of sound."""
        if fingerprint.sound is None or not banks or not len(self._index):
            return []
        return [
            Sighting(
                owner=match.owner,
                means="sound",
                # Sound has no bits; a match by frames says more, so it is to come first.
                distance=RADIUS,
                seconds=match.seconds,
                offset_s=match.offset_s,
                speed=match.speed,
                spans=match.spans,
            )
            for match in recognise_sound(fingerprint.sound, self._index)
        ]


def recognise_sound(sound: SoundPrint, index: LandmarkSearch) -> list[SoundMatch]:
    """Find the owners that a sound has in it, the surest first. Each owner once."""
    best: dict[int, SoundMatch] = {}
    tried: dict[int, int] = {}
    met_at = {}
    candidates: list[_Candidate] = []
    for speed in SPEEDS:
        met_at[speed] = _meetings(sound, index, speed)
        candidates += _peaks_of_votes(met_at[speed], speed)
    for candidate in sorted(candidates, reverse=True):
        if tried.get(candidate.owner, 0) >= _ROUNDS:
            continue
        tried[candidate.owner] = tried.get(candidate.owner, 0) + 1
        match = _made_exact(met_at[candidate.speed], candidate, sound)
        before = best.get(candidate.owner)
        if match is not None and (before is None or match.votes > before.votes):
            best[candidate.owner] = match
    return sorted(best.values(), key=lambda match: -match.votes)


def _meetings(sound: SoundPrint, index: LandmarkSearch, speed: float) -> _Meetings:
    asked = landmarks_of(sound, fan=QUERY_FAN, speed=speed)
    met = index.met(asked.key)
    peak = asked.anchor[met.query]
    return _Meetings(
        peak, sound.frame[peak].astype(np.float64), met.owner, met.step.astype(np.float64)
    )


def _peaks_of_votes(met: _Meetings, speed: float) -> list[_Candidate]:
    """Find the owners and offsets at which the most peaks meet."""
    if not len(met.peak):
        return []
    owners, owner = np.unique(met.owner, return_inverse=True)
    offset = np.round((met.step - speed * met.t) / _OFFSET_STEPS).astype(np.int64)
    place = owner * _OFFSETS + offset + _OFFSETS // 2
    # A peak votes once for a place, however many of its landmarks meet there.
    most = int(met.peak.max()) + 1
    voted = np.unique(place * most + met.peak) // most
    places, votes = np.unique(voted, return_counts=True)
    chosen = np.argsort(votes)[-_CANDIDATES:]
    return [
        _Candidate(
            votes=int(votes[i]),
            owner=int(owners[places[i] // _OFFSETS]),
            speed=speed,
            offset=float((places[i] % _OFFSETS - _OFFSETS // 2) * _OFFSET_STEPS),
        )
        for i in chosen
        if votes[i] >= _WORTH
    ]


def _made_exact(met: _Meetings, candidate: _Candidate, sound: SoundPrint) -> SoundMatch | None:
    """Lay a line through the meetings and keep the stretches that have enough of them."""
    own = met.owner == candidate.owner
    t, step, peak = met.t[own], met.step[own], met.peak[own]
    speed, offset = candidate.speed, candidate.offset
    near = np.abs(step - speed * t - offset) <= _NEAR
    for _ in range(_ROUNDS):
        if np.unique(t[near]).size < _WORTH:
            return None
        fitted, begin = np.polyfit(t[near], step[near], 1)
        if abs(fitted / candidate.speed - 1) > 0.04:  # noqa: PLR2004  # a step of SPEEDS and a bit
            break
        speed, offset = float(fitted), float(begin)
        near = np.abs(step - speed * t - offset) <= _ON_LINE
    voting = np.unique(peak[near])
    spans, votes = _stretches(sound.frame[voting] * STEP_S)
    if votes < LEAST_VOTES:
        return None
    return SoundMatch(candidate.owner, offset * STEP_S, speed, votes, spans)


def _stretches(t: NDArray[np.float64]) -> tuple[tuple[Span, ...], int]:
    """Join moments (s, ascending) into stretches dense enough; also how many lie in them."""
    cuts = np.flatnonzero(np.diff(t) > _GAP_S) + 1
    spans, votes = [], 0
    for run in np.split(t, cuts):
        if len(run) < _WORTH:
            continue
        long = float(run[-1] - run[0])
        if long >= _LEAST_S and len(run) >= LEAST_VOTES_A_SECOND * long:
            spans.append(Span(float(run[0]), float(run[-1])))
            votes += len(run)
    return tuple(spans), votes
