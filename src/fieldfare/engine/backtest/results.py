"""The result of a backtest: plain numbers and examples, kept as JSON, compared side by side."""

from typing import Any

import msgspec


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """An event to open: its id, whom it is about, and the item's version ("" for an account)."""

    event_id: str
    kind: str
    host_id: str
    version: str = ""


class RuleHits(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule did. days: day (2026-10-01) -> hits.

    items: item versions it fired on; known_good, known_bad: those a person has judged.
    """

    rule: str
    hits: int
    days: dict[str, int]
    items: int
    known_good: int
    known_bad: int
    examples: tuple[Example, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A cell of the matrix: subjects whose action was `old` and would be `new`."""

    old: str
    new: str
    count: int
    examples: tuple[Example, ...] = ()


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One market or language: item versions judged restrictively or reviewed, and changed."""

    name: str
    items: int
    restricted: int
    changed: int


class QueueLoad(msgspec.Struct, frozen=True, kw_only=True):
    """Questions to people in a queue on a day: as recorded, and as they would be."""

    queue: str
    day: str
    old: int
    new: int


class FactHeld(msgspec.Struct, frozen=True, kw_only=True):
    """A fact the candidate reads, over the events it reads it of."""

    name: str
    known: int
    unknown: int
    missing: int


class Prevented(msgspec.Struct, frozen=True, kw_only=True):
    """Views that took place and would not have: all, by the action that prevents them, by rule."""

    views: int
    by_action: dict[str, int]
    by_rule: dict[str, int]


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Where people already know better.

    good_restricted: item versions the candidate restricts and a person found nothing against.
    bad_restricted: that it restricts and a person restricted; bad_missed: that it lets be.
    """

    good_restricted: int
    bad_restricted: int
    bad_missed: int
    examples: tuple[Example, ...] = ()


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What history there was. events: of the span, of all kinds.

    first_at, last_at: the first and last moment the lake holds anything of, RFC 3339; "" of none.
    """

    events: int
    first_at: str
    last_at: str


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a candidate would have done with the events of a span.

    first_id, last_id: of the span, both included. judged: events by kind. absent: facts the
    candidate reads that history holds of no event. changes: item versions; accounts: accounts.
    history: None in results that were kept before this was told.
    """

    rule_set: str
    pack: str
    first_id: str
    last_id: str
    judged: dict[str, int]
    hits: tuple[RuleHits, ...]
    changes: tuple[Change, ...]
    accounts: tuple[Change, ...]
    prevented: Prevented
    known: Known
    markets: tuple[Part, ...]
    languages: tuple[Part, ...]
    review: tuple[QueueLoad, ...]
    facts: tuple[FactHeld, ...]
    absent: tuple[str, ...]
    errors: dict[str, int]
    history: Held | None = None

    @property
    def events(self) -> int:
        """How many events were judged."""
        return sum(self.judged.values())


def result_json(result: BacktestResult) -> dict[str, Any]:
    """Write a result as plain JSON."""
    found: dict[str, Any] = msgspec.to_builtins(result)
    return found


def result_of(written: object) -> BacktestResult:
    """Read a kept result back; fields of a later version are left aside."""
    return msgspec.convert(written, BacktestResult)
