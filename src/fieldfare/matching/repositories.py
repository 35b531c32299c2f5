"""What matching asks of the store: banks of known content and named lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from fieldfare.kernel import EventId, Org

NAMED_LIST: Final = "list"
LEXICON: Final = "lexicon"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRecord:
    """A bank of known content. vetted: people checked its entries, so that rules may act on a
    match.

    policy: code of the policy its content breaks. radius: of 256 bits; quality: of PDQ, 0..100.
    """

    org: Org
    name: str
    policy: str
    vetted: bool
    radius: int = 31
    min_quality: int = 50
    enabled: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntryRecord:
    """One known file: its digests and the PDQ hashes of its frames (64 hex digits each)."""

    org: Org
    id: EventId
    bank: str
    label: str
    sha256: str
    pdq: tuple[str, ...]
    added_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecord:
    """A named list or lexicon in one immutable version, as the text it was imported from.

    kind: NAMED_LIST or LEXICON.
    """

    org: Org
    name: str
    kind: str
    text: str
    hash: str
    since: EventId


class BankStore(Protocol):
    def put(self, bank: BankRecord, /) -> None: ...

    def add(self, entry: BankEntryRecord, /) -> None: ...

    def banks(self, org: Org, /) -> Sequence[BankRecord]: ...

    def entries(self, org: Org, bank: str, /) -> Sequence[BankEntryRecord]: ...

    def remove(self, org: Org, entry_id: EventId, /) -> bool: ...


class ListStore(Protocol):
    def put(self, record: ListRecord, /) -> None: ...

    def current(self, org: Org, /, *, as_of: EventId) -> Sequence[ListRecord]:
        """Give the newest version of every list whose `since` is at or below `as_of`."""
        ...
