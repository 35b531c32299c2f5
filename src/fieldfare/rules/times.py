"""The standard functions on time. The event's id is the only clock: a replay sees the same time."""

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fieldfare.kernel import EPOCH_MS, EventId, at_of
from fieldfare.rules.signatures import Fixed, Milliseconds, function

TIME: Final = "time"
MAX_WRITTEN: Final = 64
MAX_DELTA_MS: Final = 100 * 366 * 86_400_000
"""TimeDelta goes up to a hundred years."""

_LEAST_S: Final = 3_600
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_UNIT_MS: Final[Mapping[str, int]] = {
    "weeks": 604_800_000,
    "days": 86_400_000,
    "hours": 3_600_000,
    "minutes": 60_000,
    "seconds": 1_000,
}


def _length(literals: Mapping[str, Any]) -> str:
    ms = sum(literals[unit] * each for unit, each in _UNIT_MS.items())
    return "" if abs(ms) <= MAX_DELTA_MS else "a TimeDelta is at most a hundred years"


@function(
    name="TimeDelta",
    topic=TIME,
    check=_length,
    example="TimeSince(timestamp=Joined) < TimeDelta(days=7)",
)
def time_delta(
    weeks: Fixed[int] = 0,
    days: Fixed[int] = 0,
    hours: Fixed[int] = 0,
    minutes: Fixed[int] = 0,
    seconds: Fixed[int] = 0,
) -> Milliseconds:
    """Give a length of time; lengths compare with each other."""
    written = zip((weeks, days, hours, minutes, seconds), _UNIT_MS.values(), strict=True)
    return Milliseconds(sum(count * each for count, each in written))


def moment_ms(written: str) -> int | None:
    """Read a moment in ms since 1970: ISO 8601 or the date of a mail; UTC if it names no offset."""
    if len(written) > MAX_WRITTEN:
        return None
    written = written.strip()
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        try:
            read = email.utils.parsedate_to_datetime(written)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    try:
        return (read.replace(tzinfo=read.tzinfo or UTC) - _1970) // _MS
    except OverflowError:
        return None


@function(
    name="TimeSince",
    topic=TIME,
    example="TimeSince(timestamp=Joined) < TimeDelta(hours=1)",
)
def time_since(timestamp: str, event_id: EventId) -> Milliseconds | None:
    """Give how long before the event a moment was, never less than nothing. The moment is ISO 8601
    or the date of a mail; its offset counts, without one it is UTC. Unknown if it is no moment.
    """
    then = moment_ms(timestamp)
    return None if then is None else Milliseconds(max(0, at_of(event_id) - then))


def _granularity(literals: Mapping[str, Any]) -> str:
    least = literals["granularity_seconds"] >= _LEAST_S
    return "" if least else "granularity_seconds is at least 3600, an hour"


@function(
    name="GetTimestampBucket",
    topic=TIME,
    check=_granularity,
    example="GetTimestampBucket(timestamp=PostedAt, granularity_seconds=86400)",
)
def timestamp_bucket(timestamp: int, granularity_seconds: Fixed[int]) -> int:
    """Round a moment, in seconds since 1970, down to a multiple of the granularity."""
    return timestamp - timestamp % granularity_seconds


@function(
    name="GetTimedeltaBucket",
    topic=TIME,
    check=_granularity,
    example="GetTimedeltaBucket(timedelta=Age, granularity_seconds=86400) == 0",
)
def timedelta_bucket(timedelta: Milliseconds, granularity_seconds: Fixed[int]) -> int:
    """Give a length of time in whole seconds, rounded down to a multiple of the granularity."""
    whole = timedelta // 1_000 if timedelta >= 0 else -(-timedelta // 1_000)
    return whole - whole % granularity_seconds


@function(
    name="GetSnowflakeBucket",
    topic=TIME,
    check=_granularity,
    example="GetSnowflakeBucket(snowflake=GetActionId(), granularity_seconds=3600)",
)
def snowflake_bucket(
    snowflake: int, granularity_seconds: Fixed[int], epoch_ms: Fixed[int] = EPOCH_MS
) -> int:
    """Give the moment in an id (its bits above the lowest 22, in ms since `epoch_ms`) in seconds
    since 1970, rounded down to a multiple of the granularity. The epoch is that of event ids unless
    another is given.
    """
    seconds = ((snowflake >> 22) + epoch_ms) // 1_000
    return seconds - seconds % granularity_seconds


def written_delta(ms: int) -> str:
    """Write a length of time for people: `3d 4h`, at most two units; below a second `250ms`."""
    sign, rest = ("-", -ms) if ms < 0 else ("", ms)
    parts = []
    for unit, each in _UNIT_MS.items():
        count, rest = divmod(rest, each)
        if count:
            parts.append(f"{count}{unit[0]}")
    return sign + (" ".join(parts[:2]) or f"{rest}ms")
