"""From the outcomes of all versions that ran on an event to the hits that are kept of them.

In flow the outcome that decides and those without effects; out flow rows, one a rule and version.
Cheap when nothing fired, which is the usual case.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fieldfare.policies import RestrictionKinds
from fieldfare.records import Event, HitMode, RuleHit, Verdict
from fieldfare.records.rule_hits import THREW
from fieldfare.rules import Outcome

REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One version's run over an event. rule_set: its hash."""

    rule_set: str
    mode: HitMode
    outcome: Outcome


def hits_of(
    event: Event, version: str, ran: Sequence[Ran], kinds: RestrictionKinds
) -> tuple[RuleHit, ...]:
    """Give the hits of an event; the first of `ran` is the one that decides."""
    if not any(each.outcome.fired or each.outcome.errors for each in ran):
        return ()
    deciding = ran[0].outcome
    found: list[RuleHit] = []
    for each in ran:
        silent = each.mode is HitMode.SHADOW
        rows: dict[str, RuleHit] = {}
        threw = _threw(each.outcome)
        for rule in each.outcome.fired:
            asks = _asks(each.outcome, rule)
            if rule in threw and not asks:
                continue  # it fired for nothing: that its effects threw is what there is to know
            others = deciding.verdicts if silent else _asks_of_others(deciding, rule)
            rows[rule] = RuleHit(
                org=event.org,
                event_id=event.id,
                rule_set=each.rule_set,
                rule=rule,
                mode=each.mode,
                subject=event.subject,
                version=version,
                action=_action(asks, kinds),
                novel=not others,
                queue=next((wish.queue for ask in asks for wish in ask.review), ""),
            )
        for rule in threw:
            row = RuleHit(
                org=event.org,
                event_id=event.id,
                rule_set=each.rule_set,
                rule=rule,
                mode=each.mode,
                subject=event.subject,
                version=version,
                action=THREW,
            )
            rows.setdefault(rule, row)
        found += rows.values()
    return tuple(found)


def _asks(outcome: Outcome, rule: str) -> list[Verdict]:
    return [v for v in outcome.verdicts if any(reason.by == rule for reason in v.reasons)]


def _asks_of_others(outcome: Outcome, rule: str) -> list[Verdict]:
    return [v for v in outcome.verdicts if any(reason.by != rule for reason in v.reasons)]


def _action(asks: Iterable[Verdict], kinds: RestrictionKinds) -> str:
    wanted = list(asks)
    restricting = {r.kind for ask in wanted for r in ask.restrictions if r.kind in kinds}
    if restricting:
        return max(restricting, key=lambda kind: (kinds[kind].order, kind))
    return REVIEW if any(ask.review for ask in wanted) else ""


def _threw(outcome: Outcome) -> list[str]:
    """Name the rules that threw: an error is led by `rule NAME`, an effect's too."""
    names = (error.partition(":")[0].rpartition(" ")[2] for error in outcome.errors)
    return list(dict.fromkeys(names))
