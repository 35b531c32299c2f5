"""Banks of known content and named lists."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, flag, small, table, text

banks = table(
    "banks",
    text("org", key=True),
    text("name", key=True),
    text("policy"),
    flag("vetted"),
    small("radius"),
    small("min_quality"),
    flag("enabled"),
    text("note"),
)

bank_entries = table(
    "bank_entries",
    text("org", key=True),
    big("id", key=True),
    text("bank"),
    text("label"),
    text("sha256"),
    text("pdq"),
    big("added_at"),
    clustered=False,
)
Index(None, bank_entries.c.org, bank_entries.c.bank)

lists = table(
    "lists",
    text("org", key=True),
    text("name", key=True),
    big("since", key=True),
    text("kind"),
    text("body"),
    text("hash"),
    clustered=False,
)
