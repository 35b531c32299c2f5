"""Cases for people: queues, leases, verdicts, and the care for those who look."""

from fieldfare.review.choices import Action, Choice, ChoiceUnfit, consequences, foreseen
from fieldfare.review.opening import (
    CASE_OPENED,
    CASE_OVERDUE,
    announce_overdue,
    drop_answered,
    end_cases,
    open_cases,
)
from fieldfare.review.repositories import Cases, Exposures, QueueDepths
from fieldfare.review.reveals import MEDIA_REVEALED, STILLS, VIDEO, Reveal, RevealRefused
from fieldfare.review.reviewing import (
    CASE_ESCALATED,
    CASE_SKIPPED,
    ESCALATION_QUEUE,
    VERDICT_GIVEN,
    VERDICT_WITHDRAWN,
    CaseUnknown,
    Closed,
    Decide,
    Held,
    Hold,
    Reviewing,
    ReviewTimes,
)
from fieldfare.review.transitions import OPEN_STATES, CaseNotLeased, UndoTooLate
from fieldfare.review.unit import ReviewUnit

__all__ = [
    "CASE_ESCALATED",
    "CASE_OPENED",
    "CASE_OVERDUE",
    "CASE_SKIPPED",
    "ESCALATION_QUEUE",
    "MEDIA_REVEALED",
    "OPEN_STATES",
    "STILLS",
    "VERDICT_GIVEN",
    "VERDICT_WITHDRAWN",
    "VIDEO",
    "Action",
    "CaseNotLeased",
    "CaseUnknown",
    "Cases",
    "Choice",
    "ChoiceUnfit",
    "Closed",
    "Decide",
    "Exposures",
    "Held",
    "Hold",
    "QueueDepths",
    "Reveal",
    "RevealRefused",
    "ReviewTimes",
    "ReviewUnit",
    "Reviewing",
    "UndoTooLate",
    "announce_overdue",
    "consequences",
    "drop_answered",
    "end_cases",
    "foreseen",
    "open_cases",
]
