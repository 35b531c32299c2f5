"""What may be done, and who may do it. Roles and scopes flow in, sets of permissions flow out, so
that a route names one permission and nothing else. What stands in no table is denied.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fieldfare.access.repositories import RoleName, Scope


class Permission(StrEnum):
    """One thing that may be done. Every route names exactly one, or says why it is open."""

    INGEST = "ingest"
    GATE = "gate"
    ITEMS_READ = "items_read"
    DECISIONS_READ = "decisions_read"
    AUDIT_READ = "audit_read"
    OUTBOX_READ = "outbox_read"
    OUTBOX_REPLAY = "outbox_replay"
    POLICIES_READ = "policies_read"
    RULES_READ = "rules_read"
    RULES_WRITE = "rules_write"
    RULES_ACTIVATE = "rules_activate"
    RULES_BRAKE = "rules_brake"
    RULES_OVERRIDE = "rules_override"
    BANKS_READ = "banks_read"
    BANKS_WRITE = "banks_write"
    BANKS_ADD = "banks_add"
    MATCHES_JUDGE = "matches_judge"
    EXCHANGES_ADMIN = "exchanges_admin"
    LISTS_WRITE = "lists_write"
    ENTITIES_READ = "entities_read"
    LABELS_WRITE = "labels_write"
    REVIEW = "review"
    REVEAL = "reveal"
    OVERVIEW = "overview"
    WEBHOOKS_ADMIN = "webhooks_admin"
    PEOPLE_ADMIN = "people_admin"
    HEALTH_DETAILS = "health_details"
    METRICS = "metrics"
    LAKE_ADMIN = "lake_admin"
    QUERY = "query"
    BULK_ACT = "bulk_act"
    CONSOLE = "console"


_P = Permission
_LOOKS = frozenset({_P.CONSOLE, _P.OVERVIEW, _P.POLICIES_READ, _P.RULES_READ})
_EXPLAINS = frozenset({_P.ITEMS_READ, _P.DECISIONS_READ, _P.BANKS_READ, _P.ENTITIES_READ})

ROLE_PERMISSIONS: Final[Mapping[RoleName, frozenset[Permission]]] = MappingProxyType(
    {
        # Settings and records, but no case and no media: whoever also reviews holds both roles.
        RoleName.ADMIN: frozenset(_P) - {_P.REVIEW, _P.REVEAL},
        RoleName.RULE_AUTHOR: _LOOKS | _EXPLAINS | {_P.RULES_WRITE, _P.QUERY},
        RoleName.RULE_APPROVER: _LOOKS
        | _EXPLAINS
        # Who approves may write as well, but never approves what they wrote.
        | {_P.AUDIT_READ, _P.OUTBOX_READ, _P.RULES_WRITE, _P.RULES_ACTIVATE, _P.RULES_BRAKE}
        | {_P.QUERY, _P.BULK_ACT, _P.LABELS_WRITE, _P.BANKS_ADD, _P.MATCHES_JUDGE},
        # What a reviewer removes is known from then on; which bank it is in is a step further.
        RoleName.REVIEWER: _LOOKS
        | _EXPLAINS
        | {_P.REVIEW, _P.REVEAL, _P.LABELS_WRITE, _P.BANKS_ADD, _P.MATCHES_JUDGE},
        RoleName.SERVICE: frozenset({_P.INGEST, _P.GATE, _P.ITEMS_READ, _P.DECISIONS_READ}),
    }
)

SCOPE_PERMISSIONS: Final[Mapping[Scope, frozenset[Permission]]] = MappingProxyType(
    {
        Scope.INGEST: frozenset({_P.INGEST, _P.ITEMS_READ, _P.DECISIONS_READ}),
        Scope.GATE: frozenset({_P.GATE}),
        # No reveal: an exposure belongs to a person, and a key is none.
        Scope.REVIEW: frozenset({_P.REVIEW, _P.LABELS_WRITE, _P.POLICIES_READ, _P.RULES_READ})
        | {_P.BANKS_ADD, _P.MATCHES_JUDGE}
        | _EXPLAINS,
        # Of a matcher that others call: it knows banks, and nothing of items and people.
        Scope.BANKS: frozenset({_P.BANKS_READ, _P.BANKS_WRITE}),
        Scope.ADMIN: frozenset(_P) - {_P.REVIEW, _P.REVEAL, _P.CONSOLE},
    }
)


def permissions_of_roles(roles: Iterable[RoleName]) -> frozenset[Permission]:
    """Join what the roles may do; no role may do nothing."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))


def permissions_of_scopes(scopes: Iterable[Scope]) -> frozenset[Permission]:
    """Join what the scopes may do; no scope may do nothing."""
    return frozenset().union(*(SCOPE_PERMISSIONS[scope] for scope in scopes))
