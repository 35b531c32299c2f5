"""Hashes like those of real frames, by the million: made from clips by stated edits.

In: the clips of FIELDFARE_DATA_AT_HAND. Bases: a frame, cut to 40 to 100 % of each side at a random
place, turned by quarters, mirrored, with a gamma of 0.6 to 1.6, as 64 x 64 luma. A row: one base
dissolved into another by 0 to 50 %, with grain (sigma 0 to 4 of 255). Everything before PDQ's sign
is linear, so a row's coefficients are those of its bases in the same proportion; quality is worked
out from the dissolved pixels, and rows below 50 are left out, as a bank leaves them out.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import av
import numpy as np
from numba import njit
from numpy.typing import NDArray
from PIL import Image

GRID: Final = 64
MIN_QUALITY: Final = 50
FRAMES_A_CLIP: Final = 120
LONG_SIDE: Final = 320

Pixels = NDArray[np.uint8]


def clips() -> list[Path]:
    """Name the clips at hand; none if there is no such folder."""
    folder = os.environ.get("FIELDFARE_DATA_AT_HAND")
    return sorted((Path(folder) / "video").glob("*.mp4")) if folder else []


class Lifelike:
    """Draws rows from bases. Deterministic by seed. bases: how many pictures to start from.

    most_clips: how many of the clips to take frames from, the smallest files first; None for all.
    """

    def __init__(self, bases: int, seed: int, most_clips: int | None = None) -> None:
        draw = np.random.default_rng(seed)
        taken = clips()
        if most_clips is not None:
            taken = sorted(taken, key=lambda clip: clip.stat().st_size)[:most_clips]
        frames = [frame for clip in taken for frame in _frames(clip)]
        # Grain is alike in all coefficients: the transform is orthonormal.
        self.noise = draw.standard_normal((80_000, 256), np.float32)
        self.luma = np.stack([_base(frames, draw) for _ in range(bases)])
        angle = np.pi / 2 / GRID * np.arange(1, 17)[:, None] * (2 * np.arange(GRID)[None, :] + 1)
        dct = (np.sqrt(2 / GRID) * np.cos(angle)).astype(np.float32)
        self.coefficients = np.stack(
            [(dct @ picture.astype(np.float32) @ dct.T).reshape(256) for picture in self.luma]
        )

    def rows(self, count: int, seed: int, share: tuple[float, float] = (0.0, 1.0)) -> Pixels:
        """Draw `count` hashes, (count, 32), from a share of the bases."""
        draw = np.random.default_rng(seed)
        low, high = (int(part * len(self.luma)) for part in share)
        kept: list[Pixels] = []
        missing = count
        while missing > 0:
            n = min(missing + missing // 5 + 64, 50_000)
            pair = draw.integers(low, high, (n, 2))
            into = draw.uniform(0.0, 0.5, n).astype(np.float32)
            grain = draw.uniform(0.0, 4.0, n).astype(np.float32)
            quality, mixed = np.zeros(n, np.int64), np.empty((n, 256), np.float32)
            _dissolve(self.luma, self.coefficients, pair, into, quality, mixed)
            mixed += self.noise[draw.integers(len(self.noise) - n) :][:n] * grain[:, None]
            median = np.partition(mixed, 127, axis=1)[:, 127:128]
            bits = np.packbits(mixed > median, axis=1, bitorder="little")[:, ::-1]
            kept.append(bits[quality >= MIN_QUALITY][:missing])
            missing -= len(kept[-1])
        return np.concatenate(kept)


@cache
def _frames(clip: Path) -> tuple[Pixels, ...]:
    return tuple(_decoded(clip))


def _decoded(clip: Path) -> Iterator[Pixels]:
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        every = max(1, (stream.frames or FRAMES_A_CLIP) // FRAMES_A_CLIP)
        for number, frame in enumerate(container.decode(stream)):
            if number % every == 0:
                scale = max(1, max(frame.width, frame.height) // LONG_SIDE)
                grey = frame.reformat(frame.width // scale, frame.height // scale, "gray")
                yield grey.to_ndarray().astype(np.uint8, copy=False)


def _base(frames: list[Pixels], draw: np.random.Generator) -> Pixels:
    frame = frames[draw.integers(len(frames))]
    height, width = frame.shape
    h, w = (int(side * draw.uniform(0.4, 1.0)) for side in (height, width))
    top, left = draw.integers(height - h + 1), draw.integers(width - w + 1)
    cut = Image.fromarray(np.ascontiguousarray(frame[top : top + h, left : left + w]))
    small = np.asarray(cut.resize((GRID, GRID), Image.Resampling.BOX))
    turned = np.rot90(small, int(draw.integers(4)))
    turned = turned[:, ::-1] if draw.random() < 0.5 else turned
    bright = (255 * np.linspace(0, 1, 256) ** draw.uniform(0.6, 1.6)).astype(np.uint8)
    picture: Pixels = np.ascontiguousarray(bright[turned])
    return picture


@njit(nogil=True, fastmath=True)  # type: ignore[untyped-decorator, unused-ignore]
def _dissolve(luma, coefficients, pair, into, quality, mixed):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  # Numba infers them
    """Dissolve pairs, and work out PDQ's quality: steps between neighbours, in whole percents."""
    picture = np.empty((64, 64), np.float32)
    percent = np.float32(100 / 255)
    for row in range(len(pair)):
        one, other, share = pair[row, 0], pair[row, 1], into[row]
        keep = np.float32(1) - share
        for at in range(256):
            mixed[row, at] = coefficients[one, at] * keep + coefficients[other, at] * share
        for y in range(64):
            for x in range(64):
                picture[y, x] = (luma[one, y, x] * keep + luma[other, y, x] * share) * percent
        steps = np.int32(0)
        for y in range(64):
            for x in range(63):
                steps += np.int32(abs(picture[y, x + 1] - picture[y, x]))
        for y in range(63):
            for x in range(64):
                steps += np.int32(abs(picture[y + 1, x] - picture[y, x]))
        quality[row] = min(100, steps // 90)
