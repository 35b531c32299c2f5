"""The label book: what labels every entity has, over a stream of changes in the order of ids.

In flow changes with the id of the event that carries them; out flow the labels of an entity as of
an id. A change that starts later waits with its entity and is applied when its moment has come,
before anything newer, so that it makes no difference when somebody looks.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from fieldfare.kernel.ids import at_of
from fieldfare.rules.labels import Entity, LabelChange, LabelState, LabelStatus, state_after

MAX_DROPPED: Final = 20
"""Changes without effect that are kept with an entity for people to see, newest last."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A change that starts later, and the event that carried it."""

    change: LabelChange
    event_id: int


class EntityLabels(msgspec.Struct, frozen=True, kw_only=True):
    """All labels of one entity. waiting: in the order in which they start; dropped: for people."""

    labels: dict[str, LabelState] = {}
    waiting: tuple[Waiting, ...] = ()
    dropped: tuple[Waiting, ...] = ()

    def as_of(self, at_ms: int) -> "EntityLabels":
        """Give the labels with everything applied that has started by then (ms since 1970)."""
        if not self.waiting or self.waiting[0].change.starts_at > at_ms:
            return self
        labels, dropped = dict(self.labels), list(self.dropped)
        still = list(self.waiting)
        while still and still[0].change.starts_at <= at_ms:
            due = still.pop(0)
            _apply(labels, dropped, due, at_ms=due.change.starts_at)
        return EntityLabels(
            labels=labels, waiting=tuple(still), dropped=tuple(dropped[-MAX_DROPPED:])
        )

    def after(self, changes: Iterable[LabelChange], *, event_id: int) -> "EntityLabels":
        """Give the labels after an event's changes; what is dropped is kept with the reason."""
        at_ms = at_of(event_id)
        before = self.as_of(at_ms)
        labels, dropped, waiting = dict(before.labels), list(before.dropped), list(before.waiting)
        for change in changes:
            come = Waiting(change=change, event_id=event_id)
            if change.dropped:
                dropped.append(come)
            elif change.starts_at > at_ms:
                waiting.append(come)
            else:
                _apply(labels, dropped, come, at_ms=at_ms)
        waiting.sort(key=lambda due: (due.change.starts_at, due.event_id))
        return EntityLabels(
            labels=labels, waiting=tuple(waiting), dropped=tuple(dropped[-MAX_DROPPED:])
        )

    def needs(self, change: LabelChange, at_ms: int) -> bool:
        """Tell whether a change would leave anything different, so that it is worth an event.

        What is dropped is worth one: people see it with its reason, but not again and again.
        """
        now = self.as_of(at_ms)
        state = now.labels.get(change.label)
        holds = state if state is not None and state.holds(at_ms) else None
        if change.dropped or (holds and holds.status.is_manual and not change.status.is_manual):
            return _same(change) not in {_same(lost.change) for lost in now.dropped}
        if change.starts_at or change.expires_at is not None:
            return True
        if holds is None:
            return change.status is not LabelStatus.REMOVED
        known = {reason.name: reason for reason in holds.reasons}.get(change.reason)
        is_new = known is None or known.expires_at is not None
        return is_new or holds.status is not change.status


def _same(change: LabelChange) -> tuple[str, LabelStatus, str]:
    return (change.label, change.status, change.reason)


def _apply(
    labels: dict[str, LabelState], dropped: list[Waiting], come: Waiting, *, at_ms: int
) -> None:
    change = come.change
    state, why = state_after(labels.get(change.label), change, at_ms=at_ms, event_id=come.event_id)
    if state is not None:
        labels[change.label] = state
    if why:
        lost = msgspec.structs.replace(change, dropped=why)
        dropped.append(Waiting(change=lost, event_id=come.event_id))


NO_LABELS: Final = EntityLabels()


class LabelBook:
    """The labels of one organisation's entities, in memory. Events come in the order of ids."""

    def __init__(self, known: Mapping[Entity, EntityLabels] | None = None) -> None:
        self._of: dict[Entity, EntityLabels] = dict(known or {})

    def __len__(self) -> int:
        return len(self._of)

    def __iter__(self) -> Iterator[tuple[Entity, EntityLabels]]:
        return iter(self._of.items())

    def get(self, entity: Entity, *, as_of: int) -> EntityLabels:
        """Give what an event with this id sees: everything from events with lower ids."""
        found = self._of.get(entity)
        return NO_LABELS if found is None else found.as_of(at_of(as_of))

    def apply(self, changes: Iterable[LabelChange], *, event_id: int) -> None:
        """Take in what an event on the log says of one or more entities."""
        by_entity: dict[Entity, list[LabelChange]] = {}
        for change in changes:
            by_entity.setdefault(change.entity, []).append(change)
        for entity, asked in by_entity.items():
            before = self._of.get(entity, NO_LABELS)
            self._of[entity] = before.after(asked, event_id=event_id)

    def needed(self, changes: Iterable[LabelChange], *, as_of: int) -> tuple[LabelChange, ...]:
        """Leave out what would change nothing: a rule that fires again says nothing new."""
        at_ms = at_of(as_of)
        return tuple(
            change
            for change in changes
            if self._of.get(change.entity, NO_LABELS).needs(change, at_ms)
        )

    def forget(self, entity: Entity) -> None:
        """Let go of an entity: its account was erased."""
        self._of.pop(entity, None)
