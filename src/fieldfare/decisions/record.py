"""A decision and its event on the log, one made from the other."""

from collections.abc import Mapping
from typing import Final

import msgspec

from fieldfare.kernel import EventId, JsonValue
from fieldfare.records import Decision, Event, Judgement, NewEvent, Subject

DECISION_MADE: Final = "decision.made"


class _Body(msgspec.Struct, frozen=True):
    version: str
    revision: int
    judgement: Judgement
    pack: str
    rule_set: str
    models: dict[str, str]


def event_of(
    decision: Decision, *, person: Subject | None, causes: tuple[EventId, ...]
) -> NewEvent:
    """Write a decision (its id still 0) as the event that will name it."""
    body = _Body(
        version=decision.version,
        revision=decision.revision,
        judgement=decision.judgement,
        pack=decision.pack,
        rule_set=decision.rule_set,
        models=dict(decision.models),
    )
    data: Mapping[str, JsonValue] = msgspec.to_builtins(body)
    return NewEvent(
        kind=DECISION_MADE, subject=decision.subject, person=person, causes=causes, data=data
    )


def decision_of(event: Event) -> Decision | None:
    """Read a decision back from its event; None once its data were erased."""
    if event.data is None:
        return None
    body = msgspec.convert(event.data, _Body)
    return Decision(
        org=event.org,
        id=event.id,
        at=event.at,
        subject=event.subject,
        version=body.version,
        revision=body.revision,
        judgement=body.judgement,
        pack=body.pack,
        rule_set=body.rule_set,
        models=body.models,
        causes=event.causes,
    )
