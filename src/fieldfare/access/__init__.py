"""Who may do what: people, roles, API keys, sessions. Deny by default."""

from fieldfare.access.keys import KeyRing, authenticate_key, make_key
from fieldfare.access.passwords import hash_password, is_password, make_password
from fieldfare.access.permissions import (
    ROLE_PERMISSIONS,
    SCOPE_PERMISSIONS,
    Permission,
    permissions_of_roles,
    permissions_of_scopes,
)
from fieldfare.access.principals import (
    Principal,
    PrincipalKind,
    principal_of_key,
    principal_of_person,
)
from fieldfare.access.repositories import (
    ApiKey,
    ApiKeys,
    Organisations,
    People,
    Person,
    RoleName,
    Scope,
    Session,
    Sessions,
)
from fieldfare.access.signin import (
    SESSION_MS,
    FormNotOurs,
    SignInRefused,
    Throttle,
    TooManyAttempts,
    must_be_our_form,
    open_session,
    principal_of_session,
    session_digest,
    sign_in,
)

__all__ = [
    "ROLE_PERMISSIONS",
    "SCOPE_PERMISSIONS",
    "SESSION_MS",
    "ApiKey",
    "ApiKeys",
    "FormNotOurs",
    "KeyRing",
    "Organisations",
    "People",
    "Permission",
    "Person",
    "Principal",
    "PrincipalKind",
    "RoleName",
    "Scope",
    "Session",
    "Sessions",
    "SignInRefused",
    "Throttle",
    "TooManyAttempts",
    "authenticate_key",
    "hash_password",
    "is_password",
    "make_key",
    "make_password",
    "must_be_our_form",
    "open_session",
    "permissions_of_roles",
    "permissions_of_scopes",
    "principal_of_key",
    "principal_of_person",
    "principal_of_session",
    "session_digest",
    "sign_in",
]
