"""What the measures ask of the store: one row per removed or decided item, as the ledger has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fieldfare.kernel import EventId, Org


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedItem:
    """An item removed for a breach in the period, as facts/definitions of the overview need it.

    views_at_removal: of all versions up to the decision. reported_at: first report, None if never.
    automated: no person had a hand in the removal. restored: shown again later. Times in ms.
    """

    kind: str
    host_id: str
    policy: str
    policies: tuple[str, ...]
    decision_id: EventId
    posted_at: int
    removed_at: int
    views_at_removal: int
    reported_at: int | None
    automated: bool
    restored: bool


class Measures(Protocol):
    def removed(self, org: Org, /, *, from_ms: int, to_ms: int) -> Sequence[RemovedItem]: ...

    def posted(self, org: Org, /, *, from_ms: int, to_ms: int) -> dict[str, int]:
        """Items posted in the period by kind."""
        ...

    def actions(self, org: Org, /, *, from_ms: int, to_ms: int) -> dict[tuple[str, str], int]:
        """Decisions in force on current items by (action, by)."""
        ...
