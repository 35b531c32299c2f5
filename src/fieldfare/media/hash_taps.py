"""Taps for known content: what a file is put into a bank by, and what it is looked up by.

In: pictures. Out: hashes of every frame for a bank, hashes of samples in all forms and without
borders for a query, and small grey pictures for local features.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fieldfare.media.borders import Box, boxes_inside, is_near
from fieldfare.media.errand import FORMS, INSET, STILL_PX, UNBORDERED, WHOLE
from fieldfare.media.findings import Array
from fieldfare.media.insets import insets
from fieldfare.media.pdq import BITS, hash_forms, hash_luma
from fieldfare.media.pictures import Luma, Picture

SAME_BITS: Final = 16
"""A frame this near to the last row that was kept says nothing new."""

MOST_ROWS_PER_S: Final = 60
REPEATED_EVERY_S: Final = 1.0
BLOCK: Final = 8
_BLOCK_PX: Final = 32_000_000
_BLOCKS_A_LOOK: Final = 4
_MOST_WINDOWS: Final = 3
_STILLS: Final = 64
_STILLS_BYTES: Final = 9 << 20
_STILLS_APART_S: Final = 0.45
_STILL_QUALITY: Final = 20
_STILL_SAME_BITS: Final = 8
_SLACK_S: Final = 1e-3
_BYTES: Final = BITS // 8


class RowsTap:
    """PDQ of every frame, for a bank, and of what is left of it without borders, if it has any.

    rows.t (n,) s, rows.bits (n, 32), rows.quality (n,), rows.window (n,). A frame at most 16 bits
    from the last row of its window adds none, but a row is repeated each second, bit for bit, so
    that its moment is known. At most 60 rows a second, those of both windows together.
    """

    def __init__(self) -> None:
        self._waiting: list[Picture] = []
        self._apart: list[NDArray[np.generic]] = []
        self._boxes: list[Box] = []
        self._blocks = 0
        self._last: dict[int, _Row] = {}
        self._rows: list[_Row] = []

    def see(self, picture: Picture, /) -> None:
        shape = picture.luma.pixels.shape
        if self._waiting and self._waiting[0].luma.pixels.shape != shape:
            self._hash_waiting()
            self._apart, self._boxes, self._blocks = [], [], 0
        self._waiting.append(picture)
        if len(self._waiting) * (shape[0] * shape[1]) >= _BLOCK_PX or len(self._waiting) == BLOCK:
            self._hash_waiting()

    def arrays(self) -> Mapping[str, Array]:
        self._hash_waiting()
        return {
            "rows.t": np.array([row.t for row in self._rows], np.float64),
            "rows.bits": np.array([row.bits for row in self._rows], np.uint8).reshape(-1, _BYTES),
            "rows.quality": np.array([row.quality for row in self._rows], np.uint8),
            "rows.window": np.array([min(row.place, UNBORDERED) for row in self._rows], np.uint8),
        }

    def _hash_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        self._find_boxes([picture.luma for picture in waiting])
        for picture in waiting:
            self._see_one(picture)

    def _find_boxes(self, lumas: Sequence[Luma]) -> None:
        """Find borders now and then in frames apart in time; at the start in those at hand."""
        self._apart = [*self._apart[1 - BLOCK :], lumas[0].pixels]
        if self._blocks % _BLOCKS_A_LOOK == 0:
            frames = self._apart if self._blocks else [luma.pixels for luma in lumas]
            found = boxes_inside(frames, levels=lumas[0].white - lumas[0].black)
            if len(found) != len(self._boxes) or not all(map(is_near, found, self._boxes)):
                self._boxes = found
        self._blocks += 1

    def _see_one(self, picture: Picture) -> None:
        luma = picture.luma
        whole = self._row(picture.t, luma, WHOLE)
        for place, box in enumerate(self._boxes, start=UNBORDERED):
            inner = Luma(box.of(luma.pixels), luma.black, luma.white)
            self._row(picture.t, inner, place, like=whole)

    def _row(
        self, t: float, luma: Luma, place: int, *, like: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8] | None:
        """Keep a row if it says something new, and more than `like` does; gives its bits."""
        last = self._last.get(place)
        since_s = t - last.t if last else REPEATED_EVERY_S
        if since_s < (1 + len(self._boxes)) / MOST_ROWS_PER_S - _SLACK_S:
            return None
        bits, quality = hash_luma(luma.pixels, black=luma.black, white=luma.white)
        if like is not None and _bits_apart(bits, like) <= SAME_BITS:
            return bits
        row = _Row(t, bits, quality, place)
        if last and _bits_apart(bits, last.bits) <= SAME_BITS:
            if since_s < REPEATED_EVERY_S - _SLACK_S:
                return bits
            row = last._replace(t=t)
        self._last[place] = row
        self._rows.append(row)
        return bits


class _Row(NamedTuple):
    """A row of a bank. place: 0 for the whole picture, else which of the boxes."""

    t: float
    bits: NDArray[np.uint8]
    quality: int
    place: int


def _bits_apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return int(np.bitwise_count(one ^ other).sum())


class ProbesTap:
    """PDQ of the samples in all eight forms: of the whole picture, inside borders, of insets.

    probes.t (n,) s; probes.bits (n, 32); probes.quality, probes.form, probes.window (n,). Samples
    wait until eight are there, so that borders are what they have in common.
    """

    def __init__(self) -> None:
        self._waiting: list[Picture] = []
        self._t: list[float] = []
        self._bits: list[NDArray[np.uint8]] = []
        self._quality: list[int] = []
        self._window: list[int] = []

    def see(self, picture: Picture, /) -> None:
        if not picture.sampled:
            return
        shape = picture.luma.pixels.shape
        if self._waiting and self._waiting[0].luma.pixels.shape != shape:
            self._hash_waiting()
        self._waiting.append(picture)
        if len(self._waiting) * (shape[0] * shape[1]) >= _BLOCK_PX or len(self._waiting) == BLOCK:
            self._hash_waiting()

    def arrays(self) -> Mapping[str, Array]:
        self._hash_waiting()
        each = np.array(self._bits, np.uint8).reshape(-1, _BYTES)
        return {
            "probes.t": np.repeat(np.array(self._t, np.float64), FORMS),
            "probes.bits": each,
            "probes.quality": np.repeat(np.array(self._quality, np.uint8), FORMS),
            "probes.form": np.tile(np.arange(FORMS, dtype=np.uint8), len(self._t)),
            "probes.window": np.repeat(np.array(self._window, np.uint8), FORMS),
        }

    def _hash_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        first = waiting[0].luma
        windows = _windows([p.luma.pixels for p in waiting], first.white - first.black)
        for picture in waiting:
            luma = picture.luma
            self._add(picture.t, luma, WHOLE)
            for box, window in windows:
                inner = Luma(box.of(luma.pixels), luma.black, luma.white)
                self._add(picture.t, inner, window)

    def _add(self, t: float, luma: Luma, window: int) -> None:
        bits, quality = hash_forms(luma.pixels, black=luma.black, white=luma.white)
        self._t.append(t)
        self._bits.append(bits)
        self._quality.append(quality)
        self._window.append(window)


def _windows(frames: Sequence[NDArray[np.generic]], levels: float) -> list[tuple[Box, int]]:
    """Find what is worth hashing beside the whole: inside borders, and what is set into it."""
    found = [(box, UNBORDERED) for box in boxes_inside(frames, levels=levels)]
    for box in insets(frames, levels=levels):
        if not any(is_near(box, other) for other, _ in found):
            found.append((box, INSET))
    return found[:_MOST_WINDOWS]


class StillsTap:
    """Small grey pictures of samples, for local features: stills.t (k,) s, stills.pixels (k, h, w).

    Their long side is at most 512 pixels; at most 64 of them, and 9 MB, spread over the time. What
    is plain, or looks like the one before, is left out.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[float, NDArray[np.uint8]]] = []
        self._last: NDArray[np.uint8] | None = None
        self._spacing_s = _STILLS_APART_S

    def see(self, picture: Picture, /) -> None:
        if not picture.sampled:
            return
        if self._kept and picture.t - self._kept[-1][0] < self._spacing_s:
            return
        pixels = picture.grey(STILL_PX)
        bits, quality = hash_luma(pixels)
        if quality < _STILL_QUALITY or (self._kept and self._kept[0][1].shape != pixels.shape):
            return
        if self._last is not None and (
            int(np.bitwise_count(self._last ^ bits).sum()) <= _STILL_SAME_BITS
        ):
            return
        self._last = bits
        self._kept.append((picture.t, pixels))
        most = min(_STILLS, _STILLS_BYTES // pixels.nbytes)
        if len(self._kept) > most:
            self._kept = self._kept[::2]
            self._spacing_s = 1.5 * (self._kept[-1][0] - self._kept[0][0]) / len(self._kept)

    def arrays(self) -> Mapping[str, Array]:
        shape = self._kept[0][1].shape if self._kept else (0, 0)
        pixels = np.array([still for _, still in self._kept], np.uint8)
        return {
            "stills.t": np.array([t for t, _ in self._kept], np.float64),
            "stills.pixels": pixels.reshape(-1, *shape)
            if self._kept
            else np.empty((0, 0, 0), np.uint8),
        }
