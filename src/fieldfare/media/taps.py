"""Taps: what is taken from frames while they pass by inside the sealed child.

In: pictures. Out: small arrays. A tap that does not need every frame leaves the others alone, so
that all taps together cost a fraction of the decoding. `TAPS` of this module and of the modules an
operator names are what a child can be asked for.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol, runtime_checkable

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from fieldfare.media.errand import THUMBNAIL_PX
from fieldfare.media.findings import Array
from fieldfare.media.hash_taps import ProbesTap, RowsTap, StillsTap
from fieldfare.media.hearing import SoundTap
from fieldfare.media.pdq import hash_luma
from fieldfare.media.pictures import Picture

GRID_LINES: Final = 32
DARK: Final = 0.10
"""Luma up to which a pixel is black, of black to white. Source: FFmpeg blackdetect."""

LUMA_EVERY_S: Final = 0.1 - 1e-3
MAX_THUMBNAILS: Final = 24


class Tap(Protocol):
    """Sees every picture in order and is asked once for what it took."""

    def see(self, picture: Picture, /) -> None: ...

    def arrays(self) -> Mapping[str, Array]: ...


@runtime_checkable
class Ear(Protocol):
    """A tap that hears the track of sound too, piece by piece, before it is asked."""

    def hear(self, frame: AudioFrame, /) -> None: ...


class LumaTap:
    """How dark the picture is and how much it changes, ten times a second.

    Measured on a grid of at least 32 lines a side, at moments at least 0.1 s apart, so that the
    step from one to the next means the same at any frame rate. luma.t, luma.until: seconds;
    luma.dark: share of grid points that are black; luma.change: mean step, 1 is black to white.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float, float]] = []
        self._before: NDArray[np.int32] | None = None
        self._due_t = 0.0

    def see(self, picture: Picture, /) -> None:
        if picture.t < self._due_t:
            return
        self._due_t = picture.t + LUMA_EVERY_S
        luma = picture.luma
        step = max(1, min(luma.pixels.shape) // GRID_LINES)
        grid = luma.pixels[step // 2 :: step, step // 2 :: step].astype(np.int32)
        span = luma.white - luma.black
        dark = np.count_nonzero(grid <= luma.black + DARK * span) / grid.size
        change = 1.0
        if self._before is not None and self._before.shape == grid.shape:
            change = min(1.0, float(np.abs(grid - self._before).sum()) / (grid.size * span))
        self._before = grid
        self._rows.append((picture.t, picture.t + picture.duration_s, dark, change))

    def arrays(self) -> Mapping[str, Array]:
        table = np.array(self._rows, np.float64).reshape(-1, 4)
        names = ("luma.t", "luma.until", "luma.dark", "luma.change")
        return {name: table[:, i] for i, name in enumerate(names)}


class PdqTap:
    """PDQ of the sampled frames. pdq.t: seconds; pdq.bits: (n, 32); pdq.quality: 0..100."""

    def __init__(self) -> None:
        self._t: list[float] = []
        self._bits: list[NDArray[np.uint8]] = []
        self._quality: list[int] = []

    def see(self, picture: Picture, /) -> None:
        if not picture.sampled:
            return
        luma = picture.luma
        bits, quality = hash_luma(luma.pixels, black=luma.black, white=luma.white)
        self._t.append(picture.t)
        self._bits.append(bits)
        self._quality.append(quality)

    def arrays(self) -> Mapping[str, Array]:
        return {
            "pdq.t": np.array(self._t, np.float64),
            "pdq.bits": np.array(self._bits, np.uint8).reshape(-1, 32),
            "pdq.quality": np.array(self._quality, np.uint8),
        }


class ThumbnailTap:
    """At most 24 small pictures, spread evenly over the time: for models and for the film strip.

    They leave as pixels; turning them into files is left to the parent, so that nothing a child
    wrote is ever parsed as a file or shown as one. thumb.t: seconds; thumb.rgb: (n, 256, 256, 3).
    """

    def __init__(self) -> None:
        self._kept: list[tuple[float, NDArray[np.uint8]]] = []
        self._spacing_s = 0.0

    def see(self, picture: Picture, /) -> None:
        if not picture.sampled:
            return
        if self._kept and picture.t - self._kept[-1][0] < self._spacing_s:
            return
        self._kept.append((picture.t, picture.thumbnail))
        if len(self._kept) > MAX_THUMBNAILS:
            self._kept = self._kept[::2]
            self._spacing_s = 1.5 * (self._kept[-1][0] - self._kept[0][0]) / len(self._kept)

    def arrays(self) -> Mapping[str, Array]:
        side = THUMBNAIL_PX
        rgb = np.array([pixels for _, pixels in self._kept], np.uint8)
        return {
            "thumb.t": np.array([t for t, _ in self._kept], np.float64),
            "thumb.rgb": rgb.reshape(-1, side, side, 3),
        }


TAPS: Final[Mapping[str, Callable[[], Tap]]] = {
    "luma": LumaTap,
    "pdq": PdqTap,
    "probes": ProbesTap,
    "rows": RowsTap,
    "sound": SoundTap,
    "stills": StillsTap,
    "thumbnails": ThumbnailTap,
}
