"""What an exchange no longer has, on its way out of the bank, unless that is suspiciously much.

A fetch marks what is gone and removes nothing; once it has read the last page, the records so
marked and those a whole listing lacked flow in here, and out flow removed entries. A mistake at the
far end must not empty a bank: where more than half of what an exchange brought would go, nothing
goes until a person has confirmed it. Should the records be there again the next time, nothing was
lost.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from fieldfare.engine.administration import note
from fieldfare.engine.banks import BATCH
from fieldfare.engine.exchange_pages import forget, progress_of, save_progress
from fieldfare.engine.exchange_records import CHANGED, FetchCounts, FetchState
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import Conflict, Org
from fieldfare.records import Subject

FEW: Final = 20
"""So many entries may go whatever the share of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What is to go. entries: how many of those an exchange brought; of: all it brought.

    Both are exact where it is too much. Else they say no more than that it is not, for counting ten
    million entries to remove thirty of them would take half a minute.
    """

    entries: int
    of: int

    @property
    def is_too_much(self) -> bool:
        return self.entries > FEW and self.entries * 2 > self.of

    def told(self, name: str) -> str:
        """Say why nothing is removed, and what a person can do."""
        return (
            f"{self.entries:,} of the {self.of:,} entries it brought are gone at the service. That "
            "is more than half, so they stay. Look there; if they are to go: "
            f"fieldfare exchange confirm {name} --entries {self.entries}"
        )


def removal_of(uow: UnitOfWork, org: Org, name: str) -> Removal:
    """Count what is to go. Raises NotFound if there is no such exchange."""
    below = _below(uow, org, name)
    records = uow.held_records
    few = len(records.unseen(org, name, listing=below, limit=FEW + 1))
    if few <= FEW:
        return Removal(entries=few, of=0)
    entries = records.count_entries(org, name, below=below)
    if records.count_entries(org, name, most=2 * entries) == 2 * entries:
        return Removal(entries=entries, of=2 * entries)
    return Removal(entries=entries, of=records.count_entries(org, name))


def foreseen(uow: UnitOfWork, org: Org, name: str, *, met: int) -> FetchCounts:
    """Say what would go after a whole listing that had `met` of the known records."""
    known = uow.held_records.count(org, name)
    lacking = max(known - met, 0)
    if Removal(entries=lacking, of=known).is_too_much:
        return FetchCounts(withheld=lacking)
    return FetchCounts(removed=lacking)


def sweep(uow: UnitOfWork, org: Org, name: str) -> bool:
    """Remove up to BATCH of what is gone; False when none is left."""
    progress = progress_of(uow, org, name)
    gone = uow.held_records.unseen(org, name, listing=_below(uow, org, name), limit=BATCH)
    removed = 0
    for held in gone:
        removed += forget(uow, org, name, held.key)
        uow.held_records.remove(org, name, held.key)
    more = len(gone) == BATCH
    if gone or progress.sweeping:
        counts = progress.counts.plus(FetchCounts(removed=removed))
        left = progress.sweeping and more
        save_progress(uow, org, name, replace(progress, sweeping=left, counts=counts))
    return more


def settle(store: Store, org: Org, name: str, *, is_over: Callable[[], bool]) -> FetchState:
    """Remove what is gone: idle. partial: it was cut short; held: it is too much, and stays."""
    removal = store.read(lambda uow: removal_of(uow, org, name))
    if removal.is_too_much:
        return FetchState.HELD
    return _sweep_all(store, org, name, is_over)


def confirm(
    store: Store, org: Org, name: str, *, entries: int, by: str, is_over: Callable[[], bool]
) -> int:
    """Remove what was held back, up to as many as the person saw; returns how many went.

    Raises NotFound, and Conflict if nothing waits, if more would go than was said, or while a
    fetch has not come to its end.
    """

    def begin(uow: UnitOfWork) -> Removal:
        removal, state = removal_of(uow, org, name), progress_of(uow, org, name).state
        if state in {FetchState.FETCHING, FetchState.PARTIAL}:
            hint = "Come again when it has ended; see `fieldfare exchange list`."
            raise Conflict(f"{name!r} is being fetched", hint=hint)
        if not removal.is_too_much:
            hint = "See `fieldfare exchange show`; what goes by itself need not be confirmed."
            raise Conflict(f"no removal of {name!r} waits to be confirmed", hint=hint)
        if removal.entries > entries:
            hint = f"Look again, and confirm {removal.entries} if they are to go."
            raise Conflict(f"{removal.entries:,} entries would go, not {entries:,}", hint=hint)
        subject = Subject("exchange", name)
        note(uow, org, CHANGED, subject, data={"removal": removal.entries}, by=by)
        return removal

    removal = store.write(begin)
    state = _sweep_all(store, org, name, is_over)

    def end(uow: UnitOfWork) -> None:
        progress = progress_of(uow, org, name)
        counts = replace(progress.counts, withheld=0)
        save_progress(uow, org, name, replace(progress, state=state, error="", counts=counts))

    store.write(end)
    return removal.entries


def _sweep_all(store: Store, org: Org, name: str, is_over: Callable[[], bool]) -> FetchState:
    while store.write(lambda uow: sweep(uow, org, name)):
        if is_over():
            return FetchState.PARTIAL
    return FetchState.IDLE


def _below(uow: UnitOfWork, org: Org, name: str) -> int:
    """Say what is gone: seen before this. A mark of its own lies before every listing."""
    progress = progress_of(uow, org, name)
    return progress.listing if progress.sweeping else 0
