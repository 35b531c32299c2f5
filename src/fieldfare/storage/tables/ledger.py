"""Seals over the log, and data keys wrapped by the master key."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, blob, small, table, text

seals = table(
    "seals",
    text("org", key=True),
    small("number", key=True),
    big("first_id"),
    big("last_id"),
    small("rows"),
    text("root"),
    text("previous"),
    text("link"),
    text("signature"),
    big("at"),
)

Index(None, seals.c.org, seals.c.last_id)

data_keys = table(
    "data_keys",
    text("org", key=True),
    text("person", key=True),
    blob("wrapped"),
)
