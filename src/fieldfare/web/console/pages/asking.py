"""What the pages' routes share: who asks, and forms that are small and checked."""

from typing import Annotated, Final

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from fieldfare.ingest.nul import NUL, nul_in
from fieldfare.kernel import BadInput, JsonValue, canonical_json
from fieldfare.web.console.templating import wants_json

MAX_FIELDS: Final = 40
FOLLOW_HEADER: Final = "x-follow"
THEN_HEADER: Final = "X-Then"


async def read_form(request: Request) -> dict[str, str]:
    """Read the fields of a form or a JSON object, all text. Raises BadInput for anything else."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            told: object = await request.json()
        except (ValueError, RecursionError):
            raise BadInput("The body is not JSON.", hint="Send UTF-8 encoded JSON.") from None
        if not isinstance(told, dict):
            raise BadInput("The body must be a JSON object.")
        fields = told
    else:
        fields = dict(await request.form(max_files=0, max_fields=MAX_FIELDS))
    if not all(isinstance(value, str) for value in fields.values()):
        raise BadInput("Every field must be text.", hint="Send a form or an object of strings.")
    read = {str(name): str(value) for name, value in fields.items()}
    for name, value in read.items():
        if NUL in value:
            raise nul_in(f"/{name}")
    return read


Fields = Annotated[dict[str, str], Depends(read_form)]


def done(request: Request, path: str, body: JsonValue) -> Response:
    """Answer a change: a browser goes on to a page, a program gets what came of it.

    A script of ours that follows by itself is told where to: the page is then made only once.
    """
    if wants_json(request):
        return Response(canonical_json(body), media_type="application/json")
    if FOLLOW_HEADER in request.headers:
        return Response(status_code=204, headers={THEN_HEADER: path})
    return RedirectResponse(path, status_code=303)
