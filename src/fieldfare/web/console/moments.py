"""Moments and the JSON twin: a view record flows in, the bytes of its page or its JSON flow out.

Views keep times as Moment, so that JSON writes RFC 3339 and pages write "3 min ago" from one value.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec

from fieldfare.kernel import rfc3339

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400


class Moment:
    """A point in time, in ms since 1970. Equal when the ms are."""

    __slots__ = ("ms",)

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moment) and self.ms == other.ms

    def __hash__(self) -> int:
        return hash(self.ms)

    def __str__(self) -> str:
        return rfc3339(self.ms)

    @property
    def day_and_time(self) -> str:
        """Write it for people, in UTC: `22 Nov 2026, 09:30:05`."""
        return f"{datetime.fromtimestamp(self.ms / 1000, UTC):%-d %b %Y, %H:%M:%S}"

    @property
    def day(self) -> str:
        """Write its day for people, in UTC: `22 Nov 2026`."""
        return f"{datetime.fromtimestamp(self.ms / 1000, UTC):%-d %b %Y}"

    @property
    def day_before(self) -> str:
        """Write the last day that is over at this moment, for the end of a span."""
        return Moment(self.ms - 1).day


def length(ms: int) -> str:
    """Write a stretch of time in its one largest fitting unit: `45 s`, `3 min`, `2 h`, `9 d`."""
    seconds = max(0, ms) // 1000
    if seconds < 2 * MINUTE:
        return f"{seconds}\N{NO-BREAK SPACE}s"
    if seconds < 2 * HOUR:
        return f"{seconds // MINUTE}\N{NO-BREAK SPACE}min"
    if seconds < 2 * DAY:
        return f"{seconds // HOUR}\N{NO-BREAK SPACE}h"
    return f"{seconds // DAY}\N{NO-BREAK SPACE}d"


def _encode(value: object) -> object:
    if isinstance(value, Moment):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_encode, order="deterministic")


def twin(view: object) -> bytes:
    """Write a view record as JSON."""
    return _ENCODER.encode(view)
