"""Voting: single hits become stretches of one known piece of content.

In: the probes of a file (a FrameTable) and what the index found near them. Out: alignments, each
one reference that runs along with the file at one speed and offset, in one dihedral form. A lone
look-alike frame is one pair; a copy is many that agree on when.

Rows of a bank stand for a run of like pictures and tell only when it began. So a pair does not name
one offset but a stretch of offsets, as long as the run may have lasted, and the vote seeks the
offset that lies in most of them (a Hough transform over speed and offset).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.fingerprints import FrameTable
from fieldfare.matching.pdq import MIN_QUALITY, PDQ_BITS, RADIUS

TOLERANCE_S: Final = 0.4
"""Times of copies differ by this much: frame rates, rounding, and the steps between speeds."""

LONGEST_RUN_S: Final = 15.0
"""A run of like pictures is held to last no longer, where no later row of it shows its end."""

SAME_PICTURE: Final = 16
"""Bits within which two frames in a row count as one picture, as in banks."""

MAX_SEGMENTS: Final = 4
"""So many stretches of one reference are told apart: a loop, or a copy that was cut anew."""

SPEEDS: Final = np.array([1.0, *(1.025**step for step in (*range(-13, 0), *range(1, 19)))])
"""Reference seconds that pass in one second of the file, 0.73 to 1.56; as it is comes first."""

_MAX_PAIRS: Final = 1500
_REACH_S: Final = 1.0
_FASTER_IS_BETTER_BY: Final = 1.04
_FEWEST_FOR_SPEED: Final = 4

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

    form: how the reference was turned, 0..7; window: of the file's frame (FrameTable), or of the
    reference's where the file's is whole.
    """

    t_query: float
    t_reference: float
    distance: int
    form: int
    window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """A stretch of the file that shows the reference `owner`.

    offset_s: reference time where the file begins; time in the reference is offset_s + speed x
    time in the file. seconds: of the file that the matching frames stand for, 0 for a lone picture.
    reference_frames: different pictures that match; one for a picture held still, however long.
    distance: bits of the nearest pair. window: of most pairs. pairs: one for each moment matched,
    the nearest, in order.
    """

    owner: int
    offset_s: float
    speed: float
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
        votes = _Votes.of(probes, hits, group)
        speed, offset = votes.best()
        agreeing = votes.agreeing(speed, offset)
        chosen = group[agreeing][_nearest_a_moment(votes, agreeing)]
        yield _alignment(probes, hits, chosen, (speed, offset), share_s)
        group = group[~np.isin(votes.t_query, votes.t_query[agreeing])]
        if len(group) == 0:
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class _Votes:
    """The pairs of one reference in one form: (n,) each. run_s: how long the row may have lasted.

    weight: near pairs count a little more; those of one moment share its one vote.
    """

    t_query: Floats
    t_reference: Floats
    run_s: Floats
    distance: Floats
    weight: Floats

    @classmethod
    def of(cls, probes: FrameTable, hits: Hits, group: Places) -> "_Votes":
        t_query = probes.t[hits.query[group]]
        t_reference = hits.t_ms[group] / 1000.0
        distance = hits.distance[group].astype(np.float64)
        begun = np.unique(t_reference)
        later = np.append(begun[1:], np.inf)[np.searchsorted(begun, t_reference)]
        _, moment, pairs = np.unique(t_query, return_inverse=True, return_counts=True)
        return cls(
            t_query=t_query,
            t_reference=t_reference,
            run_s=np.minimum(later - t_reference, LONGEST_RUN_S),
            distance=distance,
            weight=(1 - distance / PDQ_BITS) / pairs[moment],
        )

    def best(self) -> tuple[float, float]:
        """Find the speed and offset that most of the pairs agree on."""
        moments = len(np.unique(self.t_query))
        speeds = SPEEDS if moments >= _FEWEST_FOR_SPEED else SPEEDS[:1]
        best_speed, best_offset, best_score = 1.0, 0.0, 0.0
        for speed in speeds.tolist():
            offset, score = self._offset(speed)
            if score > best_score * (_FASTER_IS_BETTER_BY if best_speed == 1.0 else 1.0):
                best_speed, best_offset, best_score = speed, offset, score
        return best_speed, best_offset

    def _offset(self, speed: float) -> tuple[float, float]:
        """Sweep over the stretches of offsets: (offset in most of them, their weight)."""
        opens = self.t_reference - speed * self.t_query - TOLERANCE_S
        closes = opens + self.run_s + 2 * TOLERANCE_S
        places = np.concatenate((opens, closes))
        change = np.concatenate((self.weight, -self.weight))
        order = np.lexsort((-change, places))
        height = np.cumsum(change[order])
        top = int(np.argmax(height))
        return float(places[order][top]) + TOLERANCE_S, float(height[top])

    def agreeing(self, speed: float, offset: float) -> NDArray[np.bool_]:
        late = offset + speed * self.t_query - self.t_reference
        slack = TOLERANCE_S + 1e-6
        agreed: NDArray[np.bool_] = (late >= -slack) & (late <= self.run_s + slack)
        return agreed


def _nearest_a_moment(votes: _Votes, agreeing: NDArray[np.bool_]) -> Places:
    """Pick, of the agreeing pairs, the nearest of each moment of the file, in order of time."""
    t_query, distance = votes.t_query[agreeing], votes.distance[agreeing]
    order = np.lexsort((distance, t_query))
    _, first = np.unique(t_query[order], return_index=True)
    picked: Places = order[first]
    return picked


def _alignment(
    probes: FrameTable,
    hits: Hits,
    chosen: Places,
    line: tuple[float, float],
    share_s: dict[float, float],
) -> Alignment:
    rows = hits.query[chosen]
    windows = np.where(probes.window[rows] > 0, probes.window[rows], hits.variant[chosen])
    pairs = tuple(
        Pair(float(probes.t[row]), int(hits.t_ms[hit]) / 1000.0, int(hits.distance[hit]), form, win)
        for row, hit, form, win in zip(
            rows, chosen, probes.form[rows].tolist(), windows.tolist(), strict=True
        )
    )
    shown = _different(probes.bits[rows])
    return Alignment(
        owner=int(hits.owner[chosen[0]]),
        offset_s=line[1],
        speed=line[0],
        seconds=sum(share_s[pair.t_query] for pair in pairs),
        reference_frames=min(shown, len({pair.t_reference for pair in pairs})),
        distance=min(pair.distance for pair in pairs),
        form=pairs[0].form,
        window=int(np.bincount(windows).argmax()),
        pairs=pairs,
    )


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
