"""Health: what each running part says of itself, for /health and the operator."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fieldfare.kernel import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """One part (database, writer, evaluator, scanner, sealer). detail: figures for a person."""

    name: str
    ok: bool
    detail: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All parts at one moment. version: of the package."""

    version: str
    parts: tuple[PartHealth, ...]

    @property
    def ok(self) -> bool:
        return all(part.ok for part in self.parts)
