"""Guards: a request flows in, the Principal behind it flows out, or the call ends here.

A route declares `Annotated[Principal, requires(Permission.X)]`, or `open_to_all("why")`; the
application refuses to start with a route that declares neither, or both.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Depends as DependsMarker
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from fieldfare.access import (
    FormNotOurs,
    KeyRing,
    Permission,
    Principal,
    Session,
    Throttle,
    must_be_our_form,
    principal_of_session,
    session_digest,
)
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import NotSignedIn
from fieldfare.web.served import Served

CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_OWN_SITES: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Who asks. name: the one they signed in by; session: of the browser, None for an API key."""

    principal: Principal
    name: str
    session: Session | None


class Doors:
    """What identifying callers needs: the platform, the key ring and the throttle of sign-in."""

    def __init__(self, platform: Served) -> None:
        self.platform = platform
        self.keys = KeyRing(
            lambda key_id: platform.store.read(lambda uow: uow.api_keys.get(key_id)),
            clock=platform.clock,
        )
        self.throttle = Throttle(platform.clock)

    @property
    def cookie(self) -> str:
        """The session cookie's name; the prefix makes browsers insist on Secure and no domain."""
        return "__Host-ff_session" if self.platform.settings.secure_cookies else "ff_session"

    def of_session(self, token: str) -> SignedIn:
        """Tell whose session a cookie's token is. Raises NotSignedIn."""

        def look(uow: UnitOfWork) -> SignedIn:
            session = uow.sessions.get(session_digest(token))
            person = uow.people.get(session.org, session.person_id) if session else None
            now_ms = self.platform.clock.now_ms()
            principal = principal_of_session(session, person, now_ms=now_ms)
            name = person.name if person else principal.pseudonym
            return SignedIn(principal=principal, name=name, session=session)

        return self.platform.store.read(look)


def doors(connection: HTTPConnection) -> Doors:
    """Give the doors of the application a request came to."""
    found = connection.app.state.doors
    if not isinstance(found, Doors):
        raise TypeError("the application was not made by create_app")
    return found


def platform_of(request: Request) -> Served:
    return doors(request).platform


Platform = Annotated[Served, Depends(platform_of)]


async def identify(request: Request) -> SignedIn:
    """Tell who asks, by bearer key or session cookie. Raises NotSignedIn."""
    known = getattr(request.state, "signed_in", None)
    if isinstance(known, SignedIn):
        return known
    signed_in = await _identify(request)
    request.state.signed_in = signed_in
    request.state.pseudonym = signed_in.principal.pseudonym
    return signed_in


async def identify_if_told(request: Request) -> SignedIn | None:
    """Tell who asks, or None if nobody is named. Raises NotSignedIn for a credential that is
    wrong.
    """
    told = "authorization" in request.headers or doors(request).cookie in request.cookies
    return await identify(request) if told else None


async def _identify(request: Request) -> SignedIn:
    at = doors(request)
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer":
            raise NotSignedIn("Only `Authorization: Bearer ff_<id>_<secret>` is understood.")
        text = credential.strip()
        if at.keys.knows(text):
            return _by_key(at.keys.authenticate(text))
        return _by_key(await run_in_threadpool(at.keys.authenticate, text))
    token = request.cookies.get(at.cookie, "")
    if not token:
        raise NotSignedIn(
            "Nobody is signed in.",
            hint="Send `Authorization: Bearer ff_<id>_<secret>`, or sign in at /sign-in.",
        )
    return await run_in_threadpool(at.of_session, token)


def _by_key(principal: Principal) -> SignedIn:
    return SignedIn(principal=principal, name=principal.pseudonym, session=None)


async def must_be_own(request: Request, session: Session | None) -> None:
    """Refuse an unsafe call of a browser that another site sent. Keys are not sent by browsers."""
    if session is None or request.method in _SAFE:
        return
    must_come_from_here(request)
    token = request.headers.get(CSRF_HEADER, "")
    if not token and request.headers.get("content-type", "").startswith(_FORMS):
        token = str((await request.form()).get(CSRF_FIELD, ""))
    must_be_our_form(session, token)


def must_come_from_here(request: Request) -> None:
    """Refuse what the browser itself says another site sent. Old browsers say nothing."""
    if request.headers.get("sec-fetch-site", "none") not in _OWN_SITES:
        raise FormNotOurs("The form came from another site.", hint="Open our page and send it.")


@dataclass(frozen=True, slots=True)
class Guard:
    """The dependency that lets a principal with one permission through."""

    permission: Permission

    async def __call__(self, request: Request) -> Principal:
        signed_in = await identify(request)
        signed_in.principal.must(self.permission)
        await must_be_own(request, signed_in.session)
        return signed_in.principal


@dataclass(frozen=True, slots=True)
class Open:
    """The dependency that lets everybody through, and says why."""

    why: str

    async def __call__(self) -> None:
        return None


def requires(permission: Permission) -> DependsMarker:
    """Declare a route's permission; its value is the caller.

    Write it as `who: Annotated[Principal, requires(Permission.INGEST)]`.
    """
    return DependsMarker(Guard(permission))


def open_to_all(why: str) -> DependsMarker:
    """Declare that a route needs no permission, by `dependencies=[open_to_all("why")]`."""
    return DependsMarker(Open(why))


def declared(route: BaseRoute) -> tuple[Guard | Open, ...]:
    """List what a route declares, wherever in its dependencies."""
    return tuple(_walk(route.dependant)) if isinstance(route, APIRoute) else ()


def _walk(dependant: Dependant) -> list[Guard | Open]:
    here = [dependant.call] if isinstance(dependant.call, Guard | Open) else []
    return here + [found for below in dependant.dependencies for found in _walk(below)]


class RouteUndeclared(RuntimeError):
    """A route names no permission, or more than one: a mistake of ours, found at start-up."""


def must_all_be_declared(routes: list[BaseRoute], *, open_names: frozenset[str]) -> None:
    """Raise RouteUndeclared unless every route declares exactly one permission or openness.

    open_names: the routes that are no API routes and open by nature (static files).
    """
    for route in routes:
        if isinstance(route, APIRoute):
            if len(set(declared(route))) != 1:
                raise RouteUndeclared(f"{route.methods} {route.path} must declare one permission")
        elif getattr(route, "name", "") not in open_names:
            raise RouteUndeclared(f"{route!r} is not listed as open")
