"""Keep of an entry what it is found by, where it is from and what it matched; and recent uploads.

Frame hashes were a list of hex digits. They become the packed table that both sides of a match are
made of: their moments were never kept, so they stand a second apart, and what is known of their
quality is that it was good enough.
"""

import json
import struct
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DECIDED = "_decided."


def upgrade() -> None:
    _banks()
    _entries()
    _hits_and_feedback()
    _uploads()


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _big(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=default)


def _small(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)


def _banks() -> None:
    columns: tuple[sa.Column[Any], ...] = (
        _text("polarity", "harmful"),
        _big("min_ms", "0"),
        _small("min_frames", "1"),
        _small("enabled_ppm", "1000000"),
        sa.Column("disabled_until", sa.BigInteger(), nullable=True),
        sa.Column("priority", sa.Boolean(), nullable=False, server_default=sa.false()),
        _big("hourly_limit", "1000"),
        sa.Column("keeps_stills", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for column in columns:
        op.add_column("banks", column)
    op.execute("UPDATE banks SET min_quality = 50 WHERE min_quality < 50")


def _entries() -> None:
    nothing = sa.text("X''" if op.get_bind().dialect.name == "sqlite" else "''")
    columns: tuple[sa.Column[Any], ...] = (
        _big("changed", "0"),
        _text("kind", "media"),
        _text("state", "active"),
        _text("md5", ""),
        _text("content", ""),
        _text("note", ""),
        _text("labels", "[]"),
        _text("source", "upload"),
        _text("source_id", ""),
        _small("frame_count", "0"),
        _big("duration_ms", "0"),
        sa.Column("disabled_until", sa.BigInteger(), nullable=True),
        _text("stills", "[]"),
        *(
            sa.Column(name, sa.LargeBinary(), nullable=False, server_default=nothing)
            for name in ("frames", "sound", "features")
        ),
    )
    for column in columns:
        op.add_column("bank_entries", column)
    _pack_all(op.get_bind())
    op.drop_column("bank_entries", "pdq")
    op.drop_index("bank_entries_org_bank", table_name="bank_entries")
    op.create_index("bank_entries_org_bank_id", "bank_entries", ["org", "bank", "id"])
    op.create_index("bank_entries_org_changed", "bank_entries", ["org", "changed"])
    for name in ("sha256", "md5", "source_id"):
        _index_of_those("bank_entries", name)


def _index_of_those(table: str, name: str) -> None:
    having = sa.text(f"{name} != ''")
    op.create_index(
        f"{table}_org_{name}",
        table,
        ["org", name],
        sqlite_where=having,
        postgresql_where=having,
    )


def _pack_all(connection: sa.Connection) -> None:
    read = sa.text(
        "SELECT org, id, bank, pdq FROM bank_entries WHERE (org > :org OR (org = :org AND id > :id))"
        " ORDER BY org, id LIMIT 500"
    )
    write = sa.text(
        "UPDATE bank_entries SET frames = :frames, frame_count = :count, changed = :id,"
        " source = :source WHERE org = :org AND id = :id"
    )
    at = {"org": "", "id": 0}
    while rows := connection.execute(read, at).fetchall():
        for org, entry, bank, pdq in rows:
            hashes = json.loads(pdq)
            told = {
                "org": org,
                "id": entry,
                "frames": _packed(hashes),
                "count": len(hashes),
                "source": "decision" if bank.startswith(DECIDED) else "upload",
            }
            connection.execute(write, told)
        at = {"org": rows[-1][0], "id": rows[-1][1]}


def _packed(hashes: Sequence[str]) -> bytes:
    """Write the table as `matching.fingerprints.pack_frames` did when this migration was made."""
    n = len(hashes)
    return b"".join(
        (
            struct.pack("<4sI", b"FFT1", n),
            struct.pack(f"<{n}d", *map(float, range(n))),
            bytes.fromhex("".join(hashes)),
            b"\x64" * n,
            b"\x00" * n,
            b"\x00" * n,
        )
    )


def _hits_and_feedback() -> None:
    op.create_table(
        "entry_hits",
        _text("org"),
        _big("entry"),
        _text("kind"),
        _text("host_id"),
        _big("event_id"),
        _big("at"),
        _text("means"),
        _small("distance"),
        sa.PrimaryKeyConstraint("org", "entry", "kind", "host_id", name="entry_hits_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("entry_hits_org_entry_at", "entry_hits", ["org", "entry", "at"])
    op.create_table(
        "entry_feedback",
        _text("org"),
        _big("entry"),
        _text("kind"),
        _text("host_id"),
        _text("by"),
        _text("opinion"),
        _text("note"),
        _big("at"),
        _big("event_id"),
        sa.PrimaryKeyConstraint(
            "org", "entry", "kind", "host_id", "by", name="entry_feedback_key"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("entry_feedback_org_event_id", "entry_feedback", ["org", "event_id"])


def _uploads() -> None:
    op.create_table(
        "uploads",
        _text("org"),
        _big("event_id"),
        _small("part"),
        _text("kind"),
        _text("host_id"),
        _text("person"),
        _text("sha256"),
        _text("md5"),
        _big("at"),
        sa.PrimaryKeyConstraint("org", "event_id", "part", name="uploads_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("uploads_org_kind_host_id", "uploads", ["org", "kind", "host_id"])
    op.create_index("uploads_org_person", "uploads", ["org", "person"])
    for name in ("sha256", "md5"):
        _index_of_those("uploads", name)


def downgrade() -> None:
    raise RuntimeError("a list of hashes cannot be made of what is kept now; restore a backup")
