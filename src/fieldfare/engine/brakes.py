"""Brakes: what keeps a rule that runs wild from acting, applied before anything is decided.

In flow the verdicts of rules on one event, inside the evaluator's transaction; out flow those that
may stand, and `breaker.tripped` events and alerts when a quota was passed. Counting happens in the
same transaction as the decision, so that a crash counts nothing twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter

from fieldfare.decisions.breakers import EVERY_RULE, MINUTE_MS, Quota, braked
from fieldfare.decisions.snoozes import Snooze, let_be
from fieldfare.engine.alerts import alert
from fieldfare.engine.in_force import Books
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import JsonValue, Org
from fieldfare.records import (
    Event,
    ItemVersion,
    NewEvent,
    Subject,
    Verdict,
)

QUOTA_CHANGED: Final = "quota.changed"
SNOOZE_CHANGED: Final = "snooze.changed"
TRIPPED: Final = "breaker.tripped"
ALERT: Final = "alert.breaker_tripped"
RULE: Final = "rule"
BRAKING: Final = frozenset({QUOTA_CHANGED, SNOOZE_CHANGED})
"""Events after which quotas and snoozes are read anew."""

_TRIPS: Final = Counter(
    "fieldfare_breakers_tripped_total", "Quotas that rules have passed.", ("org", "rule", "action")
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Set:
    """What is set for one organisation, by rule."""

    quotas: Mapping[tuple[str, str], Sequence[Quota]]
    snoozes: Mapping[str, Sequence[Snooze]]


class Brakes:
    """Applies snoozes and quotas; keeps what is set in memory until an event says it changed."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._of: dict[Org, _Set] = {}

    def forget(self, org: Org) -> None:
        """Read an organisation's quotas and snoozes anew: one was changed, or erased."""
        self._of.pop(org, None)

    def applied(
        self, uow: UnitOfWork, event: Event, item: ItemVersion, verdicts: Sequence[Verdict]
    ) -> list[Verdict]:
        """Give what may stand of the verdicts of rules on one event."""
        if not verdicts:
            return []
        known = self._known(uow, event)
        left = self._awake(uow, event, item, verdicts, known)
        if not known.quotas:
            return left
        pack = self._books.of(event.org).pack
        return [
            stands
            for verdict in left
            for stands in braked(verdict, self._over(uow, event, verdict, known), item, pack)
        ]

    def _known(self, uow: UnitOfWork, event: Event) -> _Set:
        found = self._of.get(event.org)
        if found is None:
            quotas: dict[tuple[str, str], list[Quota]] = {}
            for quota in uow.quotas.all(event.org):
                quotas.setdefault((quota.rule, quota.action), []).append(quota)
            snoozes: dict[str, list[Snooze]] = {}
            for snooze in uow.snoozes.all(event.org, until_after=event.at):
                snoozes.setdefault(snooze.rule, []).append(snooze)
            found = self._of[event.org] = _Set(quotas, snoozes)
        return found

    def _awake(
        self,
        uow: UnitOfWork,
        event: Event,
        item: ItemVersion,
        verdicts: Sequence[Verdict],
        known: _Set,
    ) -> list[Verdict]:
        rules = {reason.by for verdict in verdicts for reason in verdict.reasons}
        holding = [
            snooze
            for rule in sorted(rules & known.snoozes.keys())
            for snooze in known.snoozes[rule]
            if snooze.holds(event.id)
        ]
        if not holding:
            return list(verdicts)
        person = () if event.person is None else (event.person,)
        left, used = let_be(verdicts, holding, frozenset({item.subject, item.author, *person}))
        for snooze in used:
            uow.snoozes.held(event.org, snooze.id)
        return left

    def _over(self, uow: UnitOfWork, event: Event, verdict: Verdict, known: _Set) -> dict[str, str]:
        """Count a verdict's actions; name those that are over a quota, with what was passed."""
        over: dict[str, str] = {}
        rules = (*(reason.by for reason in verdict.reasons), EVERY_RULE)
        for action in dict.fromkeys(r.kind for r in verdict.restrictions):
            for rule in dict.fromkeys(rules):
                for quota in known.quotas.get((rule, action), ()):
                    if quota.holds(event.id) and (passed := _count(uow, event, quota)):
                        over.setdefault(action, passed)
        return over


def _count(uow: UnitOfWork, event: Event, quota: Quota) -> str:
    """Count one action under a quota; what was passed in words, or nothing."""
    passed = ""
    for window_ms, most in quota.limits():
        began = event.at - event.at % window_ms
        used = uow.uses.add(event.org, quota.rule, quota.action, window_ms=window_ms, began=began)
        if used > most:
            window = "minute" if window_ms == MINUTE_MS else "day"
            who = "all rules together" if quota.rule == EVERY_RULE else quota.rule
            passed = passed or f"{who} may do so {most} times a {window}"
            if uow.uses.trip(event.org, quota.rule, quota.action, window_ms=window_ms, began=began):
                _tell(uow, event, quota, window=window, most=most)
    return passed


def _tell(uow: UnitOfWork, event: Event, quota: Quota, *, window: str, most: int) -> None:
    """Put a trip on the log, and into the outbox for every webhook: somebody has to look."""
    told: dict[str, JsonValue] = {
        "rule": quota.rule,
        "action": quota.action,
        "window": window,
        "quota": most,
    }
    tripped = uow.log.append(
        event.org,
        NewEvent(kind=TRIPPED, subject=Subject(RULE, quota.rule), data=told, causes=(event.id,)),
    )
    _TRIPS.labels(event.org, quota.rule, quota.action).inc()
    _log.error("circuit breaker tripped", org=event.org, **told)
    alert(uow, tripped, ALERT, Subject(RULE, quota.rule), told)
