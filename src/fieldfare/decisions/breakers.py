"""Circuit breakers: how much rules may do by themselves in a minute and in a day.

In flow a verdict of rules and the actions whose quota is used up; out flows the verdict as it may
stand: the action has become a question to a person. Pure; who counts is `engine.brakes`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from msgspec import structs

from fieldfare.kernel import EventId, Org
from fieldfare.policies import PolicyPack, Severity
from fieldfare.records import ACCOUNT, ItemVersion, Restriction, ReviewRequest, Verdict

EVERY_RULE: Final = "*"
"""The name under which a quota counts the actions of all rules together."""

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
BROKEN_LANE: Final = 1
_FAIL_CLOSED: Final = frozenset({Severity.S3, Severity.S4})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How often a rule (or EVERY_RULE together) may take an action by itself.

    per_minute, per_day: of UTC by the ids of events; None: as often as it likes. since: the event
    that set it; ended: the one that set another or took it back.
    """

    org: Org
    rule: str
    action: str
    per_minute: int | None
    per_day: int | None
    since: EventId
    by: str
    ended: EventId | None = None

    def limits(self) -> Iterator[tuple[int, int]]:
        """Give each window's length in ms with the most it allows."""
        if self.per_minute is not None:
            yield MINUTE_MS, self.per_minute
        if self.per_day is not None:
            yield DAY_MS, self.per_day

    def holds(self, event_id: EventId) -> bool:
        """Tell whether the quota is in force for an event."""
        return self.since < event_id and (self.ended is None or event_id <= self.ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What rules asked for in one window. began: ms since 1970; tripped: the quota was passed."""

    rule: str
    action: str
    window_ms: int
    began: int
    used: int
    tripped: bool


def braked(
    verdict: Verdict, over: Mapping[str, str], item: ItemVersion, pack: PolicyPack
) -> tuple[Verdict, ...]:
    """Turn the actions of a verdict that are over a quota into a wish for a person.

    over: action -> what was passed, in words. A policy of severity S3 or S4 fails closed: what it
    asked for becomes a hold until a person has looked; milder ones are shown meanwhile. What would
    have been done to an account is asked about the item that led to it.
    """
    stopped = [r for r in verdict.restrictions if r.kind in over]
    if not stopped:
        return (verdict,)
    kept = tuple(r for r in verdict.restrictions if r.kind not in over)
    asked = tuple(dict.fromkeys(_request(r, over[r.kind], verdict, pack) for r in stopped))
    if verdict.subject.kind != ACCOUNT:
        holds = _holds(stopped, pack)
        review = (*verdict.review, *asked)
        return (structs.replace(verdict, restrictions=(*kept, *holds), review=review),)
    about_item = structs.replace(
        verdict,
        subject=item.subject,
        version=item.digest,
        restrictions=(),
        review=asked if kept else (*verdict.review, *asked),
    )
    return (structs.replace(verdict, restrictions=kept), about_item) if kept else (about_item,)


def _request(
    stopped: Restriction, passed: str, verdict: Verdict, pack: PolicyPack
) -> ReviewRequest:
    return ReviewRequest(
        queue=pack.policy(stopped.policy).queue,
        policy=stopped.policy,
        reason=f"circuit breaker: {verdict.author} would {stopped.kind}, but {passed}",
        lane=BROKEN_LANE,
    )


def _holds(stopped: Sequence[Restriction], pack: PolicyPack) -> tuple[Restriction, ...]:
    graves = {
        r.policy: replace(r, kind="hold", min_age=None, until=None, params={})
        for r in stopped
        if pack.policy(r.policy).severity in _FAIL_CLOSED
    }
    return tuple(graves.values())
