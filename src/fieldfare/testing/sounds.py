"""Synthetic prints of sound, for tests: peaks as a piece of music or speech leaves them."""

import numpy as np

from fieldfare.matching.sound import SoundPrint

_STEPS_A_SECOND = 31.25


def a_sound(seed: int, *, seconds: float = 15.0) -> SoundPrint:
    """Make the peaks of one piece of sound: 16 a second."""
    draw = np.random.default_rng(seed)
    n = round(16 * seconds)
    frame = np.sort(draw.integers(0, int(seconds * _STEPS_A_SECOND), n)).astype(np.int32)
    return SoundPrint(frame=frame, bin=draw.integers(20, 470, n).astype(np.int32), seconds=seconds)


def copy_of(
    sound: SoundPrint, *, speed: float = 1.0, lost: float = 0.0, seed: int = 0
) -> SoundPrint:
    """Make the peaks of a copy that plays `speed` times as fast and has lost a share of them."""
    draw = np.random.default_rng(seed)
    kept = draw.random(len(sound)) >= lost
    frame = np.round(sound.frame[kept] / speed).astype(np.int32)
    return SoundPrint(frame=frame, bin=sound.bin[kept], seconds=sound.seconds / speed)


def joined_sounds(*sounds: SoundPrint) -> SoundPrint:
    """Play sounds one after the other."""
    starts = np.cumsum([0.0, *(sound.seconds for sound in sounds)])
    frames = [
        sound.frame + round(float(start) * _STEPS_A_SECOND)
        for sound, start in zip(sounds, starts, strict=False)
    ]
    return SoundPrint(
        frame=np.concatenate(frames).astype(np.int32),
        bin=np.concatenate([sound.bin for sound in sounds]),
        seconds=float(starts[-1]),
    )
