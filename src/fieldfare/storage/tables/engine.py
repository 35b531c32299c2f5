"""How far readers of the log have come, media waiting to be scanned, rule sets and packs."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, small, table, text

cursors = table("cursors", text("reader", key=True), big("event_id"))

scans = table(
    "scans",
    text("org", key=True),
    big("event_id", key=True),
    text("kind"),
    text("host_id"),
    text("version"),
    small("attempts"),
    big("claimed_until"),
    small("failures"),
)
Index(None, scans.c.claimed_until)

versions = table(
    "versions",
    text("org", key=True),
    text("kind", key=True),
    big("since", key=True),
    text("hash", key=True),
    text("files"),
    clustered=False,
)
