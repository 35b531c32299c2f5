"""Opening cases: a decision that asks for people flows in, cases in their queues flow out."""

from collections.abc import Sequence
from typing import Final

from fieldfare.decisions.unknowns import UNKNOWN_REASON
from fieldfare.kernel import JsonValue, Org, rfc3339
from fieldfare.policies import PolicyPack
from fieldfare.records import Case, CaseState, Decision, NewEvent, ReviewRequest, Subject
from fieldfare.review.transitions import OPEN_STATES, ended
from fieldfare.review.unit import ReviewUnit, person_behind

CASE_OPENED: Final = "case.opened"
CASE_OVERDUE: Final = "case.overdue"
DEFAULT_DEADLINE_MIN: Final = 240
"""For requests that rest on no policy, such as a file that could not be read."""


def open_cases(
    uow: ReviewUnit, decision: Decision, pack: PolicyPack, /, *, again: bool = False
) -> tuple[Case, ...]:
    """Open one case a queue for what the decision asks, and give those newly opened.

    A question that is open on this version is not asked twice; nor is one a person has answered,
    unless `again` says that there is something new to look at.
    """
    queues: dict[str, list[ReviewRequest]] = {}
    for request in decision.judgement.review:
        queues.setdefault(request.queue, []).append(request)
    standing = [
        case
        for case in uow.cases.of_subject(decision.org, decision.subject)
        if case.version == decision.version
    ]
    asked = {case.queue for case in standing if case.state in OPEN_STATES}
    if not again:
        asked |= {case.queue for case in standing if case.state is CaseState.DECIDED}
    return tuple(
        _open(uow, decision, queue, requests, pack)
        for queue, requests in queues.items()
        if queue not in asked
    )


def _open(
    uow: ReviewUnit,
    decision: Decision,
    queue: str,
    requests: Sequence[ReviewRequest],
    pack: PolicyPack,
) -> Case:
    codes = sorted({request.policy for request in requests if request.policy}, key=pack.rank)
    minutes = min((pack.policy(code).deadline_min for code in codes), default=DEFAULT_DEADLINE_MIN)
    reason = "; ".join(dict.fromkeys(request.reason for request in requests if request.reason))
    lane = min(request.lane for request in requests)
    named: list[JsonValue] = list(codes)
    data: dict[str, JsonValue] = {
        "queue": queue,
        "policies": named,
        "reason": reason,
        "lane": lane,
        "version": decision.version,
        "deadline_min": minutes,
    }
    event = uow.log.append(
        decision.org,
        NewEvent(
            kind=CASE_OPENED,
            subject=decision.subject,
            person=person_behind(uow, decision.org, decision.subject),
            data=data,
            causes=(decision.id,),
        ),
    )
    case = Case(
        org=decision.org,
        id=event.id,
        queue=queue,
        subject=decision.subject,
        version=decision.version,
        policies=tuple(codes),
        decision_id=decision.id,
        reason=reason,
        lane=lane,
        opened_at=event.at,
        due_at=event.at + minutes * 60_000,
        state=CaseState.READY,
    )
    uow.cases.put(case)
    return case


def end_cases(
    uow: ReviewUnit, org: Org, subject: Subject, /, *, keep: str, now_ms: int
) -> tuple[Case, ...]:
    """Close the open cases of a subject whose question has gone, and give them.

    Those about another version than `keep` are superseded; with `keep` empty all are cancelled,
    because the item was deleted.
    """
    state = CaseState.SUPERSEDED if keep else CaseState.CANCELLED
    gone = [
        case
        for case in uow.cases.of_subject(org, subject)
        if case.state in OPEN_STATES and case.version != keep
    ]
    after = tuple(ended(case, state, now_ms=now_ms, outcome=state.value) for case in gone)
    for case in after:
        uow.cases.put(case)
    return after


def drop_answered(uow: ReviewUnit, decision: Decision, /, *, now_ms: int) -> tuple[Case, ...]:
    """Cancel the cases that were opened for want of a fact which a later decision has, and give
    them.

    Only cases nobody has taken yet go, and only if the decision does not ask in their queue.
    """
    asks = {request.queue for request in decision.judgement.review}
    after = tuple(
        ended(case, CaseState.CANCELLED, now_ms=now_ms, outcome="answered")
        for case in uow.cases.of_subject(decision.org, decision.subject)
        if case.state is CaseState.READY
        and case.version == decision.version
        and case.reason.startswith(UNKNOWN_REASON)
        and case.queue not in asks
    )
    for case in after:
        uow.cases.put(case)
    return after


def announce_overdue(uow: ReviewUnit, case: Case, /) -> None:
    """Put on the log that a case is past its deadline, for whoever watches over the queues."""
    named: list[JsonValue] = list(case.policies)
    data: dict[str, JsonValue] = {
        "queue": case.queue,
        "policies": named,
        "lane": case.lane,
        "version": case.version,
        "due_at": rfc3339(case.due_at),
    }
    event = NewEvent(
        kind=CASE_OVERDUE,
        subject=case.subject,
        person=person_behind(uow, case.org, case.subject),
        data=data,
        causes=(case.id,),
    )
    uow.log.append(case.org, event)
