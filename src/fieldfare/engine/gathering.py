"""Gathering: what the rules were told of an event, for the lake.

What the evaluator judged it hands over. What it did not keep in memory that long (a restart, a long
backlog) or never judged (imported history) is gathered again from the log as of the event: the same
signals under the lexicons then in force, the same scan, the same age of the author.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import structlog

from fieldfare.engine.content import content_of, reached_by
from fieldfare.engine.grounds import ACCOUNT_CREATED, CONTENT_KINDS, Facts, Grounds, born_ms
from fieldfare.engine.in_force import REFRESHING, Books
from fieldfare.engine.lake import LakeEvent
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, JsonValue, Org, is_history
from fieldfare.kernel.ids import LAST_ID
from fieldfare.records import ACCOUNT, Event, Subject

KEEP: Final = 50_000
"""Judged events held for the lake, and accounts whose age is remembered."""
REACHED: Final = "views.reached"

_log = structlog.get_logger(__name__)


class Judged:
    """What the evaluator was told lately, until the lake has taken it; any thread."""

    def __init__(self, *, keep: int = KEEP) -> None:
        self._keep = keep
        self._kept: OrderedDict[tuple[Org, EventId], LakeEvent] = OrderedDict()
        self._lock = threading.Lock()

    def hand_over(self, event: Event, data: Mapping[str, JsonValue], facts: Facts) -> None:
        """Keep what the rules are told of an event; the oldest gives way."""
        told = _event(event, data, facts, judged=True)
        with self._lock:
            self._kept[event.org, event.id] = told
            if len(self._kept) > self._keep:
                self._kept.popitem(last=False)

    def get(self, event: Event) -> LakeEvent | None:
        """Look up an event."""
        with self._lock:
            return self._kept.get((event.org, event.id))

    def take(self, event: Event) -> LakeEvent | None:
        """Look up an event and let go of it."""
        with self._lock:
            return self._kept.pop((event.org, event.id), None)


class Gatherer:
    """Gathers events that come in id order, each as of itself. One thread."""

    def __init__(self) -> None:
        self._books = Books()
        self._grounds = Grounds(self._books)
        self._stale: set[Org] = set()
        self._born: OrderedDict[tuple[Org, str], int] = OrderedDict()

    def gathered(self, uow: UnitOfWork, event: Event, *, as_of: EventId | None = None) -> LakeEvent:
        """Give an event with what rules are told of it.

        as_of: whose lexicons hold; for imported history that of the event that tells of it. A
        failure is logged, and the event has no facts: the lake does not stop for one event.
        """
        self.passes(event)
        try:
            return self._gathered(uow, event, event.id if as_of is None else as_of)
        except Exception:  # noqa: BLE001  # worker boundary: the event goes in without facts
            _log.exception("gathering failed", event_id=str(event.id), kind=event.kind)
            return plain(event)

    def passes(self, event: Event) -> None:
        """Note that the stream has come to an event, whoever gathers it."""
        if event.kind in REFRESHING:
            self._books.words.follow(event)
            self._stale.add(event.org)
        elif event.kind == ACCOUNT_CREATED:
            self._born.pop((event.org, event.subject.host_id), None)

    def _gathered(self, uow: UnitOfWork, event: Event, as_of: EventId) -> LakeEvent:
        if event.data is None:
            return plain(event)
        if event.kind == REACHED:
            return self._reached(uow, event, event.data, as_of)
        self._refresh(uow, event.org, as_of)
        if not self._books.has(event.org):
            return plain(event)
        if event.kind in CONTENT_KINDS:
            self._remember_age(uow, event, str(event.data.get("actor", "")))
        told = self._grounds.told(event)
        return plain(event) if told is None else _event(event, *told, judged=True)

    def _reached(
        self, uow: UnitOfWork, event: Event, data: Mapping[str, JsonValue], as_of: EventId
    ) -> LakeEvent:
        versions = uow.items.versions(event.org, event.subject)
        then = [item for item in versions if item.event_id < event.id]
        if not then or then[-1].digest != data.get("version"):
            # The version had given way to another when its views were counted: nobody judged it.
            return plain(event)
        self._refresh(uow, event.org, as_of)
        self._remember_age(uow, event, then[-1].author.host_id)
        content = content_of(uow, self._grounds, event.org, then[-1], as_of=event.id)
        reached = reached_by(content, event)
        return _event(event, reached.data, reached.facts, judged=True)

    def _refresh(self, uow: UnitOfWork, org: Org, as_of: EventId) -> None:
        if org not in self._stale and self._books.has(org):
            return
        self._stale.discard(org)
        self._books.refresh(uow, org, as_of=as_of)
        if not self._books.has(org):
            # As at a start: an organisation begins with what it was given.
            self._books.refresh(uow, org, as_of=LAST_ID)

    def _remember_age(self, uow: UnitOfWork, event: Event, author: str) -> None:
        key = (event.org, author)
        born = self._born.get(key)
        if born is None:
            born = self._born[key] = _born(uow, event.org, author, event.id)
            if len(self._born) > KEEP:
                (org, gone), _ = self._born.popitem(last=False)
                self._grounds.forget_account(org, gone)
        self._grounds.forget_account(event.org, author)
        self._grounds.learn_account(event.org, author, born)


def plain(event: Event) -> LakeEvent:
    """Give an event that no rule judges, with its own data; an erased one has none."""
    return _event(event, event.data or {}, {}, judged=False)


def _event(event: Event, data: Mapping[str, JsonValue], facts: Facts, *, judged: bool) -> LakeEvent:
    version = data.get("version")
    return LakeEvent(
        org=event.org,
        id=event.id,
        kind=event.kind,
        subject=event.subject,
        person=event.person,
        version=version if isinstance(version, str) else "",
        data=data if data.get("kind") == event.kind else {"kind": event.kind, **data},
        facts=facts,
        judged=judged,
    )


def _born(uow: UnitOfWork, org: Org, author: str, before: EventId) -> int:
    """Find when an account was made, as the log told live rules by then (ms); 0: nobody told."""
    made = uow.recall.last_of(org, ACCOUNT_CREATED, Subject(ACCOUNT, author), before)
    while made is not None and not is_history(made.id):
        if born := born_ms(made):
            return born
        made = uow.recall.last_of(org, ACCOUNT_CREATED, made.subject, made.id)
    return 0
