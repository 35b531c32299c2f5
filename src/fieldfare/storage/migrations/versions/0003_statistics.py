"""Tell SQLite that most rows are of one organisation, so that it chooses indexes that say more.

Without statistics SQLite takes every first column of a key for a selective one, prefers the primary
key, and walks all events of an organisation to find those of one subject. The figures are those of
a large installation and stay as they are: plans do not change from one day to the next. Columns:
rows, then rows for each value of the first column, of the first two, and so on. PostgreSQL gathers
its own.
"""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATISTICS = (
    ("cases", "cases", "1000000 1000000 1"),
    ("cases", "cases_org_kind_host_id", "1000000 1000000 300000 2"),
    ("cases", "cases_org_state_lane_due_at_id", "1000000 1000000 20000 10000 2 1"),
    ("decisions", "decisions", "1000000 1000000 1"),
    ("decisions", "decisions_org_kind_host_id_id", "1000000 1000000 300000 2 1"),
    ("events", "events", "1000000 1000000 1"),
    ("events", "events_kind_id", "1000000 100000 1"),
    ("events", "events_org_subject_id", "1000000 1000000 10 1"),
    ("exposures", "exposures", "1000000 1000000 1"),
    ("exposures", "exposures_org_reviewer_at", "1000000 1000000 10000 1"),
    ("items", "items", "1000000 1000000 300000 2 1"),
    ("items", "items_org_event_id", "1000000 1000000 1"),
    ("payloads", "payloads_org_person", "1000000 1000000 10"),
    ("payloads", "sqlite_autoindex_payloads_1", "1000000 1000000 1"),
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    # This makes the table, and is bounded on a database that has grown already.
    connection.execute(text("PRAGMA analysis_limit=100"))
    connection.execute(text("ANALYZE"))
    connection.execute(text("DELETE FROM sqlite_stat1"))
    for table, index, figures in STATISTICS:
        connection.execute(
            text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)"),
            {"tbl": table, "idx": index, "stat": figures},
        )


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.execute(text("DELETE FROM sqlite_stat1"))
