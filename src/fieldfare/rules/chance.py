"""The standard functions that draw by chance: seeded by the event and the place of the call.

So a replay draws what the live run drew, and two calls in a rule set draw independently.
"""

from collections.abc import Mapping
from typing import Any, Final

import mmh3

from fieldfare.kernel import EventId
from fieldfare.rules.signatures import CallSite, Fixed, function

CHANCE: Final = "chance"
_BITS: Final = 64


def _draw(event_id: EventId, site: CallSite) -> int:
    """Draw a whole number of 64 bits."""
    return mmh3.hash64(f"{site}\0{event_id}", signed=False)[0]


def _share(literals: Mapping[str, Any]) -> str:
    p = literals["percentage"]
    return "" if 0 < p < 1 else "percentage is a share above 0 and below 1, such as 0.25"


@function(name="RandomBool", topic=CHANCE, check=_share, example="RandomBool(percentage=0.01)")
def random_bool(percentage: Fixed[float], event_id: EventId, site: CallSite) -> bool:
    """Be true for a share of the events (0.25 is a quarter), drawn by the event's id."""
    return _draw(event_id, site) < percentage * (1 << _BITS)


def _range(literals: Mapping[str, Any]) -> str:
    start, end = literals["start"], literals["end"]
    if end - start >= 1 << 32:
        return "start and end are at most 4,294,967,295 apart"
    return "" if start < end else "start is not below end"


@function(name="RandomInt", topic=CHANCE, check=_range, example="RandomInt(start=1, end=6) == 6")
def random_int(start: Fixed[int], end: Fixed[int], event_id: EventId, site: CallSite) -> int:
    """Give a whole number from start to end, both included, drawn by the event's id."""
    # Of 2^64 draws at most 2^32 values differ in weight by one draw: no bias anyone could see.
    return start + _draw(event_id, site) % (end - start + 1)
