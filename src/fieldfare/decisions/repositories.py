"""What deciding asks of the store."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from fieldfare.decisions.breakers import Quota, Use
from fieldfare.decisions.snoozes import Snooze
from fieldfare.kernel import EventId, Org
from fieldfare.records import Decision, Restriction, Subject, Verdict


class Decisions(Protocol):
    """Decisions as a projection of decision.made. The body with its seen values is the event's
    payload.
    """

    def save(self, decision: Decision, /, *, posted_at: int, views: int) -> None:
        """Index a decision. posted_at: of the item (ms); views: of the item when it was made."""
        ...

    def get(self, org: Org, decision_id: EventId, /) -> Decision | None: ...

    def of_subject(self, org: Org, subject: Subject, /) -> Sequence[Decision]:
        """All decisions on a subject, oldest first."""
        ...

    def last_revision(self, org: Org, subject: Subject, /) -> int:
        """Give the highest revision of a subject, 0 without any; also of what was decided on it
        before it was erased, because receivers of effects remember that.
        """
        ...

    def page(self, org: Org, /, *, before: EventId | None, limit: int) -> Sequence[Decision]:
        """Newest first, ids below `before`."""
        ...

    def restricting(self, /) -> Iterator[tuple[Org, EventId, tuple[Restriction, ...]]]:
        """Walk the latest decision of every item version and account that restricts something,
        for loading the gate; no payload is decrypted for it.
        """
        ...


class Verdicts(Protocol):
    """Verdicts that still speak on an item version."""

    def put(self, org: Org, verdict: Verdict, /) -> None:
        """Keep a verdict of an order, an appeal or a person. Its event_id names it."""
        ...

    def replace_rules(
        self, org: Org, subject: Subject, version: str, source: str, verdicts: Sequence[Verdict], /
    ) -> None:
        """Let these stand for what the rules said on `source` (an event kind) before."""
        ...

    def withdraw(self, org: Org, event_id: EventId, /) -> None: ...

    def standing(self, org: Org, subject: Subject, version: str, /) -> Sequence[Verdict]: ...


class Quotas(Protocol):
    """How much rules may do by themselves, past quotas included, for events that come late."""

    def put(self, quota: Quota, /) -> None:
        """Put a quota in force; the one before it for the same rule and action ends."""
        ...

    def end(self, org: Org, rule: str, action: str, /, *, at: EventId) -> bool:
        """Take a quota back; False if there is none in force."""
        ...

    def all(self, org: Org, /) -> Sequence[Quota]: ...


class Uses(Protocol):
    """What rules asked for in each minute and day that has a quota."""

    def add(self, org: Org, rule: str, action: str, /, *, window_ms: int, began: int) -> int:
        """Count one action; how many there are now in its window."""
        ...

    def trip(self, org: Org, rule: str, action: str, /, *, window_ms: int, began: int) -> bool:
        """Note that a window's quota was passed; False if that was noted before."""
        ...

    def since(self, org: Org, /, *, began: int) -> Sequence[Use]:
        """Give the windows that began at a moment (ms since 1970) or later, newest first."""
        ...


class Snoozes(Protocol):
    def put(self, snooze: Snooze, /) -> None: ...

    def held(self, org: Org, snooze_id: EventId, /) -> None:
        """Count that a snooze kept its rule from acting."""
        ...

    def wake(self, org: Org, snooze_id: EventId, /, *, at: EventId) -> bool:
        """End a snooze early; False if there is none by that id that still holds."""
        ...

    def all(self, org: Org, /, *, until_after: int) -> Sequence[Snooze]:
        """Give those that last beyond a moment (ms since 1970), newest first."""
        ...
