"""Shapes: what the arrays of the built-in taps must look like before anybody computes with them.

A child that was taken over can write any numbers; it must not be able to make the parent fail
later, far from here, where the numbers are used.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from fieldfare.media.errand import FORMS, INSET, SOUND_BINS, STILL_PX, THUMBNAIL_PX, UNBORDERED
from fieldfare.media.findings import Array
from fieldfare.media.wire import NonsenseAnswer

_MOST_S: Final = 1e6
_ANY_PICTURE: Final = (-1, -1)
_MOST: Final = {
    "probes.form": FORMS - 1,
    "probes.window": INSET,
    "rows.window": UNBORDERED,
    "sound.bin": SOUND_BINS - 1,
}
_KNOWN: Final[Mapping[str, tuple[str, tuple[int, ...]]]] = {
    "luma.t": ("f8", ()),
    "luma.until": ("f8", ()),
    "luma.dark": ("f8", ()),
    "luma.change": ("f8", ()),
    "pdq.t": ("f8", ()),
    "pdq.bits": ("u1", (32,)),
    "pdq.quality": ("u1", ()),
    "probes.t": ("f8", ()),
    "probes.bits": ("u1", (32,)),
    "probes.quality": ("u1", ()),
    "probes.form": ("u1", ()),
    "probes.window": ("u1", ()),
    "rows.t": ("f8", ()),
    "rows.bits": ("u1", (32,)),
    "rows.quality": ("u1", ()),
    "rows.window": ("u1", ()),
    "sound.frame": ("i4", ()),
    "sound.bin": ("i4", ()),
    "heard.s": ("f8", ()),
    "stills.t": ("f8", ()),
    "stills.pixels": ("u1", _ANY_PICTURE),
    "thumb.t": ("f8", ()),
    "thumb.rgb": ("u1", (THUMBNAIL_PX, THUMBNAIL_PX, 3)),
}


def check_shapes(arrays: Mapping[str, Array]) -> None:
    """Raise NonsenseAnswer unless each tap's arrays have one length and growing times."""
    rows: dict[str, int] = {}
    for name, (dtype, shape) in _KNOWN.items():
        tap = name.partition(".")[0]
        array = arrays.get(name)
        if array is None:
            if any(other.startswith(f"{tap}.") for other in arrays):
                raise NonsenseAnswer(f"{name} is missing")
            continue
        if array.dtype.str[1:] != dtype or not _fits(array, shape):
            raise NonsenseAnswer(f"{name} is out of shape")
        if name in _MOST and len(array) and array.max() > _MOST[name]:
            raise NonsenseAnswer(f"{name} holds what there is not")
        if rows.setdefault(tap, len(array)) != len(array):
            raise NonsenseAnswer(f"{name} has another length than the rest")
        if name == "sound.bin" and len(array) and array.min() < 0:
            raise NonsenseAnswer(f"{name} holds what there is not")
        if name.endswith((".t", ".frame", ".s")) and not _is_time(array):
            raise NonsenseAnswer(f"{name} does not grow")


def _fits(array: Array, shape: tuple[int, ...]) -> bool:
    if shape == _ANY_PICTURE:
        return array.ndim == 1 + len(shape) and max(array.shape[1:]) <= STILL_PX
    return array.ndim >= 1 and array.shape[1:] == shape


def _is_time(t: Array) -> bool:
    return bool(len(t) == 0 or (t[0] >= 0 and t[-1] <= _MOST_S and (np.diff(t) >= 0).all()))
