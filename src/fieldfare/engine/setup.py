"""Setting up an organisation: its pack, its rules, the first administrator and the first key."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from fieldfare.access import (
    Person,
    RoleName,
    Scope,
    hash_password,
    make_key,
    make_password,
)
from fieldfare.engine.administration import activate_pack, activate_rules, put_list
from fieldfare.engine.brake_administration import set_first_quotas
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import Clock, Conflict, NotFound, Org, did_you_mean

MAIN: Final = Org("main")
INIT: Final = "init"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFiles:
    """What a pack's folder holds. lexicons, lists: name -> text of the file."""

    policies: Mapping[str, str]
    rules: Mapping[str, str]
    lexicons: Mapping[str, str]
    lists: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSecrets:
    """Shown once and never again."""

    name: str
    password: str
    key: str


def create_organisation(
    uow: UnitOfWork, org: Org, pack_files: PackFiles, clock: Clock
) -> FirstSecrets:
    """Set up an organisation. Raises Conflict if it exists already."""
    if org in uow.organisations.all():
        raise Conflict(f"organisation {org!r} exists already", hint="Nothing was changed.")
    uow.organisations.add(org, org)
    pack = activate_pack(uow, org, pack_files.policies, by=INIT)
    for name, text in pack_files.lexicons.items():
        put_list(uow, org, name, text, lexicon=True, by=INIT)
    for name, text in pack_files.lists.items():
        put_list(uow, org, name, text, lexicon=False, by=INIT)
    activate_rules(uow, org, pack_files.rules, pack, by=INIT)
    set_first_quotas(uow, org, by=INIT)
    password = add_person(uow, org, "admin", frozenset({RoleName.ADMIN, RoleName.REVIEWER}))
    key = add_key(uow, org, frozenset(Scope), "made by init", clock)
    return FirstSecrets(name="admin", password=password, key=key)


def add_person(uow: UnitOfWork, org: Org, name: str, roles: frozenset[RoleName]) -> str:
    """Make an account with a drawn password, which is returned and cannot be had again."""
    if uow.people.by_name(org, name) is not None:
        raise Conflict(f"there is a person named {name!r}", hint="Choose another name.")
    password = make_password()
    number = len(uow.people.all(org)) + 1
    person = Person(
        org=org,
        id=f"p{number}",
        name=name,
        pseudonym=f"{min(roles).value}-{number}" if roles else f"person-{number}",
        password_hash=hash_password(password),
        roles=roles,
    )
    uow.people.put(person)
    return password


def renew_password(uow: UnitOfWork, org: Org, name: str) -> str:
    """Draw a new password for somebody who forgot theirs. Raises NotFound for an unknown name."""
    person = uow.people.by_name(org, name)
    if person is None:
        hint = did_you_mean(name, [each.name for each in uow.people.all(org)])
        raise NotFound(f"nobody is named {name!r}", hint=hint or "Add them: fieldfare person add")
    password = make_password()
    uow.people.put(replace(person, password_hash=hash_password(password)))
    return password


def add_key(uow: UnitOfWork, org: Org, scopes: frozenset[Scope], note: str, clock: Clock) -> str:
    """Make an API key; its text is returned and cannot be had again."""
    text, record = make_key(org, scopes=scopes, note=note, created_at=clock.now_ms())
    uow.api_keys.put(record)
    return text
