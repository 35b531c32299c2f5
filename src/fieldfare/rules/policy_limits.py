"""How far a rule may go by itself under a policy, as the pack says.

In: an effect that names its policy as a literal, and the policy's terms. Out: nothing, or what the
policy allows instead and where that stands.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from fieldfare.records import Restriction
from fieldfare.rules.effect_table import EffectSpec
from fieldfare.rules.vocabulary import KindTerms, PolicyTerms

GRAVITY: Final = (
    "label",
    "warn",
    "limit",
    "age_gate",
    "geo_block",
    "interaction",
    "hold",
    "remove",
)
"""Restrictions of content from mild to grave; the order of the headline action."""

_HOLD: Final = "hold"
_STAGES: Final = "at_high_confidence, on_match or on_confirm"


def too_grave(
    spec: EffectSpec, terms: PolicyTerms, kinds: Mapping[str, KindTerms], *, ends: bool
) -> str:
    """Say what a policy allows where an effect is graver; nothing where it is not.

    ends: whether the restriction ends by itself. Of an item nothing is allowed that is graver than
    the gravest its policy lists; a hold always, since it has a deadline. An account is closed only
    where the policy says that this befalls it; what ends, or closes nothing, may be asked for.
    """
    match spec.on:
        case "item":
            return _of_item(spec.kind, terms)
        case "account" if not ends:
            return _of_account(spec.kind, terms, kinds)
        case _:
            return ""


def _of_item(kind: str, terms: PolicyTerms) -> str:
    listed = _kinds((*terms.at_high_confidence, *terms.on_match, *terms.on_confirm))
    if kind in listed or kind in {"", _HOLD} or kind not in GRAVITY:
        return ""
    gravest = max((GRAVITY.index(k) for k in listed if k in GRAVITY), default=-1)
    if GRAVITY.index(kind) <= gravest:
        return ""
    allowed = ", ".join((*(k for k in GRAVITY[: gravest + 1] if k != _HOLD), _HOLD))
    hint = f"A rule may ask for {allowed}: nothing graver than the pack has at {_STAGES}."
    if kind in _kinds(terms.alternatives):
        return f"{hint} Of its alternatives, {kind} among them, a reviewer chooses."
    return hint


def _of_account(kind: str, terms: PolicyTerms, kinds: Mapping[str, KindTerms]) -> str:
    asked = kinds.get(kind)
    listed = [kinds[each] for each in _kinds(terms.account) if each in kinds]
    if asked is None or not asked.closes or any(one.order >= asked.order for one in listed):
        return ""
    said = f"says account: {', '.join(one.name for one in listed)}" if listed else "has none"
    return (
        f"A rule closes an account for good only where the pack lists it under account:, and "
        f"{terms.code} {said}. What ends by itself may be asked for: Suspend(..., for_='7d')."
    )


def _kinds(restrictions: Iterable[Restriction]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(restriction.kind for restriction in restrictions))
