"""Count the entries of banks as they come and go: counting ten million takes seconds a look.

By triggers, so that no way of writing an entry can miss it. Whoever makes `bank_entries` anew on
SQLite, which takes its triggers away with it, has to make these again. The index by which the few
silenced entries were counted is not needed any more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MOVED = "old.bank <> new.bank OR old.state <> new.state"
_LESS = """UPDATE bank_sizes SET entries = entries - 1
    WHERE org = old.org AND bank = old.bank AND state = old.state;"""
_MORE = """INSERT INTO bank_sizes (org, bank, state, entries)
    VALUES (new.org, new.bank, new.state, 1)
    ON CONFLICT (org, bank, state) DO UPDATE SET entries = bank_sizes.entries + 1;"""
_SQLITE = (
    f"CREATE TRIGGER bank_entries_added AFTER INSERT ON bank_entries BEGIN {_MORE} END",
    f"CREATE TRIGGER bank_entries_gone AFTER DELETE ON bank_entries BEGIN {_LESS} END",
    "CREATE TRIGGER bank_entries_moved AFTER UPDATE OF bank, state ON bank_entries"
    f" WHEN {_MOVED} BEGIN {_LESS} {_MORE} END",
)
_POSTGRES = (
    "CREATE FUNCTION bank_entry_added() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN {_MORE} RETURN NULL; END $$",
    "CREATE FUNCTION bank_entry_gone() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN {_LESS} RETURN NULL; END $$",
    "CREATE FUNCTION bank_entry_moved() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN {_LESS} {_MORE} RETURN NULL; END $$",
    "CREATE TRIGGER bank_entries_added AFTER INSERT ON bank_entries"
    " FOR EACH ROW EXECUTE FUNCTION bank_entry_added()",
    "CREATE TRIGGER bank_entries_gone AFTER DELETE ON bank_entries"
    " FOR EACH ROW EXECUTE FUNCTION bank_entry_gone()",
    "CREATE TRIGGER bank_entries_moved AFTER UPDATE OF bank, state ON bank_entries"
    f" FOR EACH ROW WHEN ({_MOVED}) EXECUTE FUNCTION bank_entry_moved()",
)


def upgrade() -> None:
    op.create_table(
        "bank_sizes",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "bank", "state", name=op.f("bank_sizes_key")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO bank_sizes (org, bank, state, entries)"
        " SELECT org, bank, state, count(*) FROM bank_entries GROUP BY org, bank, state"
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRES:
        op.execute(statement)
    op.drop_index("bank_entries_silenced", "bank_entries")


def downgrade() -> None:
    on = "" if op.get_bind().dialect.name == "sqlite" else " ON bank_entries"
    for name in ("added", "gone", "moved"):
        op.execute(f"DROP TRIGGER bank_entries_{name}{on}")
        if on:
            op.execute(f"DROP FUNCTION bank_entry_{name}()")
    op.drop_table("bank_sizes")
    having = sa.text("state != 'active'")
    op.create_index(
        "bank_entries_silenced",
        "bank_entries",
        ["org", "bank", "state"],
        sqlite_where=having,
        postgresql_where=having,
    )
