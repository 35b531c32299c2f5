"""The sealer: once a second, what came onto the log since the last seal is sealed.

Rows flow in from a read, a seal flows out through the writer, and its link into the file of heads.
One sealer runs a store.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fieldfare.kernel import Clock, EventId, Org
from fieldfare.ledger.heads import Head, Heads
from fieldfare.ledger.repositories import LedgerRow, LedgerRows, Seal, Seals
from fieldfare.ledger.seals import seal_rows

T = TypeVar("T")
MOST_ROWS: Final = 10_000
"""Rows under one seal; a longer range takes several."""


class LedgerUnit(Protocol):
    """The part of a unit of work that sealing and verifying need."""

    @property
    def ledger_rows(self) -> LedgerRows: ...
    @property
    def seals(self) -> Seals: ...


class LedgerStore(Protocol):
    """The store as the ledger sees it."""

    def read(self, work: Callable[[LedgerUnit], T], /) -> T: ...

    def write(self, work: Callable[[LedgerUnit], T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class _Unsealed:
    """Rows to seal, of one kind: live or history."""

    after: EventId
    rows: tuple[LedgerRow, ...]
    previous: Seal | None


class Sealer:
    """Seals every organisation's rows below the watermark."""

    def __init__(
        self, store: LedgerStore, clock: Clock, *, key: Ed25519PrivateKey, heads: Heads
    ) -> None:
        self._store = store
        self._clock = clock
        self._key = key
        self._heads = heads

    def seal_once(self) -> int:
        """Seal what is there; how many rows were sealed."""
        sealed = 0
        for org in self._store.read(lambda unit: unit.ledger_rows.orgs()):
            for history in (True, False):
                while rows := self._seal(org, history=history):
                    sealed += rows
        return sealed

    def _seal(self, org: Org, *, history: bool) -> int:
        found = self._store.read(lambda unit: _unsealed(unit, org, history=history))
        if found is None:
            return 0
        seal = seal_rows(
            org,
            found.rows,
            after=found.after,
            previous=found.previous,
            key=self._key,
            at=self._clock.now_ms(),
        )
        self._store.write(lambda unit: unit.seals.add(org, seal))
        self._heads.put(org, Head(seal.number, seal.link))
        return len(found.rows)


def _unsealed(unit: LedgerUnit, org: Org, *, history: bool) -> _Unsealed | None:
    ledger, seals = unit.ledger_rows, unit.seals
    history_end = ledger.history_end(org)
    after = seals.sealed_up_to(org, history=history)
    if not history:
        # All live rows lie above the imported history.
        after = max(after, history_end)
    up_to = history_end if history else ledger.low_watermark()
    rows = ledger.rows(org, after, up_to=up_to, limit=MOST_ROWS) if after < up_to else ()
    return _Unsealed(after, tuple(rows), seals.last(org)) if rows else None
