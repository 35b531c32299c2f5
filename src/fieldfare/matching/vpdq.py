"""vPDQ's percentages, for those who have set their thresholds in them.

In: the frame tables of two files. Out: which share of each one's frames is in the other. It knows
no time, no turned pictures and no borders; whoever may choose uses `voting.align`. Source: the
rules of `threatexchange.extensions.vpdq` (frames under the quality are left out, equal hashes are
counted once) and the defaults of HMA.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.fingerprints import WHOLE, FrameTable
from fieldfare.matching.pdq import MIN_QUALITY, RADIUS

QUERY_PERCENT: Final = 80.0
"""vPDQ's own rule: a file is a copy if so much of it is in the reference, whatever the rest is."""

_BLOCK: Final = 256
_WORDS: Final = 4


class Percentages(NamedTuple):
    """query: of the file's frames that are in the reference; compared: the reverse. 0 to 100."""

    query: float
    compared: float


def vpdq_percentages(
    query: FrameTable,
    reference: FrameTable,
    *,
    max_distance: int = RADIUS,
    min_quality: int = MIN_QUALITY,
) -> Percentages:
    """Compare two files as vPDQ does; both 0 where either has no frame that is good enough.

    Give tables of one frame a second (`each_second`) for the figures that vPDQ itself would give.
    """
    asked, known = _hashes(query, min_quality), _hashes(reference, min_quality)
    if not len(asked) or not len(known):
        return Percentages(0.0, 0.0)
    in_known = np.zeros(len(asked), np.bool_)
    in_asked = np.zeros(len(known), np.bool_)
    for start in range(0, len(asked), _BLOCK):
        block = asked[start : start + _BLOCK]
        near = np.bitwise_count(block[:, None] ^ known[None]).sum(axis=2) <= max_distance
        in_known[start : start + _BLOCK] = near.any(axis=1)
        in_asked |= near.any(axis=0)
    return Percentages(100.0 * float(in_known.mean()), 100.0 * float(in_asked.mean()))


def each_second(table: FrameTable, *, until_s: float) -> FrameTable:
    """Give the frames shown at 0, 1, 2 ... s, up to `until_s`: vPDQ's default sampling.

    A row stands for what is shown until the next one, so that de-duplicated tables read as those
    with every frame do.
    """
    whole = np.flatnonzero((table.form == 0) & (table.window == WHOLE))
    whole = whole[np.argsort(table.t[whole], kind="stable")]
    moments: Sequence[float] = [float(second) for second in range(int(until_s) + 1)]
    shown = np.searchsorted(table.t[whole], np.asarray(moments) + 1e-3, side="right") - 1
    return table.chosen(whole[shown[shown >= 0]])


def _hashes(table: FrameTable, min_quality: int) -> NDArray[np.uint64]:
    """Give (n, 4) words of the different hashes of whole frames as they are."""
    good = (table.quality >= min_quality) & (table.form == 0) & (table.window == WHOLE)
    rows = np.unique(table.bits[good], axis=0)
    return np.ascontiguousarray(rows).view(np.uint64).reshape(-1, _WORDS)
