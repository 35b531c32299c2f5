"""PDQ: 256 bits that two versions of the same picture nearly share, and how much is in the picture.

In: luma of any size. Out: 32 bytes and a quality of 0..100. Source: Facebook, "The TMK+PDQF
Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019), and its reference program.
Everything before the sign is linear, so box filter (two passes), decimation and DCT are products of
matrices: bits = D A_h Y A_w^T D^T > median. A_h has a short support in each row; taking just the
pixels in it makes the product cost as much as reading the picture once.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

GRID: Final = 64
BITS: Final = 256
_SIDE: Final = 16
_LEAST_SIDE: Final = 5
_MEDIAN: Final = BITS // 2 - 1  # of 256 values the lower of the two middle ones

Floats = NDArray[np.float32]


def _dct() -> Floats:
    row = np.arange(1, _SIDE + 1)[:, None]
    column = np.arange(GRID)[None, :]
    angle = np.pi / 2 / GRID * row * (2 * column + 1)
    matrix: Floats = (np.sqrt(2 / GRID) * np.cos(angle)).astype(np.float32)
    return matrix


_DCT: Final = _dct()


@dataclass(frozen=True, slots=True)
class _Axis:
    """The filter along one side. index: (64, k) of pixels; weight: (64, k), 0 beyond the edges."""

    index: NDArray[np.intp]
    weight: Floats
    dense: Floats


def hash_luma(
    luma: NDArray[np.generic], *, black: float = 0.0, white: float = 255.0
) -> tuple[NDArray[np.uint8], int]:
    """Hash one picture. `luma`: (h, w) of any integer or float type, h and w at least 1.

    black, white: the luma of black and white; 16 and 235 for limited-range video. They do not move
    bits, only the quality. Returns (32,) uint8, most significant bit first, and the quality; for a
    side of fewer than 5 pixels no bits and quality 0, as the reference program does.
    """
    if min(luma.shape) < _LEAST_SIDE:
        return np.zeros(BITS // 8, np.uint8), 0
    grid = _filtered(luma)
    if (black, white) != (0.0, 255.0):
        grid = (grid - np.float32(black)) * np.float32(255.0 / (white - black))
    coefficients = (_DCT @ grid @ _DCT.T).reshape(BITS)
    median = np.partition(coefficients, _MEDIAN)[_MEDIAN]
    return np.packbits((coefficients > median)[::-1]), _quality(grid)


def luma_of(rgb: NDArray[np.uint8]) -> Floats:
    """Turn (h, w, 3) sRGB into the luma that the reference program uses (ITU-R BT.601)."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return rgb.astype(np.float32) @ weights


def _filtered(luma: NDArray[np.generic]) -> Floats:
    rows, columns = _axis(luma.shape[0]), _axis(luma.shape[1])
    near = luma[rows.index].astype(np.float32)
    lines = np.matmul(rows.weight[:, None, :], near)[:, 0, :]
    grid: Floats = lines @ columns.dense
    return grid


def _quality(grid: Floats) -> int:
    """Sum the steps between neighbours, each cut to whole percents. Source: reference program."""
    steps = sum(
        int(np.abs(np.trunc(np.diff(grid, axis=axis) * np.float32(100 / 255))).sum())
        for axis in (0, 1)
    )
    return min(100, steps // 90)


@lru_cache(maxsize=32)
def _axis(length: int) -> _Axis:
    """Work out which pixels of a side reach each of the 64 places, and how much.

    A box of `window` pixels centred on o spans [o + half - window, o + half - 1], cut at the edges,
    and is applied twice.
    """
    window = (length + 2 * GRID - 1) // (2 * GRID)
    half = (window + 2) // 2
    place = ((np.arange(GRID) + 0.5) * length / GRID).astype(np.intp)
    reach = 2 * window
    start = place - reach
    weight = np.zeros((GRID, 2 * reach + 2))
    for step in range(half - window, half):
        middle = place + step
        inside = (middle >= 0) & (middle < length)
        outer = _window_size(place, length, window, half)
        share = np.where(inside, 1.0 / (outer * _window_size(middle, length, window, half)), 0.0)
        low = np.maximum(middle + half - window, 0) - start
        high = np.minimum(middle + half - 1, length - 1) - start
        rows = np.flatnonzero(inside)
        np.add.at(weight, (rows, low[rows]), share[rows])
        np.add.at(weight, (rows, high[rows] + 1), -share[rows])
    weight = np.cumsum(weight, axis=1)
    return _placed(weight, start, length)


def _window_size(place: NDArray[np.intp], length: int, window: int, half: int) -> NDArray[np.intp]:
    low = np.maximum(place + half - window, 0)
    high = np.minimum(place + half - 1, length - 1)
    size: NDArray[np.intp] = np.maximum(high - low + 1, 1)
    return size


def _placed(weight: NDArray[np.float64], start: NDArray[np.intp], length: int) -> _Axis:
    """Keep the columns that any place uses, with indices that stay inside the side."""
    weight = np.where(np.abs(weight) < 1e-12, 0.0, weight)  # noqa: PLR2004  # what cumsum leaves
    used = np.flatnonzero(weight.any(axis=0))
    weight = weight[:, used[0] : used[-1] + 1]
    index = start[:, None] + np.arange(used[0], used[-1] + 1)
    inside = (index >= 0) & (index < length)
    weight = np.where(inside, weight, 0.0)
    index = np.clip(index, 0, length - 1)
    dense = np.zeros((length, GRID))
    np.add.at(dense, (index, np.arange(GRID)[:, None]), weight)
    return _Axis(index, weight.astype(np.float32), dense.astype(np.float32))
