"""How HMA answers: plain JSON, `{"message"}` for what went wrong, and how it reads parameters."""

import json
from collections.abc import Mapping
from typing import Final, NoReturn

import msgspec
from fastapi import Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from fieldfare.kernel import JsonValue

UNREADABLE: Final = 422
_TRUE: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE: Final = frozenset({"0", "false", "f", "no", "n", "off"})
Object = dict[str, JsonValue]


class MissingParameter(HTTPException):
    """A parameter HMA checks before its own code runs: 422 and a list, as pydantic writes it."""

    def __init__(self, name: str, words: str = "Field required", kind: str = "missing") -> None:
        super().__init__(UNREADABLE, words)
        self.errors: list[JsonValue] = [{"type": kind, "loc": [name], "msg": words}]


def told(body: JsonValue, *, status: int = 200) -> Response:
    """Answer with JSON; ids of entries are whole numbers, as HMA's are."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text + "\n", status_code=status, media_type="application/json")


def abort(status: int, message: str) -> NoReturn:
    raise HTTPException(status, message)


def required(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if value is None:
        raise MissingParameter(name)
    return value


def truth(request: Request, name: str) -> bool:
    """Read a truth value as pydantic does; left out is false."""
    text = request.query_params.get(name, "false").lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    words = "Input should be a valid boolean, unable to interpret input"
    raise MissingParameter(name, words, "bool_parsing")


def listed(text: str | None) -> frozenset[str] | None:
    """Read names that commas part; None where nothing was asked for."""
    return frozenset(text.split(",")) if text else None


async def object_of(request: Request) -> Object:
    """Read a body that has to be a JSON object."""
    try:
        body = msgspec.json.decode(await request.body(), type=dict[str, JsonValue])
    except msgspec.DecodeError:
        abort(400, "this endpoint expects a json object payload")
    return body


def ratio_of(body: Mapping[str, JsonValue]) -> float | None:
    """Read how much of everything a bank is asked about: a ratio, or on and off."""
    ratio, enabled = body.get("enabled_ratio"), body.get("enabled")
    if ratio is None and enabled is None:
        return None
    if ratio is None:
        return 1.0 if _truth_of(enabled) else 0.0
    try:
        number = float(str(ratio))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise MissingParameter("enabled_ratio", "Input should be between 0 and 1", "float_parsing")
    return number


def _truth_of(value: JsonValue) -> bool:
    if isinstance(value, str):
        return value.lower() in _TRUE
    return bool(value)
