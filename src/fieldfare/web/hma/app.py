"""The application that answers as HMA does, over a platform, for one key.

It listens on this machine alone and asks nobody who they are, so a page in a browser here must not
be able to speak to it: what a browser says another site sent is refused, and so is a Host that is
the name of some site, which a name that leads to this machine would bring.
"""

import re
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from fieldfare.engine.hash_lookup import HashLookup
from fieldfare.kernel import FieldfareError
from fieldfare.web.envelope import Envelope, Limits
from fieldfare.web.guards import open_to_all
from fieldfare.web.hma.acting import Acting, acting_key
from fieldfare.web.hma.answers import MissingParameter, told
from fieldfare.web.hma.curation import router as curation
from fieldfare.web.hma.exchanging import router as exchanging
from fieldfare.web.hma.hashing import router as hashing
from fieldfare.web.hma.matching import router as matching
from fieldfare.web.problems import Problem
from fieldfare.web.served import Served

ALIVE: Final = "I-AM-ALIVE"
OVERHEAD: Final = 1_000_000
_OWN_SITES: Final = frozenset({"same-origin", "none"})

core = APIRouter()


@core.get("/", dependencies=[open_to_all("it only leads to /status")])
def home() -> Response:
    """Lead to the status."""
    return RedirectResponse("/status", status_code=302)


@core.get("/status", dependencies=[open_to_all("it says only that we are there")])
def status(request: Request) -> Response:
    """Say whether we answer: 503 while the database does not."""
    health = request.app.state.acting.platform.health()
    well = next((part.ok for part in health.parts if part.name == "database"), False)
    return PlainTextResponse(ALIVE if well else "INDEX-NOT-LOADED", 200 if well else 503)


@core.get("/status/live", dependencies=[open_to_all("it says only that we are there")])
def live() -> Response:
    """Say that the process lives."""
    return PlainTextResponse(ALIVE)


@core.get("/site-map", dependencies=[open_to_all("it lists the routes of a known API")])
def site_map(request: Request) -> Response:
    """List the routes, as Flask writes them."""
    paths = {route.path for route in request.app.routes if isinstance(route, APIRoute)}
    return told([*sorted(path.replace("{", "<").replace("}", ">") for path in paths)])


def create_hma_app(platform: Served, *, key_id: str, policy: str = "") -> FastAPI:
    """Build the application. Raises BadInput if there is no such key or policy."""
    principal = acting_key(platform, key_id)
    if policy:
        platform.pack(principal.org).policy(policy)
    routers = (core, hashing, matching, curation, exchanging)
    app = FastAPI(
        routes=[route for router in routers for route in router.routes],
        title="HMA",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.acting = Acting(
        platform=platform,
        key_id=key_id,
        policy=policy,
        lookup=HashLookup(platform.store, platform.recognising.shelf.search),
    )
    for kind in (FieldfareError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
    app.add_middleware(OneSlash)
    app.add_middleware(OwnCallers)
    most = platform.settings.media_bytes + OVERHEAD
    app.add_middleware(
        Envelope,
        limits=Limits(body_bytes=most, media_bytes=most),
        secure=False,
        answer=_problem,
    )
    return app


class OwnCallers:
    """ASGI middleware: lets through what no page of another site can have sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            foreign = headers.get("sec-fetch-site", "none") not in _OWN_SITES
            if foreign or "origin" in headers or not _is_own_host(headers.get("host", "")):
                refused = told({"message": "only callers on this machine are answered"}, status=403)
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


class OneSlash:
    """ASGI middleware: reads `//c/banks` as `/c/banks`.

    Flask leads such callers to the right path; some put a path that begins with a slash behind an
    address that ends with one, and Coop's does so by its default.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "//" in scope["path"]:
            scope = {**scope, "path": re.sub("/{2,}", "/", scope["path"])}
        await self._app(scope, receive, send)


def _is_own_host(host: str) -> bool:
    """Say whether a Host is an address or a plain name; those of sites have a dot in them."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        ip_address(name)
    except ValueError:
        return "." not in name
    return True


async def _answer(_request: Request, error: Exception) -> Response:
    if isinstance(error, MissingParameter):
        return told(error.errors, status=error.status_code)
    if isinstance(error, HTTPException):
        return told({"message": str(error.detail)}, status=error.status_code)
    if isinstance(error, FieldfareError):
        return told({"message": str(error)}, status=error.status)
    return told({"message": "The requested URL was not found on the server."}, status=404)


def _problem(_request: Request, problem: Problem) -> Response:
    words = problem.detail or HTTPStatus(problem.status).phrase
    return told({"message": words}, status=problem.status)
