"""What ingest asks of the store: items with their versions, accounts, and the host's own keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from fieldfare.kernel import EventId, Org
from fieldfare.records import ItemState, ItemVersion, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierCall:
    """A call the host made before under the same key: what it said (digest) and what we
    answered. event_id: of the call's moment; keys are forgotten by it.
    """

    content_digest: str
    event_id: EventId
    answer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as the log knows it. created_at: ms since 1970, of the host's time; 0: not
    told.
    """

    subject: Subject
    created_at: int
    market: str = ""
    state: str = "active"
    decision_id: EventId | None = None
    revision: int = 0


class Items(Protocol):
    def put(self, org: Org, item: ItemVersion, /) -> None:
        """Write a version and make it the current one; an older current version is superseded."""
        ...

    def current(self, org: Org, subject: Subject, /) -> ItemVersion | None: ...

    def versions(self, org: Org, subject: Subject, /) -> tuple[ItemVersion, ...]:
        """All versions of an item, oldest first."""
        ...

    def settle(
        self,
        org: Org,
        subject: Subject,
        digest: str,
        /,
        *,
        state: ItemState,
        decision_id: EventId | None = None,
        revision: int | None = None,
    ) -> None:
        """Set the state of one version and, if given, its latest decision and revision."""
        ...

    def all_current(self, /) -> Iterator[tuple[Org, ItemVersion]]:
        """Walk all current versions of all organisations, for loading the gate."""
        ...


class Accounts(Protocol):
    def put(self, org: Org, account: Account, /) -> None: ...

    def get(self, org: Org, subject: Subject, /) -> Account | None: ...

    def all(self, /) -> Iterator[tuple[Org, Account]]: ...


class CallKeys(Protocol):
    """The host's own keys, unique per (organisation, kind of call), kept 24 hours."""

    def find(self, org: Org, call: str, key: str, /) -> EarlierCall | None: ...

    def keep(self, org: Org, call: str, key: str, earlier: EarlierCall, /) -> None: ...

    def forget_before(self, event_id: EventId, /) -> int:
        """Drop the keys of calls before an id; returns how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast an item is seen, in views an hour of the log's clock.

    views: of the running hour, the last window included; before: of the last hour that had views,
    0 if there was none; added: the views of the last window.
    """

    views: int
    before: int
    added: int


class Views(Protocol):
    """Views per item version, for thresholds, rules and the measures of harm seen."""

    def add(self, org: Org, subject: Subject, version: str, /, *, views: int, watch_ms: int) -> int:
        """Add a window of views and return the total of the item over all versions."""
        ...

    def total(self, org: Org, subject: Subject, /) -> int: ...

    def pace(self, org: Org, subject: Subject, /, *, at_ms: int, views: int) -> Pace:
        """Add views to the hour of a moment and give the item's pace; moments never go back."""
        ...

    def at_least(self, views: int, /) -> Iterator[tuple[Org, Subject, int]]:
        """Walk the items seen that often, with their totals, for loading the gate."""
        ...


class Reports(Protocol):
    """Users' reports per item: the first one counts for the proactive rate."""

    def file(self, org: Org, subject: Subject, event_id: EventId, /, *, reporter: Subject) -> None:
        """Keep a report. The reporter is stored as a pseudonym."""
        ...

    def count(self, org: Org, subject: Subject, /) -> tuple[int, int]:
        """Count the reports on an item, and the distinct reporters."""
        ...
