"""Effects: what is carried to the host because of a decision, at least once and in order."""

from dataclasses import dataclass
from enum import StrEnum

from fieldfare.kernel import EventId, Org
from fieldfare.records.restrictions import Restriction
from fieldfare.records.subjects import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing for the host to carry out. `kind` is a restriction's kind, or "allow".

    id: `<decision id>-<part>`, the same for every delivery. part: 0, 1, 2... within the decision.
    of: how many effects this decision has for the subject, so that a receiver knows when it has
    them all. subject_revision: a newer one supersedes unsent older ones.
    reasons_public: words fit for the author of the item.
    """

    org: Org
    id: str
    at: int
    kind: str
    decision_id: EventId
    part: int
    subject: Subject
    version: str
    subject_revision: int
    of: int
    restriction: Restriction | None
    policy: str
    reasons_public: tuple[str, ...] = ()


class OutboxState(StrEnum):
    """due -> sent -> acknowledged | dead; superseded when a newer revision overtook it.

    sent: tried at least once without a good answer, and tried again at its `due_at`.
    """

    DUE = "due"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    DEAD = "dead"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where effects are carried. `kinds`: empty means every kind. Secrets are `whsec_...`, newest
    first.
    """

    org: Org
    id: str
    url: str
    secrets: tuple[str, ...]
    kinds: frozenset[str] = frozenset()
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One effect on its way to one webhook. `due_at`: ms since 1970; `error`: of the last try.

    id: of the effect; (org, id, webhook_id) is unique. Order is by (decision_id, part), the
    webhook's id last.
    """

    org: Org
    id: str
    decision_id: EventId
    part: int
    webhook_id: str
    subject: Subject
    subject_revision: int
    body: bytes
    state: OutboxState
    attempts: int
    due_at: int
    error: str = ""

    @property
    def place(self) -> tuple[EventId, int, str]:
        """Where the row stands in the outbox of its organisation; the cursor of its pages."""
        return (self.decision_id, self.part, self.webhook_id)
