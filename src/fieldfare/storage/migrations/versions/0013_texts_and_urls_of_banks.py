"""Find the texts and URLs of banks among millions of files."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    having = sa.text("kind != 'media'")
    op.create_index(
        "bank_entries_words",
        "bank_entries",
        ["org", "changed"],
        sqlite_where=having,
        postgresql_where=having,
    )


def downgrade() -> None:
    op.drop_index("bank_entries_words", "bank_entries")
