"""The current labels of entities."""

from sqlalchemy import Index

from fieldfare.storage.tables.columns import big, blob, table, text

entity_labels = table(
    "entity_labels",
    text("org", key=True),
    text("type", key=True),
    text("id", key=True),
    text("person"),
    big("changed"),
    blob("body"),
    clustered=False,
)
Index(None, entity_labels.c.org, entity_labels.c.person)
