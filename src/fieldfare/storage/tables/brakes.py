"""What keeps rules in check: quotas, what was done under them, and snoozes."""

from fieldfare.storage.tables.columns import big, flag, table, text

quotas = table(
    "quotas",
    text("org", key=True),
    text("rule", key=True),
    text("action", key=True),
    big("since", key=True),
    big("per_minute", optional=True),
    big("per_day", optional=True),
    text("by"),
    big("ended", optional=True),
)

uses = table(
    "uses",
    text("org", key=True),
    big("window_ms", key=True),
    big("began", key=True),
    text("rule", key=True),
    text("action", key=True),
    big("used"),
    flag("tripped"),
)

snoozes = table(
    "snoozes",
    text("org", key=True),
    big("id", key=True),
    text("rule"),
    text("kind"),
    text("host_id"),
    big("until"),
    text("by"),
    text("reason"),
    big("ended", optional=True),
    big("held"),
)
