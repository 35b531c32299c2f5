"""The detector: grey stills become local features.

In: stills as the sealed child took them: plain arrays, no bytes of a file. Out: their strongest
SIFT features. OpenCV does it, and only here; it is an extra, and without it this stage is off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import FieldfareError
from fieldfare.matching.features.codes import CODE_BYTES, DESCRIPTOR, codes_of, mirrored
from fieldfare.matching.features.local import FULL_TURN, OCTAVE, LocalFeatures
from fieldfare.matching.fingerprints import Stills

LONG_SIDE_PX: Final = 384
"""Stills are made no larger than this: the time taken grows with their area."""

BANK_FEATURES: Final = 250
QUERY_FEATURES: Final = 200
"""The strongest of a still that are kept. A bank keeps more, since a copy may show a part."""

_OFFERED: Final = 2
_GRID: Final = 6
_AT_A_TIME: Final = 4
_CONTRAST: Final = 0.02
_LARGEST_SIZE: Final = 255


class FeaturesUnavailable(FieldfareError):
    """OpenCV is not installed, so that local features cannot be made."""

    status = 503
    slug = "features-unavailable"

    def __init__(self) -> None:
        super().__init__(
            "local features need OpenCV, which is not installed",
            hint="Install the extra: pip install 'fieldfare[features]'.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """The features of a file as it is, and those it would have if it were mirrored."""

    plain: LocalFeatures
    mirrored: LocalFeatures


def is_available() -> bool:
    """Tell whether features can be made here."""
    return find_spec("cv2") is not None


def detect(stills: Stills, *, most: int = BANK_FEATURES) -> LocalFeatures:
    """Find the `most` strongest features of each still. Some 30 ms a still, one thread.

    Raises FeaturesUnavailable.
    """
    return _table(stills, _found(stills, most), turned=False)


def detect_both(stills: Stills, *, most: int = QUERY_FEATURES) -> Detected:
    """Find features once and give them both ways round. Raises FeaturesUnavailable."""
    found = _found(stills, most)
    return Detected(
        plain=_table(stills, found, turned=False), mirrored=_table(stills, found, turned=True)
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """Of one still: points (n, 4) float32 (x, y, angle in degrees, size), descriptors (n, 128)."""

    frame: tuple[int, int]
    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]


def _found(stills: Stills, most: int) -> list[_Found]:
    if not is_available():
        raise FeaturesUnavailable
    return [_of_still(pixels, most) for pixels in stills.pixels]


def _of_still(pixels: NDArray[np.uint8], most: int) -> _Found:
    import cv2  # 60 MB of libraries that most commands never need

    cv2.setNumThreads(1)
    height, width = pixels.shape
    scale = LONG_SIDE_PX / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        height, width = pixels.shape
    sift = cv2.SIFT.create(nfeatures=_OFFERED * most, contrastThreshold=_CONTRAST)
    # In one call: describing the chosen alone would build the pyramid of the picture again.
    offered, descriptors = sift.detectAndCompute(pixels, None)
    if not offered:
        return _Found(
            (width, height), np.empty((0, 4), np.float32), np.empty((0, DESCRIPTOR), np.float32)
        )
    strength = np.array([point.response for point in offered])
    places = np.array([point.pt for point in offered])
    points = np.array([(*k.pt, k.angle, k.size) for k in offered], np.float32)
    chosen = _spread(places, strength, (width, height), most)
    return _Found((width, height), points[chosen], np.asarray(descriptors, np.float32)[chosen])


def _spread(
    places: NDArray[np.float64],
    strength: NDArray[np.float64],
    frame: tuple[int, int],
    most: int,
) -> NDArray[np.intp]:
    """Choose features by how strong they are in their part of the picture, then in all of it.

    Else a line of text laid over a quiet picture has all the strongest, and the picture none.
    """
    column, row = np.floor(places / np.array(frame) * _GRID).astype(np.int64).T
    cell = row * _GRID + column
    order = np.lexsort((-strength, cell))
    _, first = np.unique(cell[order], return_index=True)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(first, np.diff([*first, len(order)]))
    return np.lexsort((-strength, rank // _AT_A_TIME))[:most]


def _table(stills: Stills, found: Sequence[_Found], *, turned: bool) -> LocalFeatures:
    if not found:
        return LocalFeatures.empty()
    counts = [len(one.points) for one in found]
    points = np.concatenate([one.points for one in found])
    descriptors = np.concatenate([one.descriptors for one in found])
    frame = np.array([one.frame for one in found], np.uint16)
    still = np.repeat(np.arange(len(found)), counts).astype(np.uint16)
    x, y, angle, size = points.T
    if turned:
        x = frame[still, 0] - 1 - x
        angle = 180 - angle
        descriptors = mirrored(descriptors)
    steps = np.round(OCTAVE * np.log2(np.maximum(size, 1.0)))
    return LocalFeatures(
        t=np.asarray(stills.t, np.float64),
        frame=frame,
        still=still,
        place=np.stack((x, y), axis=1).astype(np.float32),
        angle=(np.round(angle / 360 * FULL_TURN) % FULL_TURN).astype(np.uint8),
        size=np.minimum(steps, _LARGEST_SIZE).astype(np.uint8),
        code=codes_of(descriptors) if len(points) else np.empty((0, CODE_BYTES), np.uint8),
    )
