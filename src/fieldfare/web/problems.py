"""Problems: any error flows in, an RFC 9457 answer flows out, and never a stack trace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from fieldfare.kernel import FieldfareError, JsonValue, NotSignedIn, Overloaded, canonical_json

PROBLEM_JSON: Final = "application/problem+json"
_SLUGS: Final = {400: "bad-input", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
_MAX_ERRORS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong, as a caller is told. headers: to send along (Retry-After, Allow)."""

    slug: str
    status: int
    detail: str
    hint: str = ""
    pointer: str = ""
    errors: tuple[Mapping[str, JsonValue], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase

    def members(self, request_id: str) -> dict[str, JsonValue]:
        """Write the members of RFC 9457, section 3.1, and ours; empty ones are left out."""
        whole: dict[str, JsonValue] = {
            "type": problem_type(self.slug),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "hint": self.hint,
            "pointer": self.pointer,
            "errors": [dict(error) for error in self.errors],
            "request_id": request_id,
        }
        return {name: value for name, value in whole.items() if value or name == "status"}


def problem_type(slug: str) -> str:
    """Name a kind of problem, stable over releases."""
    return f"urn:fieldfare:problem:{slug}"


def problem_of(error: Exception) -> Problem:
    """Describe an error to the caller. One we did not foresee says nothing of its inside."""
    if isinstance(error, FieldfareError):
        return _of_ours(error)
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        slug = _SLUGS.get(error.status_code, "http")
        return Problem(
            slug=slug,
            status=error.status_code,
            detail=str(error.detail),
            headers=dict(error.headers or {}),
        )
    return Problem(
        slug="internal",
        status=500,
        detail="Something broke on our side; nothing was accepted.",
        hint="Give the request id to the operator, whose log has the cause.",
    )


def problem_response(problem: Problem, request_id: str) -> Response:
    return Response(
        canonical_json(problem.members(request_id)),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers=dict(problem.headers),
    )


def _of_ours(error: FieldfareError) -> Problem:
    headers = {}
    if isinstance(error, Overloaded):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="fieldfare"'
    return Problem(
        slug=error.slug,
        status=error.status,
        detail=error.message,
        hint=error.hint,
        pointer=error.pointer,
        headers=headers,
    )


def _of_validation(error: RequestValidationError) -> Problem:
    found = tuple(
        {"pointer": _pointer(entry["loc"]), "detail": str(entry["msg"])}
        for entry in error.errors()[:_MAX_ERRORS]
    )
    first = found[0] if found else {"pointer": "", "detail": "the request cannot be read"}
    return Problem(
        slug="bad-input",
        status=400,
        detail=f"{first['pointer'] or 'The request'}: {first['detail']}",
        hint="The document at /openapi.json says what each call takes.",
        pointer=str(first["pointer"]),
        errors=found,
    )


def _pointer(location: tuple[int | str, ...]) -> str:
    """Write where in the body (RFC 6901); elsewhere the part of the request comes first."""
    parts = location[1:] if location and location[0] == "body" else location
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
