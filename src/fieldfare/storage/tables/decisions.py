"""Decisions as an index over decision.made, and the verdicts that still speak."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, blob, small, table, text

decisions = table(
    "decisions",
    text("org", key=True),
    big("id", key=True),
    text("kind"),
    text("host_id"),
    text("version"),
    big("revision"),
    text("action"),
    text("policy"),
    text("voice"),
    text("restrictions"),
    text("pack"),
    text("rule_set"),
    big("posted_at"),
    big("views"),
)
Index(None, decisions.c.org, decisions.c.kind, decisions.c.host_id, decisions.c.id)

verdicts = table(
    "verdicts",
    text("org", key=True),
    text("kind", key=True),
    text("host_id", key=True),
    text("version", key=True),
    text("source", key=True),
    big("event_id", key=True),
    small("place", key=True),
    text("person"),
    blob("body"),
)
Index(None, verdicts.c.org, verdicts.c.event_id)
Index(None, verdicts.c.org, verdicts.c.person)
