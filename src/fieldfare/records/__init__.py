"""The boundary records: Event -> Fact -> Verdict -> Decision -> Case -> Effect, and what they
share.

Everything here is frozen. A change of mind is a new record; the state of today is a projection of
the log. No room's behaviour lives here, only what rooms hand to each other.
"""

from fieldfare.records.cases import Case, CaseState, Exposure, Lease
from fieldfare.records.decisions import Decision, Judgement
from fieldfare.records.effects import Effect, OutboxRow, OutboxState, Webhook
from fieldfare.records.events import Event, History, Log, NewEvent
from fieldfare.records.facts import Fact, FactValue, Signal
from fieldfare.records.items import ItemState, ItemVersion, MediaRef
from fieldfare.records.restrictions import Restriction
from fieldfare.records.rule_hits import HitMode, RuleHit
from fieldfare.records.subjects import ACCOUNT, Role, Subject
from fieldfare.records.verdicts import Reason, ReviewRequest, SeenValue, Verdict, Voice

__all__ = [
    "ACCOUNT",
    "Case",
    "CaseState",
    "Decision",
    "Effect",
    "Event",
    "Exposure",
    "Fact",
    "FactValue",
    "History",
    "HitMode",
    "ItemState",
    "ItemVersion",
    "Judgement",
    "Lease",
    "Log",
    "MediaRef",
    "NewEvent",
    "OutboxRow",
    "OutboxState",
    "Reason",
    "Restriction",
    "ReviewRequest",
    "Role",
    "RuleHit",
    "SeenValue",
    "Signal",
    "Subject",
    "Verdict",
    "Voice",
    "Webhook",
]
