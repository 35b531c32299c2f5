"""Banks of known content, what they matched, what was uploaded lately, and named lists.

Blobs stand last in a row: whoever reads the columns before them does not touch their pages.
"""

from typing import Final

from sqlalchemy import ColumnElement, Index, Table, literal_column

from fieldfare.storage.tables.columns import big, blob, flag, small, table, text

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
    text("polarity"),
    big("min_ms"),
    small("min_frames"),
    small("enabled_ppm"),
    big("disabled_until", optional=True),
    flag("priority"),
    big("hourly_limit"),
    flag("keeps_stills"),
)

bank_entries = table(
    "bank_entries",
    text("org", key=True),
    big("id", key=True),
    text("bank"),
    text("label"),
    text("sha256"),
    big("added_at"),
    big("changed"),
    text("kind"),
    text("state"),
    text("md5"),
    text("content"),
    text("note"),
    text("labels"),
    text("source"),
    text("source_id"),
    small("frame_count"),
    big("duration_ms"),
    big("disabled_until", optional=True),
    text("stills"),
    blob("frames"),
    blob("sound"),
    blob("features"),
    clustered=False,
)
Index(None, bank_entries.c.org, bank_entries.c.bank, bank_entries.c.id)
Index(None, bank_entries.c.org, bank_entries.c.changed)

bank_sizes = table(
    "bank_sizes",
    text("org", key=True),
    text("bank", key=True),
    text("state", key=True),
    big("entries"),
)
"""How many entries of a state each bank has; triggers of `bank_entries` keep it."""

HAS_SHA256: Final[ColumnElement[bool]] = literal_column("sha256 != ''")
HAS_MD5: Final[ColumnElement[bool]] = literal_column("md5 != ''")
HAS_SOURCE: Final[ColumnElement[bool]] = literal_column("source_id != ''")
HAS_WORDS: Final[ColumnElement[bool]] = literal_column("kind != 'media'")
"""What the indexes below leave out; a query has to repeat it. Most entries have no digest."""


def _index_of_those(of: Table, name: str, having: ColumnElement[bool]) -> None:
    Index(
        f"{of.name}_org_{name}",
        of.c.org,
        of.c[name],
        sqlite_where=having,
        postgresql_where=having,
    )


for _name, _having in (("sha256", HAS_SHA256), ("md5", HAS_MD5), ("source_id", HAS_SOURCE)):
    _index_of_those(bank_entries, _name, _having)
Index(
    "bank_entries_words",
    bank_entries.c.org,
    bank_entries.c.changed,
    sqlite_where=HAS_WORDS,
    postgresql_where=HAS_WORDS,
)

entry_hits = table(
    "entry_hits",
    text("org", key=True),
    big("entry", key=True),
    text("kind", key=True),
    text("host_id", key=True),
    big("event_id"),
    big("at"),
    text("means"),
    small("distance"),
)
Index(None, entry_hits.c.org, entry_hits.c.entry, entry_hits.c.at)
Index(None, entry_hits.c.org, entry_hits.c.at)

entry_feedback = table(
    "entry_feedback",
    text("org", key=True),
    big("entry", key=True),
    text("kind", key=True),
    text("host_id", key=True),
    text("by", key=True),
    text("opinion"),
    text("note"),
    big("at"),
    big("event_id"),
)
Index(None, entry_feedback.c.org, entry_feedback.c.event_id)

uploads = table(
    "uploads",
    text("org", key=True),
    big("event_id", key=True),
    small("part", key=True),
    text("kind"),
    text("host_id"),
    text("person"),
    text("sha256"),
    text("md5"),
    big("at"),
)
Index(None, uploads.c.org, uploads.c.kind, uploads.c.host_id)
Index(None, uploads.c.org, uploads.c.person)
for _name, _having in (("sha256", HAS_SHA256), ("md5", HAS_MD5)):
    _index_of_those(uploads, _name, _having)

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
