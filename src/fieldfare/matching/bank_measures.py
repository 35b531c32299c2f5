"""What people look at of banks: how much they matched, and entries found by what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from fieldfare.kernel import EventId, Org
from fieldfare.matching.repositories import BankEntryRecord, EntryKind, EntryState

SEARCHED_AT_ONCE: Final = 20_000
"""So many entries are looked through for one page; the next page goes on behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySearch:
    """Which entries of a bank are wanted; what is left out is any.

    words: to be found in the label, the note, the labels, the text or the id at the source, in
    any case of letters.
    """

    words: str = ""
    state: EntryState | None = None
    kind: EntryKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntries:
    """A page of entries, the newest first. on: where the next page begins; None: it is the last."""

    entries: tuple[BankEntryRecord, ...]
    on: EventId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfHits:
    """How many pairs of an entry and an item of a bank matched last on a day since 1970."""

    bank: str
    day: int
    hits: int


class BankMeasures(Protocol):
    """Banks as people look at them."""

    def hits_by_day(self, org: Org, /, *, since_ms: int) -> Sequence[DayOfHits]:
        """Count what the banks matched since a moment, by days of UTC."""
        ...

    def states(self, org: Org, bank: str, /) -> Mapping[EntryState, int]:
        """Count a bank's entries by their state; a state without any is left out."""
        ...

    def search(
        self, org: Org, bank: str, wanted: EntrySearch, /, *, before: EventId, limit: int
    ) -> FoundEntries:
        """Look through a bank from an id down, at most SEARCHED_AT_ONCE of its entries."""
        ...
