"""What holds when a fact that should judge a policy could not be had.

Flows in: the facts of an item version, some of them Unknown. Flows out: at most one hold and one
wish for a person, however many policies wait for the same fact, and what each Unknown led to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldfare.kernel import Unknown
from fieldfare.policies import OnUnknown, Policy, PolicyPack
from fieldfare.records import FactValue, Restriction, ReviewRequest

UNKNOWN_LANE: Final = 2
UNJUDGED_QUEUE: Final = "unjudged"
"""Where people look at what could not be judged."""
"""Behind what somebody reported or a rule matched: here nothing speaks against the item yet."""

UNKNOWN_REASON: Final = "Unknown"
"""How the reason of a request begins that asks only because a fact could not be had."""

_GRAVITY: Final = {OnUnknown.ALLOW: 0, OnUnknown.REVIEW: 1, OnUnknown.HOLD: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownOutcome:
    """What the Unknowns lead to. `unknown`: fact name -> why, and what followed."""

    restrictions: tuple[Restriction, ...] = ()
    review: tuple[ReviewRequest, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)


def unknown_facts(pack: PolicyPack, facts: Mapping[str, FactValue | Unknown]) -> Mapping[str, str]:
    """Name the listed facts that are Unknown, with why. A fact that is absent says nothing."""
    found = [
        (name, fact.why)
        for name, fact in facts.items()
        if isinstance(fact, Unknown) and name in pack.judging
    ]
    return dict(sorted(found))


def judge_unknowns(
    pack: PolicyPack, facts: Mapping[str, FactValue | Unknown], *, item: bool = True
) -> UnknownOutcome:
    """Apply `on_unknown` of every policy that a listed, Unknown fact should have judged.

    The gravest answer wins; hold and review are asked for once and in no policy's name: that a file
    could not be judged is no suspicion of the worst it might have shown. An account (`item` false)
    cannot be held, so a hold is a review there.
    """
    missing = unknown_facts(pack, facts)
    if not missing:
        return UnknownOutcome()
    waiting = [policy for name in missing for policy in pack.judging[name]]
    gravest = max((p.on_unknown for p in waiting), key=_GRAVITY.__getitem__)
    noted = {name: f"{why}; {_answer(pack.judging[name])}" for name, why in missing.items()}
    if gravest is OnUnknown.ALLOW:
        return UnknownOutcome(unknown=noted)
    why = ", ".join(f"{name}: {why}" for name, why in missing.items())
    request = ReviewRequest(
        queue=UNJUDGED_QUEUE, policy="", reason=f"{UNKNOWN_REASON} {why}", lane=UNKNOWN_LANE
    )
    held = item and gravest is OnUnknown.HOLD
    return UnknownOutcome(
        restrictions=(Restriction(kind="hold", policy=""),) if held else (),
        review=(request,),
        unknown=noted,
    )


def _answer(policies: tuple[Policy, ...]) -> OnUnknown:
    return max((policy.on_unknown for policy in policies), key=_GRAVITY.__getitem__)
