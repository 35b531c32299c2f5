"""A lake in memory: what a test puts in, read as the lake on disk is read."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from fieldfare.engine.lake import LakeEvent, LakeSpan
from fieldfare.kernel import EventId, Org


class MemoryLake:
    """`engine.lake.Lake` over a list. batch: how many events come at a time."""

    def __init__(self, events: Iterable[LakeEvent] = (), *, batch: int = 1_000) -> None:
        self._events: dict[Org, list[LakeEvent]] = {}
        self._batch = batch
        self.put(events)

    def put(self, events: Iterable[LakeEvent]) -> None:
        """Add events; they may come in any order."""
        for event in events:
            self._events.setdefault(event.org, []).append(event)
        for kept in self._events.values():
            kept.sort(key=attrgetter("id"))

    def events(
        self,
        org: Org,
        /,
        *,
        after: EventId,
        up_to: EventId,
        kinds: Collection[str] | None = None,
        fields: Collection[str] | None = None,  # noqa: ARG002  # what is not asked for may be there
    ) -> Iterator[Sequence[LakeEvent]]:
        found = [
            event
            for event in self._events.get(org, ())
            if after < event.id <= up_to and (kinds is None or event.kind in kinds)
        ]
        for start in range(0, len(found), self._batch):
            yield found[start : start + self._batch]

    def span(self, org: Org, /) -> LakeSpan | None:
        kept = self._events.get(org)
        return LakeSpan(first=kept[0].id, last=kept[-1].id) if kept else None

    def counts(self, org: Org, /, *, after: EventId, up_to: EventId) -> Mapping[str, int]:
        kept = self._events.get(org, ())
        return Counter(event.kind for event in kept if after < event.id <= up_to)
