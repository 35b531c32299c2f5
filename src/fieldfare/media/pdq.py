"""PDQ: 256 bits that two versions of the same picture nearly share, and how much is in the picture.

In: luma of any size. Out: 32 bytes and a quality of 0..100. Source: Facebook, "The TMK+PDQF
Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019), and its reference program.
Everything before the sign is linear, so box filter (two passes), decimation and DCT are products of
matrices: bits = D A_h Y A_w^T D^T > median. A_h has a short support in each row; taking just the
pixels in it makes the product cost as much as reading the picture once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

GRID: Final = 64
BITS: Final = 256
_SIDE: Final = 16
_LEAST_SIDE: Final = 5
_MEDIAN: Final = BITS // 2 - 1  # of 256 values the lower of the two middle ones
_PLANES: Final = 3  # dimensions of a picture in colour, and of a batch in luma

_ONES: Final = np.ones(GRID * (GRID - 1), np.float32)
_AT_ONCE: Final = 32  # pictures whose grids nearly stay in a core's cache; calls cost more

Floats = NDArray[np.float32]
_Pixel = TypeVar("_Pixel", bound=np.generic)
Pictures: TypeAlias = Sequence[NDArray[Any]] | NDArray[Any]

_LUMA: Final[Floats] = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue. Source: ITU-R BT.601."""


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
    bits, quality = hash_many([luma], black=black, white=white)
    return bits[0], int(quality[0])


def hash_many(
    pictures: Pictures, *, black: float = 0.0, white: float = 255.0
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Hash pictures of one size together, which for small ones is several times quicker.

    pictures: an array (n, h, w) of luma or (n, h, w, 3) of sRGB, or a sequence of such pictures.
    Returns (n, 32) and the qualities (n,), each as `hash_luma` gives them.
    """
    bits = np.zeros((len(pictures), BITS // 8), np.uint8)
    quality = np.zeros(len(pictures), np.uint8)
    if not len(pictures) or min(pictures[0].shape[:2]) < _LEAST_SIDE:
        return bits, quality
    for start in range(0, len(pictures), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        grids = _stretched(_grids(pictures[part]), black, white)
        bits[part], quality[part] = _bits(_transformed(grids)), _qualities(grids)
    return bits, quality


def hash_forms(
    luma: NDArray[np.generic], *, black: float = 0.0, white: float = 255.0
) -> tuple[NDArray[np.uint8], int]:
    """Hash one picture in its eight forms: turned by quarters, mirrored or both.

    Returns (8, 32) and the quality. Form f is the picture transposed if f has 4, then mirrored left
    to right if it has 1, then top to bottom if it has 2. Mirroring a picture mirrors the filter, so
    the four grids that the forms rest on need the picture to be filtered along one side twice; each
    is what hashing the turned picture gives. Negating odd frequencies of one transform instead, as
    the reference program does, leaves up to 26 bits: it samples a pixel off the mirror image.
    """
    if min(luma.shape) < _LEAST_SIDE:
        return np.zeros((8, BITS // 8), np.uint8), 0
    rows, columns = _axis(luma.shape[0]), _axis(luma.shape[1]).dense
    lines = np.stack([_lines(luma, rows), _lines(luma[::-1], rows)])
    both = np.stack([columns, columns[::-1]])
    grids = _stretched(lines[:, None] @ both[None], black, white)  # (down, across, 64, 64)
    upright = _transformed(grids)
    turned = upright.transpose(1, 0, 3, 2)  # a transposed picture is mirrored across if this was
    forms = np.concatenate([upright.reshape(4, _SIDE, _SIDE), turned.reshape(4, _SIDE, _SIDE)])
    return _bits(forms), int(_qualities(grids[0, 0][None])[0])


def luma_of(rgb: NDArray[np.uint8]) -> Floats:
    """Turn (h, w, 3) sRGB into the luma that the reference program uses (ITU-R BT.601)."""
    return rgb.astype(np.float32) @ _LUMA


def _grids(pictures: Pictures) -> Floats:
    """Filter and decimate pictures of one size: (n, 64, 64)."""
    height, width = pictures[0].shape[:2]
    rows, columns = _axis(height), _axis(width)
    if isinstance(pictures, np.ndarray) and max(height, width) <= 2 * GRID:
        # Up to 128 pixels the box is one pixel wide: what is left is to pick pixels.
        picked = _picked(pictures, rows, 1)
        if pictures.ndim == _PLANES:
            return _picked(picked, columns, 2).astype(np.float32)
        if _step(columns):
            return _luma(_picked(picked, columns, 2))
        # One number is picked in a third of the time of three colours.
        return _picked(_luma(picked), columns, 2)
    lines: Floats = np.stack([_lines(picture, rows) for picture in pictures])
    grids: Floats = np.matmul(lines, columns.dense)
    return grids


def _luma(colours: NDArray[np.generic]) -> Floats:
    luma: Floats = np.matmul(colours.astype(np.float32), _LUMA, dtype=np.float32)
    return luma


def _step(side: "_Axis") -> int:
    """Say how far apart the places of a side are; 0 if not evenly."""
    place = side.index[:, 0]
    step = int(place[1] - place[0])
    return step if (np.diff(place) == step).all() else 0


def _picked(pictures: NDArray[_Pixel], side: "_Axis", along: int) -> NDArray[_Pixel]:
    place, step = side.index[:, 0], _step(side)
    if step:  # a view is many times quicker than a copy
        evenly = slice(int(place[0]), None, step)
        return pictures[:, evenly] if along == 1 else pictures[:, :, evenly]
    return np.take(pictures, place, axis=along)


def _lines(picture: NDArray[np.generic], rows: "_Axis") -> Floats:
    """Filter one picture from top to bottom, in luma or in its three colours: (64, w)."""
    near = picture[rows.index].astype(np.float32)
    flat = near.reshape(*rows.index.shape, -1)
    lines: Floats = np.matmul(rows.weight[:, None, :], flat)[:, 0, :]
    return lines.reshape(GRID, -1, 3) @ _LUMA if picture.ndim == _PLANES else lines


def _stretched(grids: Floats, black: float, white: float) -> Floats:
    if (black, white) == (0.0, 255.0):
        return grids
    return (grids - np.float32(black)) * np.float32(255.0 / (white - black))


def _transformed(grids: Floats) -> Floats:
    """Take the 16 x 16 lowest frequencies above the constant of each grid: (..., 16, 16)."""
    coefficients: Floats = np.matmul(np.matmul(_DCT, grids), _DCT.T)
    return coefficients


def _bits(coefficients: Floats) -> NDArray[np.uint8]:
    """Compare (n, 16, 16) each with its lower median: (n, 32)."""
    flat = coefficients.reshape(-1, BITS)
    median = np.partition(flat, _MEDIAN, axis=1)[:, _MEDIAN, None]
    bits: NDArray[np.uint8] = np.packbits((flat > median)[:, ::-1], axis=1)
    return bits


def _qualities(grids: Floats) -> NDArray[np.uint8]:
    """Sum the steps between neighbours, each cut to whole percents. Source: reference program."""
    down = _percents(np.subtract(grids[:, 1:], grids[:, :-1]))
    across = _percents(np.subtract(grids[:, :, 1:], grids[:, :, :-1]))
    quality: NDArray[np.uint8] = np.minimum(100, (down + across) // 90).astype(np.uint8)
    return quality


def _percents(steps: Floats) -> Floats:
    """Sum whole percents; they stay below 2^24, where floats count exactly. Changes `steps`."""
    np.multiply(steps, np.float32(100 / 255), out=steps)
    np.abs(steps, out=steps)
    np.floor(steps, out=steps)
    total: Floats = steps.reshape(len(steps), -1) @ _ONES
    return total


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
