"""Tell SQLite of banks and uploads what it was told of items: an organisation has nearly all rows.

Without this it takes the key, which gives the order asked for, and reads all entries of an
organisation to find the one with a digest. As in the other figures: of a large installation;
PostgreSQL gathers its own.
"""

from alembic import op
from sqlalchemy import text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATISTICS = (
    ("bank_entries", "bank_entries_org_bank_id", "10000000 10000000 1000000 1"),
    ("bank_entries", "bank_entries_org_changed", "10000000 10000000 1"),
    ("bank_entries", "bank_entries_org_md5", "10000000 10000000 1"),
    ("bank_entries", "bank_entries_org_sha256", "10000000 10000000 1"),
    ("bank_entries", "bank_entries_org_source_id", "10000000 10000000 1"),
    ("bank_entries", "bank_entries_words", "100000 100000 1"),
    ("bank_entries", "sqlite_autoindex_bank_entries_1", "10000000 10000000 1"),
    ("entity_labels", "entity_labels_org_person", "100000 100000 10"),
    ("entity_labels", "sqlite_autoindex_entity_labels_1", "100000 100000 10000 1"),
    ("entry_feedback", "entry_feedback", "100000 100000 10 10 2 1"),
    ("entry_feedback", "entry_feedback_org_event_id", "100000 100000 1"),
    ("entry_hits", "entry_hits", "100000 100000 10 10 1"),
    ("entry_hits", "entry_hits_org_entry_at", "100000 100000 10 1"),
    ("exchange_records", "exchange_records", "10000000 10000000 1000000 1"),
    ("exchange_records", "exchange_records_org_exchange_seen", "10000000 10000000 1000000 100000"),
    ("uploads", "uploads", "1000000 1000000 1 1"),
    ("uploads", "uploads_org_kind_host_id", "1000000 1000000 300000 2"),
    ("uploads", "uploads_org_md5", "1000000 1000000 2"),
    ("uploads", "uploads_org_person", "1000000 1000000 10"),
    ("uploads", "uploads_org_sha256", "1000000 1000000 2"),
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    for table, index, figures in STATISTICS:
        connection.execute(
            text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)"),
            {"tbl": table, "idx": index, "stat": figures},
        )


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for table, index, _ in STATISTICS:
            connection.execute(
                text("DELETE FROM sqlite_stat1 WHERE tbl = :tbl AND idx = :idx"),
                {"tbl": table, "idx": index},
            )
