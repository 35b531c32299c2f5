"""Pictures: one decoded frame, upright, as the few arrays that taps want.

A tap asks for luma or for a thumbnail and never learns whether a video decoder or a picture decoder
made it. Both are worked out on demand, because most frames need neither.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from fieldfare.media.errand import THUMBNAIL_PX
from fieldfare.media.pdq import luma_of

_FULL_RANGE: Final = 2  # AVCOL_RANGE_JPEG
_BYTE: Final = 8


@dataclass(frozen=True, slots=True)
class Luma:
    """pixels: (h, w), upright. black, white: their values for black and white."""

    pixels: NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
    black: float
    white: float


class Picture(Protocol):
    """One frame. t: seconds from the start. sampled: one of those that are hashed and looked at."""

    @property
    def t(self) -> float: ...

    @property
    def duration_s(self) -> float: ...

    @property
    def sampled(self) -> bool: ...

    @property
    def luma(self) -> Luma: ...

    @property
    def thumbnail(self) -> NDArray[np.uint8]:
        """(256, 256, 3) sRGB of the whole picture, its sides squeezed to a square."""
        ...

    def grey(self, side_px: int) -> NDArray[np.uint8]:
        """(h, w) full-range luma, its sides in proportion and the longer one at most `side_px`."""
        ...


class VideoPicture:
    """A frame of libav. `quarter_turns`: counter-clockwise, from coded to shown."""

    def __init__(
        self,
        frame: VideoFrame,
        scaler: VideoReformatter,
        *,
        t: float,
        duration_s: float,
        sampled: bool,
        quarter_turns: int,
    ) -> None:
        self.t = t
        self.duration_s = duration_s
        self.sampled = sampled
        self._frame = frame
        self._scaler = scaler
        self._turns = quarter_turns

    @cached_property
    def luma(self) -> Luma:
        plane = _luma_plane(self._frame)
        if plane is None:
            rgb = self._frame.to_ndarray(format="rgb24")
            plane = Luma(luma_of(np.asarray(rgb, np.uint8)), 0.0, 255.0)
        if self._turns:
            return Luma(np.rot90(plane.pixels, self._turns), plane.black, plane.white)
        return plane

    @cached_property
    def thumbnail(self) -> NDArray[np.uint8]:
        small = self._scaler.reformat(
            self._frame,
            THUMBNAIL_PX,
            THUMBNAIL_PX,
            "rgb24",
            interpolation="BILINEAR",
            threads=1,
        )
        rgb: NDArray[np.uint8] = np.asarray(small.to_ndarray(), np.uint8)
        return np.rot90(rgb, self._turns)

    def grey(self, side_px: int) -> NDArray[np.uint8]:
        """(h, w) full-range luma, its sides in proportion and the longer one at most `side_px`."""
        width, height = _fitting(self._frame.width, self._frame.height, side_px)
        small = self._scaler.reformat(
            self._frame, width, height, "gray", interpolation="AREA", threads=1
        )
        pixels: NDArray[np.uint8] = np.asarray(small.to_ndarray(), np.uint8)
        return np.ascontiguousarray(np.rot90(pixels, self._turns))


class StillPicture:
    """A frame of Pillow, upright and in RGB."""

    def __init__(self, image: Image.Image, *, t: float, duration_s: float, sampled: bool) -> None:
        self.t = t
        self.duration_s = duration_s
        self.sampled = sampled
        self._image = image

    @cached_property
    def luma(self) -> Luma:
        return Luma(luma_of(np.asarray(self._image, np.uint8)), 0.0, 255.0)

    @cached_property
    def thumbnail(self) -> NDArray[np.uint8]:
        side = (THUMBNAIL_PX, THUMBNAIL_PX)
        return np.asarray(self._image.resize(side, Image.Resampling.BILINEAR), np.uint8)

    def grey(self, side_px: int) -> NDArray[np.uint8]:
        """(h, w) full-range luma, its sides in proportion and the longer one at most `side_px`."""
        size = _fitting(*self._image.size, side_px)
        small = self._image.convert("L").resize(size, Image.Resampling.BOX)
        return np.asarray(small, np.uint8)


def _fitting(width: int, height: int, side_px: int) -> tuple[int, int]:
    share = min(1.0, side_px / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


def _luma_plane(frame: VideoFrame) -> Luma | None:
    """View the Y plane without a copy, or None where the frame has none (RGB, palettes)."""
    form: VideoFormat = frame.format
    if form.is_rgb or form.has_palette or form.is_big_endian or not form.components:
        return None
    bits = form.components[0].bits
    wide = bits > _BYTE
    if form.components[0].plane != 0 or not (form.is_planar or len(form.components) == 1):
        return None
    plane = frame.planes[0]
    data = memoryview(plane)
    lines: NDArray[np.uint8] | NDArray[np.uint16]
    if wide:
        lines = np.frombuffer(data, np.uint16).reshape(-1, plane.line_size // 2)
    else:
        lines = np.frombuffer(data, np.uint8).reshape(-1, plane.line_size)
    scale = float(1 << (bits - _BYTE))
    if frame.color_range == _FULL_RANGE or form.name.startswith(("yuvj", "gray")):
        return Luma(lines[: frame.height, : frame.width], 0.0, 255.0 * scale)
    return Luma(lines[: frame.height, : frame.width], 16.0 * scale, 235.0 * scale)
