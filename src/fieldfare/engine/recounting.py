"""Recounting: what counters that do not know the past have to count of it, read from the log.

In flow events of the kinds that count, all organisations together in id order; out flow warmed
counters, taken over by what is running. At a start that is whatever no snapshot tells of, after a
change of the rules it is the counters that are new.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final

from fieldfare.engine.content import Content, content_of, reached_by
from fieldfare.engine.grounds import Grounds
from fieldfare.engine.snapshots import SnapshotKeeping
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.records import Event
from fieldfare.rules import Occurrence
from fieldfare.rules.warming import Warming

PAGE: Final = 1_000
REACHED: Final = "views.reached"


class Recounting:
    """Reads the log for counters. Used by the evaluator's thread."""

    def __init__(self, store: Store, grounds: Grounds) -> None:
        self._store = store
        self._grounds = grounds

    def restore(self, position: EventId, snapshots: SnapshotKeeping | None) -> int:
        """Let the counters know what they knew at a position; returns how many events it took."""
        saved = self._grounds.saved(snapshots, position) if snapshots else {}
        replayed = self.replay(saved, position)
        self._grounds.warmed(saved)
        return replayed + self.warm_up(position)

    def warm_up(self, position: EventId) -> int:
        """Count the past for every counter that does not know it; returns how many events."""
        warmings = self._grounds.warmings()
        if not warmings:
            return 0
        replayed = self.replay(warmings, position)
        self._grounds.warmed(warmings)
        return replayed

    def replay(self, warmings: Mapping[Org, Warming], position: EventId) -> int:
        """Take events up to a position into warmings; returns how many were read."""
        starts: dict[str, int] = {}
        for warming in warmings.values():
            for kind, start in warming.starts(position).items():
                starts[kind] = min(start, starts.get(kind, start))
        kinds = [self._recalled(kind, EventId(after), position) for kind, after in starts.items()]
        replayed = 0
        for event in heapq.merge(*kinds, key=attrgetter("id")):
            replayed += 1
            into = warmings.get(event.org)
            happened = None if into is None else self._happened(event)
            if into is not None and happened is not None:
                into.count(happened)
        return replayed

    def _happened(self, event: Event) -> Occurrence | None:
        """Tell of an event what rules were told of it when it came."""
        if event.kind != REACHED or event.data is None:
            return self._grounds.happened(event)
        version = event.data["version"]

        def read(uow: UnitOfWork) -> Content | None:
            versions = uow.items.versions(event.org, event.subject)
            item = next((one for one in reversed(versions) if one.digest == version), None)
            if item is None:
                return None
            return content_of(uow, self._grounds, event.org, item, as_of=event.id)

        content = self._store.read(read)
        if content is None:
            return None
        reached = reached_by(content, event)
        return self._grounds.happened_as(event, reached.data, reached.facts)

    def _recalled(self, kind: str, after: EventId, up_to: EventId) -> Iterator[Event]:
        while events := self._page(kind, after):
            for event in events:
                if event.id > up_to:
                    return
                yield event
            after = events[-1].id

    def _page(self, kind: str, after: EventId) -> Sequence[Event]:
        return self._store.read(lambda uow: uow.recall.of_kind(kind, after, limit=PAGE))
