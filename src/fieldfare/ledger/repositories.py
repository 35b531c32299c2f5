"""What the ledger asks of the store: rows to seal, seals, and wrapped data keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fieldfare.kernel import EventId, Org
from fieldfare.records import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """A row of the log as the seal sees it: no personal data, only pseudonyms and digests.

    subject, person: keyed pseudonyms (32 hex digits; "" for none). payload: SHA-256 of the
    ciphertext.
    """

    id: EventId
    kind: str
    subject: str
    person: str
    occurred_at: int | None
    causes: tuple[EventId, ...]
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A signed link over the rows (first_id .. last_id]: see `ledger.seals` for the formula.

    A seal covers either live rows or imported history (`kernel.is_history(last_id)`); both kinds
    stand in one chain, counted 1, 2, 3...
    """

    number: int
    first_id: EventId
    last_id: EventId
    rows: int
    root: str
    previous: str
    link: str
    signature: str
    at: int


class LedgerRows(Protocol):
    def rows(
        self, org: Org, after: EventId, /, *, up_to: EventId, limit: int
    ) -> Sequence[LedgerRow]:
        """Rows with after < id <= up_to in id order."""
        ...

    def payload_digests(
        self, org: Org, after: EventId, /, *, up_to: EventId
    ) -> dict[EventId, str | None]:
        """SHA-256 of each payload's stored ciphertext; None where it was erased."""
        ...

    def low_watermark(self, /) -> EventId:
        """Everything at or below this id is committed: the smallest last id over open lanes."""
        ...

    def history_end(self, org: Org, /) -> EventId:
        """Id of the newest imported history; 0 without any. All live ids are above it."""
        ...

    def orgs(self, /) -> tuple[Org, ...]: ...


class Seals(Protocol):
    def last(self, org: Org, /) -> Seal | None: ...

    def add(self, org: Org, seal: Seal, /) -> None: ...

    def all(self, org: Org, /) -> Sequence[Seal]: ...

    def sealed_up_to(self, org: Org, /, *, history: bool) -> EventId:
        """Id of the last sealed row, live or of the imported history; 0 when nothing is sealed."""
        ...


class DataKeys(Protocol):
    """Data keys wrapped by the master key, one per (organisation, pseudonym of a person)."""

    def get(self, org: Org, person: str, /) -> bytes | None: ...

    def put(self, org: Org, person: str, wrapped: bytes, /) -> bytes:
        """Keep a key unless the person has one already; returns the one that is kept."""
        ...

    def destroy(self, org: Org, person: str, /) -> int:
        """Delete the key and every payload under it; returns how many payloads went."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far the tables that the gate is loaded from say what the log says.

    decisions, items: how many agree. erased: decisions whose payload was erased, so that nothing is
    left to compare. problems: what differs, in words.
    """

    decisions: int
    items: int
    erased: int
    problems: tuple[str, ...] = ()


class Agreements(Protocol):
    """Compares what the store keeps beside the log with the log."""

    def check(self, org: Org, /) -> Agreement: ...


class Projections(Protocol):
    """What the store keeps in clear beside the log, so that deciding is quick."""

    def forget(self, org: Org, person: Subject, pseudonym: str, /) -> int:
        """Put the pseudonym in the place of a person's host id wherever it stands in clear, and
        drop file names and unsent texts; returns how many rows were changed. Call it before the
        payloads are destroyed: they tell which items are the person's.
        """
        ...
