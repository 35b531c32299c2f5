"""Sound: peaks of a spectrogram, by which a piece of speech or music is recognised.

In: the loudest places of a spectrogram, as the sealed child found them. Out: a SoundPrint, and its
bytes for the store.
"""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import BadInput

_MAGIC: Final = b"FFS1"
_HEAD: Final = struct.Struct("<4sId")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SoundPrint:
    """Peaks in time and frequency, in order of time. Raises BadInput if lengths differ.

    frame: (n,) int32, when, in steps of the spectrogram. bin: (n,) int32, its line. seconds: how
    much sound there is, peaks or none.
    """

    frame: NDArray[np.int32]
    bin: NDArray[np.int32]
    seconds: float

    def __post_init__(self) -> None:
        if self.frame.ndim != 1 or self.frame.shape != self.bin.shape:
            raise BadInput("the peaks of a sound are not of one number")

    def __len__(self) -> int:
        return len(self.frame)


def pack_sound(sound: SoundPrint) -> bytes:
    """Write a print as bytes, 8 a peak, little-endian."""
    head = _HEAD.pack(_MAGIC, len(sound), sound.seconds)
    return head + sound.frame.astype("<i4").tobytes() + sound.bin.astype("<i4").tobytes()


def unpack_sound(data: bytes) -> SoundPrint:
    """Read what `pack_sound` wrote. Raises BadInput for anything else."""
    if len(data) < _HEAD.size:
        raise BadInput("a print of sound is cut short")
    magic, n, seconds = _HEAD.unpack_from(data)
    if magic != _MAGIC or len(data) != _HEAD.size + 8 * n:
        raise BadInput("these bytes are no print of sound, or not all of one")
    frame, bins = np.frombuffer(data, "<i4", 2 * n, _HEAD.size).reshape(2, n).astype(np.int32)
    return SoundPrint(frame=frame, bin=bins, seconds=seconds)
