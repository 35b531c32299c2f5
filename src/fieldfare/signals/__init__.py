"""Signals: each finds facts about an item; the scanner gathers those of a media file."""

from fieldfare.signals.hashes import HASH_FACTS
from fieldfare.signals.media import MEDIA_FACTS
from fieldfare.signals.nudity_model import ModelMissing, NudityModel
from fieldfare.signals.scanner import SCAN_FACTS, Scanner, ScanResult
from fieldfare.signals.stills import Still
from fieldfare.signals.visual import VISUAL_FACTS, PictureModel

__all__ = [
    "HASH_FACTS",
    "MEDIA_FACTS",
    "SCAN_FACTS",
    "VISUAL_FACTS",
    "ModelMissing",
    "NudityModel",
    "PictureModel",
    "ScanResult",
    "Scanner",
    "Still",
]
