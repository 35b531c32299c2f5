"""The errand: what the parent asks of a child, in words both sides share."""

from dataclasses import dataclass
from typing import Final

from fieldfare.media.limits import KINDS, Kind, MediaLimits

DEFAULT_TAPS: Final = ("luma", "pdq", "thumbnails")
THUMBNAIL_PX: Final = 256
STILL_PX: Final = 512
SOUND_BINS: Final = 480
"""Lines of a spectrogram that are looked at."""

FORMS: Final = 8
WHOLE, UNBORDERED, INSET = 0, 1, 2  # windows of a picture that are hashed

READY: Final = b"ready"
MESSAGE_BYTES: Final = 4096
EXIT_ANSWERED: Final = 0
EXIT_OUT_OF_MEMORY: Final = 70
EXIT_FAILED: Final = 71


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Look at one file. taps: names, none at all is plain decoding; kinds: that are accepted.

    gap_s: None to decode every frame; else keyframes, and others where those are further apart.
    """

    limits: MediaLimits
    taps: tuple[str, ...] = DEFAULT_TAPS
    kinds: tuple[Kind, ...] = KINDS
    gap_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended. ended: as wait4 tells it. cpu_s: CPU seconds it used."""

    ended: int
    cpu_s: float
