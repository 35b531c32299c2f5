"""One entity: its labels now, what held before, and the decisions on what it names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fieldfare.engine.evaluator import READER
from fieldfare.engine.labels import ACCOUNT_TYPE, subject_of
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.kinds import ITEM_KINDS
from fieldfare.kernel import EventId, Org
from fieldfare.records import ACCOUNT, Decision, Subject
from fieldfare.rules.label_book import NO_LABELS, EntityLabels
from fieldfare.rules.labels import LABEL_CHANGED, Entity, changes_in

ITEM_TYPE: Final = "Item"
NEWEST: Final = 50
RECENT: Final = 20
"""Decisions shown with an entity, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityRecord:
    """What is known of an entity as of a moment (ms since 1970).

    is_known: it has or had labels, something was decided on it, or the log tells of it. None for a
    type other than accounts and items without labels: events that name such a thing are not kept
    by it, so nobody can say.
    """

    entity: Entity
    is_known: bool | None
    at_ms: int
    labels: EntityLabels
    decisions: Sequence[Decision]


def entity_record(
    uow: UnitOfWork, org: Org, entity: Entity, *, person: str, now_ms: int
) -> EntityRecord:
    """Read an entity; one that nobody has labelled has no labels, and is no error.

    person: the pseudonym of the person it would be if it is an account.

    What is on the log and not evaluated yet is counted in, so that who changed it sees it.
    """
    labels = uow.labels.get(org, entity) or NO_LABELS
    done = uow.cursors.get(READER)
    told = uow.log.of_subject(org, subject_of(entity), limit=NEWEST)
    for event in told:
        if event.id > done and event.kind == LABEL_CHANGED and event.data is not None:
            labels = labels.after(changes_in(event.data), event_id=event.id)
    decisions = [
        decision
        for subject in _subjects(entity)
        for decision in uow.decisions.of_subject(org, subject)
    ]
    newest = sorted(decisions, key=lambda decision: decision.id, reverse=True)
    return EntityRecord(
        entity=entity,
        is_known=bool(told or newest) or labels != NO_LABELS or _is_there(uow, org, entity, person),
        at_ms=now_ms,
        labels=labels.as_of(now_ms),
        decisions=newest[:RECENT],
    )


def newest_labelled(uow: UnitOfWork, org: Org, *, limit: int) -> Sequence[tuple[Entity, EventId]]:
    """Name the entities whose labels were changed last, each once, with the event that did it."""
    found: dict[Entity, EventId] = {}
    for event in uow.recall.newest_of(org, LABEL_CHANGED, limit=4 * limit):
        # What an erased person's labels were is gone with their key.
        for change in changes_in(event.data) if event.data is not None else ():
            found.setdefault(change.entity, event.id)
    return list(found.items())[:limit]


def _is_there(uow: UnitOfWork, org: Org, entity: Entity, person: str) -> bool | None:
    if entity.type == ACCOUNT_TYPE:
        # Whoever posted, uploaded or reported anything has a key.
        return uow.data_keys.get(org, person) is not None
    if entity.type == ITEM_TYPE:
        return any(uow.items.current(org, subject) for subject in _subjects(entity))
    return None


def _subjects(entity: Entity) -> Sequence[Subject]:
    """Name the subjects an entity may stand for: an account, or an item of any kind."""
    if entity.type == ACCOUNT_TYPE:
        return [Subject(ACCOUNT, entity.id)]
    if entity.type == ITEM_TYPE:
        return [Subject(kind, entity.id) for kind in ITEM_KINDS]
    return []
