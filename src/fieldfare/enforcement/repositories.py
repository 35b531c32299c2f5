"""What enforcement asks of the store: webhooks and the outbox."""

from collections.abc import Sequence
from typing import Protocol

from fieldfare.kernel import EventId, Org
from fieldfare.records import OutboxRow, OutboxState, Subject, Webhook


class Webhooks(Protocol):
    """Secrets are stored encrypted under the organisation's data key."""

    def put(self, webhook: Webhook, /) -> None: ...

    def remove(self, org: Org, webhook_id: str, /) -> None: ...

    def all(self, org: Org, /) -> Sequence[Webhook]: ...


class Outbox(Protocol):
    def add(self, rows: Sequence[OutboxRow], /) -> None:
        """Write due rows; unsent rows of the same webhook and subject with a lower revision become
        superseded in the same transaction.
        """
        ...

    def due(self, /, *, now_ms: int, limit: int) -> Sequence[OutboxRow]:
        """Rows due by now, in order: a row waits while an older row of the same (org, webhook,
        subject) is neither acknowledged, dead nor superseded.
        """
        ...

    def mark(
        self,
        row: OutboxRow,
        /,
        *,
        state: OutboxState,
        due_at: int,
        error: str = "",
    ) -> None:
        """Record an attempt (attempts grows by one) with its outcome."""
        ...

    def page(
        self,
        org: Org,
        /,
        *,
        states: frozenset[OutboxState] | None,
        before: EventId | None,
        limit: int,
    ) -> Sequence[OutboxRow]: ...

    def replay(self, org: Org, effect_id: EventId, webhook_id: str, /, *, now_ms: int) -> bool:
        """Make a dead row due again; False if there is no such dead row."""
        ...


class UnsentEffects(Protocol):
    """The undo of a person's decision takes back what has not been sent."""

    def cancel(self, org: Org, subject: Subject, revision: int, /) -> int:
        """Supersede unsent rows of one subject revision; returns how many were still unsent."""
        ...
