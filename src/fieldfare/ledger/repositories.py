"""What the ledger asks of the store: rows to seal, seals, and wrapped data keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fieldfare.kernel import EventId, Org


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """A row of the log as the seal sees it: no personal data, only pseudonyms and digests.

    subject, person: keyed pseudonyms (32 hex digits; "" for none). payload: SHA-256 of the
    ciphertext. erased: the payload was destroyed on request, by the erasure event of that id.
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
    """A signed link over the rows (first_id .. last_id]: see `ledger.seals` for the formula."""

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

    def orgs(self, /) -> tuple[Org, ...]: ...


class Seals(Protocol):
    def last(self, org: Org, /) -> Seal | None: ...

    def add(self, org: Org, seal: Seal, /) -> None: ...

    def all(self, org: Org, /) -> Sequence[Seal]: ...


class DataKeys(Protocol):
    """Data keys wrapped by the master key, one per (organisation, pseudonym of a person)."""

    def get(self, org: Org, person: str, /) -> bytes | None: ...

    def put(self, org: Org, person: str, wrapped: bytes, /) -> None: ...

    def destroy(self, org: Org, person: str, /) -> int:
        """Delete the key and every payload under it; returns how many payloads went."""
        ...
