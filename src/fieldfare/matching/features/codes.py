"""Codes of local features: a SIFT descriptor becomes 256 bits that can be compared by counting.

In: descriptors (n, 128) as OpenCV gives them. Out: codes (n, 32) uint8. Two descriptors of the same
place differ in some 10 to 60 bits, those of different places in some 128. The numbers here are part
of what is stored: a change makes every stored code worthless.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

CODE_BYTES: Final = 32
DESCRIPTOR: Final = 128
_CELLS: Final = 4
_BINS: Final = 8
_SEED: Final = 20_061_201

_UPPER_MEAN: Final = (
    (69, 53, 46, 47, 62, 37, 31, 38, 144, 81, 47, 45, 58, 36, 34, 68),
    (141, 69, 38, 37, 55, 36, 40, 79, 69, 37, 30, 33, 49, 37, 41, 54),
    (84, 56, 49, 57, 77, 49, 38, 48, 179, 94, 53, 58, 74, 48, 41, 92),
    (180, 90, 46, 46, 64, 47, 48, 94, 87, 46, 35, 40, 58, 44, 46, 56),
)
"""Mean of the upper two rows of cells over street scenes, objects and patterns, in thousandths of a
root. The lower two are their mirror image: no way round is commoner than the other."""


def codes_of(descriptors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Give the signs of the descriptors' square roots, centred, along 256 fixed directions.

    The root makes the distance one of histograms (Arandjelovic and Zisserman 2012, "Three things
    everyone should know to improve object retrieval"); signs along random directions keep angles
    (Charikar 2002, "Similarity estimation techniques from rounding algorithms").
    """
    sums = np.maximum(descriptors.sum(axis=1, keepdims=True), 1.0)
    centred = np.sqrt(descriptors / sums) - _mean()
    bits: NDArray[np.uint8] = np.packbits(centred @ _directions() > 0, axis=1)
    return bits


def mirrored(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the descriptors that the mirrored picture would have, without looking at it again.

    In the frame of a feature, mirroring swaps the rows of its grid and turns each direction about.
    """
    grids = descriptors.reshape(-1, _CELLS, _CELLS, _BINS)
    turned = np.roll(grids[:, ::-1, :, ::-1], 1, axis=3)
    return np.ascontiguousarray(turned.reshape(-1, DESCRIPTOR))


@cache
def _mean() -> NDArray[np.float32]:
    halves = np.zeros((1, DESCRIPTOR), np.float32)
    halves[0, : DESCRIPTOR // 2] = np.array(_UPPER_MEAN).ravel() / 1000
    whole: NDArray[np.float32] = halves + mirrored(halves)
    return whole


@cache
def _directions() -> NDArray[np.float32]:
    """Give (128, 256): two sets of directions at right angles, so that no two bits are alike.

    Drawn from the generator whose numbers NumPy promises never to change; the signs that a
    factorisation leaves open are settled, so that every library gives the same directions.
    """
    chance = np.random.RandomState(_SEED)
    turns = []
    for _ in range(2):
        across, upper = np.linalg.qr(chance.standard_normal((DESCRIPTOR, DESCRIPTOR)))
        turns.append(across * np.sign(np.diag(upper)))
    return np.concatenate(turns, axis=1).astype(np.float32)
