"""Running what stands beside the version that decides: without effects, and without harm.

In flow an event and the versions in force; out flow the outcomes of those that do not decide. What
breaks in one of them is counted as its error and touches nothing else.
"""

import structlog

from fieldfare.engine.in_force import InForce
from fieldfare.engine.rule_hits import Ran
from fieldfare.records import HitMode
from fieldfare.rules import Occurrence, Outcome, RuleSet, Running

WHOLE = "(version)"
"""Stands for the rule where a version as such broke."""

_log = structlog.get_logger(__name__)


def beside_ran(
    running: Running, in_force: InForce, happened: Occurrence, deciding: RuleSet
) -> list[Ran]:
    """Run every other version on an event that was judged; raises nothing."""
    return [
        Ran(
            rule_set=rules.hash,
            mode=HitMode.SHADOW,
            outcome=_outcome(running, rules, happened, in_force),
        )
        for rules in in_force.active
        if rules is not deciding
    ]


def _outcome(running: Running, rules: RuleSet, happened: Occurrence, in_force: InForce) -> Outcome:
    try:
        return running.judge(rules, happened, in_force.lists)
    except Exception as error:  # noqa: BLE001  # a version without effects must not stop the others
        _log.exception("a version beside the live one broke", version=rules.hash[:12])
        return Outcome(errors=(f"{WHOLE}: {type(error).__name__}",))
