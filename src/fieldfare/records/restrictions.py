"""Restrictions: what a decision takes away, and where, for whom and until when."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """One thing that does not hold for everybody any more, and the policy it rests on.

    kind: from the registry of the `policies` room ("remove", "limit", "age_gate", ...).
    surfaces, markets: None means all. min_age: years, for age gates. until: ms since 1970, None:
    for good. params: further typed parameters of the kind, e.g. {"label": "ai_generated"}.
    """

    kind: str
    policy: str
    surfaces: frozenset[str] | None = None
    markets: frozenset[str] | None = None
    min_age: int | None = None
    until: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)
