"""What a reviewer may choose, and what it means: policy and action flow in, restrictions out.

The page shows these restrictions before the choice is sent, so what is shown is what happens.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldfare.kernel import BadInput
from fieldfare.policies import Policy, PolicyAction
from fieldfare.records import Restriction

ADULT: Final = 18
NOTE_CHARS: Final = 2_000


class Action(StrEnum):
    """What a reviewer says. confirm: whatever the policy foresees for a confirmed breach."""

    ALLOW = "allow"
    CONFIRM = "confirm"
    LIMIT = "limit"
    AGE_GATE = "age_gate"
    REMOVE = "remove"


class ChoiceUnfit(BadInput):
    slug = "choice-unfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One verdict as chosen. policy: a code, "" only with allow. note: for colleagues."""

    action: Action
    policy: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.action is not Action.ALLOW and not self.policy:
            raise ChoiceUnfit(
                f"To {self.action.value} needs a policy.",
                hint="Choose the policy the item breaks.",
                pointer="/policy",
            )
        if len(self.note) > NOTE_CHARS:
            raise ChoiceUnfit(
                f"A note has at most {NOTE_CHARS} characters.", hint="Shorten it.", pointer="/note"
            )

    @property
    def outcome(self) -> str:
        """Write the choice as a case keeps it: `remove VG.GORE`."""
        return f"{self.action.value} {self.policy}".strip()


def consequences(
    policy: Policy | None, action: Action, *, at_ms: int, kinds: Iterable[str]
) -> tuple[Restriction, ...]:
    """Work out the restrictions a choice puts on an item. kinds: those an item can have.

    If the policy foresees the action, for confirmed breaches or as an alternative, then all it
    foresees with it; else the action alone. Allow takes nothing away.
    """
    if policy is None or action is Action.ALLOW:
        return ()
    for_items = frozenset(kinds)
    confirmed = tuple(act for act in policy.on_confirm if act.kind in for_items)
    if action is Action.CONFIRM or any(act.kind == action.value for act in confirmed):
        chosen = confirmed
    else:
        chosen = tuple(act for act in policy.alternatives if act.kind == action.value)
    if not chosen and action is not Action.CONFIRM:
        chosen = (_alone(action),)
    return tuple(act.restriction(policy.code, at_ms=at_ms) for act in chosen)


def _alone(action: Action) -> PolicyAction:
    return PolicyAction(kind=action.value, min_age=ADULT if action is Action.AGE_GATE else None)


def foreseen(policy: Policy) -> Action:
    """Name the action to offer first: the one the policy foresees for a confirmed breach."""
    kinds = {act.kind for act in policy.on_confirm}
    offered = (Action.REMOVE, Action.AGE_GATE, Action.LIMIT)
    return next((action for action in offered if action.value in kinds), Action.CONFIRM)
