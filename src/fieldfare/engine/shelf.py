"""The shelf: each organisation's banks, indexed and ready to match, rebuilt when one changes."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import Org
from fieldfare.matching import DECIDED_BANK, BankIndex, index_of
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.records import Event

DECIDED_PREFIX: Final = f"{DECIDED_BANK}."
"""Banks of what was removed here are stored one a policy, and matched as one."""


class Shelf:
    """Gives the banks of an organisation; told of the log, it knows when one is out of date."""

    quality: Final = 50

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
    ours: list[BankEntryRecord] = []
    indexes: list[BankIndex] = []
    for record in uow.banks.banks(org):
        entries = uow.banks.entries(org, record.name)
        if record.name.startswith(DECIDED_PREFIX):
            # In the bank of decided content an entry's label is the policy it broke.
            ours += [replace(entry, label=record.policy) for entry in entries]
        elif record.enabled:
            indexes.append(index_of(record, entries))
    decided = BankRecord(org=org, name=DECIDED_BANK, policy="", vetted=True)
    return [*indexes, index_of(decided, ours)]
