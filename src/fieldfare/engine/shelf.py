"""The shelf: each organisation's banks, indexed and ready to match, rebuilt when one changes."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching import DECIDED_BANK, Bank, BankEntry, BankIndex, hex_of
from fieldfare.matching.fingerprints import unpack_frames
from fieldfare.matching.repositories import BankRecord
from fieldfare.records import Event

DECIDED_PREFIX: Final = f"{DECIDED_BANK}."
"""Banks of what was removed here are stored one a policy, and matched as one."""
PAGE: Final = 1_000


class Shelf:
    """Gives the banks of an organisation; told of the log, it knows when one is out of date."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._banks: dict[Org, tuple[int, Sequence[BankIndex]]] = {}
        self._changes: Counter[Org] = Counter()
        self._lock = threading.Lock()

    def observe(self, events: Sequence[Event]) -> None:
        """Follow the log: a changed bank is read anew before the next scan."""
        for event in events:
            if event.kind == "bank.changed":
                with self._lock:
                    self._changes[event.org] += 1

    def banks(self, org: Org) -> Sequence[BankIndex]:
        """Give the banks as they are now."""
        with self._lock:
            # Counted before reading: a change during the reading makes what was read old again.
            changes = self._changes[org]
            of_change, banks = self._banks.get(org, (-1, ()))
        if of_change == changes:
            return banks
        found = self._store.read(lambda uow: bank_indexes(uow, org))
        with self._lock:
            # Another worker may have read later, and been done sooner.
            if self._banks.get(org, (-1, ()))[0] < changes:
                self._banks[org] = (changes, found)
        return found


def bank_indexes(uow: UnitOfWork, org: Org) -> Sequence[BankIndex]:
    """Build the indexes of an organisation's banks, that of decided content last."""
    ours: list[BankEntry] = []
    indexes: list[BankIndex] = []
    for record in uow.banks.banks(org):
        entries = list(_entries(uow, record))
        if record.name.startswith(DECIDED_PREFIX):
            ours += [replace(entry, policy=record.policy) for entry in entries]
        elif record.enabled:
            indexes.append(BankIndex(_bank(record), entries))
    return [*indexes, BankIndex(Bank(name=DECIDED_BANK, policy="", vetted=True), ours)]


def _bank(record: BankRecord) -> Bank:
    return Bank(
        name=record.name,
        policy=record.policy,
        vetted=record.vetted,
        radius=record.radius,
        min_quality=record.min_quality,
    )


def _entries(uow: UnitOfWork, bank: BankRecord) -> Iterator[BankEntry]:
    after = EventId(0)
    while page := uow.entry_pages.of_bank(bank.org, bank.name, after=after, limit=PAGE):
        for entry in page:
            hashes = uow.entries.hashes(bank.org, entry.id)
            frames = unpack_frames(hashes.frames).bits if hashes and hashes.frames else ()
            yield BankEntry(
                id=str(entry.id),
                pdq=tuple(hex_of(row) for row in frames),
                sha256=entry.sha256,
                md5=entry.md5,
                label=entry.label,
            )
        after = page[-1].id
