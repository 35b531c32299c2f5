"""Known words: the text and URL entries of each organisation's banks, in memory for the rules.

In flow the entries as the store has them; out flows one KnownText an organisation. The store is
read from where reading stopped, whenever an event says that a bank has changed.
"""

import threading
from typing import Final

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching.known_text import KnownText, TextEntry
from fieldfare.matching.repositories import BankEntryRecord, EntryKind, EntryState
from fieldfare.records import Event

PAGE: Final = 1_000
CHANGED: Final = "bank.changed"


class KnownWords:
    """Holds the known texts and URLs of every organisation; safe to use from any thread."""

    def __init__(self) -> None:
        self._of: dict[Org, KnownText] = {}
        self._read_to: dict[Org, EventId] = {}
        self._lock = threading.Lock()

    def of(self, org: Org) -> KnownText:
        """Give what is known for an organisation; it stays up to date."""
        return self._of.setdefault(org, KnownText())

    def refresh(self, uow: UnitOfWork, org: Org, *, as_of: EventId) -> None:
        """Take up what changed up to an event since the last time, and the banks as they are."""
        with self._lock:
            known, after = self.of(org), self._read_to.get(org, EventId(0))
            while page := uow.word_trail.changed(org, after, up_to=as_of, limit=PAGE):
                known.remove(entry.id for entry in page if entry.state is EntryState.DISABLED)
                known.add(entry_of(each) for each in page if each.state is not EntryState.DISABLED)
                after = page[-1].changed
            self._read_to[org] = after
            known.put_banks(uow.banks.banks(org))

    def follow(self, event: Event) -> None:
        """Let go of the entries that an event removed."""
        removed = (event.data or {}).get("removed") if event.kind == CHANGED else None
        if isinstance(removed, list) and event.org in self._of:
            self._of[event.org].remove(int(str(each)) for each in removed)


def entry_of(record: BankEntryRecord) -> TextEntry:
    """Give what of a stored entry is held to match by."""
    return TextEntry(
        id=record.id,
        bank=record.bank,
        content=record.content,
        label=record.label,
        is_url=record.kind is EntryKind.URL,
        is_question=record.state is EntryState.QUARANTINED,
        sha256=record.sha256,
        disabled_until=record.disabled_until,
    )
