"""Kept backtests."""

from fieldfare.storage.tables.columns import big, table, text

backtests = table(
    "backtests",
    text("org", key=True),
    big("id", key=True),
    text("rule_set"),
    big("from_ms"),
    big("to_ms"),
    text("by"),
    big("started_at"),
    text("state"),
    big("ended_at"),
    big("events"),
    text("why"),
    text("result"),
    clustered=False,
)
