"""Entries in the order in which they changed: what whoever keeps an index of them reads on in."""

from collections.abc import Sequence
from typing import Protocol

from fieldfare.kernel import EventId, Org
from fieldfare.matching.repositories import BankEntryRecord, ChangedEntry


class EntryTrail(Protocol):
    """Entries in the order in which they changed, for whoever keeps an index of them."""

    def changed(self, org: Org, after: EventId, /, *, limit: int) -> Sequence[ChangedEntry]:
        """Read on from an event, in the order of the events that changed entries last.

        All entries that one event changed come together, be they more than `limit`.
        """
        ...

    def of_bank(
        self, org: Org, bank: str, /, *, after: EventId, limit: int
    ) -> Sequence[ChangedEntry]:
        """Read on in a bank from an id, in the order of ids."""
        ...

    def last_id(self, org: Org, /) -> EventId:
        """Give the greatest id any entry has; 0: there is none."""
        ...


class WordTrail(Protocol):
    """Texts and URLs among the entries, for whoever holds them in memory."""

    def changed(
        self, org: Org, after: EventId, /, *, up_to: EventId, limit: int
    ) -> Sequence[BankEntryRecord]:
        """Read on from an event as `EntryTrail.changed`, to one and past all other entries."""
        ...
