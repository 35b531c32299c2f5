"""Entities for their pages: where to find one, and one as it is known.

In flow labels now and before, with reasons, and decisions; out flow lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fieldfare.engine.entities import ITEM_TYPE, EntityRecord
from fieldfare.engine.labels import ACCOUNT_TYPE
from fieldfare.kernel import EventId, at_of
from fieldfare.rules import RuleSet
from fieldfare.rules.label_book import Waiting
from fieldfare.rules.label_terms import LabelTerms
from fieldfare.rules.labels import Entity, LabelReason, LabelState
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.views.grounds import DecisionLine, decision_line


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonOfLabel:
    """Why a label holds: a rule or a person, and until when."""

    name: str
    description: str
    created_at: Moment
    expires_at: Moment | None
    event_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine:
    """A state of a label, now or before. ended_at: of one that was before."""

    status: str
    is_added: bool
    is_manual: bool
    reasons: tuple[ReasonOfLabel, ...]
    ended_at: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLine:
    """A label the entity has or had. holds: now. connotation, description: as it is declared."""

    name: str
    holds: bool
    expires_at: Moment | None
    state: StateLine
    previous: tuple[StateLine, ...]
    connotation: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """A change that waits for its moment, or that was dropped and why."""

    label: str
    status: str
    reason: str
    starts_at: Moment | None
    dropped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledLine:
    """An entity whose labels were changed."""

    type: str
    id: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitiesView:
    """types: those the rules and labels in force name. newest: labelled last, the newest first."""

    types: tuple[str, ...]
    newest: tuple[LabelledLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityView:
    """choices: labels that entities of this type may have. may_label: whoever looks may.

    is_known: the log tells something of it; None where that is not kept by its type.
    is_declared: rules or labels name its type.
    """

    type: str
    id: str
    is_known: bool | None
    is_declared: bool
    labels: tuple[LabelLine, ...]
    waiting: tuple[ChangeLine, ...]
    dropped: tuple[ChangeLine, ...]
    decisions: tuple[DecisionLine, ...]
    choices: tuple[str, ...]
    may_label: bool


def types_of(rules: RuleSet) -> tuple[str, ...]:
    """List the types of entities that rules, or the labels they declare, name."""
    of_labels = {name for terms in rules.labels.values() for name in terms.valid_for}
    return tuple(sorted({ACCOUNT_TYPE, ITEM_TYPE, *rules.entity_types, *of_labels}))


def entities_view(rules: RuleSet, newest: Sequence[tuple[Entity, EventId]]) -> EntitiesView:
    return EntitiesView(
        types=types_of(rules),
        newest=tuple(
            LabelledLine(type=entity.type, id=entity.id, at=Moment(at_of(event_id)))
            for entity, event_id in newest
        ),
    )


def entity_view(found: EntityRecord, rules: RuleSet, *, may_label: bool) -> EntityView:
    """Put an entity into words."""
    declared = rules.labels
    return EntityView(
        type=found.entity.type,
        id=found.entity.id,
        is_known=found.is_known,
        is_declared=found.entity.type in types_of(rules),
        labels=tuple(
            _label(name, state, declared.get(name), found.at_ms)
            for name, state in sorted(found.labels.labels.items())
        ),
        waiting=tuple(_change(each) for each in found.labels.waiting),
        dropped=tuple(_change(each) for each in reversed(found.labels.dropped)),
        decisions=tuple(decision_line(decision) for decision in found.decisions),
        choices=tuple(
            name for name, terms in sorted(declared.items()) if terms.fits(found.entity.type)
        ),
        may_label=may_label,
    )


def _label(name: str, state: LabelState, terms: LabelTerms | None, at_ms: int) -> LabelLine:
    return LabelLine(
        name=name,
        holds=state.holds(at_ms),
        expires_at=_moment(state.expires_at),
        state=_state(state),
        previous=tuple(
            StateLine(
                status=past.status.word,
                is_added=past.status.is_added,
                is_manual=past.status.is_manual,
                reasons=_reasons(past.reasons),
                ended_at=Moment(past.ended_at),
            )
            for past in state.previous
        ),
        connotation=terms.connotation if terms else "neutral",
        description=terms.description if terms else "",
    )


def _state(state: LabelState) -> StateLine:
    return StateLine(
        status=state.status.word,
        is_added=state.status.is_added,
        is_manual=state.status.is_manual,
        reasons=_reasons(state.reasons),
    )


def _reasons(reasons: Sequence[LabelReason]) -> tuple[ReasonOfLabel, ...]:
    return tuple(
        ReasonOfLabel(
            name=reason.name,
            description=reason.description,
            created_at=Moment(reason.created_at),
            expires_at=_moment(reason.expires_at),
            event_id=str(reason.event_id),
        )
        for reason in reasons
    )


def _change(each: Waiting) -> ChangeLine:
    change = each.change
    return ChangeLine(
        label=change.label,
        status=change.status.word,
        reason=change.reason,
        starts_at=Moment(change.starts_at) if change.starts_at else None,
        dropped=change.dropped,
    )


def _moment(at_ms: int | None) -> Moment | None:
    return None if at_ms is None else Moment(at_ms)
