"""Who may come in, and who is forgotten: keys of machines, accounts of people, erasure."""

from dataclasses import replace
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal, RoleName, Scope
from fieldfare.engine.setup import add_key, add_person, renew_password
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.schemas import Name, decode
from fieldfare.kernel import JsonValue, NotFound, rfc3339
from fieldfare.records import ACCOUNT, Subject
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, doors, requires

router = APIRouter(prefix="/v1", tags=["administration"])
Administrator = Annotated[Principal, requires(Permission.PEOPLE_ADMIN)]


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1)]
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Name
    roles: Annotated[tuple[RoleName, ...], msgspec.Meta(min_length=1)]


class Erasure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The host's id of the account to forget."""

    account: Name


_KEY: Final = msgspec.json.Decoder(NewKey)
_PERSON: Final = msgspec.json.Decoder(NewPerson)
_ERASURE: Final = msgspec.json.Decoder(Erasure)


@router.get("/keys")
def list_keys(who: Administrator, platform: Platform) -> Response:
    """List the API keys by id, revoked ones too; no secret is kept that could be shown."""
    found = platform.store.read(lambda uow: uow.api_keys.all(who.org))
    rows: list[JsonValue] = [
        {
            "id": key.id,
            "scopes": [scope.value for scope in sorted(key.scopes)],
            "note": key.note,
            "created_at": rfc3339(key.created_at),
            "revoked_at": None if key.revoked_at is None else rfc3339(key.revoked_at),
        }
        for key in found
    ]
    return answer({"keys": rows})


@router.post("/keys", status_code=201, openapi_extra=openapi_body(NewKey))
async def create_key(request: Request, who: Administrator, platform: Platform) -> Response:
    """Make an API key; its text is in this answer and never shown again."""
    wanted = decode(_KEY, await request.body())
    text = await run_in_threadpool(
        platform.store.write,
        lambda uow: add_key(uow, who.org, frozenset(wanted.scopes), wanted.note, platform.clock),
    )
    return answer({"key": text}, status=201)


@router.delete("/keys/{key_id}")
def revoke_key(key_id: str, request: Request, who: Administrator, platform: Platform) -> Response:
    """End a key at once; in other processes within two seconds."""
    now_ms = platform.clock.now_ms()

    def revoke(uow: UnitOfWork) -> None:
        key = uow.api_keys.get(key_id)
        if key is None or key.org != who.org:
            raise NotFound(f"no key {key_id!r}", hint="A key's id is the part after ff_.")
        uow.api_keys.put(replace(key, revoked_at=now_ms))

    platform.store.write(revoke)
    doors(request).keys.forget(key_id)
    return answer({"id": key_id, "revoked": True})


@router.get("/people")
def list_people(who: Administrator, platform: Platform) -> Response:
    """List who signs in, by pseudonym, with their roles."""
    found = platform.store.read(lambda uow: uow.people.all(who.org))
    rows: list[JsonValue] = [
        {
            "pseudonym": person.pseudonym,
            "roles": [role.value for role in sorted(person.roles)],
            "enabled": person.enabled,
        }
        for person in found
    ]
    return answer({"people": rows})


@router.post("/people", status_code=201, openapi_extra=openapi_body(NewPerson))
async def create_person(request: Request, who: Administrator, platform: Platform) -> Response:
    """Make an account; its password is in this answer and never shown again."""
    wanted = decode(_PERSON, await request.body())
    password = await run_in_threadpool(
        platform.store.write,
        lambda uow: add_person(uow, who.org, wanted.name, frozenset(wanted.roles)),
    )
    return answer({"name": wanted.name, "password": password}, status=201)


@router.post("/people/{name}/password", status_code=201)
def renew(name: str, who: Administrator, platform: Platform) -> Response:
    """Draw a new password for somebody; it is in this answer and never shown again."""
    password = platform.store.write(lambda uow: renew_password(uow, who.org, name))
    return answer({"name": name, "password": password}, status=201)


@router.post("/erasures", openapi_extra=openapi_body(Erasure))
async def erase(request: Request, who: Administrator, platform: Platform) -> Response:
    """Forget a person: data key and payloads are destroyed, the ledger keeps that it was done."""
    wanted = decode(_ERASURE, await request.body())
    erased = await run_in_threadpool(
        platform.erase, who.org, Subject(ACCOUNT, wanted.account), who.pseudonym
    )
    return answer({"event_id": str(erased.event_id), "payloads": erased.payloads})
