"""Organisations, people, sessions and API keys."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from fieldfare.access.repositories import ApiKey, Person, RoleName, Scope, Session
from fieldfare.kernel import Org
from fieldfare.storage.statements import Row, Statement, insert_if_absent, upsert
from fieldfare.storage.tables import api_keys, organisations, people, sessions
from fieldfare.storage.transaction import Transaction

_PUT_PERSON: Final = upsert(people)
_PEOPLE: Final = select(*people.c).where(people.c.org == bindparam("org"))
_PERSON: Final = Statement(_PEOPLE.where(people.c.id == bindparam("person")))
_BY_NAME: Final = Statement(_PEOPLE.where(people.c.name == bindparam("called")))
_ALL_PEOPLE: Final = Statement(_PEOPLE.order_by(people.c.name))

_PUT_SESSION: Final = upsert(sessions)
_SESSION: Final = Statement(
    select(*sessions.c).where(sessions.c.token_sha256 == bindparam("token"))
)
_END: Final = Statement(sessions.delete().where(sessions.c.token_sha256 == bindparam("token")))
_END_BEFORE: Final = Statement(sessions.delete().where(sessions.c.expires_at <= bindparam("at")))

_PUT_KEY: Final = upsert(api_keys)
_KEY: Final = Statement(select(*api_keys.c).where(api_keys.c.id == bindparam("key_id")))
_ALL_KEYS: Final = Statement(
    select(*api_keys.c)
    .where(api_keys.c.org == bindparam("org"))
    .order_by(api_keys.c.created_at, api_keys.c.id)
)

_ADD_ORG: Final = insert_if_absent(organisations)
_ORGS: Final = Statement(select(organisations.c.org).order_by(organisations.c.org))

_encode: Final = msgspec.json.Encoder().encode
_decode_roles: Final = msgspec.json.Decoder(frozenset[RoleName]).decode
_decode_scopes: Final = msgspec.json.Decoder(frozenset[Scope]).decode


class SqlPeople:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, person: Person, /) -> None:
        row = (
            person.org,
            person.id,
            person.name,
            person.pseudonym,
            person.password_hash,
            _encode(sorted(person.roles)).decode(),
            person.enabled,
        )
        self._tx.insert(_PUT_PERSON, row)

    def get(self, org: Org, person_id: str, /) -> Person | None:
        found = self._tx.row(_PERSON, org=org, person=person_id)
        return None if found is None else _person(found)

    def by_name(self, org: Org, name: str, /) -> Person | None:
        found = self._tx.row(_BY_NAME, org=org, called=name)
        return None if found is None else _person(found)

    def all(self, org: Org, /) -> Sequence[Person]:
        return [_person(row) for row in self._tx.rows(_ALL_PEOPLE, org=org)]


class SqlSessions:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, session: Session, /) -> None:
        row = (
            session.org,
            session.token_sha256,
            session.person_id,
            session.csrf,
            session.created_at,
            session.expires_at,
        )
        self._tx.insert(_PUT_SESSION, row)

    def get(self, token_sha256: str, /) -> Session | None:
        found = self._tx.row(_SESSION, token=token_sha256)
        if found is None:
            return None
        return Session(
            org=found[0],
            token_sha256=found[1],
            person_id=found[2],
            csrf=found[3],
            created_at=found[4],
            expires_at=found[5],
        )

    def end(self, token_sha256: str, /) -> None:
        self._tx.run(_END, token=token_sha256)

    def end_before(self, at_ms: int, /) -> int:
        return self._tx.run(_END_BEFORE, at=at_ms)


class SqlApiKeys:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, key: ApiKey, /) -> None:
        row = (
            key.org,
            key.id,
            key.secret_sha256,
            _encode(sorted(key.scopes)).decode(),
            key.note,
            key.created_at,
            key.revoked_at,
        )
        self._tx.insert(_PUT_KEY, row)

    def get(self, key_id: str, /) -> ApiKey | None:
        found = self._tx.row(_KEY, key_id=key_id)
        return None if found is None else _key(found)

    def all(self, org: Org, /) -> Sequence[ApiKey]:
        return [_key(row) for row in self._tx.rows(_ALL_KEYS, org=org)]


class SqlOrganisations:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, org: Org, name: str, /) -> None:
        self._tx.insert(_ADD_ORG, (org, name))

    def all(self, /) -> Sequence[Org]:
        return [Org(row[0]) for row in self._tx.rows(_ORGS)]


def _person(row: Row) -> Person:
    return Person(
        org=row[0],
        id=row[1],
        name=row[2],
        pseudonym=row[3],
        password_hash=row[4],
        roles=_decode_roles(row[5]),
        enabled=bool(row[6]),
    )


def _key(row: Row) -> ApiKey:
    return ApiKey(
        org=row[0],
        id=row[1],
        secret_sha256=row[2],
        scopes=_decode_scopes(row[3]),
        note=row[4],
        created_at=row[5],
        revoked_at=row[6],
    )
