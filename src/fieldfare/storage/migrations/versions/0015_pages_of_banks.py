"""Let the pages of banks read what they show, and not ten million entries or all hits of a quarter."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATISTICS = (
    ("bank_entries", "bank_entries_silenced", "10000 10000 1000 500"),
    ("entry_hits", "entry_hits_org_at", "100000 100000 2"),
)


def upgrade() -> None:
    having = sa.text("state != 'active'")
    op.create_index(
        "bank_entries_silenced",
        "bank_entries",
        ["org", "bank", "state"],
        sqlite_where=having,
        postgresql_where=having,
    )
    op.create_index("entry_hits_org_at", "entry_hits", ["org", "at"])
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    for table, index, figures in STATISTICS:
        connection.execute(
            sa.text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)"),
            {"tbl": table, "idx": index, "stat": figures},
        )


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for table, index, _ in STATISTICS:
            connection.execute(
                sa.text("DELETE FROM sqlite_stat1 WHERE tbl = :tbl AND idx = :idx"),
                {"tbl": table, "idx": index},
            )
    op.drop_index("entry_hits_org_at", "entry_hits")
    op.drop_index("bank_entries_silenced", "bank_entries")
