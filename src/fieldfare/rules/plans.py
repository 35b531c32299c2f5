"""What stands behind the places and values that a compiled function gives: its rules and effects.

The assembler writes the plans of an event kind while it compiles it; `outcomes` reads them to make
words and verdicts of what the function found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fieldfare.rules.ahead import BatchAhead
from fieldfare.rules.counters import Counter
from fieldfare.rules.kept_away import KeptAway
from fieldfare.rules.sightings import Sighting


@dataclass(frozen=True, slots=True)
class Captured:
    """An argument known only when the event is: the place of its value in the capture."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPlan:
    """A value to show: its name, where it is captured, and the plain or captured threshold."""

    sighting: Sighting
    value: object
    threshold: object


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePlan:
    """A rule as it can fire for a kind. words: of its description; seen: what it looks at."""

    key: str
    words: tuple[object, ...]
    seen: tuple[SeenPlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectPlan:
    """An effect of a WhenRules; its arguments are plain values or captured.

    Two are never equal, so that what is known of one can be kept under it.
    """

    name: str
    args: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhenPlan:
    """A WhenRules: places of its rules among the plans of the kind, and its effects.

    effects: on the item or an account; side: what it says besides, of labels and in words.
    """

    rules: tuple[int, ...]
    effects: tuple[EffectPlan, ...]
    side: tuple[EffectPlan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Everything compiled for one event kind. `counters` is the order of the counts.

    update and asks give what they are for and, beside it, the errors of what threw.
    """

    name: str
    rules: tuple[RulePlan, ...]
    whens: tuple[WhenPlan, ...]
    counters: tuple[Counter, ...]
    evaluate: Callable[..., Any]
    kept_away: KeptAway
    update: Callable[..., Any]
    asks: Callable[..., Any] | None
    ahead: BatchAhead | None
    facts: frozenset[str]
    lists: frozenset[str]
    python: str
