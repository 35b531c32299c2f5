"""Keep the versions of rule sets, their moves and what their rules hit.

Rule sets that were in force before become versions whose author nobody knows: each went live when
it was activated, and ended the one before it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    versions = op.create_table(
        "rule_versions",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "hash", name=op.f("rule_versions_key")),
    )
    moves = op.create_table(
        "rule_moves",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("override", sa.Boolean(), nullable=False),
        sa.Column("back", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("org", "event_id", name=op.f("rule_moves_key")),
        sqlite_with_rowid=False,
    )
    _take_over(op.get_bind(), versions, moves)


def _take_over(connection: sa.Connection, versions: sa.Table, moves: sa.Table) -> None:
    old = sa.text(
        "SELECT org, since, hash, files FROM versions WHERE kind = 'rules' ORDER BY org, since"
    )
    numbers: dict[str, dict[str, int]] = {}
    live: dict[str, str] = {}
    for org, since, content, files in connection.execute(old).fetchall():
        known = numbers.setdefault(org, {})
        before = "retired" if content in known else ""
        if content not in known:
            known[content] = len(known) + 1
            row = {"org": org, "hash": content, "number": known[content], "files": files}
            told = {"author": "", "created_at": (since >> 22) + 1_704_067_200_000}
            connection.execute(versions.insert(), {**row, **told, "note": "", "base": ""})
        if live.get(org) == content:
            continue
        move = {"org": org, "by": "", "note": "", "share": 0, "back": False}
        if org in live:
            ended = {"hash": live[org], "before": "live", "state": "retired", "override": False}
            connection.execute(moves.insert(), {**move, **ended, "event_id": since - 1})
        begun = {"hash": content, "before": before, "state": "live", "override": True}
        connection.execute(moves.insert(), {**move, **begun, "event_id": since})
        live[org] = content


def downgrade() -> None:
    op.drop_table("rule_moves")
    op.drop_table("rule_versions")
