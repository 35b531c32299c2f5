"""What people do to a known clip before they post it again: bytes flow in, other bytes flow out.

Each edit decodes the clip, changes pictures or length, and encodes it anew, as an app would. A
mirrored clip is another picture to a perceptual hash that does not look for mirrors; it is here so
that the report shows what is missed.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from fieldfare.simulator.rendering import RATE, SAMPLE_RATE, Film, Frame, decode, encode, write

REENCODED_CRF: Final = 48
"""Coarser than the original's: what is left after an app has compressed a clip again."""


class Edit(StrEnum):
    """The edits by name."""

    SAME = "same"
    REENCODE = "re-encode"
    RESIZE = "resize"
    BRIGHTEN = "brighten"
    DARKEN = "darken"
    OVERLAY = "overlay"
    TRIM = "trim"
    MIRROR = "mirror"


def repost(content: bytes, edit: Edit) -> bytes:
    """Give the clip as it comes back under an edit; SAME gives its very bytes."""
    if edit is Edit.SAME:
        return content
    return encode(replace(_EDITS[edit](decode(content)), crf=REENCODED_CRF))


def _pictures(change: Callable[[Frame], Frame]) -> Callable[[Film], Film]:
    return lambda film: replace(film, frames=[change(frame) for frame in film.frames])


def _resized(frame: Frame) -> Frame:
    height, width, _ = frame.shape
    size = (width * 3 // 4 // 2 * 2, height * 3 // 4 // 2 * 2)  # VP9 at 4:2:0 wants even sides
    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BILINEAR))


def _lit(frame: Frame, by: float) -> Frame:
    brighter: Frame = (frame.astype(np.float32) * by).clip(0, 255).astype(np.uint8)
    return brighter


def _overlaid(frame: Frame) -> Frame:
    picture = Image.fromarray(frame)
    write(ImageDraw.Draw(picture), "miru talo!", at=(10, 20), size=16)
    return np.asarray(picture)


def _trimmed(film: Film) -> Film:
    """Drop the first three quarters of a second."""
    return replace(
        film, frames=film.frames[RATE * 3 // 4 :], samples=film.samples[SAMPLE_RATE * 3 // 4 :]
    )


_EDITS: Final[Mapping[Edit, Callable[[Film], Film]]] = MappingProxyType(
    {
        Edit.REENCODE: lambda film: film,
        Edit.RESIZE: _pictures(_resized),
        Edit.BRIGHTEN: _pictures(lambda frame: _lit(frame, 1.25)),
        Edit.DARKEN: _pictures(lambda frame: _lit(frame, 0.75)),
        Edit.OVERLAY: _pictures(_overlaid),
        Edit.TRIM: _trimmed,
        Edit.MIRROR: _pictures(lambda frame: np.ascontiguousarray(frame[:, ::-1])),
    }
)
