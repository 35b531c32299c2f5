"""Facts: what signals found out about an event or an item, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from fieldfare.kernel import JsonValue, Span, Unknown

FactValue: TypeAlias = JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A named finding with its version, or Unknown with the reason why.

    name: dotted, e.g. "visual.nsfw"; version: of the signal (and model) that made it.
    spans: where it rests; cost_ms: CPU and waiting spent on it.
    """

    name: str
    version: str
    value: FactValue | Unknown
    spans: tuple[Span, ...] = ()
    cost_ms: float = 0.0


class Signal(Protocol):
    """Produces facts. `produces` names them all, so that a missing signal leaves Unknowns, not
    gaps.

    `facts` takes what earlier signals found and gives one Fact for every name in `produces`.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def produces(self) -> tuple[str, ...]: ...

    def facts(self, known: Mapping[str, FactValue | Unknown], /) -> tuple[Fact, ...]: ...
