"""Insets: the picture within a picture, told by the straight edges it has all the time.

In: the luma of a few frames of one clip. Out: the box that straight edges enclose, or None. Where a
clip lies on a blurred, moving or textured ground there is nothing quiet about the ground; but what
moves washes out when frames are averaged, and the edge of an inset stays, along all of its side.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from fieldfare.media.borders import LEAST_LEFT, LEAST_REMOVED, Box, Floats

_LINES: Final = 64
_LEAST_PX: Final = 48
_AROUND: Final = 9  # lines on either side that tell what is usual
_STEP: Final = 3.0
_TIMES: Final = 1.2  # of what is usual, where the edge may be shorter than the line
_SURE_TIMES: Final = 2.0
_ALONG: Final = 30  # an edge is there in all but so many percent of its side
_NEAR: Final = 4

Span = tuple[int, int]


def insets(frames: Sequence[NDArray[Any]], *, levels: float = 255.0) -> list[Box]:
    """Find the boxes that straight edges enclose in `frames`, each (h, w) of one size.

    levels: from black to white. At most two: beginning with what lies across, and with what stands.
    A wrong one does no harm, as with borders.
    """
    if min(frames[0].shape) < _LEAST_PX:
        return []
    scale = np.float32(255.0 / levels)
    return list(dict.fromkeys(_found(frames, scale)))


def _found(frames: Sequence[NDArray[Any]], scale: np.float32) -> Iterator[Box]:
    height, width = frames[0].shape
    turned = [frame.T for frame in frames]
    for rows_first in (True, False):
        rows, columns = (0, height), (0, width)
        if rows_first:
            rows = _sides(frames, columns, scale, sure=False)
        columns = _sides(turned, rows, scale, sure=rows_first)
        rows = _sides(frames, columns, scale, sure=True)
        columns = _sides(turned, rows, scale, sure=True)
        box = Box(top=rows[0], bottom=rows[1], left=columns[0], right=columns[1])
        removed = max(1 - (rows[1] - rows[0]) / height, 1 - (columns[1] - columns[0]) / width)
        if removed >= LEAST_REMOVED:
            yield box


def _sides(frames: Sequence[NDArray[Any]], across: Span, scale: np.float32, *, sure: bool) -> Span:
    """Find the first row of an inset and the first beyond it. across: its columns, as far as known.

    sure: they are known, so that an edge has to be there along all of them.
    """
    height = len(frames[0])
    lines = np.linspace(across[0] + 2, across[1] - 3, _LINES).astype(np.intp)
    steps: Floats = np.zeros((height - 1, _LINES), np.float32)
    for frame in frames:
        seen = frame[:, lines].astype(np.float32)
        steps += np.abs(np.diff(seen, axis=0))
    steps *= scale / np.float32(len(frames))
    along: Floats = np.percentile(steps, _ALONG, axis=1) if sure else steps.mean(axis=1)
    usual = np.median(
        sliding_window_view(np.pad(along, _AROUND, "reflect"), 2 * _AROUND + 1), axis=1
    )
    score = np.where(along - usual >= _STEP, (along - usual) / (usual + 1.5), 0.0)
    least = _SURE_TIMES if sure else _TIMES
    edges: list[int] = []
    for row in np.argsort(-score).tolist():
        if score[row] < least or len(edges) == 2:  # noqa: PLR2004  # an upper and a lower one
            break
        apart = max(_NEAR, LEAST_LEFT * height) if edges else 0
        if not edges or abs(row + 1 - edges[0]) >= apart:
            edges.append(row + 1)
    return _span(sorted(edges), height)


def _span(edges: list[int], height: int) -> Span:
    if not edges:
        return 0, height
    if len(edges) == 1:  # the other side is that of the whole picture
        return (edges[0], height) if edges[0] < height / 2 else (0, edges[0])
    return edges[0], edges[1]
