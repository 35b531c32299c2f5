"""Time enters here and nowhere else, so that a simulation can drive it."""

import threading
import time
from datetime import UTC, datetime
from typing import Final, Protocol

LAST_MS: Final = 253_402_300_799_999
"""The end of the year 9999: the last moment that RFC 3339 can write."""


class Clock(Protocol):
    """Tells the time in ms since 1970 (UTC). Ids, leases, strikes and the outbox all read it."""

    def now_ms(self) -> int: ...


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class SimulatedClock:
    """A clock that moves only when told to. Safe to read from any thread."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        with self._lock:
            return self._now_ms

    def advance(self, ms: int) -> int:
        """Move forward by `ms` (>= 0) and return the new time. Raises ValueError if `ms` is
        negative.
        """
        if ms < 0:
            raise ValueError("time does not run backwards")
        with self._lock:
            self._now_ms += ms
            return self._now_ms

    def advance_to(self, at_ms: int) -> None:
        """Move to `at_ms` if that is later than now; otherwise stay."""
        with self._lock:
            self._now_ms = max(self._now_ms, at_ms)


def rfc3339(at_ms: int) -> str:
    """Write a moment as RFC 3339 in UTC with milliseconds: `2026-11-22T09:30:00.000Z`."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def unix_ms(text: str) -> int:
    """Read an RFC 3339 moment with an offset as ms since 1970.

    Raises ValueError if it is not one: a moment without an offset is a guess, and we do not guess.
    Neither is one before 1970 or after 9999 in UTC: what is read can be written again.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; write it as in 2026-11-22T09:30:00Z")
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    at_ms = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    if not 0 <= at_ms <= LAST_MS:
        raise ValueError(f"{text!r} is not between 1970 and 9999")
    return at_ms
