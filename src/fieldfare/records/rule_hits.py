"""Rule hits: that a rule of a version fired on an event, and what it asked for or would have."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldfare.kernel import EventId, Org
from fieldfare.records.subjects import Subject

THREW: Final = "error"
"""The action of a row that says a rule threw: it is counted, and is no hit."""


class HitMode(StrEnum):
    """How the version ran: it decided as the live one or in a rollout, or ran without effects."""

    LIVE = "live"
    ROLLOUT = "rollout"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHit:
    """One rule that fired, or threw, on one event.

    rule_set: hash of the version. version: digest of the item version. action: the gravest
    restriction it asks for, "review" if it only asks a person, "" if nothing, "error" if it threw.
    novel: nothing else found the event: no rule of the version that decided asked for anything, or
    no other rule did. queue: of the first person it asks, "" without one.
    """

    org: Org
    event_id: EventId
    rule_set: str
    rule: str
    mode: HitMode
    subject: Subject
    version: str
    action: str = ""
    novel: bool = False
    queue: str = ""
