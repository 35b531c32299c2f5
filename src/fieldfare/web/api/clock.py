"""POST /v1/clock: time as a simulation wants it, on a server that was started for one."""

import asyncio
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from fieldfare.access import Permission, Principal
from fieldfare.ingest.schemas import Moment, decode, moment
from fieldfare.kernel import NotFound, SimulatedClock, rfc3339
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires

router = APIRouter(prefix="/v1", tags=["simulation"])


class AdvanceTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The moment to go to; earlier ones change nothing."""

    advance_to: Moment


_ADVANCE: Final = msgspec.json.Decoder(AdvanceTo)


@router.post("/clock", openapi_extra=openapi_body(AdvanceTo))
async def advance(
    request: Request,
    who: Annotated[Principal, requires(Permission.PEOPLE_ADMIN)],
    platform: Platform,
) -> Response:
    """Move the simulated clock, and answer once the gate has seen that moment."""
    wanted = decode(_ADVANCE, await request.body())
    clock = platform.clock
    if not isinstance(clock, SimulatedClock):
        hint = "Start it with: fieldfare serve --clock simulated"
        raise NotFound("this server runs on the system's clock", hint=hint)
    at_ms = moment(wanted.advance_to, pointer="/advance_to")
    clock.advance_to(at_ms or 0)
    await asyncio.to_thread(platform.confirm_watermark)
    return answer({"now": rfc3339(clock.now_ms()), "org": who.org})
