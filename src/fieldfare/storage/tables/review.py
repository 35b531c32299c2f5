"""Cases with the lease they are held under, and looks at clear media."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, small, table, text

cases = table(
    "cases",
    text("org", key=True),
    big("id", key=True),
    text("queue"),
    text("kind"),
    text("host_id"),
    text("version"),
    text("policies"),
    big("decision_id"),
    text("reason"),
    small("lane"),
    big("opened_at"),
    big("due_at"),
    text("state"),
    text("reviewer", optional=True),
    text("token_sha256", optional=True),
    big("granted_at", optional=True),
    big("expires_at", optional=True),
    big("closed_at", optional=True),
    text("outcome"),
    text("excluded"),
)
Index(None, cases.c.org, cases.c.state, cases.c.lane, cases.c.due_at, cases.c.id)
Index(None, cases.c.org, cases.c.kind, cases.c.host_id)

exposures = table(
    "exposures",
    text("org", key=True),
    big("id", key=True),
    text("reviewer"),
    big("case_id"),
    text("version"),
    text("policy"),
    text("what"),
    big("at"),
)
Index(None, exposures.c.org, exposures.c.reviewer, exposures.c.at)
