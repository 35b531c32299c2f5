"""Cases: what a person is asked to decide, and the lease under which one person holds it."""

from dataclasses import dataclass
from enum import StrEnum

from fieldfare.kernel import EventId, Org
from fieldfare.records.subjects import Subject


class CaseState(StrEnum):
    """ready -> leased -> decided | cancelled | superseded. A lapsed lease goes back to ready."""

    READY = "ready"
    LEASED = "leased"
    DECIDED = "decided"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right of one person to decide a case. The token is random; only its SHA-256 is stored."""

    reviewer: str
    token_sha256: str
    granted_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question to a person about one item version.

    id: of the case.opened event. lane: 0 first; due_at: ms since 1970, from the policy's deadline.
    decision_id: the decision that asked; policies: candidates, likeliest first. lease: stays on a
    decided case, to say who decided. excluded: pseudonyms of people who skipped or escalated it and
    are not asked again.
    """

    org: Org
    id: EventId
    queue: str
    subject: Subject
    version: str
    policies: tuple[str, ...]
    decision_id: EventId
    reason: str
    lane: int
    opened_at: int
    due_at: int
    state: CaseState
    lease: Lease | None = None
    closed_at: int | None = None
    outcome: str = ""
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One look of one person at clear media, counted where the bytes are served."""

    org: Org
    id: EventId
    reviewer: str
    case_id: EventId
    version: str
    policy: str
    what: str
    at: int
