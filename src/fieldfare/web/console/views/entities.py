"""One entity as its page shows it: labels now and before, with reasons, and recent decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldfare.engine.entities import EntityRecord
from fieldfare.rules.label_book import Waiting
from fieldfare.rules.label_terms import LabelTerms
from fieldfare.rules.labels import LabelReason, LabelState
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
class EntityView:
    """choices: labels that entities of this type may have. may_label: whoever looks may."""

    type: str
    id: str
    labels: tuple[LabelLine, ...]
    waiting: tuple[ChangeLine, ...]
    dropped: tuple[ChangeLine, ...]
    decisions: tuple[DecisionLine, ...]
    choices: tuple[str, ...]
    may_label: bool


def entity_view(
    found: EntityRecord, declared: Mapping[str, LabelTerms], *, may_label: bool
) -> EntityView:
    """Put an entity into words."""
    return EntityView(
        type=found.entity.type,
        id=found.entity.id,
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
