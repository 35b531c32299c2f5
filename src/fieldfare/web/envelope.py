"""The envelope of every call: its id, size limit, security headers, log line and last resort.

Plain ASGI, because it stands in the way of every gate call. A request flows in; the same request,
bounded, flows on; the answer flows back with our headers. Bodies and paths never reach the log:
the route's template does.
"""

import math
import re
import secrets
import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldfare.kernel import TooLarge, trace_of
from fieldfare.web.problems import Problem, problem_of

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_MULTIPART_OVERHEAD: Final = 1_000_000
_LENGTH_DIGITS: Final = 18
_UPLOADS: Final = re.compile(
    r"/v1/(items|decide|match|banks/[^/]+/entries)|/banks/[^/]+/(add/files|import)|/match/file"
)
_LISTS: Final = re.compile(r"/v1/banks/[^/]+/import")
"""What reads its body line by line, and holds none of it."""

_log = structlog.get_logger("fieldfare.web")
_CALLS = Counter("fieldfare_http_calls", "Calls answered.", ("method", "route", "status"))
_SECONDS = Histogram("fieldfare_http_seconds", "Seconds to the end of the answer.", ("route",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """body_bytes: of any call; media_bytes: of the multipart calls that carry media, and of lists
    of entries that are streamed.
    """

    body_bytes: int
    media_bytes: int

    def of(self, path: str, content_type: str) -> int:
        if _UPLOADS.fullmatch(path) and content_type.startswith("multipart/"):
            return self.media_bytes + _MULTIPART_OVERHEAD
        if _LISTS.fullmatch(path) and not content_type.startswith("application/json"):
            return self.media_bytes
        return self.body_bytes


class _Exchange:
    """One call on its way: what was read, whether the answer has begun, with which status."""

    def __init__(
        self, limit: int, scope: Scope, receive: Receive, send: Send, headers: dict[str, str]
    ) -> None:
        self.limit = limit
        self.path: str = scope["path"]
        self.read = 0
        self.status = 0
        self.answered_early = False
        self._receive = receive
        self._send = send
        self._headers = headers

    @property
    def is_too_large(self) -> bool:
        return self.read > self.limit

    async def receive(self) -> Message:
        message = await self._receive()
        self.read += len(message.get("body", b""))
        if self.is_too_large:
            raise too_large(self.limit, self.path)
        return message

    async def send(self, message: Message) -> None:
        # What reads the body may turn our refusal into an error of its own; ours is the answer.
        if self.answered_early or (self.is_too_large and not self.status):
            return
        await self.answer(message)

    async def answer(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
        await self._send(message)


def too_large(limit: int, path: str) -> TooLarge:
    hint = "Send less, or ask the operator to raise body_bytes or media_bytes."
    if _LISTS.fullmatch(path):
        hint = "Send it in parts as `fieldfare bank import` does, or as text/plain, not as JSON."
    return TooLarge(f"The body is larger than {limit} bytes.", hint=hint)


class Envelope:
    """ASGI middleware; goes outermost. answer: how a problem is put to this caller."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Limits,
        secure: bool,
        answer: Callable[[Request, Problem], Response],
    ) -> None:
        self._app = app
        self._limits = limits
        self._answer = answer
        self._headers = dict(_HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        asked = Headers(scope=scope)
        limit = self._limits.of(scope["path"], asked.get("content-type", ""))
        headers = {**self._headers, "X-Request-Id": request_id, "Cache-Control": "no-store"}
        exchange = _Exchange(limit, scope, receive, send, headers)
        if _declared_bytes(asked.get("content-length", "0")) > limit:
            await self._refuse(scope, exchange, problem_of(too_large(limit, scope["path"])))
        else:
            await self._pass_on(scope, exchange, request_id)
        _note(scope, exchange.status, time.perf_counter() - began, request_id)

    async def _pass_on(self, scope: Scope, exchange: _Exchange, request_id: str) -> None:
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except TooLarge as error:
            await self._refuse(scope, exchange, problem_of(error))
        except Exception as error:  # noqa: BLE001  # the last resort: the caller gets an answer
            _log.error("call_failed", request_id=request_id, route=_route(scope), **trace_of(error))
            await self._refuse(scope, exchange, problem_of(error))
        else:
            if exchange.is_too_large:
                problem = problem_of(too_large(exchange.limit, exchange.path))
                await self._refuse(scope, exchange, problem)

    async def _refuse(self, scope: Scope, exchange: _Exchange, problem: Problem) -> None:
        if exchange.status:
            return
        exchange.answered_early = True
        response = self._answer(Request(scope), problem)
        await response(scope, exchange.receive, exchange.answer)


def _declared_bytes(text: str) -> float:
    """Read a Content-Length; one that is no plain number of 18 digits is beyond any limit."""
    plain = text.isascii() and text.isdigit() and len(text) <= _LENGTH_DIGITS
    return int(text) if plain else math.inf


def _route(scope: MutableMapping[str, Any]) -> str:
    return getattr(scope.get("route"), "path", "") or "-"


def _note(scope: Scope, status: int, seconds: float, request_id: str) -> None:
    route = _route(scope)
    _CALLS.labels(scope["method"], route, str(status)).inc()
    _SECONDS.labels(route).observe(seconds)
    _log.info(
        "call",
        method=scope["method"],
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        by=scope["state"].get("pseudonym", ""),
        request_id=request_id,
    )
