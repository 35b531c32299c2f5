"""The web application: the platform flows in, an ASGI application flows out.

Routes live in `api` (JSON) and `console` (pages); the frame around them lives here: permissions,
problems, headers, limits. Nothing is fetched from elsewhere, neither here nor by the pages.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

import fieldfare
from fieldfare.kernel import FieldfareError, NotSignedIn
from fieldfare.web.api import ROUTERS as API
from fieldfare.web.console.templating import Pages, answer_problem, wants_page
from fieldfare.web.envelope import Envelope, Limits
from fieldfare.web.guards import Doors, Guard, declared, must_all_be_declared
from fieldfare.web.problems import problem_of
from fieldfare.web.served import Served

_STATIC: Final = Path(__file__).with_name("static")
_OPEN_BY_NATURE: Final = frozenset({"static", "openapi"})


def create_app(
    platform: Served, *, more_routers: Sequence[APIRouter] = (), has_pages: bool = True
) -> FastAPI:
    """Build the application over a platform. more_routers: of a test or an extension.

    has_pages: without the console, for a command, less has to be loaded. Raises RouteUndeclared if
    a route names no permission.
    """
    routers = (*API, *(_console() if has_pages else ()), *more_routers)
    app = FastAPI(
        # One flat list: each route keeps its own permission in sight, and matching stays quick.
        routes=[route for router in routers for route in router.routes],
        title="Fieldfare",
        version=fieldfare.__version__,
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.state.doors = Doors(platform)
    app.state.pages = Pages(platform.clock)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for kind in (FieldfareError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
    settings = platform.settings
    app.add_middleware(
        Envelope,
        limits=Limits(body_bytes=settings.body_bytes, media_bytes=settings.media_bytes),
        secure=settings.secure_cookies,
        answer=answer_problem,
    )
    must_all_be_declared(app.routes, open_names=_OPEN_BY_NATURE)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def _console() -> Sequence[APIRouter]:
    from fieldfare.web.console.pages import ROUTERS  # much of all that is loaded

    return ROUTERS


def openapi_document() -> dict[str, Any]:
    """Describe the API of this version, with no installation behind it."""
    app = FastAPI(
        routes=[route for router in API for route in router.routes],
        title="Fieldfare",
        version=fieldfare.__version__,
    )
    return _openapi(app)


async def _answer(request: Request, error: Exception) -> Response:
    """Answer an error; a person who has to sign in first is led there and back."""
    if isinstance(error, NotSignedIn) and request.method == "GET" and wants_page(request):
        then = quote(f"{request.url.path}?{request.url.query}".rstrip("?"))
        return RedirectResponse(f"/sign-in?then={then}", status_code=303)
    return answer_problem(request, problem_of(error))


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Describe the API with its one scheme of signing in and the permission of each call."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "ff_<id>_<secret>"}
        schema.setdefault("components", {})["securitySchemes"] = {"key": scheme}
        for route in app.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                _declare(schema["paths"][route.path_format], route)
        app.openapi_schema = schema
    return app.openapi_schema


def _declare(path: dict[str, Any], route: APIRoute) -> None:
    for guard in declared(route):
        for method in route.methods or ():
            if isinstance(guard, Guard) and method.lower() in path:
                path[method.lower()]["security"] = [{"key": []}]
                path[method.lower()]["x-permission"] = guard.permission.value
