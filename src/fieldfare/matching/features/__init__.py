"""Local features: the second stage, for copies that no hash of a whole picture meets.

A picture in another picture, a strong crop, a turn by some degrees: their hashes have nothing in
common with the original's, but most of their corners and spots have. Stills become features with
codes (detector, codes), features are kept (local, segments, index), and a file's features are
looked up and held to geometry (recognition, geometry).
"""

from fieldfare.matching.features.detector import (
    BANK_FEATURES,
    QUERY_FEATURES,
    Detected,
    FeaturesUnavailable,
    detect,
    detect_both,
    is_available,
)
from fieldfare.matching.features.index import FeatureIndex, FeatureIndexDamaged
from fieldfare.matching.features.local import LocalFeatures, pack_features, unpack_features
from fieldfare.matching.features.recognition import FeatureMatch, StillPair, recognise
from fieldfare.matching.features.stage import FeatureStage, features_for_bank

__all__ = [
    "BANK_FEATURES",
    "QUERY_FEATURES",
    "Detected",
    "FeatureIndex",
    "FeatureIndexDamaged",
    "FeatureMatch",
    "FeatureStage",
    "FeaturesUnavailable",
    "LocalFeatures",
    "StillPair",
    "detect",
    "detect_both",
    "features_for_bank",
    "is_available",
    "pack_features",
    "recognise",
    "unpack_features",
]
