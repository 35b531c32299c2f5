"""Find what waits for too long, and keep how fast items are seen."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "view_rates",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "host_id", name=op.f("view_rates_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "items_undecided",
        "items",
        ["event_id"],
        sqlite_where=sa.text("decision_id IS NULL"),
        postgresql_where=sa.text("decision_id IS NULL"),
    )
    op.create_index(
        "decisions_holding",
        "decisions",
        ["id"],
        sqlite_where=sa.literal_column("""instr(restrictions, '"kind":"hold"') > 0"""),
        postgresql_where=sa.literal_column("""strpos(restrictions, '"kind":"hold"') > 0"""),
    )


def downgrade() -> None:
    op.drop_index("decisions_holding", table_name="decisions")
    op.drop_index("items_undecided", table_name="items")
    op.drop_table("view_rates")
