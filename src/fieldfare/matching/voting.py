"""Voting: single hits become stretches of one known piece of content.

In: the probes of a file (a FrameTable) and what the index found near them. Out: alignments, each
one reference that runs along with the file at one speed and offset, in one dihedral form. A lone
look-alike frame is one pair; a copy is many that agree on when (`timelines`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.fingerprints import LOST_BORDERS, OTHER_BORDERS, WHOLE, FrameTable
from fieldfare.matching.pdq import MIN_QUALITY, RADIUS
from fieldfare.matching.timelines import TimedPairs, Timeline

SAME_PICTURE: Final = 16
"""Bits within which two frames in a row count as one picture, as in banks."""

MAX_SEGMENTS: Final = 4
"""So many stretches of one reference are told apart: a loop, or a copy that was cut anew."""

_MAX_PAIRS: Final = 1500
_REACH_S: Final = 1.0
_UNLIKELY: Final = 8

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]


class Hits(Protocol):
    """What an index found: (n,) arrays. query: row of the probes; t_ms: when the run began."""

    @property
    def query(self) -> NDArray[np.intp]: ...

    @property
    def owner(self) -> NDArray[np.int64]: ...

    @property
    def t_ms(self) -> NDArray[np.uint32]: ...

    @property
    def variant(self) -> NDArray[np.uint8]: ...

    @property
    def distance(self) -> NDArray[np.int32]: ...


class Pair(NamedTuple):
    """One frame of the file beside one of the reference. Times in seconds; distance in bits.

    agreeing: details of both that lie in the same places, for pairs that are found by them; their
    distance is None, as no hashes were compared.
    form: how the reference was turned, 0..7; window: of the file's frame (FrameTable), or
    LOST_BORDERS or OTHER_BORDERS where the reference's is one without them.
    """

    t_query: float
    t_reference: float
    distance: int | None
    form: int
    window: int
    agreeing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """A stretch of the file that shows the reference `owner`.

    offset_s: reference time where the file begins; time in the reference is offset_s + speed x
    time in the file. is_speed_known: as in Timeline.
    seconds: of the file that the matching frames stand for, 0 for a lone picture.
    reference_frames: different pictures that match; one for a picture held still, however long.
    distance: bits of the nearest pair. window: of most pairs. pairs: one for each moment matched,
    the nearest, in order.
    """

    owner: int
    offset_s: float
    speed: float
    is_speed_known: bool
    seconds: float
    reference_frames: int
    distance: int
    form: int
    window: int
    pairs: tuple[Pair, ...]


def align(
    probes: FrameTable,
    hits: Hits,
    *,
    max_distance: int = RADIUS,
    min_quality: int = MIN_QUALITY,
    until_s: float = 0.0,
) -> list[Alignment]:
    """Group hits into alignments, the longest first; pure, the same input gives the same output.

    until_s: when the file ends. Costs some 2 ms for each reference that is hit.
    """
    plain = probes.quality[hits.query] < min_quality
    kept = np.flatnonzero(~plain & (hits.distance <= max_distance))
    order = kept[np.lexsort((probes.form[hits.query[kept]], hits.owner[kept]))]
    owners, forms = hits.owner[order], probes.form[hits.query[order]]
    starts = np.flatnonzero(np.diff(owners, prepend=-1) | np.diff(forms.astype(int), prepend=-1))
    share_s = _shares(probes.t, until_s)
    found: list[Alignment] = []
    for group in np.split(order, starts[1:]) if len(order) else ():
        found.extend(_stretches(probes, hits, group, share_s))
    return sorted(found, key=_strength)


def _strength(one: Alignment) -> tuple[float, int, int, int, int]:
    return -one.seconds, -one.reference_frames, one.distance, one.owner, one.form


def _shares(t: Floats, until_s: float) -> dict[float, float]:
    """Give each moment the seconds it stands for: half the way to its neighbours, at most 1 s."""
    moments = np.unique(t)
    if len(moments) == 0 or (len(moments) == 1 and until_s <= 0):
        return dict.fromkeys(moments.tolist(), 0.0)
    half = np.minimum(np.diff(moments) / 2, _REACH_S)
    before = np.concatenate(([min(moments[0], _REACH_S)], half))
    last = min(max(until_s - moments[-1], 0.0), _REACH_S) if until_s else float(half[-1])
    after = np.concatenate((half, [last]))
    return dict(zip(moments.tolist(), (before + after).tolist(), strict=True))


def _stretches(
    probes: FrameTable, hits: Hits, group: Places, share_s: dict[float, float]
) -> Iterator[Alignment]:
    """Take the best alignment of one reference in one form, then the best of what is left."""
    if len(group) > _MAX_PAIRS:
        nearest = np.argsort(hits.distance[group], kind="stable")[:_MAX_PAIRS]
        group = group[nearest]
    for _ in range(MAX_SEGMENTS):
        timed = TimedPairs.of(
            probes.t[hits.query[group]],
            hits.t_ms[group] / 1000.0,
            hits.distance[group].astype(np.float64),
        )
        is_part = (probes.window[hits.query[group]] > 0) | (hits.variant[group] > 0)
        line = timed.timeline()
        agreeing = timed.agreeing(line)
        chosen = group[agreeing][_nearest_a_moment(timed, agreeing, is_part)]
        yield _alignment(probes, hits, chosen, line, share_s)
        group = group[~np.isin(timed.t_query, timed.t_query[agreeing])]
        if len(group) == 0:
            return


def _nearest_a_moment(
    timed: TimedPairs, agreeing: NDArray[np.bool_], is_part: NDArray[np.bool_]
) -> Places:
    """Pick, of the agreeing pairs, the nearest of each moment of the file, in order of time.

    is_part: of a picture; taken only where that is clearly nearer than whole pictures are.
    """
    t_query, distance = timed.t_query[agreeing], timed.distance[agreeing]
    order = np.lexsort((distance + _UNLIKELY * is_part[agreeing], t_query))
    _, first = np.unique(t_query[order], return_index=True)
    picked: Places = order[first]
    return picked


def _alignment(
    probes: FrameTable,
    hits: Hits,
    chosen: Places,
    line: Timeline,
    share_s: dict[float, float],
) -> Alignment:
    rows = hits.query[chosen]
    windows = _windows(probes.window[rows], hits.variant[chosen])
    pairs = tuple(
        Pair(float(probes.t[row]), int(hits.t_ms[hit]) / 1000.0, int(hits.distance[hit]), form, win)
        for row, hit, form, win in zip(
            rows, chosen, probes.form[rows].tolist(), windows.tolist(), strict=True
        )
    )
    shown = _different(probes.bits[rows])
    return Alignment(
        owner=int(hits.owner[chosen[0]]),
        offset_s=line.offset_s,
        speed=line.speed,
        is_speed_known=line.is_speed_known,
        seconds=sum(share_s[pair.t_query] for pair in pairs),
        reference_frames=min(shown, len({pair.t_reference for pair in pairs})),
        distance=int(hits.distance[chosen].min()),
        form=pairs[0].form,
        window=int(np.bincount(windows).argmax()),
        pairs=pairs,
    )


def _windows(asked: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Say of pairs what is around the picture, from which window of either side is alike."""
    with_known = np.where(asked == WHOLE, LOST_BORDERS, OTHER_BORDERS)
    told: NDArray[np.uint8] = np.where(known == WHOLE, asked, with_known).astype(np.uint8)
    return told


def _different(bits: NDArray[np.uint8]) -> int:
    """Count the pictures in a run of frames: a new one is more than 16 bits from the last kept.

    The reference's rows are counted too, and the smaller number holds: a picture held still is
    near to several rows of a slow reference, and shows but one.
    """
    kept = bits[0]
    count = 1
    for row in bits[1:]:
        if int(np.bitwise_count(row ^ kept).sum()) > SAME_PICTURE:
            kept = row
            count += 1
    return count
