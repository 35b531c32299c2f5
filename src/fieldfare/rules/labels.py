"""Labels on entities: what a change makes of a state, which of several changes wins, what expires.

In flow changes (from rules, or from people, who count for more) with the id of the event that
carries them; out flow new, immutable states. The id is the only clock, so a replay of the log gives
the same labels, live and in a backtest.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

import msgspec

from fieldfare.kernel import JsonValue

MAX_REASONS: Final = 64
"""Reasons of one state; beyond, the one that ends first gives way."""
MAX_PREVIOUS: Final = 20
"""Earlier states of one label that are kept with it, newest first; the log holds all of them."""


class Entity(NamedTuple):
    """Something that labels stick to: its type as the rules name it, and its id as text."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class LabelStatus(IntEnum):
    """What holds of a label. Of several changes in one event the highest wins."""

    REMOVED = 0
    ADDED = 1
    MANUALLY_REMOVED = 2
    MANUALLY_ADDED = 3

    @property
    def is_manual(self) -> bool:
        return self >= LabelStatus.MANUALLY_REMOVED

    @property
    def is_added(self) -> bool:
        return self in {LabelStatus.ADDED, LabelStatus.MANUALLY_ADDED}

    @property
    def word(self) -> str:
        """Name the status in the API and on the log: `manually_added`."""
        return self.name.lower()


class LabelReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a state holds. name: a rule's, or a person's own.

    created_at, expires_at: ms since 1970; no expires_at means for good. event_id: what brought it.
    """

    name: str
    description: str = ""
    created_at: int
    expires_at: int | None = None
    event_id: int


class PastState(msgspec.Struct, frozen=True, kw_only=True):
    """What held of a label before, until `ended_at` (ms since 1970)."""

    status: LabelStatus
    reasons: tuple[LabelReason, ...]
    ended_at: int


class LabelState(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of one label on one entity, why, and what held before."""

    status: LabelStatus
    reasons: tuple[LabelReason, ...]
    previous: tuple[PastState, ...] = ()

    @property
    def expires_at(self) -> int | None:
        """When the last reason ends (ms since 1970); None if one of them never does."""
        return _last_end(self.reasons)

    def holds(self, at_ms: int) -> bool:
        """Tell whether any reason still counts: a state ends only when all of them have."""
        return any(
            reason.expires_at is None or reason.expires_at > at_ms for reason in self.reasons
        )

    def since(self, at_ms: int) -> int:
        """Give when the oldest reason that still counts was made; `at_ms` if none does."""
        counting = (
            reason.created_at
            for reason in self.reasons
            if reason.expires_at is None or reason.expires_at > at_ms
        )
        return min(counting, default=at_ms)


class LabelChange(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to change one label of an entity.

    reason: its name; expires_at: ms since 1970, None for good; starts_at: ms since 1970, when it
    takes effect, 0 for at once. dropped: why it has no effect, empty where it has.
    """

    entity: Entity
    label: str
    status: LabelStatus
    reason: str
    description: str = ""
    expires_at: int | None = None
    starts_at: int = 0
    dropped: str = ""


def settled(changes: Iterable[LabelChange]) -> tuple[LabelChange, ...]:
    """Settle what one event asks for: of one label of an entity the highest status wins.

    The losers come back with the reason why they are dropped. Changes that start at different
    moments do not meet.
    """
    listed = tuple(dict.fromkeys(changes))
    highest: dict[tuple[Entity, str, int], LabelStatus] = {}
    for change in listed:
        place = (change.entity, change.label, change.starts_at)
        highest[place] = max(change.status, highest.get(place, change.status))
    return tuple(
        change
        if change.dropped or change.status is highest[change.entity, change.label, change.starts_at]
        else msgspec.structs.replace(
            change,
            dropped=f"the same event says {_words(_winner(highest, change))}, which counts more",
        )
        for change in listed
    )


def _winner(
    highest: Mapping[tuple[Entity, str, int], LabelStatus], change: LabelChange
) -> LabelStatus:
    return highest[change.entity, change.label, change.starts_at]


def state_after(
    state: LabelState | None, change: LabelChange, *, at_ms: int, event_id: int
) -> tuple[LabelState | None, str]:
    """Apply a change to what held before. Gives the state and, if it is dropped, why.

    What a person set is not changed by rules until it has expired. The same status again adds its
    reason, or renews the one of that name, which keeps its beginning.
    """
    reason = LabelReason(
        name=change.reason,
        description=change.description,
        created_at=at_ms,
        expires_at=change.expires_at,
        event_id=event_id,
    )
    if state is None:
        return LabelState(status=change.status, reasons=(reason,)), ""
    if not state.holds(at_ms):
        return _turned(state, change.status, reason, ended_at=state.expires_at or at_ms), ""
    if state.status.is_manual and not change.status.is_manual:
        return state, f"it was {_words(state.status)} by a person, and that still counts"
    if state.status is not change.status:
        return _turned(state, change.status, reason, ended_at=at_ms), ""
    return msgspec.structs.replace(state, reasons=_with_reason(state.reasons, reason)), ""


def _turned(
    state: LabelState, status: LabelStatus, reason: LabelReason, *, ended_at: int
) -> LabelState:
    past = PastState(status=state.status, reasons=state.reasons, ended_at=ended_at)
    previous = (past, *state.previous)[:MAX_PREVIOUS]
    return LabelState(status=status, reasons=(reason,), previous=previous)


def _with_reason(reasons: Sequence[LabelReason], reason: LabelReason) -> tuple[LabelReason, ...]:
    found = {known.name: known for known in reasons}
    before = found.get(reason.name)
    if before is not None:
        reason = msgspec.structs.replace(reason, created_at=before.created_at)
    found[reason.name] = reason
    if len(found) > MAX_REASONS:
        others = (known for known in found.values() if known is not reason)
        first = min(others, key=lambda known: (known.expires_at is None, known.expires_at or 0))
        del found[first.name]
    return tuple(found.values())


def _last_end(reasons: Sequence[LabelReason]) -> int | None:
    ends = [reason.expires_at for reason in reasons]
    return None if None in ends else max((end for end in ends if end is not None), default=None)


def _words(status: LabelStatus) -> str:
    return status.word.replace("_", " ")


LABEL_CHANGED: Final = "label.changed"
"""The kind of the events that carry changes; nothing else changes a label."""

_STATUS: Final[Mapping[str, LabelStatus]] = {status.word: status for status in LabelStatus}


def data_of(changes: Sequence[LabelChange]) -> dict[str, JsonValue]:
    """Write the changes of one entity as the data of a label.changed event."""
    entity = changes[0].entity
    return {
        "entity": {"type": entity.type, "id": entity.id},
        "changes": [
            {
                "label": change.label,
                "status": change.status.word,
                "reason": change.reason,
                "description": change.description,
                "expires_at": change.expires_at,
                "starts_at": change.starts_at,
                "dropped": change.dropped,
            }
            for change in changes
        ],
    }


def changes_in(data: Mapping[str, Any]) -> tuple[LabelChange, ...]:
    """Read the changes a label.changed event carries."""
    entity = Entity(str(data["entity"]["type"]), str(data["entity"]["id"]))
    return tuple(
        LabelChange(
            entity=entity,
            label=str(told["label"]),
            status=_STATUS[told["status"]],
            reason=str(told["reason"]),
            description=str(told.get("description", "")),
            expires_at=told.get("expires_at"),
            starts_at=told.get("starts_at", 0),
            dropped=str(told.get("dropped", "")),
        )
        for told in data["changes"]
    )
