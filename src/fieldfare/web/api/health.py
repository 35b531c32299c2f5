"""/health says whether this installation works; /metrics says how hard it works."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.health import Health
from fieldfare.kernel import JsonValue, canonical_json, trace_of
from fieldfare.web.guards import Platform, identify_if_told, open_to_all, requires

router = APIRouter(tags=["operation"])
_log = structlog.get_logger("fieldfare.web")


@router.get("/health", dependencies=[open_to_all("load balancers ask, and learn one word")])
async def health(request: Request, platform: Platform) -> Response:
    """Answer 200 or 503; parts and version only to a caller who may see them."""
    signed_in = await identify_if_told(request)
    try:
        found = await run_in_threadpool(platform.health)
    except Exception as error:  # noqa: BLE001  # a part that cannot even be asked is not healthy
        _log.error("health_failed", **trace_of(error))  # no locals in the log
        found = None
    ok = found is not None and found.ok
    body: dict[str, JsonValue] = {"status": "ok" if ok else "failing"}
    if found and signed_in and signed_in.principal.may(Permission.HEALTH_DETAILS):
        body |= _details(found)
    return Response(
        canonical_json(body), status_code=200 if ok else 503, media_type="application/json"
    )


def _details(found: Health) -> dict[str, JsonValue]:
    parts: dict[str, JsonValue] = {
        part.name: {"ok": part.ok, **part.detail} for part in found.parts
    }
    return {"version": found.version, "parts": parts}


@router.get("/metrics")
def metrics(_who: Annotated[Principal, requires(Permission.METRICS)]) -> Response:
    """Give the process's measures in the text format of Prometheus."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
