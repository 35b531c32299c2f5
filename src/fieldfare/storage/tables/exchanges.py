"""Exchanges and what is known of their records. Credentials are a blob under the vault."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, blob, flag, small, table, text

exchanges = table(
    "exchanges",
    text("org", key=True),
    text("name", key=True),
    text("api"),
    text("config"),
    blob("credentials"),
    flag("enabled"),
    big("every_s"),
    flag("tells"),
    text("checkpoint"),
    big("checkpoint_at"),
    small("listing"),
    flag("sweeping"),
    text("state"),
    big("started_at"),
    big("ended_at"),
    big("succeeded_at"),
    small("failures"),
    text("error"),
    text("counts"),
    text("problems"),
    big("told_to"),
    big("told"),
    big("untold"),
)

exchange_records = table(
    "exchange_records",
    text("org", key=True),
    text("exchange", key=True),
    text("key", key=True),
    text("digest"),
    small("seen"),
    text("address"),
)
Index(None, exchange_records.c.org, exchange_records.c.exchange, exchange_records.c.seen)
