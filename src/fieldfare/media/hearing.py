"""Hearing: the peaks of a sound's spectrogram, by which it is recognised.

In: decoded sound as it comes, of any rate and layout. Out: where in time and frequency it is
loudest among its neighbours. Peaks survive coding, noise and other sounds over them better than
anything else of a spectrogram. Source: Wang, "An Industrial-Strength Audio Search Algorithm"
(ISMIR 2003); which peaks are kept, and how many, is measured here (docs/performance.md).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from fieldfare.media.errand import SOUND_BINS
from fieldfare.media.findings import Array
from fieldfare.media.pictures import Picture

HZ: Final = 8000
WINDOW: Final = 1024
STEP: Final = 256
"""Samples from one line of the spectrogram to the next: 32 ms."""

_LOWEST_BIN: Final = 20  # 156 Hz: below it is hum
_HIGHEST_BIN: Final = 470
_NEAR_BINS: Final = 9
_NEAR_STEPS: Final = 4
_ABOVE: Final = 1.5  # nepers over the median of its moment
_FLOOR: Final = 1e-3  # of the mean loudness: what is fainter is silence
_MOST_A_SECOND: Final = 24
_BLOCK: Final = 4096
_EDGE: Final = 2 * _NEAR_STEPS

Floats = NDArray[np.float32]


class SoundTap:
    """The peaks of the track of sound that is played: sound.frame and sound.bin (n,), heard.s (1,).

    sound.frame: in steps of 32 ms from the first sample; sound.bin: in lines of 7.8 Hz. heard.s:
    how many seconds there are. At most `most_s` seconds are heard.
    """

    def __init__(self, most_s: float = 600.0) -> None:
        self._resampler = _resampler()
        self._heard_as: tuple[str, str, int] | None = None
        self._pieces: list[Floats] = []
        self._left = round(most_s * HZ)

    def see(self, picture: Picture, /) -> None:
        """Pictures say nothing here."""

    def hear(self, frame: AudioFrame, /) -> None:
        """Take in the next piece of sound."""
        if self._left <= 0:
            return
        heard_as = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._heard_as not in {None, heard_as}:
            # Sound may change in the middle of a file; a resampler takes one kind alone.
            self._keep(None)
            self._resampler = _resampler()
        self._heard_as = heard_as
        self._keep(frame)

    def arrays(self) -> Mapping[str, Array]:
        if self._pieces:
            self._keep(None)
        samples = np.concatenate(self._pieces) if self._pieces else np.empty(0, np.float32)
        self._pieces.clear()
        frame, line = peaks_of(samples)
        return {
            "sound.frame": frame,
            "sound.bin": line,
            "heard.s": np.array([len(samples) / HZ], np.float64),
        }

    def _keep(self, frame: AudioFrame | None) -> None:
        for piece in self._resampler.resample(frame):
            samples = np.asarray(piece.to_ndarray(), np.float32).reshape(-1)[: self._left]
            self._pieces.append(np.nan_to_num(samples, posinf=0.0, neginf=0.0))
            self._left -= len(samples)


def _resampler() -> AudioResampler:
    return AudioResampler(format="flt", layout="mono", rate=HZ)


def warm_ears() -> None:
    """Hear a little once, so that nothing is imported after sealing."""
    tap = SoundTap()
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 2 * HZ)).astype(np.float32)
    frame = AudioFrame.from_ndarray(noise, format="fltp", layout="stereo")
    frame.sample_rate = 2 * HZ
    tap.hear(frame)
    tap.arrays()


def peaks_of(samples: Floats) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Find the peaks of mono sound at 8 kHz: their steps and their bins, by time. Deterministic."""
    steps = 1 + (len(samples) - WINDOW) // STEP
    if steps < 1:
        return np.empty(0, np.int32), np.empty(0, np.int32)
    loud = _loudness(samples, steps)
    middle = np.median(loud[:, ::8], axis=1)
    step, line = _highest(loud)
    above = loud[step, line] - middle[step]
    kept = above > _ABOVE
    step, line = step[kept], line[kept]
    kept = _strongest(step, loud[step, line])
    return step[kept].astype(np.int32), line[kept].astype(np.int32)


def _loudness(samples: Floats, steps: int) -> Floats:
    """Take the logarithm of the spectrogram: (steps, bins)."""
    window = np.hanning(WINDOW).astype(np.float32)
    views = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::STEP]
    loud = np.empty((steps, SOUND_BINS), np.float32)
    for start in range(0, steps, _BLOCK):
        part = slice(start, min(steps, start + _BLOCK))
        loud[part] = np.abs(np.fft.rfft(views[part] * window, axis=1))[:, :SOUND_BINS]
    floor = _FLOOR * float(np.sqrt(np.mean(np.square(loud)))) + 1e-6
    louder: Floats = np.log(loud + np.float32(floor))
    return louder


def _highest(loud: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find what no neighbour is louder than, within 9 bins and 4 steps."""
    highest = _spread(_spread(loud, _NEAR_BINS, axis=1), _NEAR_STEPS, axis=0)
    step, line = np.nonzero(loud == highest)
    heard = (line >= _LOWEST_BIN) & (line < _HIGHEST_BIN)
    return step[heard], line[heard]


def _spread(values: Floats, reach: int, *, axis: int) -> Floats:
    """Give each place the greatest value within `reach` along an axis."""
    along = np.moveaxis(values, axis, 0)
    spread = along.copy()
    for by in range(1, min(reach, len(along) - 1) + 1):
        np.maximum(spread[by:], along[:-by], out=spread[by:])
        np.maximum(spread[:-by], along[by:], out=spread[:-by])
    return np.moveaxis(spread, 0, axis)


def _strongest(step: NDArray[np.intp], value: Floats) -> NDArray[np.bool_]:
    """Keep the peaks that fewer than 24 others within half a second are louder than."""
    reach = HZ // STEP // 2
    first = np.searchsorted(step, step - reach)
    last = np.searchsorted(step, step + reach, side="right")
    kept = np.zeros(len(step), np.bool_)
    for i, (low, high) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        kept[i] = np.count_nonzero(value[low:high] > value[i]) < _MOST_A_SECOND
    return kept
