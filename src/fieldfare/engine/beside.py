"""Versions that run beside the live one: the rollout and the shadows, as of an event.

In flow the moves of an organisation's versions; out flow their compiled rule sets. A version that
does not compile any more, because the pack or the lists changed, is left out and named: it must
not stop what is live.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from fieldfare.engine.compiling import Compiler
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, FieldfareError, Org
from fieldfare.rules import RuleSet, Vocabulary
from fieldfare.rules.buckets import takes
from fieldfare.rules.lifecycle import Standing, VersionState, in_state, standings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A version that decides for `share` per cent of the authors."""

    rules: RuleSet
    share: int

    def takes(self, author: str) -> bool:
        """Tell whether it decides about what an author does; nobody's deeds are the live one's."""
        return bool(author) and takes(self.rules.hash, author, self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What runs beside the live version. broken: hash -> why it does not run although it should."""

    rollout: Rollout | None
    shadows: tuple[RuleSet, ...]
    broken: Mapping[str, str]


def beside_live(
    uow: UnitOfWork, org: Org, vocabulary: Vocabulary, compiler: Compiler, *, as_of: EventId
) -> Beside:
    """Read and compile what runs beside the live version as of an event."""
    stands = standings(uow.rule_versions.moves(org, as_of=as_of))
    rolled = in_state(stands, VersionState.ROLLOUT)
    shadows = in_state(stands, VersionState.SHADOW)
    compiled: dict[str, RuleSet] = {}
    broken: dict[str, str] = {}
    for standing in (*rolled, *shadows):
        files = uow.rule_versions.files(org, standing.hash) or {}
        try:
            compiled[standing.hash] = compiler.rules(files, vocabulary)
        except FieldfareError as error:
            broken[standing.hash] = str(error)
            _log.error("a version does not compile", org=org, version=standing.hash[:12])
    return Beside(
        rollout=_rollout(rolled, compiled),
        shadows=tuple(compiled[s.hash] for s in shadows if s.hash in compiled),
        broken=broken,
    )


def _rollout(rolled: list[Standing], compiled: Mapping[str, RuleSet]) -> Rollout | None:
    for standing in rolled:
        if standing.hash in compiled:
            return Rollout(rules=compiled[standing.hash], share=standing.share)
    return None
