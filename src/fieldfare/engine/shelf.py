"""The shelf: each organisation's banks, indexed and ready to match, rebuilt when one changes."""

import threading
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
        self._banks: dict[Org, Sequence[BankIndex]] = {}
        self._stale: set[Org] = set()
        self._lock = threading.Lock()

    def observe(self, events: Sequence[Event]) -> None:
        """Follow the log: a changed bank is read anew before the next scan."""
        for event in events:
            if event.kind == "bank.changed":
                with self._lock:
                    self._stale.add(event.org)

    def banks(self, org: Org) -> Sequence[BankIndex]:
        """Give the banks as they are now."""
        with self._lock:
            if org in self._banks and org not in self._stale:
                return self._banks[org]
            # Marked fresh before reading: a change during the reading marks it stale again.
            self._stale.discard(org)
        found = self._store.read(lambda uow: _indexes(uow, org))
        with self._lock:
            self._banks[org] = found
        return found


def _indexes(uow: UnitOfWork, org: Org) -> Sequence[BankIndex]:
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
