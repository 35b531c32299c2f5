"""Webhooks and the outbox."""

from sqlalchemy import Index, or_

from fieldfare.storage.tables.columns import big, blob, flag, small, table, text

webhooks = table(
    "webhooks",
    text("org", key=True),
    text("id", key=True),
    text("url"),
    blob("secrets"),
    text("kinds"),
    flag("enabled"),
)

outbox = table(
    "outbox",
    text("org", key=True),
    big("decision_id", key=True),
    small("part", key=True),
    text("webhook_id", key=True),
    text("id"),
    text("kind"),
    text("host_id"),
    big("subject_revision"),
    blob("body"),
    text("state"),
    small("attempts"),
    big("due_at"),
    text("error"),
    clustered=False,
)
Index("outbox_effect", outbox.c.org, outbox.c.id, outbox.c.webhook_id, unique=True)
Index("outbox_subject", outbox.c.org, outbox.c.kind, outbox.c.host_id, outbox.c.webhook_id)
_open = or_(outbox.c.state == "due", outbox.c.state == "sent")
Index("outbox_due", outbox.c.due_at, sqlite_where=_open, postgresql_where=_open)
