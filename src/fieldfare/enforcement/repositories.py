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
        """Write due rows; rows of the same (org, webhook, subject) with a lower revision that are
        due or sent become superseded in the same transaction.
        """
        ...

    def due(
        self,
        /,
        *,
        now_ms: int,
        limit: int,
        skip: frozenset[tuple[Org, str]] = frozenset(),
    ) -> Sequence[OutboxRow]:
        """Rows (due or sent) whose `due_at` has come, by (due_at, decision_id, part).

        At most one a (org, webhook, subject): a row waits while an older row by (decision_id,
        part) of the same three is due or sent. skip: (org, webhook id) to leave out.
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
        """Record an attempt (attempts grows by one) with its outcome.

        A row that was superseded meanwhile stays so, unless the outcome is acknowledged.
        """
        ...

    def page(
        self,
        org: Org,
        /,
        *,
        states: frozenset[OutboxState] | None,
        before: tuple[EventId, int, str] | None,
        limit: int,
    ) -> Sequence[OutboxRow]:
        """Newest first by `OutboxRow.place`; before: the place of the last row already seen."""
        ...

    def replay(self, org: Org, effect_id: str, webhook_id: str, /, *, now_ms: int) -> bool:
        """Make a dead row due at `now_ms`, its attempts at 0; False if there is no such dead row.

        A newer revision of the same subject that exists meanwhile wins: then False as well.
        """
        ...


class UnsentEffects(Protocol):
    """The undo of a person's decision takes back what has not been sent."""

    def cancel(self, org: Org, subject: Subject, revision: int, /) -> int:
        """Supersede the never tried rows (due, no attempts) of one subject revision; how many."""
        ...
