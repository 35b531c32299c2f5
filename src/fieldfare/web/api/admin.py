"""What an operator decides by: policies and lists."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.administration import count_terms, put_list
from fieldfare.engine.readable_lists import OlderList
from fieldfare.ingest.schemas import Name, decode
from fieldfare.kernel import EventId, JsonValue
from fieldfare.matching.repositories import ListRecord
from fieldfare.policies import Policy
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires

router = APIRouter(prefix="/v1", tags=["administration"])


class NewList(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A list or lexicon as the text of its file."""

    name: Name
    text: Annotated[str, msgspec.Meta(max_length=4_000_000)]
    lexicon: bool = False


_LIST: Final = msgspec.json.Decoder(NewList)


@router.get("/policies")
def list_policies(
    who: Annotated[Principal, requires(Permission.POLICIES_READ)], platform: Platform
) -> Response:
    """List the policies in force."""
    pack = platform.pack(who.org)
    rows: list[JsonValue] = [_policy_json(policy) for policy in pack.policies.values()]
    return answer({"name": pack.name, "version": pack.version, "hash": pack.hash, "policies": rows})


@router.get("/lists")
def list_lists(
    who: Annotated[Principal, requires(Permission.BANKS_READ)], platform: Platform
) -> Response:
    """List the named lists and lexicons; one with a problem goes on with its last good version.

    since: the event that set the newest version; runs_since: the one that set the version that is
    in force, "" where none can be read.
    """
    found = platform.store.read(lambda uow: uow.lists.current(who.org, as_of=EventId(2**63 - 1)))
    older = platform.books.of(who.org).older_lists
    rows: list[JsonValue] = [
        {
            "name": each.name,
            "kind": each.kind,
            "hash": each.hash,
            "since": str(each.since),
            "runs_since": _runs_since(each, older.get(each.name)),
            "problem": older[each.name].wrong if each.name in older else "",
        }
        for each in found
    ]
    return answer({"lists": rows})


def _runs_since(newest: ListRecord, older: OlderList | None) -> str:
    since = newest.since if older is None else older.since
    return "" if since is None else str(since)


@router.post("/lists", status_code=201, openapi_extra=openapi_body(NewList))
async def import_list(
    request: Request,
    who: Annotated[Principal, requires(Permission.LISTS_WRITE)],
    platform: Platform,
) -> Response:
    """Import a list or lexicon as a new version; a bad line is named and nothing is taken."""
    wanted = decode(_LIST, await request.body())
    since = await run_in_threadpool(
        platform.store.write,
        lambda uow: put_list(
            uow, who.org, wanted.name, wanted.text, lexicon=wanted.lexicon, by=who.pseudonym
        ),
    )
    terms = count_terms(wanted.name, wanted.text, lexicon=wanted.lexicon)
    return answer({"name": wanted.name, "since": str(since), "terms": terms}, status=201)


def _policy_json(policy: Policy) -> dict[str, JsonValue]:
    built: dict[str, JsonValue] = msgspec.to_builtins(policy)
    return built
