"""Versions of the rules and their moves; what rules hit."""

from typing import Final

from sqlalchemy import ColumnElement, Index, literal_column

from fieldfare.storage.tables.columns import big, flag, small, table, text

rule_versions = table(
    "rule_versions",
    text("org", key=True),
    text("hash", key=True),
    small("number"),
    text("author"),
    big("created_at"),
    text("note"),
    text("base"),
    text("files"),
    clustered=False,
)

rule_moves = table(
    "rule_moves",
    text("org", key=True),
    big("event_id", key=True),
    text("hash"),
    text("before"),
    text("state"),
    small("share"),
    text("by"),
    text("note"),
    flag("override"),
    flag("back"),
)

rule_hits = table(
    "rule_hits",
    text("org", key=True),
    big("event_id", key=True),
    text("rule_set", key=True),
    text("rule", key=True),
    text("mode"),
    text("kind"),
    text("host_id"),
    text("version"),
    text("action"),
    flag("novel"),
    text("queue"),
)
# Rules are few, so that new rows touch as many pages as there are rules.
Index(None, rule_hits.c.org, rule_hits.c.rule_set, rule_hits.c.event_id)
Index(None, rule_hits.c.org, rule_hits.c.rule, rule_hits.c.event_id)
ABOUT_ACCOUNTS: Final[ColumnElement[bool]] = literal_column("kind = 'account'")
"""Rows that name a person, as the index to forget them by says it and a query has to repeat it."""
Index(
    "rule_hits_of_accounts",
    rule_hits.c.org,
    rule_hits.c.host_id,
    sqlite_where=ABOUT_ACCOUNTS,
    postgresql_where=ABOUT_ACCOUNTS,
)
