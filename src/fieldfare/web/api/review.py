"""Review for programs: list cases, lease one, keep it, decide it, take the decision back.

What the console does with forms is done here with JSON and a key of scope `review`; the key's
pseudonym is the reviewer. No clear media come through here: an exposure belongs to a person.
"""

from collections.abc import Callable
from typing import Annotated, Final, TypeVar

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.schemas import Name, Words, decode
from fieldfare.kernel import BadInput, JsonValue, parse_id, rfc3339
from fieldfare.records import Case, CaseState
from fieldfare.review import OPEN_STATES, Action, Choice, Held, Hold
from fieldfare.web.api.shapes import answer, cursor_of, decision_json, limit_of, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

router = APIRouter(prefix="/v1/cases", tags=["review"])
Reviewer = Annotated[Principal, requires(Permission.REVIEW)]
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
T = TypeVar("T")


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which queue to take a case from; none means the most urgent of all."""

    queue: Name | None = None


class Holding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The token of the lease, as `claim` answered it."""

    token: Token


class Leaving(Holding, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Giving a case away. reason: for colleagues, kept when it is skipped or escalated."""

    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Verdict(Holding, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is decided. policy: the one the item breaks, "" only with allow."""

    action: Action
    policy: Annotated[str, msgspec.Meta(max_length=200)] = ""
    note: Words = ""


_CLAIM: Final = msgspec.json.Decoder(Claim)
_HOLDING: Final = msgspec.json.Decoder(Holding)
_LEAVING: Final = msgspec.json.Decoder(Leaving)
_VERDICT: Final = msgspec.json.Decoder(Verdict)


@router.get("")
def list_cases(
    who: Reviewer,
    platform: Platform,
    *,
    state: str | None = None,
    queue: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Response:
    """List cases, newest first: the open ones, or those of one state; of all queues or of one."""
    states = OPEN_STATES if state is None else frozenset({_state(state)})
    before, most = cursor_of(cursor), limit_of(limit)
    found = platform.store.read(
        lambda uow: uow.cases.page(
            who.org, states=states, before=before, limit=most, queue=queue or None
        )
    )
    following = str(found[-1].id) if len(found) == most else None
    return answer({"cases": [_case_json(case) for case in found], "next": following})


@router.get("/{case_id}")
def read_case(case_id: str, who: Reviewer, platform: Platform) -> Response:
    """Give a case with the decision that asked for it, explained."""
    wanted = parse_id(case_id)

    def read(uow: UnitOfWork) -> dict[str, JsonValue]:
        case = platform.reviewing.case(uow, who.org, wanted)
        asking = uow.decisions.get(case.org, case.decision_id)
        return {
            "case": _case_json(case),
            "decision": None if asking is None else decision_json(asking),
        }

    return answer(platform.store.read(read))


@router.post(
    "/claim",
    openapi_extra=openapi_body(Claim),
    responses={204: {"description": "There is no case to take."}},
)
async def claim(request: Request, who: Reviewer, platform: Platform) -> Response:
    """Lease the most urgent case; who holds one gets that one again, under a new token."""
    wanted = decode(_CLAIM, await request.body() or b"{}")
    held = await _write(
        platform,
        lambda uow: platform.reviewing.claim(uow, who.org, who.pseudonym, queue=wanted.queue),
    )
    return Response(status_code=204) if held is None else answer(_held_json(held))


@router.post("/{case_id}/heartbeat", openapi_extra=openapi_body(Holding))
async def heartbeat(case_id: str, request: Request, who: Reviewer, platform: Platform) -> Response:
    """Extend the lease while the case is looked at."""
    hold = _hold(who, case_id, decode(_HOLDING, await request.body()))
    case = await _write(platform, lambda uow: platform.reviewing.heartbeat(uow, hold))
    return answer({"case": _case_json(case)})


@router.post("/{case_id}/release", openapi_extra=openapi_body(Holding))
async def release(case_id: str, request: Request, who: Reviewer, platform: Platform) -> Response:
    """Give the case back, to be taken by anybody."""
    hold = _hold(who, case_id, decode(_HOLDING, await request.body()))
    case = await _write(platform, lambda uow: platform.reviewing.release(uow, hold))
    return answer({"case": _case_json(case)})


@router.post("/{case_id}/skip", openapi_extra=openapi_body(Leaving))
async def skip(case_id: str, request: Request, who: Reviewer, platform: Platform) -> Response:
    """Give the case back and never get it again."""
    told = decode(_LEAVING, await request.body())
    hold = _hold(who, case_id, told)
    case = await _write(
        platform, lambda uow: platform.reviewing.skip(uow, hold, reason=told.reason)
    )
    return answer({"case": _case_json(case)})


@router.post("/{case_id}/escalate", openapi_extra=openapi_body(Leaving))
async def escalate(case_id: str, request: Request, who: Reviewer, platform: Platform) -> Response:
    """Hand the case to those who know more, at the top of their queue."""
    told = decode(_LEAVING, await request.body())
    hold = _hold(who, case_id, told)
    case = await _write(
        platform, lambda uow: platform.reviewing.escalate(uow, hold, note=told.reason)
    )
    return answer({"case": _case_json(case)})


@router.post("/{case_id}/decision", openapi_extra=openapi_body(Verdict))
async def decide(case_id: str, request: Request, who: Reviewer, platform: Platform) -> Response:
    """Close the case. It holds at the gate at once; effects leave when the undo is over."""
    told = decode(_VERDICT, await request.body())
    hold = _hold(who, case_id, told)
    choice = Choice(action=told.action, policy=told.policy, note=told.note)
    closed = await _write(platform, lambda uow: platform.reviewing.close(uow, hold, choice))
    return answer(
        {
            "case": _case_json(closed.case),
            "decision_id": None if closed.decision is None else str(closed.decision.id),
            "undo_until": rfc3339(closed.undo_until),
        }
    )


@router.post("/{case_id}/undo")
async def undo(case_id: str, who: Reviewer, platform: Platform) -> Response:
    """Take back what this reviewer decided a moment ago; the case is leased to them again."""
    wanted = parse_id(case_id)
    held = await _write(
        platform, lambda uow: platform.reviewing.undo(uow, who.org, wanted, who.pseudonym)
    )
    return answer(_held_json(held))


async def _write(platform: Served, work: Callable[[UnitOfWork], T]) -> T:
    return await run_in_threadpool(platform.store.write, work)


def _hold(who: Principal, case_id: str, told: Holding) -> Hold:
    return Hold(org=who.org, case_id=parse_id(case_id), reviewer=who.pseudonym, token=told.token)


def _state(word: str) -> CaseState:
    try:
        return CaseState(word)
    except ValueError:
        hint = f"Use one of {', '.join(CaseState)}."
        raise BadInput(f"{word!r} is not a state", hint=hint, pointer="/state") from None


def _held_json(held: Held) -> dict[str, JsonValue]:
    ends = None if held.case.lease is None else rfc3339(held.case.lease.expires_at)
    return {"case": _case_json(held.case), "lease": {"token": held.token, "expires_at": ends}}


def _case_json(case: Case) -> dict[str, JsonValue]:
    """Describe a case; of its lease who has it and until when, never the token."""
    lease = case.lease
    return {
        "id": str(case.id),
        "state": case.state.value,
        "queue": case.queue,
        "lane": case.lane,
        "subject": {"kind": case.subject.kind, "host_id": case.subject.host_id},
        "version": case.version,
        "policies": [*case.policies],
        "reason": case.reason,
        "decision_id": str(case.decision_id),
        "opened_at": rfc3339(case.opened_at),
        "due_at": rfc3339(case.due_at),
        "closed_at": None if case.closed_at is None else rfc3339(case.closed_at),
        "outcome": case.outcome,
        "reviewer": None if lease is None else lease.reviewer,
        "lease_expires_at": None if lease is None else rfc3339(lease.expires_at),
    }
