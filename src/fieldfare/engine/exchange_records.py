"""Exchanges as an installation keeps them: how each is set up, how far it is, what it told.

What an entry of a bank came from is written in the entry (source and source_id); what is kept here
beside it is what an exchange alone needs to know of a record: whether it has changed, whether it
was still there in the last whole listing, and how an opinion on it is addressed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from fieldfare.kernel import EventId, JsonValue, Org

CHANGED: Final = "exchange.changed"
HOUR_S: Final = 3_600
NOTHING: Final = EventId(0)
GONE: Final = -1
"""In the place of a listing: the service said that the record is gone, or no longer matched by."""
ALL_LISTINGS: Final = 2**31 - 1


class FetchState(StrEnum):
    """idle -> fetching -> idle | failed. partial: cut off in the middle, and goes on later.

    held: fetched, but so much was gone that nothing is removed until a person has confirmed it.
    """

    IDLE = "idle"
    FETCHING = "fetching"
    PARTIAL = "partial"
    FAILED = "failed"
    HELD = "held"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchCounts:
    """What fetches did, in records. unusable: without a hash we match by, or called harmless;
    skipped: could not be read; withheld: entries that stay until their removal is confirmed.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    unusable: int = 0
    skipped: int = 0
    withheld: int = 0

    def plus(self, other: "FetchCounts") -> "FetchCounts":
        return FetchCounts(
            added=self.added + other.added,
            changed=self.changed + other.changed,
            removed=self.removed + other.removed,
            unchanged=self.unchanged + other.unchanged,
            unusable=self.unusable + other.unusable,
            skipped=self.skipped + other.skipped,
            withheld=self.withheld + other.withheld,
        )

    @property
    def did_anything(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeProgress:
    """How far an exchange is. Moments in ms since 1970, 0: never.

    checkpoint: the client's own, None before the first page. checkpoint_at: up to when the service
    is known, as it says itself. listing: grows with every whole listing; a record not seen in the
    newest is gone. sweeping: a whole listing has ended, and what it lacked is being removed.
    failures: in a row. counts: of the last fetch. told_to: the last event whose opinion was given.
    """

    checkpoint: Mapping[str, JsonValue] | None = None
    checkpoint_at: int = 0
    listing: int = 0
    sweeping: bool = False
    state: FetchState = FetchState.IDLE
    started_at: int = 0
    ended_at: int = 0
    succeeded_at: int = 0
    failures: int = 0
    error: str = ""
    counts: FetchCounts = field(default_factory=FetchCounts)
    problems: tuple[str, ...] = ()
    told_to: EventId = NOTHING
    told: int = 0
    untold: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRecord:
    """One exchange, which feeds the bank of its own name. api: a key of `matching.exchanges.APIS`.

    every_s: how often it is fetched. tells: whether our reviewers' opinions are given to it.
    credentials: in clear here, encrypted in the database, and never in an answer, an event or a
    log.
    """

    org: Org
    name: str
    api: str
    config: Mapping[str, JsonValue]
    credentials: Mapping[str, str] = field(repr=False)
    enabled: bool = True
    every_s: int = HOUR_S
    tells: bool = False
    progress: ExchangeProgress = field(default_factory=ExchangeProgress)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecord:
    """What is known of one record of an exchange.

    digest: of what it said; seen: in which listing, or GONE.
    address: of `SharedRecord.address`.
    """

    org: Org
    exchange: str
    key: str
    digest: str
    seen: int
    address: Mapping[str, str]


class ExchangeStore(Protocol):
    def put(self, exchange: ExchangeRecord, /) -> None: ...

    def get(self, org: Org, name: str, /) -> ExchangeRecord | None: ...

    def all(self, org: Org, /) -> Sequence[ExchangeRecord]: ...

    def remove(self, org: Org, name: str, /) -> bool: ...


class HeldRecords(Protocol):
    """The records of exchanges, by the keys they have there."""

    def put(self, record: HeldRecord, /) -> None: ...

    def get(self, org: Org, exchange: str, key: str, /) -> HeldRecord | None: ...

    def unseen(
        self, org: Org, exchange: str, /, *, listing: int, limit: int
    ) -> Sequence[HeldRecord]:
        """Give some of those that were last seen before a listing."""
        ...

    def remove(self, org: Org, exchange: str, key: str, /) -> bool: ...

    def count(self, org: Org, exchange: str, /) -> int: ...

    def count_entries(
        self, org: Org, exchange: str, /, *, below: int = ALL_LISTINGS, most: int = ALL_LISTINGS
    ) -> int:
        """Count the records seen before a listing that have an entry, no further than to `most`."""
        ...
