"""A rule that no live version has any more, of which hits are kept: decisions still name it."""

from dataclasses import dataclass
from typing import Final

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EPOCH_MS, Org
from fieldfare.metrics.rule_hits import HitsOf
from fieldfare.web.console.views.rule_hits import (
    HitExample,
    HitsLine,
    Period,
    examples,
    hits_of_rules,
)
from fieldfare.web.console.views.rules import RuleChange, changes_of

EXAMPLES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRuleView:
    """hits: in the days of labels, as it decided; None of nothing.

    examples: the newest items it hit, whenever that was. changes: live versions in which it came,
    changed or went, the newest first.
    """

    name: str
    labels: tuple[str, ...]
    hits: HitsLine | None
    examples: tuple[HitExample, ...]
    changes: tuple[RuleChange, ...]


def past_rule_view(uow: UnitOfWork, org: Org, name: str, of: Period) -> PastRuleView | None:
    """Show what is kept of a rule; None if that is nothing."""
    ever = HitsOf(from_ms=EPOCH_MS, to_ms=of.to_ms, rule=name)
    newest = examples(uow, org, ever, limit=EXAMPLES)
    if not newest:
        return None
    return PastRuleView(
        name=name,
        labels=of.labels,
        hits=hits_of_rules(uow, org, of, name).get(name),
        examples=newest,
        changes=changes_of(uow, org, name),
    )
