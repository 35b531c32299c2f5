"""Matching: known content, named lists and normalised text."""

from fieldfare.matching.flat import FlatIndex, Hits
from fieldfare.matching.frame_hashes import hashes_of, table_of
from fieldfare.matching.matches import DECIDED_BANK, BankMatch
from fieldfare.matching.pdq import (
    MIN_QUALITY,
    RADIUS,
    FrameHash,
    distance,
    hex_of,
    row_of,
)

__all__ = [
    "DECIDED_BANK",
    "MIN_QUALITY",
    "RADIUS",
    "BankMatch",
    "FlatIndex",
    "FrameHash",
    "Hits",
    "distance",
    "hashes_of",
    "hex_of",
    "row_of",
    "table_of",
]
