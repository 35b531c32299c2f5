"""The lake for its operator: how far it is, joining its files, filling it anew from the log."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.filling import LakeFilling
from fieldfare.engine.setup import MAIN
from fieldfare.kernel import JsonValue, NotPermitted, at_of, rfc3339
from fieldfare.web.api.shapes import answer
from fieldfare.web.guards import Platform, requires

router = APIRouter(prefix="/v1/lake", tags=["administration"])


@router.get("")
def read_lake(
    who: Annotated[Principal, requires(Permission.LAKE_ADMIN)], platform: Platform
) -> Response:
    """Say what is in the lake, and up to where the log is in it."""
    must_keep_the_lake(who)
    return answer(_state(platform.lake_keeping.filling))


@router.post("/fill")
async def fill_lake(
    who: Annotated[Principal, requires(Permission.LAKE_ADMIN)], platform: Platform
) -> Response:
    """Put the next events of the log into the lake now; repeat it until `added` is 0."""
    must_keep_the_lake(who)
    filling = platform.lake_keeping.filling
    added = await run_in_threadpool(filling.fill)
    return answer({**_state(filling), "added": added})


@router.post("/compact")
async def compact_lake(
    who: Annotated[Principal, requires(Permission.LAKE_ADMIN)], platform: Platform
) -> Response:
    """Join the small files of each day now, and let go of days past their time."""
    must_keep_the_lake(who)
    filling = platform.lake_keeping.filling
    fewer = await run_in_threadpool(filling.compact)
    return answer({**_state(filling), "files_fewer": fewer})


@router.post("/rebuild")
async def rebuild_lake(
    who: Annotated[Principal, requires(Permission.LAKE_ADMIN)], platform: Platform
) -> Response:
    """Empty the lake. It fills again from the log by itself; `fill` makes it so at once."""
    must_keep_the_lake(who)
    filling = platform.lake_keeping.filling
    await run_in_threadpool(filling.rebuild)
    return answer(_state(filling))


def must_keep_the_lake(who: Principal) -> None:
    """Refuse all but the organisation that runs the installation: the lake is everybody's."""
    if who.org != MAIN:
        raise NotPermitted(
            f"The lake belongs to the whole installation, not to {who.org!r}.",
            hint=f"Ask an administrator of the organisation {MAIN!r}.",
        )


def _state(filling: LakeFilling) -> dict[str, JsonValue]:
    state = filling.state()
    return {
        "applied_to": str(state.applied_to),
        "applied_at": rfc3339(at_of(state.applied_to)) if state.applied_to else None,
        "files": state.files,
        "rows": state.rows,
        "bytes": state.bytes,
        "generation": state.generation,
        "broken": filling.broken or None,
    }
