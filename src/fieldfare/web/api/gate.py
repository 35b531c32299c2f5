"""POST /v1/eligibility answers whether items may be shown, here, now, to such a viewer."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from fieldfare.access import Permission, Principal
from fieldfare.decisions.gate import Answer, Viewer
from fieldfare.ingest.kinds import AgeBand, Surface
from fieldfare.ingest.schemas import ItemName, Market, decode
from fieldfare.kernel import rfc3339
from fieldfare.web.api.shapes import openapi_body
from fieldfare.web.guards import Platform, requires

MAX_ITEMS: Final = 500

router = APIRouter(prefix="/v1", tags=["gate"])


class ViewerShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who would see it: an age band and a market, never a person."""

    age_band: AgeBand
    market: Market


class Eligibility(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    surface: Surface
    viewer: ViewerShape
    items: Annotated[list[ItemName], msgspec.Meta(max_length=MAX_ITEMS)]


class _Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    kind: str
    host_id: str
    show: str
    reason: str
    version: int | None
    media_sha256: tuple[str, ...]
    max_views: int | None = None
    decision_id: str | None = None
    labels: tuple[str, ...] = ()


class _Answers(msgspec.Struct, frozen=True):
    items: list[_Shown]
    watermark: str


_ASKED: Final = msgspec.json.Decoder(Eligibility)
_ENCODER: Final = msgspec.json.Encoder()


@router.post("/eligibility", openapi_extra=openapi_body(Eligibility))
async def eligibility(
    request: Request, who: Annotated[Principal, requires(Permission.GATE)], platform: Platform
) -> Response:
    """Answer for up to 500 items in the order asked; what is not decided is not shown."""
    asked = decode(_ASKED, await request.body())
    viewer = Viewer(
        surface=asked.surface, age_band=asked.viewer.age_band, market=asked.viewer.market
    )
    names = [(item.kind, item.host_id) for item in asked.items]
    found = platform.gate.answers(who.org, viewer, names)
    answers = _Answers([_shown(each) for each in found], rfc3339(platform.gate.watermark_ms))
    return Response(_ENCODER.encode(answers), media_type="application/json")


def _shown(found: Answer) -> _Shown:
    return _Shown(
        found.kind,
        found.host_id,
        found.show,
        found.reason,
        found.version,
        found.media_sha256,
        found.max_views,
        None if found.decision_id is None else str(found.decision_id),
        found.labels,
    )
