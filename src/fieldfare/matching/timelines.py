"""Timelines: the speed and the offset at which pairs of frames agree on when.

In: pairs of moments, each of the file and of the reference, and how near their pictures are. Out:
one line, time in the reference by time in the file, that explains the most moments of the file, and
whether its speed is told by them or could as well be another (a Hough transform).

Rows of a bank stand for a run of like pictures and tell only when it began. So a pair does not name
one offset but a stretch of offsets, as long as the run may have lasted. A moment counts once,
however many rows it is near to: of a still scene each frame is near to all rows, and says nothing.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.pdq import PDQ_BITS

Floats: TypeAlias = NDArray[np.float64]

TOLERANCE_S: Final = 0.4
"""Times of copies differ by this much: frame rates, rounding, and the steps between speeds."""

LONGEST_RUN_S: Final = 15.0
"""A run of like pictures is held to last no longer, where no later row of it shows its end."""

SPEEDS: Final[Floats] = 1.04 ** np.arange(-20.0, 21.0)
"""Reference seconds that pass in one second of the file, 0.46 to 2.19. Beyond them none is told."""

AS_WELL: Final = 0.9
"""A line that explains this share of what the best one does explains it as well."""

FEWEST_FOR_SPEED: Final = 4
"""Moments of the file. Of fewer any two would do, and tell no speed."""

_COARSE: Final = slice(None, None, 2)  # of SPEEDS, the speed as it is among them
_APART: Final = 1.16  # speeds that people would not call the same
_TIGHT_S: Final = 0.2
_TIGHT_WEIGHT: Final = 0.5
_MARGIN: Final = 8.0
_FINER: Final[Floats] = np.arange(-4.0, 5.0)
_STEPS: Final = (0.01, 0.0025, 0.0006)
_FINE_S: Final = 0.1
_PARTED_S: Final = 1e7  # between the moments, in the order in which stretches are joined

Flags: TypeAlias = NDArray[np.bool_]


class Timeline(NamedTuple):
    """Time in the reference is offset_s + speed x time in the file.

    is_speed_known: other speeds explain clearly less. Where they do not, the speed is 1 if that
    explains the pairs, or whichever explains them best.
    """

    speed: float
    offset_s: float
    is_speed_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedPairs:
    """The pairs of one reference: (n,) each. run_s: how long the row of a bank may have lasted."""

    t_query: Floats
    t_reference: Floats
    run_s: Floats
    distance: Floats

    @classmethod
    def of(cls, t_query: Floats, t_reference: Floats, distance: Floats) -> Self:
        """Pair moments (n,), in s. distance: bits between their pictures."""
        begun = np.unique(t_reference)
        later = np.append(begun[1:], np.inf)[np.searchsorted(begun, t_reference)]
        return cls(
            t_query=t_query,
            t_reference=t_reference,
            run_s=np.minimum(later - t_reference, LONGEST_RUN_S),
            distance=distance,
        )

    def agreeing(self, line: Timeline) -> Flags:
        """Tell which pairs lie on a line: (n,)."""
        late = line.offset_s + line.speed * self.t_query - self.t_reference
        slack = TOLERANCE_S + 1e-6
        agreed: Flags = (late >= -slack) & (late <= self.run_s + slack)
        return agreed

    def timeline(self) -> Timeline:
        """Find the line that explains the most moments; as it is, where that does as well."""
        moments, moment = np.unique(self.t_query, return_inverse=True)
        votes = _Votes.of(self, moment, len(moments))
        plain, offset = votes.best(np.ones(1))
        if len(moments) < FEWEST_FOR_SPEED:
            return Timeline(1.0, float(offset[0]), is_speed_known=False)
        speeds = SPEEDS[_COARSE]
        scores = votes.best(speeds)[0]
        if plain[0] >= AS_WELL * votes.most:
            told, told_offset, best = 1.0, float(offset[0]), float(plain[0])
        else:
            speeds = SPEEDS
            scores = votes.best(speeds)[0]
            told, told_offset, best = votes.exact(speeds, scores, float(np.ptp(moments)))
            if plain[0] >= AS_WELL * best:
                told, told_offset = 1.0, float(offset[0])
        as_well = speeds[scores >= AS_WELL * best]
        apart = np.abs(np.log(as_well / told)) >= math.log(_APART)
        return Timeline(told, told_offset, is_speed_known=not apart.any())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Votes:
    """Stretches of the reference's time, (k,) each, that moments of the file may show.

    opens, closes: s, less what the speed makes of t, the moment of the file. weight: of the moment.
    Each moment votes twice: for all its pairs, and with half its weight and within less for its
    nearest. Which row is the nearest is partly chance where little moves.
    """

    t: Floats
    opens: Floats
    closes: Floats
    weight: Floats
    most: float

    @classmethod
    def of(cls, pairs: TimedPairs, moment: NDArray[np.intp], moments: int) -> Self:
        nearest = np.full(moments, np.inf)
        np.minimum.at(nearest, moment, pairs.distance)
        near = pairs.distance <= nearest[moment] + _MARGIN
        weight = 1 - nearest / PDQ_BITS
        parts = [
            _joined(pairs, moment, np.ones(len(moment), np.bool_), TOLERANCE_S),
            _joined(pairs, moment, near, _TIGHT_S),
        ]
        opens, closes, of = (np.concatenate(column) for column in zip(*parts, strict=True))
        wide = len(parts[0][0])
        weight_of = weight[of] * np.where(np.arange(len(of)) < wide, 1.0, _TIGHT_WEIGHT)
        most = (1 + _TIGHT_WEIGHT) * float(weight.sum())
        t = np.unique(pairs.t_query)[of]
        return cls(t=t, opens=opens, closes=closes, weight=weight_of, most=most)

    def best(self, speeds: Floats) -> tuple[Floats, Floats]:
        """Find for each speed the offset that lies in most stretches: (weight, offset), (s,) each.

        Of all that lie in as many the middle, or none at all where that is one of them.
        """
        shift = speeds[:, None] * self.t
        places = np.concatenate((self.opens - shift, self.closes - shift), axis=1)
        order = np.argsort(places, axis=1, kind="stable")  # what opens comes before what closes
        height = np.cumsum(np.concatenate((self.weight, -self.weight))[order], axis=1)
        top = np.argmax(height, axis=1)
        rows = np.arange(len(speeds))
        low = places[rows, order[rows, top]]
        high = places[rows, order[rows, top + 1]]
        offset = np.where((low <= 0) & (high >= 0), 0.0, (low + high) / 2)
        return height[rows, top], offset

    def exact(self, speeds: Floats, scores: Floats, span_s: float) -> tuple[float, float, float]:
        """Seek between the speeds, in finer and finer steps: (speed, offset, its weight)."""
        tops = np.flatnonzero(scores >= scores.max() - 1e-9)
        told = float(speeds[tops[len(tops) // 2]])
        offset, score = self._at(told)
        for step in _STEPS:
            around: Floats = told * (1 + step * _FINER)
            found, offsets = self.best(around)
            tops = np.flatnonzero(found >= found.max() - 1e-9)
            middle = int(tops[len(tops) // 2])
            if found[middle] > score + 1e-9:
                told, offset, score = map(float, (around[middle], offsets[middle], found[middle]))
            if step * span_s / 2 < _FINE_S:
                break
        return told, offset, score

    def _at(self, speed: float) -> tuple[float, float]:
        score, offset = self.best(np.array([speed]))
        return float(offset[0]), float(score[0])


def _joined(
    pairs: TimedPairs, moment: NDArray[np.intp], chosen: Flags, slack_s: float
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Join the stretches of each moment where they overlap: (opens, closes, moment)."""
    of = moment[chosen]
    opens = pairs.t_reference[chosen] - slack_s
    closes = opens + pairs.run_s[chosen] + 2 * slack_s
    order = np.lexsort((opens, of))
    opens, closes, of = opens[order], closes[order], of[order]
    reach = np.maximum.accumulate(closes + _PARTED_S * of)
    apart = opens + _PARTED_S * of > np.concatenate(([-np.inf], reach[:-1]))
    begins = np.flatnonzero(apart)
    return opens[begins], np.maximum.reduceat(closes, begins), of[begins]
