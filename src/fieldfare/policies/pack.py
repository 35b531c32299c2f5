"""A policy pack: all policies in force together, under one content hash.

Flows in: checked policies and overlays. Flows out: the policy that holds for an item of a given
market and author's age. Packs are immutable; a change is a new pack with a new hash, and every
decision names the hash it was made under.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fieldfare.kernel import NotFound, did_you_mean
from fieldfare.policies.kinds import RestrictionKinds
from fieldfare.policies.policy import Policy


class UnknownPolicy(NotFound):
    """Somebody names a policy that the pack lacks."""

    slug = "unknown-policy"

    def __init__(self, code: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no policy {code!r}.", hint=did_you_mean(code, known))
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """Policies that differ in some markets or for authors of some age bands.

    markets, ages: None means all of them. policies: complete, as they hold there.
    """

    name: str
    markets: frozenset[str] | None
    ages: frozenset[str] | None
    policies: Mapping[str, Policy]

    def is_for(self, market: str, age_band: str) -> bool:
        in_market = self.markets is None or market in self.markets
        return in_market and (self.ages is None or age_band in self.ages)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPack:
    """A pack as loaded. `hash`: SHA-256 of its content, overlays and texts included.

    effective_from: ms since 1970. kinds: the built-in restriction kinds and the pack's own.
    judging: fact name -> the policies it can judge, derived from their `judged_by`. ranks: code ->
    what `rank` gives.
    """

    name: str
    version: str
    hash: str
    effective_from: int
    policies: Mapping[str, Policy]
    overlays: tuple[Overlay, ...]
    kinds: RestrictionKinds
    judging: Mapping[str, tuple[Policy, ...]] = field(init=False, compare=False, repr=False)
    ranks: Mapping[str, tuple[float, str]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        judging: dict[str, tuple[Policy, ...]] = {}
        for policy in self.policies.values():
            for fact in policy.judged_by:
                judging[fact] = (*judging.get(fact, ()), policy)
        object.__setattr__(self, "judging", judging)
        ranks = {code: (-self.policy(code).harm_weight, code) for code in self.policies}
        object.__setattr__(self, "ranks", {"": (1.0, ""), **ranks})

    def may_picture(self, code: str) -> bool:
        """Tell whether known content under a policy may be pictured: `Policy.may_be_pictured`.

        Of a policy that the pack lacks nothing is pictured, nor where any overlay forbids it.
        """
        held = (self.policies, *(overlay.policies for overlay in self.overlays))
        found = [policies[code] for policies in held if code in policies]
        return bool(found) and all(policy.may_be_pictured for policy in found)

    def policy(self, code: str, *, market: str = "", age_band: str = "") -> Policy:
        """Give the policy in force for an item's market and its author's age band.

        Of several overlays that change it, the last in the file wins. Raises UnknownPolicy.
        """
        for overlay in reversed(self.overlays):
            if code in overlay.policies and overlay.is_for(market, age_band):
                return overlay.policies[code]
        found = self.policies.get(code)
        if found is None:
            raise UnknownPolicy(code, self.policies)
        return found

    def rank(self, code: str) -> tuple[float, str]:
        """Sort key that puts the gravest policy first: harm weight down, then code up.

        The empty code (a hold for a technical reason) comes last. Raises UnknownPolicy.
        """
        found = self.ranks.get(code)
        if found is None:
            raise UnknownPolicy(code, self.policies)
        return found
