"""Still pictures and animations: one pass over a file with Pillow, from bytes to pictures.

In: an open file and the one decoder it may be read with. Out: a Probe, then pictures in order,
upright as their EXIF orientation asks and in RGB over white.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Final

import numpy as np
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from fieldfare.media.findings import Probe, Sampling
from fieldfare.media.limits import MediaLimits, Refused, refuse_frame
from fieldfare.media.pictures import StillPicture
from fieldfare.media.sampler import EVERY_S, LONG_S
from fieldfare.media.sniff import Container

_DEFAULT_FRAME_S: Final = 0.1  # what browsers take for frames that say 0
_BROKEN: Final = (OSError, SyntaxError, ValueError, EOFError, UnidentifiedImageError)


class StillPictures:
    """A file of Pillow, opened but not decoded. Raises Refused if it is not what its head says."""

    def __init__(self, file: IO[bytes], container: Container, limits: MediaLimits) -> None:
        Image.MAX_IMAGE_PIXELS = None  # refuse_frame asks instead, before anything is decoded
        warnings.simplefilter(
            "ignore"
        )  # Pillow warns of odd metadata; nobody reads a child's words
        self._limits = limits
        self._name = container.name
        try:
            self._image = Image.open(file, formats=(container.format,))
        except _BROKEN as error:
            raise Refused(f"it cannot be read as {container.name}: {_said(error)}") from None
        self.probe = self._probe()
        self.decoded_s = 0.0
        self.sampling: Sampling = "every frame"
        self._seen = 0
        self._broken = ""

    def refuse_beyond_limits(self) -> None:
        """Raise Refused if its picture is larger than may be looked at."""
        refuse_frame(self.probe.width, self.probe.height, self._limits)

    def pictures(self) -> Iterator[StillPicture]:
        """Decode every frame, in order."""
        moves = self.probe.kind == "animation"
        since_taken_s = EVERY_S
        try:
            for image in ImageSequence.Iterator(self._image):
                upright = _upright(image)
                if self._seen == 0:
                    width, height = upright.size
                    self.probe = replace(self.probe, width=width, height=height)
                lasts_s = _lasts_s(image) if moves else 0.0
                sampled = since_taken_s >= EVERY_S or lasts_s >= LONG_S
                since_taken_s = lasts_s if sampled else since_taken_s + lasts_s
                yield StillPicture(upright, t=self.decoded_s, duration_s=lasts_s, sampled=sampled)
                self._seen += 1
                self.decoded_s += lasts_s
                self._refuse_endless()
        except _BROKEN as error:
            self._broken = _said(error)
        if moves and not self._broken:
            fps = self._seen / self.decoded_s if self.decoded_s else None
            self.probe = replace(self.probe, duration_s=self.decoded_s, fps=fps)

    @property
    def problem(self) -> str:
        """Say, after the pass, why it did not see all there is; "" if it did."""
        if self._broken:
            return f"it cannot be decoded as {self._name}: {self._broken}"
        return "" if self._seen else "nothing in it can be decoded"

    def close(self) -> None:
        self._image.close()

    def _probe(self) -> Probe:
        width, height = self._image.size  # asking for the orientation may already decode a PNG
        moves = bool(getattr(self._image, "is_animated", False))
        return Probe(
            container=self._name,
            kind="animation" if moves else "image",
            duration_s=None if moves else 0.0,
            width=width,
            height=height,
            video_codec=self._name,
        )

    def _refuse_endless(self) -> None:
        if self.decoded_s > self._limits.duration_s:
            raise Refused(f"it lasts more than {self._limits.duration_s:g} s")


def _upright(image: Image.Image) -> Image.Image:
    """Turn as EXIF says and lay what is transparent over white, as a white page shows it."""
    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith("I"):  # 16 bits of grey, of which Pillow's RGB makes a white page
        return Image.fromarray((np.asarray(turned) >> 8).astype(np.uint8)).convert("RGB")
    if not turned.has_transparency_data:
        return turned.convert("RGB")
    layers = turned.convert("RGBA")
    page = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(page, layers).convert("RGB")


def _lasts_s(image: Image.Image) -> float:
    said_ms = image.info.get("duration", 0)
    return (
        float(said_ms) / 1000
        if isinstance(said_ms, (int, float)) and said_ms > 0
        else (_DEFAULT_FRAME_S)
    )


def _said(error: BaseException) -> str:
    return str(error)[:120] or type(error).__name__
