"""Geometry: whether two stills show one picture, from where their common features lie.

In: the features of two stills. Out: the map from one to the other that most features agree on, and
how many do and how far they are spread. A sticker or a line of text that both carry agrees too, but
lies in one place; two pictures with like patterns agree on no map. Pure and deterministic: every
pair is tried as the whole map (place, angle and size say one), so nothing is drawn by chance.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.features.local import FULL_TURN, OCTAVE
from fieldfare.matching.features.segments import StillFeatures

MOST_BITS: Final = 68
"""Features further apart are not of one place."""

GRID: Final = 8
"""A still is cut into so many columns and rows to tell how far features are spread."""

PARTS: Final = 4
"""And into so many to tell how much of it a map accounts for."""

_FEWEST_IN_PART: Final = 3
_ROUGH: Final = 0.045
_FINE: Final = 0.014
_TURN: Final = 24
_GROWTH: Final = 10
_FEWEST: Final = 4
_FEWEST_FOR_AFFINE: Final = 8
_ROUNDS: Final = 3
_SMALLEST: Final = 0.12
_LARGEST: Final = 8.0
_MOST_SKEWED: Final = 1.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SamePicture:
    """What two stills share. turn: (2, 3) float64 takes places of the query to the reference.

    agreeing: features that lie where the map says. cells: of the reference's 8 x 8 that hold one.
    covered: of 4 x 4 parts of the reference that hold features and are in view of the query, the
    share, 0..1, that hold one that agrees. A caption, a sticker and a name that two films share
    cover 0.3 to 0.45; a copy covers 0.6 to 1, however small it is in another one. area: of the
    reference, 0..1, that the middle of them spans. bits: mean between pairs.
    """

    turn: NDArray[np.float64]
    agreeing: int
    cells: int
    covered: float
    area: float
    bits: float


def compare(query: StillFeatures, reference: StillFeatures) -> SamePicture | None:
    """Find the map that most common features agree on; None if fewer than 4 do. About 1 ms."""
    asked, known, bits = _common(query.code, reference.code)
    if len(asked) < _FEWEST:
        return None
    here = query.place[asked].astype(np.float64)
    there = reference.place[known].astype(np.float64)
    turn = (reference.angle[known].astype(np.int64) - query.angle[asked]) % FULL_TURN
    growth = reference.size[known].astype(np.int64) - query.size[asked]
    extent = float(max(reference.frame))
    agreeing = _most_agreed(here, there, turn, growth, extent * _ROUGH)
    fitted = _refined(here, there, agreeing, extent * _FINE)
    if fitted is None:
        return None
    agreeing = _misses(fitted, here, there) <= extent * _FINE
    in_view = reference.place[_in_view(fitted, query, reference)]
    parts = _counted(in_view, reference.frame, PARTS) >= _FEWEST_IN_PART
    held = _counted(there[agreeing], reference.frame, PARTS) > 0
    covered = int(np.count_nonzero(parts & held)) / max(1, int(np.count_nonzero(parts)))
    return _spread(fitted, there[agreeing], reference.frame, bits[agreeing], covered)


def _in_view(
    turn: NDArray[np.float64], query: StillFeatures, reference: StillFeatures
) -> NDArray[np.bool_]:
    """Tell which features of the reference lie, by the map, within the query: (n,)."""
    back = (reference.place - turn[:, 2]) @ np.linalg.inv(turn[:, :2]).T
    inside = (back >= 0) & (back <= query.frame.astype(np.float64))
    return np.asarray(inside[:, 0] & inside[:, 1], np.bool_)


def _counted(
    places: NDArray[np.floating], frame: NDArray[np.uint16], side: int
) -> NDArray[np.int64]:
    """Count the places (n, 2) in each of side x side cells of a still: (side * side,)."""
    share = np.clip(places / np.maximum(frame, 1), 0, 1 - 1e-9)
    columns, rows = np.floor(share * side).astype(np.int64).T
    return np.bincount(rows * side + columns, minlength=side * side)


def _refined(
    here: NDArray[np.float64],
    there: NDArray[np.float64],
    agreeing: NDArray[np.bool_],
    within: float,
) -> NDArray[np.float64] | None:
    """Fit a map to the agreeing pairs, again with those that agree with it; None if they do not."""
    fitted = None
    for _ in range(_ROUNDS):
        if np.count_nonzero(agreeing) < _FEWEST:
            return None
        fitted = _fitted(here[agreeing], there[agreeing])
        if not _is_plausible(fitted):
            return None
        agreeing = _misses(fitted, here, there) <= within
    return fitted if np.count_nonzero(agreeing) >= _FEWEST else None


def _misses(
    turn: NDArray[np.float64], here: NDArray[np.float64], there: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure how far the map misses each place: (n,) pixels of the reference."""
    away = here @ turn[:, :2].T + turn[:, 2] - there
    return np.hypot(away[:, 0], away[:, 1])


def _common(
    query: NDArray[np.uint8], reference: NDArray[np.uint8]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]]:
    """Pair features that are each other's nearest: (rows of one, rows of the other, bits)."""
    if not len(query) or not len(reference):
        nothing = np.empty(0, np.intp)
        return nothing, nothing, np.empty(0, np.int64)
    one = np.ascontiguousarray(query).view(np.uint64)
    other = np.ascontiguousarray(reference).view(np.uint64)
    apart = np.zeros((len(one), len(other)), np.int16)
    for word in range(one.shape[1]):
        apart += np.bitwise_count(one[:, None, word] ^ other[None, :, word])
    nearest = apart.argmin(axis=1)
    mutual = apart.argmin(axis=0)[nearest] == np.arange(len(one))
    bits = apart[np.arange(len(one)), nearest]
    kept = np.flatnonzero(mutual & (bits <= MOST_BITS))
    return kept, nearest[kept], bits[kept].astype(np.int64)


def _most_agreed(
    here: NDArray[np.float64],
    there: NDArray[np.float64],
    turn: NDArray[np.int64],
    growth: NDArray[np.int64],
    within: float,
) -> NDArray[np.bool_]:
    """Take each pair as the whole map and give those that agree with the one with most."""
    factor = 2.0 ** (growth / OCTAVE)
    spin = np.exp(2j * np.pi * turn / FULL_TURN) * factor
    source = here[:, 0] + 1j * here[:, 1]
    target = there[:, 0] + 1j * there[:, 1]
    misses = np.abs(spin[:, None] * (source[None] - source[:, None]) + target[:, None] - target)
    turned = np.abs((turn[:, None] - turn[None] + FULL_TURN // 2) % FULL_TURN - FULL_TURN // 2)
    grown = np.abs(growth[:, None] - growth[None])
    agree: NDArray[np.bool_] = (misses <= within) & (turned <= _TURN) & (grown <= _GROWTH)
    best: NDArray[np.bool_] = agree[agree.sum(axis=1).argmax()]
    return best


def _fitted(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit a map by least squares: affine where there are enough points, else a similarity."""
    if len(here) >= _FEWEST_FOR_AFFINE:
        design = np.column_stack((here, np.ones(len(here))))
        return np.asarray(np.linalg.lstsq(design, there, rcond=None)[0].T, np.float64)
    middle, onto = here.mean(axis=0), there.mean(axis=0)
    source = (here - middle) @ np.array([1, 1j])
    target = (there - onto) @ np.array([1, 1j])
    power = float((np.abs(source) ** 2).sum())
    spin = complex(np.vdot(source, target)) / power if power else 0j
    linear = np.array([[spin.real, -spin.imag], [spin.imag, spin.real]])
    return np.column_stack((linear, onto - linear @ middle))


def _is_plausible(turn: NDArray[np.float64]) -> bool:
    """Whether a map is one that edits make: no mirror (asked apart), no line, no speck."""
    across, along = np.linalg.svd(turn[:, :2], compute_uv=False)
    sound = np.linalg.det(turn[:, :2]) > 0 and across <= _MOST_SKEWED * along
    return bool(sound and along >= _SMALLEST and across <= _LARGEST)


def _spread(
    turn: NDArray[np.float64],
    there: NDArray[np.float64],
    frame: NDArray[np.uint16],
    bits: NDArray[np.int64],
    covered: float,
) -> SamePicture:
    share = np.clip(there / np.maximum(frame, 1), 0, 1)
    low, high = np.percentile(share, [5, 95], axis=0)
    return SamePicture(
        turn=turn,
        agreeing=len(there),
        cells=int(np.count_nonzero(_counted(there, frame, GRID))),
        covered=covered,
        area=float(np.prod(high - low)),
        bits=float(bits.mean()),
    )
