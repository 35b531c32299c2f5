"""The lake as the rest of the house sees it: what happened, with what the rules were told of it.

In flow ids and kinds; out flow events in id order, each with the data and the facts that rules saw
live, from columns on disk and from the log's tail alike. `storage.lake` keeps it, `testing.lakes`
has one in memory, and both pass the same contract suite.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from fieldfare.kernel import EventId, JsonValue, Org, Unknown
from fieldfare.records import FactValue, Subject


class LakeEvent(msgspec.Struct, frozen=True, gc=False):
    """An event of the log with all that a rule was told of it.

    version: the digest of the item version it is about, "" if it is about none. data: what rules
    read with JsonData, the event's kind included. facts: by name; Unknown keeps why. judged: the
    rules of its kind run over it: not over a post whose media wait for their scan, and over no
    decision or window of views, which have their own data and no facts. Past events that were
    imported are judged here, for backtests, though live rules only count them.
    A struct and not a dataclass: a backtest makes tens of thousands of these a second. Events may
    share lists and dicts that are equal: read them, and change nothing in them.
    """

    org: Org
    id: EventId
    kind: str
    subject: Subject
    person: Subject | None
    version: str
    data: Mapping[str, JsonValue]
    facts: Mapping[str, FactValue | Unknown]
    judged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeSpan:
    """The first and the last event an organisation has, both included."""

    first: EventId
    last: EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeState:
    """What the lake on disk is now. applied_to: the last event of the log that is in it.

    history_to: by organisation, the last imported past event that is. bytes: of its files.
    """

    applied_to: EventId
    history_to: Mapping[Org, EventId]
    files: int
    rows: int
    bytes: int
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeBatch:
    """What is put into the lake at once. applied_to, history_to: how far the log is in it then.

    erased: people (organisation, pseudonym) who go out of it, and out of these events as well, with
    the event that says so: what they did after it stays.
    """

    events: Sequence[LakeEvent]
    applied_to: EventId
    history_to: Mapping[Org, EventId]
    erased: Mapping[tuple[Org, str], EventId] = field(default_factory=dict)


class LakeSink(Protocol):
    """The writing side of the lake; whatever it does is whole or not done."""

    def state(self) -> LakeState: ...

    def add(self, batch: LakeBatch, /) -> None:
        """Put events in, durably, and take people out."""
        ...

    def compact(self) -> int:
        """Join small files; how many there are less."""
        ...

    def forget_before(self, day: str, /) -> int:
        """Let go of the days before one, as in 2026-03-02; how many files that were."""
        ...

    def clear(self) -> None:
        """Empty the lake, to fill it anew."""
        ...


class LakeTail(Protocol):
    """What of the log is not in the lake yet."""

    def events(
        self, org: Org, /, *, after: EventId, up_to: EventId, kinds: Collection[str] | None
    ) -> Iterator[Sequence[LakeEvent]]:
        """Give events as `Lake.events` does; nothing at or before `after` is looked for."""
        ...


class Lake(Protocol):
    """Reads the lake and the tail of the log as one. Safe to use from any thread."""

    def events(
        self,
        org: Org,
        /,
        *,
        after: EventId,
        up_to: EventId,
        kinds: Collection[str] | None = None,
        fields: Collection[str] | None = None,
    ) -> Iterator[Sequence[LakeEvent]]:
        """Give the events with after < id <= up_to in id order, in batches that are never empty.

        kinds: None for all. fields: what the reader looks at, as in `data.item.text` or
        `fact.author.age_s`: only that has to be there, and only its columns are read; None for
        all. Events of people who were erased are left out: nothing is known of them. A batch has
        at most some 20,000 events; memory is bounded by a batch a kind.
        """
        ...

    def span(self, org: Org, /) -> LakeSpan | None:
        """Tell what there is; None for an organisation without any event."""
        ...

    def counts(self, org: Org, /, *, after: EventId, up_to: EventId) -> Mapping[str, int]:
        """Count the events with after < id <= up_to by kind, erased ones included.

        Whole files are counted from the manifest, so the answer is quick; it is what a progress
        bar needs.
        """
        ...
