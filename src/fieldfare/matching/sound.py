"""Sound: peaks of a spectrogram, by which a piece of speech or music is recognised.

In: the loudest places of a spectrogram, as the sealed child found them. Out: a SoundPrint, its
bytes for the store, and its landmarks: pairs of peaks that lie near, each a number that the same
piece of sound gives again. Source: Wang, "An Industrial-Strength Audio Search Algorithm" (ISMIR
2003). Sound played faster at the same pitch has its peaks nearer in time and on the same lines, so
a query asks at several speeds.
"""

import base64
import struct
import zlib
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import BadInput

STEP_S: Final = 0.032
"""Seconds from one line of the spectrogram to the next; as `media.hearing` takes them."""

BANK_FAN: Final = 8
QUERY_FAN: Final = 12
"""Pairs that a peak begins. A query has more, for peaks of its own may stand in between."""

_NEAREST_STEPS: Final = 2
_FURTHEST_STEPS: Final = 45
_BINS: Final = 64  # how far apart the lines of a pair may be
_FOLLOWING: Final = 60
_MAGIC: Final = b"FFS2"
_HEAD: Final = struct.Struct("<4sId")
_PEAK_BYTES: Final = 6
_MOST_PEAKS: Final = 1 << 18
"""Of one print: three hours at 24 a second. A few bytes may claim any number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SoundPrint:
    """Peaks in time and frequency, in order of time. Raises BadInput if they are not.

    frame: (n,) int32, when, in steps of STEP_S. bin: (n,) int32, its line, 0 to 511. seconds: how
    much sound there is, peaks or none.
    """

    frame: NDArray[np.int32]
    bin: NDArray[np.int32]
    seconds: float

    def __post_init__(self) -> None:
        if self.frame.ndim != 1 or self.frame.shape != self.bin.shape:
            raise BadInput("the peaks of a sound are not of one number")
        if len(self.frame) and (
            self.frame[0] < 0
            or (np.diff(self.frame) < 0).any()
            or int(self.bin.min()) < 0
            or int(self.bin.max()) > 511  # noqa: PLR2004  # the lines of a spectrogram
        ):
            raise BadInput("the peaks of a sound are not in order of time, or beyond hearing")

    def __len__(self) -> int:
        return len(self.frame)


class Landmarks(NamedTuple):
    """Pairs of peaks. key: (m,) uint32, below 2^20. anchor: (m,), which peak each begins at."""

    key: NDArray[np.uint32]
    anchor: NDArray[np.intp]


def landmarks_of(sound: SoundPrint, *, fan: int, speed: float = 1.0) -> Landmarks:
    """Pair each peak with the next ones: at most `fan` of them, 64 ms to 1.4 s later.

    speed: how much faster this plays than what is looked for; its times are stretched by it.
    """
    first, second, apart = [], [], []
    begun = np.zeros(len(sound), np.int64)
    for following in range(1, min(_FOLLOWING, len(sound))):
        steps = (sound.frame[following:] - sound.frame[:-following]) * speed
        lines = sound.bin[following:] - sound.bin[:-following]
        near = (steps >= _NEAREST_STEPS) & (steps <= _FURTHEST_STEPS) & (np.abs(lines) < _BINS)
        chosen = np.flatnonzero(near & (begun[:-following] < fan))
        begun[chosen] += 1
        first.append(chosen)
        second.append(chosen + following)
        apart.append(steps[chosen])
    if not first:
        return Landmarks(np.empty(0, np.uint32), np.empty(0, np.intp))
    begin, end, steps = np.concatenate(first), np.concatenate(second), np.concatenate(apart)
    order = np.lexsort((end, begin))
    begin, end, steps = begin[order], end[order], steps[order]
    rise = (sound.bin[end] - sound.bin[begin] + _BINS) // 2
    later = np.floor(steps / 2 + 0.5).astype(np.int64)
    key = (sound.bin[begin].astype(np.int64) // 2 << 12) | (rise << 6) | later
    return Landmarks(key.astype(np.uint32), begin)


def pack_sound(sound: SoundPrint) -> bytes:
    """Write a print as bytes, compressed: about 4 a peak, 100 a second of sound."""
    step = np.diff(sound.frame, prepend=0).astype("<u4")
    peaks = step.tobytes() + sound.bin.astype("<u2").tobytes()
    return _HEAD.pack(_MAGIC, len(sound), sound.seconds) + zlib.compress(peaks)


def unpack_sound(data: bytes) -> SoundPrint:
    """Read what `pack_sound` wrote. Raises BadInput for anything else."""
    if len(data) < _HEAD.size:
        raise BadInput("a print of sound is cut short")
    magic, n, seconds = _HEAD.unpack_from(data)
    if magic != _MAGIC or n > _MOST_PEAKS or not 0 <= seconds < float("inf"):
        raise BadInput("these bytes are no print of sound")
    length = n * _PEAK_BYTES
    inflating = zlib.decompressobj()
    try:
        peaks = inflating.decompress(data[_HEAD.size :], length + 1)
    except zlib.error:
        peaks = b""
    if len(peaks) != length or not inflating.eof:
        raise BadInput("these bytes are no print of sound, or not all of one")
    frame = np.cumsum(np.frombuffer(peaks, "<u4", n), dtype=np.int64)
    if n and int(frame[-1]) >= 1 << 31:
        raise BadInput("a print of sound lasts longer than there is time")
    lines = np.frombuffer(peaks, "<u2", n, 4 * n).astype(np.int32)
    return SoundPrint(frame=frame.astype(np.int32), bin=lines, seconds=seconds)


def text_of_sound(sound: SoundPrint) -> str:
    """Write a print as text, for an event."""
    return base64.b64encode(pack_sound(sound)).decode("ascii")


def packed_of_text(text: str) -> bytes:
    """Give the bytes that `text_of_sound` wrote. Raises BadInput for anything else."""
    packed = _bytes_of(text)
    unpack_sound(packed)
    return packed


def sound_of_text(text: str) -> SoundPrint:
    """Read what `text_of_sound` wrote. Raises BadInput for anything else."""
    return unpack_sound(_bytes_of(text))


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise BadInput("this text is no print of sound") from None
