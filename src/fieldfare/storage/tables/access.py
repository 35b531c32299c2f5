"""Organisations, people, their sessions, and keys of machines."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, flag, table, text

organisations = table("organisations", text("org", key=True), text("name"))

people = table(
    "people",
    text("org", key=True),
    text("id", key=True),
    text("name"),
    text("pseudonym"),
    text("password_hash"),
    text("roles"),
    flag("enabled"),
)
Index(None, people.c.org, people.c.name, unique=True)

sessions = table(
    "sessions",
    text("org", key=True),
    text("token_sha256", key=True),
    text("person_id"),
    text("csrf"),
    big("created_at"),
    big("expires_at"),
)
# A cookie and a key name no organisation: they are looked up by themselves and say theirs.
Index(None, sessions.c.token_sha256, unique=True)
Index(None, sessions.c.expires_at)

api_keys = table(
    "api_keys",
    text("org", key=True),
    text("id", key=True),
    text("secret_sha256"),
    text("scopes"),
    text("note"),
    big("created_at"),
    big("revoked_at", optional=True),
)
Index(None, api_keys.c.id, unique=True)
