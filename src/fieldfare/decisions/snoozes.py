"""Snoozes: a rule that lets one account or item be until a moment, because a person said so.

In flow the verdicts of rules and the snoozes in force as of their event; out flow the verdicts
that are left, and which snoozes held something back. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec import structs

from fieldfare.kernel import EventId, Org, at_of
from fieldfare.records import Reason, Subject, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """One rule's silence about one entity, an account or an item.

    id: of the event that set it; until: ms since 1970; ended: the event that woke it early. held:
    how often it kept the rule from acting.
    """

    org: Org
    id: EventId
    rule: str
    entity: Subject
    until: int
    by: str
    reason: str
    ended: EventId | None = None
    held: int = 0

    def holds(self, event_id: EventId) -> bool:
        """Tell whether the rule is silent for an event."""
        is_awake = self.ended is not None and event_id > self.ended
        return self.id < event_id and at_of(event_id) < self.until and not is_awake


def let_be(
    verdicts: Sequence[Verdict], snoozes: Iterable[Snooze], entities: frozenset[Subject]
) -> tuple[list[Verdict], list[Snooze]]:
    """Take out what snoozed rules say about the entities of an event.

    A verdict that rests on several rules stays with those that are awake. Verdicts on an account
    look at that account too. Returns what is left, and the snoozes that held something back.
    """
    left: list[Verdict] = []
    used: list[Snooze] = []
    known = list(snoozes)
    for verdict in verdicts:
        about = {*entities, verdict.subject}
        silent = [s for s in known if s.entity in about and _speaks(s.rule, verdict.reasons)]
        used += silent
        names = {snooze.rule for snooze in silent}
        reasons = tuple(reason for reason in verdict.reasons if reason.by not in names)
        if reasons:
            author = ", ".join(reason.by for reason in reasons)
            left.append(
                structs.replace(verdict, author=author, reasons=reasons) if silent else verdict
            )
    return left, list(dict.fromkeys(used))


def _speaks(rule: str, reasons: Sequence[Reason]) -> bool:
    return any(reason.by == rule for reason in reasons)
