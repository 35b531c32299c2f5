"""Signing in and out, and the look of the pages."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from fieldfare.access import (
    SESSION_MS,
    Permission,
    Principal,
    SignInRefused,
    TooManyAttempts,
    open_session,
    session_digest,
    sign_in,
)
from fieldfare.kernel import BadInput, JsonValue, Org
from fieldfare.web.console.pages.asking import Fields, done
from fieldfare.web.console.templating import (
    THEME_COOKIE,
    THEMES,
    answer,
    answer_problem,
    is_secure,
    wants_json,
)
from fieldfare.web.console.views.signin import SignInView
from fieldfare.web.guards import doors, must_come_from_here, open_to_all, requires
from fieldfare.web.problems import problem_of

router = APIRouter(include_in_schema=False)
_MAIN: Final = Org("main")
_YEAR_S: Final = 31_536_000
_HOME: Final = (
    (Permission.REVIEW, "/review"),
    (Permission.OVERVIEW, "/overview"),
    (Permission.ITEMS_READ, "/items"),
)
Known = Annotated[Principal, requires(Permission.CONSOLE)]


@router.get("/")
def home(who: Known) -> Response:
    """Go to the page this person works on."""
    return RedirectResponse(_home(who), status_code=303)


@router.get("/sign-in", dependencies=[open_to_all("nobody is signed in yet")])
def sign_in_page(request: Request, then: str = "") -> Response:
    view = SignInView(name="", org=_MAIN, then=local(then), why="")
    return answer(request, "sign_in.html", view)


@router.post("/sign-in", dependencies=[open_to_all("nobody is signed in yet")])
def sign_in_now(request: Request, fields: Fields) -> Response:
    """Check name and password; on success set the session's cookie."""
    must_come_from_here(request)
    at = doors(request)
    store, clock = at.platform.store, at.platform.clock
    org, name = Org(fields.get("org") or _MAIN), fields.get("name", "")
    person = store.read(lambda uow: uow.people.by_name(org, name))
    try:
        principal = sign_in(
            person,
            org=org,
            name=name,
            password=fields.get("password", ""),
            throttle=at.throttle,
        )
    except (SignInRefused, TooManyAttempts) as error:
        if wants_json(request):
            return answer_problem(request, problem_of(error))
        view = SignInView(name=name, org=org, then=local(fields.get("then", "")), why=error.message)
        return answer(request, "sign_in.html", view, status=error.status)
    token, session = open_session(principal, now_ms=clock.now_ms())
    store.write(lambda uow: uow.sessions.put(session))
    body: dict[str, JsonValue] = {"who": principal.pseudonym, "csrf": session.csrf}
    response = done(request, local(fields.get("then", "")) or _home(principal), body)
    response.set_cookie(
        at.cookie,
        token,
        max_age=SESSION_MS // 1000,
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    return response


@router.post("/sign-out")
def sign_out(request: Request, _who: Known) -> Response:
    """End this session, here and in the store."""
    at = doors(request)
    token = request.cookies.get(at.cookie, "")
    at.platform.store.write(lambda uow: uow.sessions.end(session_digest(token)))
    response = done(request, "/sign-in", {"signed_out": True})
    response.delete_cookie(at.cookie, httponly=True, secure=is_secure(request))
    return response


@router.post("/theme", dependencies=[open_to_all("only sets the caller's own cookie")])
async def set_theme(request: Request, fields: Fields) -> Response:
    """Choose light, dark or what the machine prefers."""
    must_come_from_here(request)
    theme = fields.get("theme", "")
    if theme not in THEMES:
        raise BadInput(f"A theme is one of {', '.join(THEMES)}.", pointer="/theme")
    response = done(request, local(fields.get("then", "")) or "/", {"theme": theme})
    response.set_cookie(
        THEME_COOKIE, theme, max_age=_YEAR_S, samesite="lax", secure=is_secure(request)
    )
    return response


def local(path: str) -> str:
    """Give the path back if it leads nowhere but to our own pages, else ""."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith("//") and not parts.netloc
    return path if is_ours and "\\" not in path and path.isprintable() else ""


def _home(who: Principal) -> str:
    return next((path for permission, path in _HOME if who.may(permission)), "/sign-in")
