"""Banks that reach further than they did: their entries meet what was posted before, once more.

In flow changes of a bank's settings; out flow its entries page by page, for `retroactive` to search
the uploads with. What is asked for, what is done and how far it is stand in cursors, so that a
crash repeats a page at most. A further change begins the bank anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching.repositories import ChangedEntry

ENTRIES: Final = 500
"""Entries in one page: new entries of any bank wait for one at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some entries of a bank. asked: the event that asked for it."""

    org: Org
    bank: str
    asked: EventId
    entries: tuple[ChangedEntry, ...]


class WidenedBanks:
    """The banks that wait for it. Only one thread may use one."""

    def __init__(self, store: Store, reader: str) -> None:
        self._store = store
        self._reader = reader
        self._waiting: dict[Org, list[str]] = {}

    def ask(self, uow: UnitOfWork, org: Org, banks: Iterable[str], event_id: EventId) -> None:
        """Begin banks from their first entry, in the transaction that says that this was read."""
        for bank in banks:
            uow.cursors.move(self._cursor(org, bank, "asked"), event_id)
            uow.cursors.move(self._cursor(org, bank, "at"), EventId(0))

    def seen(self, org: Org, banks: Iterable[str]) -> None:
        """Take note of what was asked, after its transaction."""
        waiting = self._of(org)
        waiting += [bank for bank in banks if bank not in waiting]

    def next_page(self, org: Org) -> Page | None:
        """Give the next entries that wait; None if no bank does."""
        waiting = self._of(org)
        while waiting:
            bank = waiting[0]
            page = self._store.read(lambda uow, b=bank: self._page(uow, org, b))  # type: ignore[misc]  # a default binds the loop's value
            if page.entries:
                return page
            self._store.write(
                lambda uow, p=page: uow.cursors.move(self._cursor(org, p.bank, "done"), p.asked)  # type: ignore[misc]  # likewise
            )
            waiting.remove(bank)
        return None

    def finish(self, page: Page) -> None:
        """Go on after a page."""
        at = self._cursor(page.org, page.bank, "at")
        self._store.write(lambda uow: uow.cursors.move(at, page.entries[-1].id))

    def _page(self, uow: UnitOfWork, org: Org, bank: str) -> Page:
        after = uow.cursors.get(self._cursor(org, bank, "at"))
        return Page(
            org=org,
            bank=bank,
            asked=uow.cursors.get(self._cursor(org, bank, "asked")),
            entries=tuple(uow.entry_trail.of_bank(org, bank, after=after, limit=ENTRIES)),
        )

    def _of(self, org: Org) -> list[str]:
        known = self._waiting.get(org)
        if known is None:
            known = self._waiting[org] = self._store.read(lambda uow: self._begun(uow, org))
        return known

    def _begun(self, uow: UnitOfWork, org: Org) -> list[str]:
        """Name the banks that were asked for and are not done, as after a restart."""
        return [
            bank.name
            for bank in uow.banks.banks(org)
            if uow.cursors.get(self._cursor(org, bank.name, "asked"))
            > uow.cursors.get(self._cursor(org, bank.name, "done"))
        ]

    def _cursor(self, org: Org, bank: str, what: str) -> str:
        return f"{self._reader}/{org}/{bank}/{what}"
