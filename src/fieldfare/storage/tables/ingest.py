"""Items with their versions, accounts, views, reports, and the host's own keys."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, blob, small, table, text

items = table(
    "items",
    text("org", key=True),
    text("kind", key=True),
    text("host_id", key=True),
    small("number", key=True),
    text("digest"),
    text("state"),
    text("author_kind"),
    text("author"),
    text("market"),
    text("media"),
    big("event_id"),
    big("posted_at"),
    big("decision_id", optional=True),
    big("revision"),
)
# In the order of the log: what was posted when, and, through its event, by whom.
Index(None, items.c.org, items.c.event_id)
# What waits for its first decision: an entry comes with the post and goes with the decision.
Index(
    "items_undecided",
    items.c.event_id,
    sqlite_where=items.c.decision_id.is_(None),
    postgresql_where=items.c.decision_id.is_(None),
)

accounts = table(
    "accounts",
    text("org", key=True),
    text("kind", key=True),
    text("host_id", key=True),
    big("created_at"),
    text("market"),
    text("state"),
    big("decision_id", optional=True),
    big("revision"),
)

views = table(
    "views",
    text("org", key=True),
    text("kind", key=True),
    text("host_id", key=True),
    text("version", key=True),
    big("views"),
    big("watch_ms"),
)

view_rates = table(
    "view_rates",
    text("org", key=True),
    text("kind", key=True),
    text("host_id", key=True),
    big("hour"),
    big("views"),
    big("before"),
)

reports = table(
    "reports",
    text("org", key=True),
    text("kind", key=True),
    text("host_id", key=True),
    big("event_id", key=True),
    text("reporter"),
)

call_keys = table(
    "call_keys",
    text("org", key=True),
    text("call", key=True),
    text("key", key=True),
    text("content_digest"),
    big("event_id"),
    blob("answer"),
)
Index(None, call_keys.c.event_id)
