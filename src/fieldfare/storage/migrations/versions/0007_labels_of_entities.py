"""Keep the current labels of entities."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entity_labels",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org", "type", "id", name=op.f("entity_labels_key")),
    )
    op.create_index(
        op.f("entity_labels_org_person"), "entity_labels", ["org", "person"], unique=False
    )


def downgrade() -> None:
    op.drop_table("entity_labels")
