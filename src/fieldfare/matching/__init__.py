"""Matching: known content, named lists and normalised text."""

from fieldfare.matching.banks import (
    DECIDED_BANK,
    Bank,
    BankEntry,
    BankIndex,
    BankMatch,
    hashes_of,
    match_frames,
)
from fieldfare.matching.flat import FlatIndex, Hits
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
    "Bank",
    "BankEntry",
    "BankIndex",
    "BankMatch",
    "FlatIndex",
    "FrameHash",
    "Hits",
    "distance",
    "hashes_of",
    "hex_of",
    "match_frames",
    "row_of",
]
