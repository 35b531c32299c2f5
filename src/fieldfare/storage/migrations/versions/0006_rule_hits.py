"""Keep what rules hit, of every version that runs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ABOUT_ACCOUNTS: sa.ColumnElement[bool] = sa.literal_column("kind = 'account'")
STATISTICS = (
    ("rule_hits", "rule_hits", "1000000 1000000 2 1 1"),
    ("rule_hits", "rule_hits_org_rule_set_event_id", "1000000 1000000 100000 1"),
    ("rule_hits", "rule_hits_org_rule_event_id", "1000000 1000000 10000 1"),
    ("rule_hits", "rule_hits_of_accounts", "1000 1000 1"),
)


def upgrade() -> None:
    op.create_table(
        "rule_hits",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("novel", sa.Boolean(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "org", "event_id", "rule_set", "rule", name=op.f("rule_hits_key")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "rule_hits_org_rule_set_event_id", "rule_hits", ["org", "rule_set", "event_id"]
    )
    op.create_index("rule_hits_org_rule_event_id", "rule_hits", ["org", "rule", "event_id"])
    op.create_index(
        "rule_hits_of_accounts",
        "rule_hits",
        ["org", "host_id"],
        sqlite_where=ABOUT_ACCOUNTS,
        postgresql_where=ABOUT_ACCOUNTS,
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for table, index, figures in STATISTICS:
            connection.execute(
                sa.text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)"),
                {"tbl": table, "idx": index, "stat": figures},
            )


def downgrade() -> None:
    op.drop_table("rule_hits")
