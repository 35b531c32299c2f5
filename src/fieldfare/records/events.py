"""Events: the entries of the one append-only log, and the log as rooms see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fieldfare.kernel import EventId, JsonValue, Org
from fieldfare.records.subjects import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before the log has given it an id.

    person: the account whose data key encrypts `data` (usually the author); None: the
    organisation's own. occurred_at: the host's time in ms since 1970; a fact, not an order.
    causes: the ids of the events this one follows from.
    """

    kind: str
    subject: Subject
    data: Mapping[str, JsonValue]
    person: Subject | None = None
    occurred_at: int | None = None
    causes: tuple[EventId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An entry of the log. `at` is the id's own moment (ms since 1970).

    data: the payload in clear, or None once its subject's data were erased.
    """

    org: Org
    id: EventId
    at: int
    kind: str
    subject: Subject
    data: Mapping[str, JsonValue] | None
    person: Subject | None = None
    occurred_at: int | None = None
    causes: tuple[EventId, ...] = field(default=())


class Log(Protocol):
    """The log, inside a transaction (`append`) or a read."""

    def append(self, org: Org, event: NewEvent, /) -> Event:
        """Give the event an id inside the open transaction and write row, causes and payload."""
        ...

    def get(self, org: Org, event_id: EventId, /) -> Event | None: ...

    def after(self, event_id: EventId, /, *, limit: int) -> Sequence[Event]:
        """Read on from `event_id`, all organisations, in id order, up to the low watermark."""
        ...

    def caused_by(self, org: Org, event_id: EventId, /) -> Sequence[EventId]:
        """Name the events that have `event_id` among their causes, in id order."""
        ...

    def of_subject(self, org: Org, subject: Subject, /, *, limit: int) -> Sequence[Event]:
        """Read the newest `limit` events of a subject, oldest first."""
        ...


class History(Protocol):
    """The way in for what happened before an organisation came to us."""

    def append(self, org: Org, events: Sequence[NewEvent], /) -> Sequence[Event]:
        """Put past events on the log, with ids made from `occurred_at` in the history lane.

        They are taken in the order of `occurred_at`, after the history already there and below the
        organisation's first live event; `kernel.is_history` knows them by their ids, and nothing
        carries effects for them. Raises BadInput for an event without `occurred_at`, before 2024 or
        not older than the first live event.
        """
        ...
