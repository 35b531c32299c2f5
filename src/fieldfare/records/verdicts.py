"""Verdicts: what one voice (an order, an appeal, a person, a rule) says about one item version.

What every rule that fires makes anew is a msgspec.Struct, which is made several times as fast as a
frozen dataclass.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from fieldfare.kernel import EventId, JsonValue, Span
from fieldfare.records.restrictions import Restriction
from fieldfare.records.subjects import Subject


class Voice(StrEnum):
    """Who speaks. The higher class is heard first: order > appeal > person > rule."""

    ORDER = "order"
    APPEAL = "appeal"
    PERSON = "person"
    RULE = "rule"


class SeenValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value a rule saw, beside what it was compared with: `visual.nsfw` 0.93 `>=` 0.9."""

    name: str
    value: JsonValue
    unknown: str | None = None
    op: str = ""
    threshold: JsonValue = None
    spans: tuple[Span, ...] = ()


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a verdict says what it says: the rule or person, its own words, the values it saw."""

    by: str
    policy: str = ""
    description: str = ""
    seen: tuple[SeenValue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """A wish for a person to look: which queue, under which policy, how soon (lower is sooner)."""

    queue: str
    policy: str
    reason: str = ""
    lane: int = 1


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one voice asks for. An empty `restrictions` says: nothing against it.

    subject: the item or account it restricts. event_id: the event that carried it. version: digest
    of the item version it is about. after_person: a rule allowed to overrule a person
    (known-content match, authority order).
    """

    by: Voice
    author: str
    subject: Subject
    version: str
    event_id: EventId
    restrictions: tuple[Restriction, ...] = ()
    review: tuple[ReviewRequest, ...] = ()
    reasons: tuple[Reason, ...] = ()
    after_person: bool = False
