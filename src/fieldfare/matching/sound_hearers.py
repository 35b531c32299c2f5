"""Who has a sound in them: the other way round than recognising, for a sound that arrives later.

In: the print of one sound, and an index of what was posted. Out: the owners that probably have it,
each to be looked up in turn. Unlike entries of a bank, thousands of uploads may have one sound, so
no landmark is too common here, and all owners are told.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.sound import QUERY_FAN, STEP_S, Landmarks, SoundPrint, landmarks_of
from fieldfare.matching.sound_index import SoundIndex
from fieldfare.matching.sound_stage import SPEEDS

LEAST_VOTES: Final = 12
"""Peaks of the sound that must meet an owner within a quarter of a second: fewer than recognising
asks for, which looks closer."""

_WINDOW_S: Final = 30.0
_AT_ONCE: Final = 512
_MOST_OF_ONE: Final = 20_000
_MOST_MET: Final = 8_000_000
_OFFSET_STEPS: Final = 8
_OFFSETS: Final = 1 << 20


def owners_hearing(sound: SoundPrint, index: SoundIndex) -> list[int]:
    """Find the owners that have a part of a sound in them, at any speed. Ascending.

    Each 30 s are looked for by themselves; memory stays below some 500 MB whatever is met.
    """
    owners = index.owners()
    found = np.zeros(len(owners), np.bool_)
    if len(owners):
        for window in _windows(sound):
            for speed in SPEEDS:
                # What is asked with here is what was posted there.
                asked = landmarks_of(window, fan=QUERY_FAN, speed=1 / speed)
                found |= _voted(window, asked, 1 / speed, index, owners)
    return [int(owner) for owner in owners[found]]


def _windows(sound: SoundPrint) -> Iterator[SoundPrint]:
    steps = round(_WINDOW_S / STEP_S)
    last = int(sound.frame[-1]) if len(sound) else -1
    for start in range(0, last + 1, steps):
        low, high = np.searchsorted(sound.frame, (start, start + steps))
        frame, line = sound.frame[low:high] - start, sound.bin[low:high]
        yield SoundPrint(frame=frame, bin=line, seconds=_WINDOW_S)


def _voted(
    sound: SoundPrint,
    asked: Landmarks,
    speed: float,
    index: SoundIndex,
    owners: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Tell which owners enough peaks meet at one offset in time: (f,)."""
    most = max(1, len(sound))
    voted = [np.empty(0, np.int64)]
    met_so_far = 0
    for start in range(0, len(asked.key), _AT_ONCE):
        block = slice(start, start + _AT_ONCE)
        met = index.met(asked.key[block], most=_MOST_OF_ONE)
        peak = asked.anchor[block][met.query]
        offset = np.round((met.step - speed * sound.frame[peak]) / _OFFSET_STEPS).astype(np.int64)
        rank = np.minimum(np.searchsorted(owners, met.owner), len(owners) - 1)
        place = rank * _OFFSETS + offset + _OFFSETS // 2
        known = owners[rank] == met.owner  # one may have come since
        # A peak votes once for a place, however many of its landmarks meet there.
        voted.append(np.unique((place * most + peak)[known]))
        met_so_far += len(peak)
        if met_so_far > _MOST_MET:
            break  # whoever has all of it has shown by now
    places, votes = np.unique(np.unique(np.concatenate(voted)) // most, return_counts=True)
    heard = np.zeros(len(owners), np.bool_)
    heard[places[votes >= LEAST_VOTES] // _OFFSETS] = True
    return heard
