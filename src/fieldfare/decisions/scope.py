"""What restrictions mean for one viewer, here and now.

Flows in: the restrictions on an item and on its author, and who asks: surface, market, age band,
moment. Flows out: show, show with a warning, or do not show. Asked hundreds of times a request, so
plain functions over tuples. Whatever is not known counts as the stricter case: a viewer of unknown
age is a minor, a viewer of unknown market is where the restriction holds, an unknown kind blocks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from fieldfare.policies import ADULT_YEARS, RESTRICTION_KINDS, RestrictionKinds
from fieldfare.records import Restriction

Show: TypeAlias = Literal["yes", "warn", "no"]

LIMITED_SURFACES: Final = frozenset({"feed", "search"})
"""Where a limited item does not appear; profile, direct and live links still lead to it."""

AGE_AT_LEAST: Final[Mapping[str, int]] = {
    "under13": 0,
    "13_15": 13,
    "16_17": 16,
    "18_plus": ADULT_YEARS,
    "unknown": 0,
}
"""Age band of the viewer -> the age in years the viewer has reached for certain."""


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """Whether one viewer may see one item. `reason`: the kind that decided, "allow" if none.

    labels: banners to show with it, e.g. ("ai",).
    """

    show: Show
    reason: str = "allow"
    policy: str = ""
    labels: tuple[str, ...] = ()


SHOWN: Final = GateAnswer("yes")


def applies(restriction: Restriction, surface: str, market: str, age_band: str, at_ms: int) -> bool:
    """Whether a restriction reaches this viewer: its surfaces, markets and time, and below its
    `min_age` only. At `until` itself it has ended.
    """
    if restriction.until is not None and at_ms >= restriction.until:
        return False
    if restriction.surfaces is not None and surface not in restriction.surfaces:
        return False
    if restriction.markets is not None and market and market not in restriction.markets:
        return False
    min_age = restriction.min_age
    return min_age is None or AGE_AT_LEAST.get(age_band, 0) < min_age


def effective(
    restrictions: Sequence[Restriction],
    *,
    surface: str,
    market: str,
    age_band: str,
    at_ms: int,
    kinds: RestrictionKinds = RESTRICTION_KINDS,
) -> GateAnswer:
    """Answer for one viewer from the restrictions on the item and, after them, on its author.

    surface, age_band: words of the contract; market: two capital letters, "" if not known.
    The first restriction that forbids showing answers, so keep them gravest first as `resolve`
    gives them. A warning asks the viewer first; labels are shown with the item.
    """
    if not restrictions:
        return SHOWN
    warned: Restriction | None = None
    labelled: list[Restriction] = []
    for one in restrictions:
        if not applies(one, surface, market, age_band, at_ms):
            continue
        kind = kinds.by_name.get(one.kind)
        gate = "block" if kind is None else kind.gate
        if gate == "block" or (gate == "limit" and surface in LIMITED_SURFACES):
            return GateAnswer("no", one.kind, one.policy)
        if gate == "warn":
            warned = warned or one
        elif gate == "label":
            labelled.append(one)
    return _shown(warned, labelled)


def _shown(warned: Restriction | None, labelled: Sequence[Restriction]) -> GateAnswer:
    if warned is None and not labelled:
        return SHOWN
    labels = tuple(one.params.get("label", one.policy) for one in labelled)
    first = warned or labelled[0]
    return GateAnswer("yes" if warned is None else "warn", first.kind, first.policy, labels)
