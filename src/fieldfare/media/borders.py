"""Borders: where the picture proper ends and bars, frames or blurred padding begin.

In: the luma of a few frames of one clip. Out: the box inside the borders, or None. A border is
found by being quiet: without detail (a bar of any colour, a blurred copy of the clip) or without
motion while the middle moves (a frame with writing on it). A wrong box does no harm: it is looked
up beside the whole picture, never in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

LEAST_REMOVED: Final = 0.02
LEAST_LEFT: Final = 0.25
"""Of a side. Borders that leave less than this are none that anybody watches a clip through."""

_LEAST_PX: Final = 48
_LINES: Final = 48  # columns looked at for the rows, and rows for the columns
_QUIET_DETAIL: Final = 0.3
_QUIET_SHARE: Final = 0.15
_MOVES: Final = 1.0
_STILL_SHARE: Final = 0.1
_RUN: Final = 3  # lines with detail that end a border; fewer are a scratch
_EDGE_PX: Final = 4
_STEP: Final = 1.5  # of the usual step from line to line, at the edge of a border
_PLAIN: Final = 4.0
_SAME: Final = 0.01

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of a picture, in pixels; bottom and right are the first beyond it."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, picture: NDArray[Any]) -> NDArray[Any]:
        """View the part of `picture`, whose first two axes are rows and columns."""
        return picture[self.top : self.bottom, self.left : self.right]


def is_near(one: Box, other: Box) -> bool:
    """Tell whether two boxes are the same within a hundredth of a side, which moves few bits."""
    height, width = other.bottom - other.top, other.right - other.left
    down = max(abs(one.top - other.top), abs(one.bottom - other.bottom))
    across = max(abs(one.left - other.left), abs(one.right - other.right))
    return down <= _SAME * height and across <= _SAME * width


def boxes_inside(frames: Sequence[NDArray[Any]], *, levels: float = 255.0) -> list[Box]:
    """Find the boxes that may be the picture proper of all `frames`, each (h, w) of one size.

    levels: from black to white. At most two: inside whatever is quiet, and inside plain bars alone,
    for behind plain bars a still background is part of the picture. None if there is no border
    worth removing.
    """
    found = (_box_inside(frames, 255.0 / levels, plain=plain) for plain in (False, True))
    return list(dict.fromkeys(box for box in found if box is not None))


def box_inside(frames: Sequence[NDArray[Any]], *, levels: float = 255.0) -> Box | None:
    """Give the box inside whatever is quiet, if there is one: the first of `boxes_inside`."""
    return next(iter(boxes_inside(frames, levels=levels)), None)


def _box_inside(frames: Sequence[NDArray[Any]], scale: float, *, plain: bool) -> Box | None:
    height, width = frames[0].shape
    top, bottom = _span(frames, scale, plain=plain)
    left, right = _span([frame[top:bottom].T for frame in frames], scale, plain=plain)
    if (left, right) != (0, width):  # rows are judged better without what is beside the picture
        top, bottom = _span([frame[:, left:right] for frame in frames], scale, plain=plain)
    removed = max((height - bottom + top) / height, (width - right + left) / width)
    kept = min((bottom - top) / height, (right - left) / width)
    if removed < LEAST_REMOVED or kept < LEAST_LEFT or min(bottom - top, right - left) < _LEAST_PX:
        return None
    return Box(top=top, bottom=bottom, left=left, right=right)


def _span(frames: Sequence[NDArray[Any]], scale: float, *, plain: bool) -> tuple[int, int]:
    """Give the first row inside the upper border, and the first of the lower."""
    height = len(frames[0])
    if min(frames[0].shape) < _LEAST_PX:
        return 0, height
    lines = _Lines(frames, scale, plain=plain)
    top = lines.end_of_border(reverse=False)
    bottom = height - lines.end_of_border(reverse=True)
    return (top, bottom) if bottom - top >= _LEAST_PX else (0, height)


class _Lines:
    """What is known of each row: arrays (h,), means over the frames and over some columns."""

    def __init__(self, frames: Sequence[NDArray[Any]], scale: float, *, plain: bool) -> None:
        self._plain = plain
        width = frames[0].shape[1]
        step = max(3, width // _LINES)
        triples = [
            np.stack([frame[:, i : width - 2 + i : step] for i in range(3)]).astype(np.float32)
            for frame in frames
        ]
        seen = np.stack(triples) * np.float32(scale)  # (frame, 3, row, column)
        one, two, three = seen[:, 0], seen[:, 1], seen[:, 2]
        self.detail: Floats = np.abs(one - 2 * two + three).mean((0, 2))
        self.spread: Floats = one.std(2).max(0)
        self.motion: Floats = (
            np.abs(np.diff(one, axis=0)).mean((0, 2))
            if len(frames) > 1
            else np.zeros(len(self.detail), np.float32)
        )
        self.step: Floats = np.abs(np.diff(one, axis=1)).mean((0, 2))  # from row i to row i + 1

    def end_of_border(self, *, reverse: bool) -> int:
        """Count the rows of the border at the top, or at the bottom if `reverse`; 0 if none."""
        quiet = self._quiet()[::-1] if reverse else self._quiet()
        rows = self._end_of(quiet)
        if rows == 0 or rows == len(quiet):
            return 0
        spread = self.spread[::-1] if reverse else self.spread
        step = self.step[::-1] if reverse else self.step
        near = range(max(1, rows - _EDGE_PX), min(len(step), rows + _EDGE_PX) + 1)
        edge = max(near, key=lambda row: float(step[row - 1]))
        plain = float(spread[: max(1, edge - 1)].max()) < _PLAIN
        usual = float(np.median(step[rows:])) if rows < len(step) else 0.0
        sharp = float(step[edge - 1]) > max(_MOVES, _STEP * usual)
        return edge if plain or sharp else 0

    def _quiet(self) -> NDArray[np.bool_]:
        if self._plain:
            return self.spread < _PLAIN
        middle = slice(len(self.detail) // 4, -(len(self.detail) // 4))
        usual = float(np.median(self.detail[middle]))
        quiet: NDArray[np.bool_] = self.detail <= min(
            _QUIET_DETAIL + _QUIET_SHARE * usual, 0.5 * usual
        )
        moves = float(np.median(self.motion[middle]))
        if moves > _MOVES:
            quiet |= self.motion < _STILL_SHARE * moves
        return quiet

    def _end_of(self, quiet: NDArray[np.bool_]) -> int:
        """Find the first of `_RUN` rows on end that are not quiet."""
        loud = ~quiet
        run = loud.copy()
        for ahead in range(1, _RUN):
            run[:-ahead] &= loud[ahead:]
        found = np.flatnonzero(run)
        return int(found[0]) if len(found) else len(quiet)
