"""Principals: who is asking, once that is known, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum

from fieldfare.access.permissions import Permission, permissions_of_roles, permissions_of_scopes
from fieldfare.access.repositories import ApiKey, Person
from fieldfare.kernel import NotPermitted, Org


class PrincipalKind(StrEnum):
    PERSON = "person"
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody or something that proved who it is.

    id: of the person or key; pseudonym: what records, webhooks and the API show of them.
    """

    org: Org
    id: str
    pseudonym: str
    kind: PrincipalKind
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def must(self, permission: Permission) -> None:
        """Raise NotPermitted unless the permission is held."""
        if permission not in self.permissions:
            raise NotPermitted(
                f"This needs the permission {permission.value!r}, which {self.pseudonym} lacks.",
                hint="Ask an administrator for a role or a key scope that carries it.",
            )


def principal_of_person(person: Person) -> Principal:
    """Describe an enabled person; a disabled one holds no permission."""
    granted = permissions_of_roles(person.roles) if person.enabled else frozenset[Permission]()
    return Principal(
        org=person.org,
        id=person.id,
        pseudonym=person.pseudonym,
        kind=PrincipalKind.PERSON,
        permissions=granted,
    )


def principal_of_key(key: ApiKey) -> Principal:
    return Principal(
        org=key.org,
        id=key.id,
        pseudonym=f"key-{key.id}",
        kind=PrincipalKind.KEY,
        permissions=permissions_of_scopes(key.scopes),
    )
