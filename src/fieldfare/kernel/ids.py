"""Ids of the log: time, lane and sequence in 63 bits.

An id is (ms since 2024-01-01 UTC) << 22 | lane (6 bits) << 16 | sequence (16 bits). Within a lane
ids grow in commit order, so the id is the only clock that rules know. In JSON an id is a string,
because 63 bits do not fit the numbers of JavaScript.
"""

from typing import Final, NewType

from fieldfare.kernel.errors import BadInput

EventId = NewType("EventId", int)
Org = NewType("Org", str)

EPOCH_MS: Final = 1_704_067_200_000
"""2024-01-01T00:00:00Z in milliseconds since 1970."""

LANE_BITS: Final = 6
SEQUENCE_BITS: Final = 16
TIME_SHIFT: Final = LANE_BITS + SEQUENCE_BITS
LANES: Final = 1 << LANE_BITS
SEQUENCES: Final = 1 << SEQUENCE_BITS
MAX_ID: Final = (1 << 63) - 1
LAST_ID: Final = EventId(MAX_ID)
"""As of now: no event comes after it."""
HISTORY_LANE: Final = LANES - 1
"""The lane of imported history; events in it feed counters and backtests and have no effects."""


def make_id(at_ms: int, *, lane: int = 0, sequence: int = 0) -> EventId:
    """Pack a moment (ms since 1970), a lane and a sequence into an id.

    Raises ValueError for a moment before 2024 or after 2093, and for a lane or sequence out of
    range.
    """
    ms = at_ms - EPOCH_MS
    if ms < 0 or not 0 <= lane < LANES or not 0 <= sequence < SEQUENCES:
        raise ValueError(f"no id for at_ms={at_ms} lane={lane} sequence={sequence}")
    packed = ms << TIME_SHIFT | lane << SEQUENCE_BITS | sequence
    if packed > MAX_ID:
        raise ValueError(f"at_ms={at_ms} is past the last moment an id can hold")
    return EventId(packed)


def first_id(at_ms: int) -> EventId:
    """Give the first id a moment can have; the first or last of all for one ids do not reach."""
    return EventId(min(max(0, at_ms - EPOCH_MS) << TIME_SHIFT, MAX_ID))


def id_before(at_ms: int) -> EventId:
    """Give the last id before a moment: 0, which no event has, where there is none."""
    return EventId(max(0, first_id(at_ms) - 1))


def next_id(last: int, *, now_ms: int, lane: int = 0) -> EventId:
    """Give the id after `last` in its lane: at `now_ms`, or at the last id's moment if the clock
    lags.

    When the 65,536 ids of one millisecond are used up, the next millisecond is borrowed.
    """
    ms = now_ms - EPOCH_MS
    last_ms = last >> TIME_SHIFT
    if ms > last_ms:
        return EventId(ms << TIME_SHIFT | lane << SEQUENCE_BITS)
    sequence = (last & (SEQUENCES - 1)) + 1
    if sequence == SEQUENCES:
        return EventId((last_ms + 1) << TIME_SHIFT | lane << SEQUENCE_BITS)
    return EventId(last_ms << TIME_SHIFT | lane << SEQUENCE_BITS | sequence)


def at_of(event_id: int) -> int:
    """Read the moment an id was given, in ms since 1970."""
    return (event_id >> TIME_SHIFT) + EPOCH_MS


def lane_of(event_id: int) -> int:
    """Read the lane (0..63) an id was given in."""
    return (event_id >> SEQUENCE_BITS) & (LANES - 1)


def is_history(event_id: int) -> bool:
    """Tell whether an id was made from the host's time when history was imported."""
    return lane_of(event_id) == HISTORY_LANE


def sequence_of(event_id: int) -> int:
    """Read the place of an id within its lane and millisecond."""
    return event_id & (SEQUENCES - 1)


def parse_id(text: str) -> EventId:
    """Read an id from its JSON form. Raises BadInput for anything but 1 to 19 ASCII digits in
    range.
    """
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID)) and int(text) <= MAX_ID:
        return EventId(int(text))
    raise BadInput(f"{text[:40]!r} is not an id", hint="An id is a string of up to 19 digits.")
