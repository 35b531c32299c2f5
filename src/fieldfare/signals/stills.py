"""Stills: the film strip that a reviewer sees, clear and blurred, made from plain pixels.

In: the thumbnails of an Examination. Out: small JPEG files. They are encoded here and not in the
child, so that no file a hostile decoder wrote ever reaches a browser.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from fieldfare.media import Examination

SIDE_PX: Final = 256
_CLEAR_QUALITY: Final = 78
_BLURRED_QUALITY: Final = 60
_BLURRED_PX: Final = 20
"""Pixels of a blurred still's longer side before it is blown up again: shapes, no features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """One picture of the film strip. t: seconds. clear, blurred: JPEG; blurred is also grey."""

    t: float
    width: int
    height: int
    clear: bytes
    blurred: bytes


def stills_of(found: Examination) -> tuple[Still, ...]:
    """Make the film strip, at most 24 pictures, the longer side 256 pixels."""
    if found.probe is None or "thumb.t" not in found.arrays:
        return ()
    size = _size(found.probe.width, found.probe.height)
    times = np.asarray(found.arrays["thumb.t"], np.float64).tolist()
    pictures = np.asarray(found.arrays["thumb.rgb"], np.uint8)
    return tuple(_still(t, rgb, size) for t, rgb in zip(times, pictures, strict=True))


def dominant(found: Examination) -> int | None:
    """Choose the still most like all others (the medoid of 8 x 8 means); None if there is none."""
    pictures = np.asarray(found.arrays.get("thumb.rgb", np.empty(0)), np.float32)
    if len(pictures) == 0:
        return None
    coarse = (
        pictures.reshape(len(pictures), 8, 32, 8, 32, 3).mean((2, 4)).reshape(len(pictures), -1)
    )
    apart = np.abs(coarse[:, None] - coarse[None, :]).mean(2).sum(1)
    return int(np.argmin(apart))


def _size(width: int, height: int) -> tuple[int, int]:
    longer = max(width, height, 1)
    return max(1, round(SIDE_PX * width / longer)), max(1, round(SIDE_PX * height / longer))


def _still(t: float, rgb: NDArray[np.uint8], size: tuple[int, int]) -> Still:
    clear = Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS)
    few = (max(1, size[0] * _BLURRED_PX // SIDE_PX), max(1, size[1] * _BLURRED_PX // SIDE_PX))
    coarse = clear.convert("L").resize(few, Image.Resampling.BOX)
    blurred = coarse.filter(ImageFilter.GaussianBlur(1)).resize(size, Image.Resampling.BICUBIC)
    return Still(
        t=round(t, 3),
        width=size[0],
        height=size[1],
        clear=_jpeg(clear, _CLEAR_QUALITY),
        blurred=_jpeg(blurred, _BLURRED_QUALITY),
    )


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
