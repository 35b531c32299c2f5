"""The stage of local features in matching: priority banks, asked about a file's stills.

In: a Fingerprint with stills. Out: sightings, which each bank then judges by its own thresholds.
Without OpenCV, without stills or without a priority bank it finds nothing and costs nothing.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.features.detector import BANK_FEATURES, detect, detect_both, is_available
from fieldfare.matching.features.index import FeatureIndex
from fieldfare.matching.features.local import LocalFeatures
from fieldfare.matching.features.recognition import FeatureMatch, recognise
from fieldfare.matching.fingerprints import WHOLE, Fingerprint, Stills
from fieldfare.matching.matches import Sighting, stretches
from fieldfare.matching.pdq import RADIUS
from fieldfare.matching.repositories import BankRecord
from fieldfare.matching.voting import Pair

BANK_APART_S: Final = 1.0
QUERY_APART_S: Final = 1.2
"""Stills nearer to one another say little new, and each costs some 30 ms."""

MOST_QUERIED: Final = 24
MOST_BANKED: Final = 64
_MIRRORED: Final = 1


class FeatureStage:
    """Finds entries of priority banks by what cut, turned and framed copies keep of them."""

    def __init__(self, index: FeatureIndex) -> None:
        self._index = index

    @property
    def looks_at_stills(self) -> bool:
        """Tell whether there is anything that stills may show."""
        return is_available() and len(self._index) > 0

    def sightings(
        self, fingerprint: Fingerprint, banks: Mapping[str, BankRecord], /
    ) -> list[Sighting]:
        """Find entries in a file's stills. Some 30 ms a still, at most 24 stills."""
        stills = fingerprint.stills
        asked = any(bank.priority for bank in banks.values())
        if stills is None or not len(stills) or not asked or not len(self._index):
            return []
        if not is_available():
            return []
        chosen = spread_stills(stills, apart_s=QUERY_APART_S, most=MOST_QUERIED)
        matches = recognise(detect_both(chosen), self._index)
        return [_sighting(match, chosen.t, fingerprint.seconds) for match in matches]


def features_for_bank(stills: Stills | None) -> LocalFeatures | None:
    """Make what an entry of a priority bank is found by; None where there is nothing to make it of.

    Raises FeaturesUnavailable.
    """
    if stills is None or not len(stills):
        return None
    chosen = spread_stills(stills, apart_s=BANK_APART_S, most=MOST_BANKED)
    features = detect(chosen, most=BANK_FEATURES)
    return features if len(features) else None


def spread_stills(stills: Stills, *, apart_s: float, most: int) -> Stills:
    """Choose stills that are `apart_s` apart or more, at most so many, spread over the time."""
    kept: list[int] = []
    for place, t in enumerate(stills.t.tolist()):
        if not kept or t - stills.t[kept[-1]] >= apart_s:
            kept.append(place)
    if len(kept) > most:
        kept = [kept[int(place)] for place in np.linspace(0, len(kept) - 1, most)]
    return Stills(t=stills.t[kept], pixels=stills.pixels[kept])


def _sighting(match: FeatureMatch, moments: NDArray[np.float64], until_s: float) -> Sighting:
    matched = np.array([pair.t_query for pair in match.pairs])
    spans = stretches(moments, matched, until_s)
    surest = max(match.pairs, key=lambda pair: pair.agreeing)
    form = _MIRRORED if match.mirrored else 0
    return Sighting(
        owner=match.owner,
        means="features",
        # No hash is near, so it counts as the farthest that may still match.
        distance=RADIUS,
        agreeing=surest.agreeing,
        seconds=sum(span.end - span.start for span in spans),
        reference_frames=match.reference_stills,
        offset_s=match.offset_s,
        # Stills lie too far apart to tell how fast time passes between them.
        is_speed_known=False,
        form=form,
        scale=surest.scale,
        turned=surest.turned,
        pairs=tuple(
            Pair(p.t_query, p.t_reference, None, form, WHOLE, p.agreeing) for p in match.pairs
        ),
        spans=spans,
    )
