"""Versions of the rules and their moves; what rules hit."""

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
