"""Recognition: which known pictures a file's stills show, however they are cut, turned or framed.

In: the features of a file, both ways round, and an index. Out: matches, one for each owner, with
how sure and which stills. Votes of single features choose a few stills of the index, and geometry
decides: a feature that many owners have counts less, and a match must be spread over the picture,
so that a sticker, a logo or a line of text that two files share does not make them one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.features.detector import Detected
from fieldfare.matching.features.geometry import SamePicture, compare
from fieldfare.matching.features.index import FeatureIndex, Snapshot
from fieldfare.matching.features.local import LocalFeatures
from fieldfare.matching.features.segments import StillFeatures

RADIUS: Final = 52
"""Bits within which a feature votes. Of the same place nine in ten are nearer."""

MOST_COMPARED: Final = 96
"""So many pairs of stills are compared for one file."""

_LEAST_VOTE: Final = 2.0
_MOST_A_STILL: Final = 5
_SURE_AGREEING: Final = 14
_SURE_CELLS: Final = 10
_SURE_AREA: Final = 0.12
_SURE_COVERED: Final = 0.55
_AGREEING: Final = 8
_CELLS: Final = 6
_COVERED: Final = 0.5
_AREA: Final = 0.08
_WELL_COVERED: Final = 0.7
_CROWDED: Final = 3
_APART_S: Final = 2.5


class StillPair(NamedTuple):
    """A still of the file that shows a still of the reference. Times in seconds.

    agreeing: features; scale: size of the reference in the file; turned: degrees clockwise.
    """

    t_query: float
    t_reference: float
    agreeing: int
    scale: float
    turned: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureMatch:
    """A reference that stills of a file show.

    mirrored: left and right swapped. offset_s: reference time less file time. agreeing: features of
    the best pair. area: of the reference's picture, 0..1, that it spans. pairs: in order of time.
    """

    owner: int
    mirrored: bool
    offset_s: float
    agreeing: int
    area: float
    pairs: tuple[StillPair, ...]

    @property
    def reference_stills(self) -> int:
        """Count the different stills of the reference."""
        return len({pair.t_reference for pair in self.pairs})


class _Candidate(NamedTuple):
    votes: float
    query_still: int
    segment: int
    still: int
    owner: int


class _Shown(NamedTuple):
    owner: int
    mirrored: bool
    t_query: float
    t_reference: float
    same: SamePicture


def recognise(detected: Detected, index: FeatureIndex) -> list[FeatureMatch]:
    """Find the references that a file shows, the surest first. Pure for one state of the index."""
    now = index.snapshot()
    shown: list[_Shown] = []
    for features, mirrored in ((detected.plain, False), (detected.mirrored, True)):
        candidates = _candidates(features, now)
        shown.extend(_compared(features, now, candidates, mirrored=mirrored))
    by_owner: dict[tuple[int, bool], list[_Shown]] = {}
    for one in shown:
        by_owner.setdefault((one.owner, one.mirrored), []).append(one)
    matches = [match for group in by_owner.values() if (match := _match(group)) is not None]
    return sorted(matches, key=lambda match: (-match.agreeing, match.owner, match.mirrored))


def _candidates(features: LocalFeatures, now: Snapshot) -> list[_Candidate]:
    """Let features vote for stills; keep the best few of each still of the file."""
    if not len(features):
        return []
    query, where, still, owner = _hits(features, now)
    if not len(query):
        return []
    known_by = _distinct_owners(query, owner, len(features))
    weight = 1 / (1 + np.log2(np.maximum(known_by, 1)))
    asked = features.still[query].astype(np.int64)
    # One vote a feature and still, whatever number of features of that still it is near to.
    once = np.unique(np.column_stack((query, where, still, asked, owner)), axis=0)
    keys, inverse = np.unique(once[:, 1:], axis=0, return_inverse=True)
    votes = np.bincount(inverse.ravel(), weights=weight[once[:, 0]])
    ranked = [
        _Candidate(float(vote), int(key[2]), int(key[0]), int(key[1]), int(key[3]))
        for vote, key in zip(votes, keys, strict=True)
        if vote >= _LEAST_VOTE
    ]
    return list(_best_of_each(sorted(ranked, reverse=True)))


def _hits(
    features: LocalFeatures, now: Snapshot
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Give near features as (row of the query, segment, still in it, owner)."""
    parts = []
    for number, segment in enumerate(now.segments):
        near = segment.near(features.code, RADIUS)
        kept = now.live(segment)[near.still]
        query, still = near.query[kept], near.still[kept]
        parts.append((query, np.full(len(query), number), still, segment.owner[still]))
    if not parts:
        nothing = np.empty(0, np.int64)
        return nothing, nothing, nothing, nothing
    query, where, still, owner = (np.concatenate(column) for column in zip(*parts, strict=True))
    return query, where, still, owner


def _distinct_owners(
    query: NDArray[np.int64], owner: NDArray[np.int64], rows: int
) -> NDArray[np.int64]:
    pairs = np.unique(np.column_stack((query, owner)), axis=0)
    return np.bincount(pairs[:, 0], minlength=rows)


def _best_of_each(ranked: list[_Candidate]) -> Iterator[_Candidate]:
    taken: dict[int, int] = {}
    given = 0
    for one in ranked:
        taken[one.query_still] = taken.get(one.query_still, 0) + 1
        if taken[one.query_still] <= _MOST_A_STILL and given < MOST_COMPARED // 2:
            given += 1
            yield one


def _compared(
    features: LocalFeatures, now: Snapshot, candidates: list[_Candidate], *, mirrored: bool
) -> Iterator[_Shown]:
    bounds = features.bounds()
    for one in candidates:
        part = slice(int(bounds[one.query_still]), int(bounds[one.query_still + 1]))
        asked = StillFeatures(
            frame=features.frame[one.query_still],
            place=features.place[part],
            angle=features.angle[part],
            size=features.size[part],
            code=features.code[part],
        )
        segment = now.segments[one.segment]
        same = compare(asked, segment.features_of(one.still))
        if same is not None and same.agreeing >= _AGREEING:
            t_reference = float(segment.t[one.still])
            yield _Shown(one.owner, mirrored, float(features.t[one.query_still]), t_reference, same)


def _match(group: list[_Shown]) -> FeatureMatch | None:
    """Decide on one reference: one sure pair, or two pairs of fair ones that agree on when."""
    best: dict[float, _Shown] = {}
    for one in sorted(group, key=lambda one: one.same.agreeing):
        best[one.t_query] = one
    fair = [one for one in best.values() if _is_fair(one.same)]
    if not fair:
        return None
    surest = max(fair, key=lambda one: one.same.agreeing)
    offset = surest.t_reference - surest.t_query
    agreed = [one for one in fair if abs(one.t_reference - one.t_query - offset) <= _APART_S]
    if len(agreed) == 1 and not _is_sure(surest.same):
        return None
    agreed.sort(key=lambda one: one.t_query)
    return FeatureMatch(
        owner=surest.owner,
        mirrored=surest.mirrored,
        offset_s=float(np.median([one.t_reference - one.t_query for one in agreed])),
        agreeing=surest.same.agreeing,
        area=surest.same.area,
        pairs=tuple(_pair(one) for one in agreed),
    )


def _pair(one: _Shown) -> StillPair:
    (a, b), (c, d) = one.same.turn[:, :2]
    return StillPair(
        t_query=one.t_query,
        t_reference=one.t_reference,
        agreeing=one.same.agreeing,
        scale=float(1 / np.sqrt(a * d - b * c)),
        turned=float(np.degrees(np.arctan2(b - c, a + d))),
    )


def _is_fair(same: SamePicture) -> bool:
    return (
        same.agreeing >= _AGREEING
        and same.cells >= _CELLS
        and same.area >= _AREA
        and same.covered >= _COVERED
        and not _is_crowded(same)
    )


def _is_crowded(same: SamePicture) -> bool:
    """Whether features agree in few places only, many in each, as those of words and stickers do.

    Shared overlays had some 4 in a cell that held any, small pictures in pictures 1.5 to 2.
    """
    return same.covered < _WELL_COVERED and same.agreeing > _CROWDED * same.cells


def _is_sure(same: SamePicture) -> bool:
    return (
        same.agreeing >= _SURE_AGREEING
        and same.cells >= _SURE_CELLS
        and same.area >= _SURE_AREA
        and same.covered >= _SURE_COVERED
    )
