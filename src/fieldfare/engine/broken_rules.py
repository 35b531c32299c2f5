"""Broken rules: what holds when a rule threw, so that its silence is not taken for a yes.

In flows an outcome with errors; out flow a count for whoever watches over the rules and, where it
left a policy undecided that fails closed, one verdict that holds in no policy's name and asks a
person; where it only kept a review away, one that asks.
"""

from collections.abc import Collection, Sequence
from typing import Final

import structlog
from prometheus_client import Counter

from fieldfare.decisions.unknowns import (
    UNJUDGED_QUEUE,
    UNKNOWN_LANE,
    UNKNOWN_REASON,
    judge_unknowns,
)
from fieldfare.engine.grounds import Facts
from fieldfare.kernel import EventId
from fieldfare.policies import OnUnknown, PolicyPack
from fieldfare.records import (
    Event,
    Reason,
    Restriction,
    ReviewRequest,
    Subject,
    Verdict,
    Voice,
)
from fieldfare.rules import ANY_POLICY, NO_POLICY, Outcome

AUTHOR: Final = "broken rules"
_ERRORS: Final = Counter("fieldfare_rule_errors_total", "Rules that threw.", ("org", "rule"))
_log = structlog.get_logger(__name__)


def note_errors(event: Event, errors: Sequence[str]) -> None:
    """Count the rules that threw, and tell whoever reads the log."""
    rules = _broken(errors)
    for rule in rules:
        _ERRORS.labels(event.org, rule.removeprefix("rule ")).inc()
    _log.error("rules threw", org=event.org, event_id=str(event.id), rules=rules)


def fails_closed(pack: PolicyPack, undecided: Collection[str]) -> bool:
    """Tell whether one of the undecided policies holds what is Unknown.

    Milder ones let it pass: a rule that throws on everything must not stop a platform for the sake
    of spam. Which policy could not be said counts as one that holds.
    """
    return any(
        code == ANY_POLICY or (code != NO_POLICY and pack.policy(code).on_unknown is OnUnknown.HOLD)
        for code in undecided
    )


def leaves_open(pack: PolicyPack, undecided: Collection[str]) -> bool:
    """Tell whether somebody has to be asked about what could not be decided.

    That is so of a review that could not be placed, too: a person was to look, and nobody would.
    """
    return NO_POLICY in undecided or fails_closed(pack, undecided)


def unjudged(
    event_id: EventId,
    subject: Subject,
    version: str,
    outcome: Outcome,
    *,
    pack: PolicyPack,
    facts: Facts,
) -> tuple[Verdict, ...]:
    """Hold a version that rules could not judge; nothing where only mild policies are undecided.

    Where all that is missing is a review in no policy's name, it is asked for and nothing is held.
    facts: of the version; where one that is Unknown holds and asks already, the verdict only says
    why. Errors are led by the name of a rule; what follows it may quote the item, and is not
    repeated.
    """
    if not leaves_open(pack, outcome.undecided):
        return ()
    is_grave = fails_closed(pack, outcome.undecided)
    held = bool(judge_unknowns(pack, facts).restrictions)
    told = f"could not be judged by {', '.join(_broken(outcome.errors))}"
    request = ReviewRequest(
        queue=UNJUDGED_QUEUE, policy="", reason=f"{UNKNOWN_REASON}: {told}", lane=UNKNOWN_LANE
    )
    verdict = Verdict(
        by=Voice.RULE,
        author=AUTHOR,
        subject=subject,
        version=version,
        event_id=event_id,
        restrictions=(Restriction(kind="hold", policy=""),) if is_grave and not held else (),
        review=() if held else (request,),
        reasons=(Reason(by=AUTHOR, description=told),),
    )
    return (verdict,)


def _broken(errors: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(error.partition(":")[0] for error in errors))
