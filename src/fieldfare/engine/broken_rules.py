"""Broken rules: what holds when a rule threw, so that its silence is not taken for a yes.

In flow the errors of an outcome; out flow one verdict that holds in no policy's name and asks a
person, and a count for whoever watches over the rules.
"""

from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import Counter

from fieldfare.decisions.unknowns import UNJUDGED_QUEUE, UNKNOWN_LANE, UNKNOWN_REASON
from fieldfare.kernel import EventId
from fieldfare.records import (
    Event,
    ItemVersion,
    Reason,
    Restriction,
    ReviewRequest,
    Subject,
    Verdict,
    Voice,
)

AUTHOR: Final = "broken rules"
_ERRORS: Final = Counter("fieldfare_rule_errors_total", "Rules that threw.", ("org", "rule"))
_log = structlog.get_logger(__name__)


def unjudged(event: Event, item: ItemVersion, errors: Sequence[str], *, held: bool) -> Verdict:
    """Hold a version as `unjudged_version` does, and count what threw."""
    rules = _broken(errors)
    for rule in rules:
        _ERRORS.labels(event.org, rule).inc()
    _log.error("rules threw", org=event.org, event_id=str(event.id), rules=rules)
    return unjudged_version(event.id, item.subject, item.digest, errors, held=held)


def unjudged_version(
    event_id: EventId, subject: Subject, version: str, errors: Sequence[str], *, held: bool
) -> Verdict:
    """Hold a version that rules could not judge. held: something holds and asks already.

    errors: as an `Outcome` tells them, each led by the name of its rule. What follows the name may
    quote the item, and is not repeated.
    """
    told = f"could not be judged by {', '.join(_broken(errors))}"
    request = ReviewRequest(
        queue=UNJUDGED_QUEUE, policy="", reason=f"{UNKNOWN_REASON}: {told}", lane=UNKNOWN_LANE
    )
    return Verdict(
        by=Voice.RULE,
        author=AUTHOR,
        subject=subject,
        version=version,
        event_id=event_id,
        restrictions=() if held else (Restriction(kind="hold", policy=""),),
        review=() if held else (request,),
        reasons=(Reason(by=AUTHOR, description=told),),
    )


def _broken(errors: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(error.partition(":")[0] for error in errors))
