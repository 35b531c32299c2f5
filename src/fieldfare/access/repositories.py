"""What access asks of the store: people, their sessions, and API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fieldfare.kernel import Org


class RoleName(StrEnum):
    """The roles to start with."""

    ADMIN = "admin"
    RULE_AUTHOR = "rule_author"
    RULE_APPROVER = "rule_approver"
    REVIEWER = "reviewer"
    SERVICE = "service"


class Scope(StrEnum):
    """What an API key may be used for."""

    INGEST = "ingest"
    GATE = "gate"
    REVIEW = "review"
    BANKS = "banks"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who signs in. Records and the API show `pseudonym`, never name or address."""

    org: Org
    id: str
    name: str
    pseudonym: str
    password_hash: str
    roles: frozenset[RoleName]
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of a machine: `ff_<id>_<secret>`; only the SHA-256 of the secret is stored."""

    org: Org
    id: str
    secret_sha256: str
    scopes: frozenset[Scope]
    note: str
    created_at: int
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser. Only the SHA-256 of the cookie's token is stored; times in ms since
    1970.
    """

    org: Org
    token_sha256: str
    person_id: str
    csrf: str
    created_at: int
    expires_at: int


class People(Protocol):
    def put(self, person: Person, /) -> None: ...

    def get(self, org: Org, person_id: str, /) -> Person | None: ...

    def by_name(self, org: Org, name: str, /) -> Person | None: ...

    def all(self, org: Org, /) -> Sequence[Person]: ...


class ApiKeys(Protocol):
    def put(self, key: ApiKey, /) -> None: ...

    def get(self, key_id: str, /) -> ApiKey | None:
        """Find a key by its public id; ids are unique over organisations."""
        ...

    def all(self, org: Org, /) -> Sequence[ApiKey]: ...


class Sessions(Protocol):
    def put(self, session: Session, /) -> None: ...

    def get(self, token_sha256: str, /) -> Session | None: ...

    def end(self, token_sha256: str, /) -> None: ...

    def end_before(self, at_ms: int, /) -> int: ...


class Organisations(Protocol):
    def add(self, org: Org, name: str, /) -> None: ...

    def all(self, /) -> Sequence[Org]: ...
