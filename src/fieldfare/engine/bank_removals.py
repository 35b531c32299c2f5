"""Taking entries and banks away with the pictures that were kept of them.

The log keeps that they were there. A picture is deleted once its entry is gone for good: whoever
stops in between leaves a picture nobody can reach, which goes with its bank.
"""

from collections.abc import Sequence

from fieldfare.engine.banks import remove_bank, remove_entries
from fieldfare.engine.reference_stills import owner_of
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.ingest.blobs import Blobs
from fieldfare.kernel import EventId, Org
from fieldfare.matching.repositories import BankEntryRecord


class BankRemovals:
    """Removes entries, banks and their pictures. by: a pseudonym."""

    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs

    def entries(self, org: Org, entry_ids: Sequence[EventId], *, by: str) -> int:
        """Take entries out of their banks; returns how many there were. At most BATCH at once."""

        def write(uow: UnitOfWork) -> tuple[int, list[tuple[str, str]]]:
            found = [uow.entries.get(org, entry_id) for entry_id in entry_ids]
            count = remove_entries(uow, org, entry_ids, by=by)
            return count, [
                (entry.bank, still.sha256)
                for entry in found
                if entry is not None and not _is_shared(uow, entry)
                for still in entry.stills
            ]

        count, pictures = self._store.write(write)
        for bank, sha256 in pictures:
            self._blobs.delete(org, owner_of(bank), sha256)
        return count

    def bank(self, org: Org, name: str, *, by: str) -> None:
        """Take away a bank with all it holds. Raises as `remove_bank`."""
        while not self._store.write(lambda uow: remove_bank(uow, org, name, by=by)):
            pass
        self._blobs.delete_person(org, owner_of(name))


def _is_shared(uow: UnitOfWork, gone: BankEntryRecord) -> bool:
    """Tell whether another entry of the bank was made of the same file, and shows its pictures."""
    same_file = uow.entry_pages.of_digest(gone.org, gone.sha256) if gone.stills else ()
    return any(entry.bank == gone.bank and entry.stills for entry in same_file)
