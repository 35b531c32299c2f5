"""The log: rows without personal data, their causes, and their payloads as ciphertext."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, blob, flag, small, table, text

events = table(
    "events",
    text("org", key=True),
    big("id", key=True),
    text("kind"),
    text("subject"),
    text("person"),
    big("occurred_at", optional=True),
    text("payload"),
)
# Readers of the log follow all organisations in id order.
Index(None, events.c.id)
Index(None, events.c.kind, events.c.id)
Index(None, events.c.org, events.c.subject, events.c.id)

event_causes = table(
    "event_causes",
    text("org", key=True),
    big("id", key=True),
    small("place", key=True),
    big("cause"),
)
Index(None, event_causes.c.org, event_causes.c.cause, event_causes.c.id)

payloads = table(
    "payloads",
    text("org", key=True),
    big("id", key=True),
    text("person"),
    blob("body"),
    clustered=False,
)
Index(None, payloads.c.org, payloads.c.person)

lanes = table(
    "lanes",
    small("lane", key=True),
    big("last_id"),
    flag("is_open"),
    big("beat_at"),
)

histories = table("histories", text("org", key=True), big("last_id"))
