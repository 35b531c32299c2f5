"""An outbox in memory: the double that carrying is tested with.

It keeps the rules of `enforcement.Outbox` to the letter, passes the same contract suite as the
stores, and stands in for both the store and its unit of work.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Self, TypeAlias, TypeVar

from fieldfare.kernel import EventId, Org
from fieldfare.records import OutboxRow, OutboxState, Subject, Webhook

T = TypeVar("T")
RowKey: TypeAlias = tuple[Org, str, str]
OPEN: Final = frozenset({OutboxState.DUE, OutboxState.SENT})


class InMemoryOutbox:
    """Webhooks, outbox and unsent effects of all organisations, and the transaction over them."""

    def __init__(self) -> None:
        self._rows: dict[RowKey, OutboxRow] = {}
        self._webhooks: dict[tuple[Org, str], Webhook] = {}
        self._lock = threading.RLock()

    @property
    def outbox(self) -> Self:
        return self

    @property
    def unsent(self) -> Self:
        return self

    @property
    def webhooks(self) -> "InMemoryWebhooks":
        return InMemoryWebhooks(self._webhooks)

    def read(self, work: Callable[[Self], T], /) -> T:
        with self._lock:
            return work(self)

    def write(self, work: Callable[[Self], T], /) -> T:
        """Run alone. A work that raises leaves everything as it was."""
        with self._lock:
            rows, webhooks = dict(self._rows), dict(self._webhooks)
            try:
                return work(self)
            except BaseException:
                self._rows, self._webhooks = rows, webhooks
                raise

    def add(self, rows: Sequence[OutboxRow], /) -> None:
        for row in rows:
            for key, other in self._rows.items():
                if (
                    other.state in OPEN
                    and _lane(other) == _lane(row)
                    and other.subject_revision < row.subject_revision
                ):
                    self._rows[key] = replace(other, state=OutboxState.SUPERSEDED)
            self._rows[_key(row)] = row

    def due(
        self, /, *, now_ms: int, limit: int, skip: frozenset[tuple[Org, str]] = frozenset()
    ) -> Sequence[OutboxRow]:
        first: dict[tuple[Org, str, Subject], OutboxRow] = {}
        for row in sorted(self._rows.values(), key=lambda row: row.place):
            if row.state in OPEN:
                first.setdefault(_lane(row), row)
        ready = [
            row
            for row in first.values()
            if row.due_at <= now_ms and (row.org, row.webhook_id) not in skip
        ]
        return sorted(ready, key=lambda row: (row.due_at, row.place))[:limit]

    def mark(self, row: OutboxRow, /, *, state: OutboxState, due_at: int, error: str = "") -> None:
        stored = self._rows[_key(row)]
        if stored.state is OutboxState.SUPERSEDED and state is not OutboxState.ACKNOWLEDGED:
            state = OutboxState.SUPERSEDED
        self._rows[_key(row)] = replace(
            stored, state=state, due_at=due_at, error=error, attempts=stored.attempts + 1
        )

    def page(
        self,
        org: Org,
        /,
        *,
        states: frozenset[OutboxState] | None,
        before: tuple[EventId, int, str] | None,
        limit: int,
    ) -> Sequence[OutboxRow]:
        found = [
            row
            for row in self._rows.values()
            if row.org == org
            and (states is None or row.state in states)
            and (before is None or row.place < before)
        ]
        return sorted(found, key=lambda row: row.place, reverse=True)[:limit]

    def replay(self, org: Org, effect_id: str, webhook_id: str, /, *, now_ms: int) -> bool:
        row = self._rows.get((org, effect_id, webhook_id))
        if row is None or row.state is not OutboxState.DEAD:
            return False
        others = (other for other in self._rows.values() if _lane(other) == _lane(row))
        if any(other.subject_revision > row.subject_revision for other in others):
            return False
        self._rows[_key(row)] = replace(row, state=OutboxState.DUE, due_at=now_ms, attempts=0)
        return True

    def cancel(self, org: Org, subject: Subject, revision: int, /) -> int:
        unsent = [
            row
            for row in self._rows.values()
            if (row.org, row.subject, row.subject_revision) == (org, subject, revision)
            and row.state is OutboxState.DUE
            and row.attempts == 0
        ]
        for row in unsent:
            self._rows[_key(row)] = replace(row, state=OutboxState.SUPERSEDED)
        return len(unsent)


class InMemoryWebhooks:
    """The webhooks' part of the double: `enforcement.Webhooks` over a plain dict."""

    def __init__(self, webhooks: dict[tuple[Org, str], Webhook]) -> None:
        self._webhooks = webhooks

    def put(self, webhook: Webhook, /) -> None:
        self._webhooks[webhook.org, webhook.id] = webhook

    def remove(self, org: Org, webhook_id: str, /) -> None:
        self._webhooks.pop((org, webhook_id), None)

    def all(self, org: Org, /) -> Sequence[Webhook]:
        return [self._webhooks[key] for key in sorted(self._webhooks) if key[0] == org]


def _key(row: OutboxRow) -> RowKey:
    return (row.org, row.id, row.webhook_id)


def _lane(row: OutboxRow) -> tuple[Org, str, Subject]:
    return (row.org, row.webhook_id, row.subject)
