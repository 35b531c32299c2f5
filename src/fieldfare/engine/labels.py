"""Labels of entities in the engine: changes go onto the log, and the log makes the labels.

In flow what rules and people ask for; out flow label.changed events, and from these the table of
current labels. The evaluator applies each change when it comes to its event, in the transaction of
its own cursor, so the table says at any moment what holds as of the cursor.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from fieldfare.engine.in_force import InForce
from fieldfare.engine.label_store import Labels
from fieldfare.kernel import BadInput, EventId, Org, did_you_mean
from fieldfare.records import ACCOUNT, Event, Log, NewEvent, Subject
from fieldfare.rules.label_book import NO_LABELS, LabelBook
from fieldfare.rules.labels import (
    LABEL_CHANGED,
    Entity,
    LabelChange,
    LabelStatus,
    changes_in,
    data_of,
)

ACCOUNT_TYPE: Final = "Account"
"""Entities of this type are accounts: what their labels say belongs to that person."""
MANUAL: Final = {True: LabelStatus.MANUALLY_ADDED, False: LabelStatus.MANUALLY_REMOVED}
_LETTERS: Final = 200


class LabelUnit(Protocol):
    """The part of a unit of work that changing labels needs."""

    @property
    def log(self) -> Log: ...
    @property
    def labels(self) -> Labels: ...


def subject_of(entity: Entity) -> Subject:
    """Name an entity as the log does: an account as the account."""
    kind = ACCOUNT if entity.type == ACCOUNT_TYPE else entity.type
    return Subject(kind, entity.id)


def write_changes(
    uow: LabelUnit, event: Event, changes: Sequence[LabelChange]
) -> tuple[EventId, ...]:
    """Write what the rules ask for on an event: one label.changed for each entity."""
    together: dict[Entity, list[LabelChange]] = {}
    for change in changes:
        together.setdefault(change.entity, []).append(change)
    return tuple(
        _append(uow, event.org, asked, person=event.person, causes=(event.id,))
        for asked in together.values()
    )


def change_by_hand(uow: LabelUnit, org: Org, in_force: InForce, change: LabelChange) -> EventId:
    """Write what a person asks for. Gives the event from which on it holds.

    Raises BadInput as `must_fit` does.
    """
    must_fit(in_force, change)
    return _append(uow, org, [change], person=None, causes=())


def must_fit(in_force: InForce, change: LabelChange) -> None:
    """Refuse a change that no person can ask for.

    Raises BadInput for a label nobody declared, one for another type, or a part that is too long.
    """
    terms = in_force.rules.labels.get(change.label)
    if terms is None:
        known = in_force.rules.labels
        hint = did_you_mean(change.label, known) or (
            f"Known are {', '.join(known)}." if known else "Declare labels in config/labels.yaml."
        )
        raise BadInput(f"no label {change.label!r}", hint=hint, pointer="/label")
    entity = change.entity
    if not terms.fits(entity.type):
        hint = f"It is for {', '.join(terms.valid_for)}."
        message = f"{change.label!r} is no label for entities of type {entity.type!r}"
        raise BadInput(message, hint=hint, pointer="/entity/type")
    if not entity.id or len(entity.id) > _LETTERS or len(entity.type) > _LETTERS:
        hint = f"Type and id have 1 to {_LETTERS} characters."
        raise BadInput("this is no entity", hint=hint, pointer="/entity/id")


def project(uow: LabelUnit, event: Event) -> None:
    """Bring the table of current labels to a label.changed event."""
    if event.data is None:
        return
    changes = changes_in(event.data)
    if changes:
        entity = changes[0].entity
        before = uow.labels.get(event.org, entity) or NO_LABELS
        after = before.after(changes, event_id=event.id)
        uow.labels.put(event.org, entity, after, changed=event.id)


def book_of(uow: LabelUnit, org: Org) -> LabelBook:
    """Read an organisation's labels as of the evaluator's cursor."""
    return LabelBook(dict(uow.labels.all(org)))


def _append(
    uow: LabelUnit,
    org: Org,
    changes: Sequence[LabelChange],
    *,
    person: Subject | None,
    causes: tuple[EventId, ...],
) -> EventId:
    subject = subject_of(changes[0].entity)
    event = NewEvent(
        kind=LABEL_CHANGED,
        subject=subject,
        person=subject if subject.kind == ACCOUNT else person,
        causes=causes,
        data=data_of(changes),
    )
    return uow.log.append(org, event).id
