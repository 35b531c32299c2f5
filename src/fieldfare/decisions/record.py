"""A decision and its event on the log, one made from the other."""

from collections.abc import Mapping
from typing import Final

import msgspec

from fieldfare.kernel import EventId, JsonValue
from fieldfare.records import Decision, Event, Judgement, NewEvent, Subject

DECISION_MADE: Final = "decision.made"


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision.made event carries: a decision without what the log adds to it.

    declared: the words of the rules' DeclareVerdicts.
    """

    version: str
    revision: int
    judgement: Judgement
    pack: str
    rule_set: str
    models: dict[str, str]
    declared: tuple[str, ...] = ()


def event_of(
    conclusion: Conclusion,
    subject: Subject,
    *,
    person: Subject | None,
    causes: tuple[EventId, ...],
) -> NewEvent:
    """Write a conclusion as the event that will name the decision."""
    data: Mapping[str, JsonValue] = msgspec.to_builtins(conclusion)
    return NewEvent(kind=DECISION_MADE, subject=subject, person=person, causes=causes, data=data)


def decided_by(event: Event, conclusion: Conclusion) -> Decision:
    """Join a conclusion with its event into the decision."""
    return Decision(
        org=event.org,
        id=event.id,
        at=event.at,
        subject=event.subject,
        version=conclusion.version,
        revision=conclusion.revision,
        judgement=conclusion.judgement,
        pack=conclusion.pack,
        rule_set=conclusion.rule_set,
        models=conclusion.models,
        declared=conclusion.declared,
        causes=event.causes,
    )


def decision_of(event: Event) -> Decision | None:
    """Read a decision back from its event; None once its data were erased."""
    if event.data is None:
        return None
    return decided_by(event, msgspec.convert(event.data, Conclusion))
