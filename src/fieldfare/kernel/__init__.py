"""What every room stands on: ids, time, errors, Unknown, spans. No input or output happens here."""

from fieldfare.kernel.canonical import JsonValue, canonical_json, digest
from fieldfare.kernel.clock import Clock, SimulatedClock, SystemClock, rfc3339, unix_ms
from fieldfare.kernel.errors import (
    BadInput,
    Conflict,
    FieldfareError,
    NotFound,
    NotPermitted,
    NotSignedIn,
    Overloaded,
    TooLarge,
    Unavailable,
    did_you_mean,
)
from fieldfare.kernel.ids import (
    EPOCH_MS,
    HISTORY_LANE,
    EventId,
    Org,
    at_of,
    is_history,
    lane_of,
    make_id,
    next_id,
    parse_id,
    sequence_of,
)
from fieldfare.kernel.spans import Span
from fieldfare.kernel.texts import utf8_text
from fieldfare.kernel.traces import trace_of
from fieldfare.kernel.unknown import Unknown

__all__ = [
    "EPOCH_MS",
    "HISTORY_LANE",
    "BadInput",
    "Clock",
    "Conflict",
    "EventId",
    "FieldfareError",
    "JsonValue",
    "NotFound",
    "NotPermitted",
    "NotSignedIn",
    "Org",
    "Overloaded",
    "SimulatedClock",
    "Span",
    "SystemClock",
    "TooLarge",
    "Unavailable",
    "Unknown",
    "at_of",
    "canonical_json",
    "did_you_mean",
    "digest",
    "is_history",
    "lane_of",
    "make_id",
    "next_id",
    "parse_id",
    "rfc3339",
    "sequence_of",
    "trace_of",
    "unix_ms",
    "utf8_text",
]
