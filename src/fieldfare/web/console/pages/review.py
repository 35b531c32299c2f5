"""Review: take a case, keep it, decide it, take the decision back; see clearly when needed.

The lease's token lives in a cookie only scripts cannot read, or in the caller's hands when it is a
program; it is never in an address.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.looks import looked_at
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, EventId, JsonValue, parse_id, rfc3339
from fieldfare.records import Case, Subject
from fieldfare.review import (
    STILLS,
    VIDEO,
    Action,
    CaseNotLeased,
    CaseUnknown,
    Choice,
    Held,
    Hold,
)
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import answer, is_secure, wants_json
from fieldfare.web.console.views.review import (
    CaseView,
    Draft,
    Hour,
    ReviewView,
    Undo,
    case_view,
    queue_lines,
    undo_of,
)
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

router = APIRouter(include_in_schema=False)
LEASE_COOKIE: Final = "ff_lease"
REVEAL_COOKIE: Final = "ff_reveal"
DAY_MS: Final = 24 * 3_600_000
ESCALATE: Final = "escalate"
Reviewer = Annotated[Principal, requires(Permission.REVIEW)]
Seer = Annotated[Principal, requires(Permission.REVEAL)]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a page says beside the case: what was just decided, what could not be kept."""

    decided: EventId | None = None
    draft: Draft | None = None
    nothing_left: bool = False
    taken_back: bool = False


@router.get("/review")
def review_page(
    request: Request, who: Reviewer, platform: Platform, decided: str = "", empty: str = ""
) -> Response:
    """Show the case in hand, or the queues to take one from."""
    just = parse_id(decided) if decided else None
    undone = "undone" in request.query_params
    told = _Told(decided=just, nothing_left=bool(empty), taken_back=undone)
    return _page(request, who, platform, told)


@router.post("/review/next")
def take_next(request: Request, who: Reviewer, platform: Platform, fields: Fields) -> Response:
    """Claim the most urgent case, of one queue if one is named."""
    queue = fields.get("queue") or None
    held = _claim(platform, who, queue)
    if held is None:
        return done(request, "/review?empty=1", {"case": None})
    return _handed(request, held, "/review", _told(held))


@router.post("/review/{case_id}/heartbeat")
def heartbeat(
    request: Request, who: Reviewer, platform: Platform, case_id: str, fields: Fields
) -> Response:
    """Keep the case while it is looked at."""
    hold = _hold(request, who, case_id, fields)
    case = platform.store.write(lambda uow: platform.reviewing.heartbeat(uow, hold))
    ends = case.lease.expires_at if case.lease else 0
    left = max(0, ends - platform.clock.now_ms())
    return done(request, "/review", {"lease_ends": rfc3339(ends), "left_ms": left})


@router.post("/review/{case_id}/release")
def release(
    request: Request, who: Reviewer, platform: Platform, case_id: str, fields: Fields
) -> Response:
    """Give the case back for anybody."""
    hold = _hold(request, who, case_id, fields)
    case = platform.store.write(lambda uow: platform.reviewing.release(uow, hold))
    return _let_go(done(request, "/review", {"state": case.state.value}))


@router.post("/review/{case_id}/skip")
def skip(
    request: Request, who: Reviewer, platform: Platform, case_id: str, fields: Fields
) -> Response:
    """Give the case to anybody else, and take the next."""
    hold = _hold(request, who, case_id, fields)
    reason = fields.get("reason", "")[:200]
    case = platform.store.write(lambda uow: platform.reviewing.skip(uow, hold, reason=reason))
    return _go_on(request, who, platform, "/review", {"state": case.state.value})


@router.post("/review/{case_id}/decide")
def decide(
    request: Request, who: Reviewer, platform: Platform, case_id: str, fields: Fields
) -> Response:
    """Close the case with a verdict, or hand it up; then take the next."""
    hold = _hold(request, who, case_id, fields)
    note = fields.get("note", "")
    if fields.get("action") == ESCALATE:
        case = platform.store.write(lambda uow: platform.reviewing.escalate(uow, hold, note=note))
        return _go_on(request, who, platform, "/review", {"state": case.state.value})
    choice = _choice(fields, note)
    try:
        closed = platform.store.write(lambda uow: platform.reviewing.close(uow, hold, choice))
    except CaseNotLeased as error:
        if wants_json(request):
            raise
        if _undo(who, platform, hold.case_id) is not None:  # sent twice: the first one counts
            return done(request, f"/review?decided={case_id}", {})
        draft = Draft(
            action=choice.action.value, policy=choice.policy, note=note, why=error.message
        )
        return _page(request, who, platform, _Told(draft=draft), status=error.status)
    made = str(closed.decision.id) if closed.decision else None
    body: dict[str, JsonValue] = {
        "state": closed.case.state.value,
        "decision_id": made,
        "undo_until": rfc3339(closed.undo_until),
    }
    return _go_on(request, who, platform, f"/review?decided={closed.case.id}", body)


@router.post("/review/{case_id}/undo")
def undo(request: Request, who: Reviewer, platform: Platform, case_id: str) -> Response:
    """Take back what was decided a moment ago; the case is in hand again."""
    wanted = parse_id(case_id)
    held = platform.store.write(
        lambda uow: platform.reviewing.undo(uow, who.org, wanted, who.pseudonym)
    )
    return _handed(request, held, "/review?undone=1", _told(held))


@router.post("/review/{case_id}/reveal")
def reveal(
    request: Request, who: Seer, platform: Platform, case_id: str, fields: Fields
) -> Response:
    """See the case's media clearly for a minute; counted as exposure."""
    hold = _hold(request, who, case_id, fields)
    what = VIDEO if fields.get("what") == VIDEO else STILLS
    right = platform.store.write(lambda uow: platform.reviewing.reveal(uow, hold, what=what))
    body: dict[str, JsonValue] = {
        "reveal_token": right.token,
        "expires_at": rfc3339(right.expires_at),
    }
    response = done(request, "/review", body)
    response.set_cookie(
        REVEAL_COOKIE,
        f"{case_id}:{right.token}",
        max_age=platform.reviewing.times.reveal_ms // 1000,
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
    )
    return response


@router.post("/review/blur")
def blur(request: Request, _who: Seer) -> Response:
    """See no more than blurred pictures again, before the minute is over."""
    response = done(request, "/review", {"revealed": False})
    response.delete_cookie(REVEAL_COOKIE, httponly=True, samesite="strict")
    return response


def revealed(request: Request, case_id: EventId) -> str:
    """Give the reveal token the caller holds for a case, "" for none."""
    named, _, token = request.cookies.get(REVEAL_COOKIE, "").partition(":")
    return request.headers.get("x-reveal-token", "") or (token if named == str(case_id) else "")


def _choice(fields: dict[str, str], note: str) -> Choice:
    action = fields.get("action", "")
    if action not in set(Action):
        known = ", ".join((*Action, ESCALATE))
        raise BadInput("No action was chosen.", hint=f"One of {known}.", pointer="/action")
    policy = fields.get("other_policy") or fields.get("policy", "")
    return Choice(action=Action(action), policy=policy, note=note)


def _hold(request: Request, who: Principal, case_id: str, fields: dict[str, str]) -> Hold:
    named, _, token = request.cookies.get(LEASE_COOKIE, "").partition(":")
    given = fields.get("lease_token", "") or (token if named == case_id else "")
    return Hold(org=who.org, case_id=parse_id(case_id), reviewer=who.pseudonym, token=given)


def _claim(platform: Served, who: Principal, queue: str | None) -> Held | None:
    return platform.store.write(
        lambda uow: platform.reviewing.claim(uow, who.org, who.pseudonym, queue=queue)
    )


def _go_on(
    request: Request,
    who: Principal,
    platform: Served,
    path: str,
    body: dict[str, JsonValue],
) -> Response:
    """Hand a browser the next case; a program asks for it when it wants it."""
    if wants_json(request):
        return _let_go(done(request, path, body))
    held = _claim(platform, who, None)
    if held is not None:
        return _handed(request, held, path, body)
    return _let_go(done(request, f"{path}{'&' if '?' in path else '?'}empty=1", body))


def _told(held: Held) -> dict[str, JsonValue]:
    ends = held.case.lease.expires_at if held.case.lease else 0
    return {
        "case": str(held.case.id),
        "queue": held.case.queue,
        "lease_token": held.token,
        "lease_ends": rfc3339(ends),
    }


def _handed(request: Request, held: Held, path: str, body: dict[str, JsonValue]) -> Response:
    response = done(request, path, body)
    response.set_cookie(
        LEASE_COOKIE,
        f"{held.case.id}:{held.token}",
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
    )
    return response


def _let_go(response: Response) -> Response:
    response.delete_cookie(LEASE_COOKIE, httponly=True, samesite="strict")
    return response


def _page(
    request: Request, who: Principal, platform: Served, told: _Told, *, status: int = 200
) -> Response:
    now_ms = platform.clock.now_ms()
    undo = _undo(who, platform, told.decided) if told.decided else None

    def read(uow: UnitOfWork) -> ReviewView:
        return ReviewView(
            queues=queue_lines(uow, who.org, now_ms=now_ms),
            exposures=uow.exposures.count(who.org, who.pseudonym, since_ms=now_ms - DAY_MS),
            case=_case(request, who, platform, uow, now_ms=now_ms),
            undo=undo,
            draft=told.draft,
            nothing_left=told.nothing_left,
            taken_back=told.taken_back,
        )

    view = platform.store.read(read)
    if view.case is not None:
        seen = Subject(view.case.item.kind, view.case.item.host_id)
        platform.store.write(lambda uow: looked_at(uow, who.org, seen, by=who.pseudonym))
    return answer(request, "review.html", view, current="review", status=status)


def _case(
    request: Request, who: Principal, platform: Served, uow: UnitOfWork, *, now_ms: int
) -> CaseView | None:
    named = request.cookies.get(LEASE_COOKIE, "").partition(":")[0]
    if not named:
        return None
    hold = _hold(request, who, named, {})
    try:
        case: Case = platform.reviewing.held(uow, hold)
    except (CaseNotLeased, CaseUnknown):
        return None
    return case_view(
        uow,
        case,
        platform.pack(who.org),
        find=platform.books.of(who.org).found_in,
        hour=Hour(
            now_ms=now_ms,
            lease_ms=platform.reviewing.times.lease_ms,
            revealed_until=_revealed_until(request, case, now_ms=now_ms),
        ),
    )


def _revealed_until(request: Request, case: Case, *, now_ms: int) -> int | None:
    ends = revealed(request, case.id).partition(".")[0]
    until = int(ends) if ends.isascii() and ends.isdigit() and len(ends) < 16 else 0  # noqa: PLR2004
    return until if until > now_ms else None


def _undo(who: Principal, platform: Served, case_id: EventId) -> Undo | None:
    """Offer the undo of a case, if this person decided it a moment ago."""
    case = platform.store.read(lambda uow: uow.cases.get(who.org, case_id))
    undo_ms = platform.reviewing.times.undo_ms
    return undo_of(case, who.pseudonym, now_ms=platform.clock.now_ms(), undo_ms=undo_ms)
