"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "host_id", name=op.f("accounts_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_keys",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("org", "id", name=op.f("api_keys_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("api_keys_id"), "api_keys", ["id"], unique=True)
    op.create_table(
        "bank_entries",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("pdq", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name=op.f("bank_entries_key")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("bank_entries_org_bank"), "bank_entries", ["org", "bank"], unique=False)
    op.create_table(
        "banks",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("vetted", sa.Boolean(), nullable=False),
        sa.Column("radius", sa.Integer(), nullable=False),
        sa.Column("min_quality", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "name", name=op.f("banks_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "call_keys",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org", "call", "key", name=op.f("call_keys_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("call_keys_event_id"), "call_keys", ["event_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("policies", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=True),
        sa.Column("token_sha256", sa.Text(), nullable=True),
        sa.Column("granted_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("excluded", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name=op.f("cases_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("cases_org_kind_host_id"), "cases", ["org", "kind", "host_id"], unique=False
    )
    op.create_index(
        op.f("cases_org_state_lane_due_at_id"),
        "cases",
        ["org", "state", "lane", "due_at", "id"],
        unique=False,
    )
    op.create_table(
        "cursors",
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("cursors_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "data_keys",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org", "person", name=op.f("data_keys_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("voice", sa.Text(), nullable=False),
        sa.Column("restrictions", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name=op.f("decisions_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("decisions_org_kind_host_id_id"),
        "decisions",
        ["org", "kind", "host_id", "id"],
        unique=False,
    )
    op.create_table(
        "event_causes",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("cause", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", "place", name=op.f("event_causes_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("event_causes_org_cause_id"), "event_causes", ["org", "cause", "id"], unique=False
    )
    op.create_table(
        "events",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name=op.f("events_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("events_id"), "events", ["id"], unique=False)
    op.create_index(op.f("events_kind_id"), "events", ["kind", "id"], unique=False)
    op.create_index(op.f("events_org_subject_id"), "events", ["org", "subject", "id"], unique=False)
    op.create_table(
        "exposures",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name=op.f("exposures_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("exposures_org_reviewer_at"), "exposures", ["org", "reviewer", "at"], unique=False
    )
    op.create_table(
        "histories",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", name=op.f("histories_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "items",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("author_kind", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "host_id", "number", name=op.f("items_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("items_org_event_id"), "items", ["org", "event_id"], unique=False)
    op.create_table(
        "lanes",
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("lanes_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lists",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "name", "since", name=op.f("lists_key")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "organisations",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", name=op.f("organisations_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("subject_revision", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "org", "decision_id", "part", "webhook_id", name=op.f("outbox_key")
        ),
        sqlite_with_rowid=True,
    )
    op.create_index(
        "outbox_due",
        "outbox",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'due' OR state = 'sent'"),
        postgresql_where=sa.text("state = 'due' OR state = 'sent'"),
    )
    op.create_index("outbox_effect", "outbox", ["org", "id", "webhook_id"], unique=True)
    op.create_index(
        "outbox_subject", "outbox", ["org", "kind", "host_id", "webhook_id"], unique=False
    )
    op.create_table(
        "payloads",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name=op.f("payloads_key")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("payloads_org_person"), "payloads", ["org", "person"], unique=False)
    op.create_table(
        "people",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name=op.f("people_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("people_org_name"), "people", ["org", "name"], unique=True)
    op.create_table(
        "reports",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("reporter", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "host_id", "event_id", name=op.f("reports_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "scans",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "event_id", name=op.f("scans_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("scans_claimed_until"), "scans", ["claimed_until"], unique=False)
    op.create_table(
        "seals",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "number", name=op.f("seals_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("seals_org_last_id"), "seals", ["org", "last_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "token_sha256", name=op.f("sessions_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("sessions_token_sha256"), "sessions", ["token_sha256"], unique=True)
    op.create_table(
        "verdicts",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "org",
            "kind",
            "host_id",
            "version",
            "source",
            "event_id",
            "place",
            name=op.f("verdicts_key"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("verdicts_org_event_id"), "verdicts", ["org", "event_id"], unique=False)
    op.create_index(op.f("verdicts_org_person"), "verdicts", ["org", "person"], unique=False)
    op.create_table(
        "versions",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "since", "hash", name=op.f("versions_key")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "views",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("watch_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "host_id", "version", name=op.f("views_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webhooks",
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id", name=op.f("webhooks_key")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("webhooks")
    op.drop_table("views")
    op.drop_table("versions")
    op.drop_index(op.f("verdicts_org_person"), table_name="verdicts")
    op.drop_index(op.f("verdicts_org_event_id"), table_name="verdicts")
    op.drop_table("verdicts")
    op.drop_index(op.f("sessions_token_sha256"), table_name="sessions")
    op.drop_index(op.f("sessions_expires_at"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("seals_org_last_id"), table_name="seals")
    op.drop_table("seals")
    op.drop_index(op.f("scans_claimed_until"), table_name="scans")
    op.drop_table("scans")
    op.drop_table("reports")
    op.drop_index(op.f("people_org_name"), table_name="people")
    op.drop_table("people")
    op.drop_index(op.f("payloads_org_person"), table_name="payloads")
    op.drop_table("payloads")
    op.drop_index("outbox_subject", table_name="outbox")
    op.drop_index("outbox_effect", table_name="outbox")
    op.drop_index(
        "outbox_due",
        table_name="outbox",
        sqlite_where=sa.text("state = 'due' OR state = 'sent'"),
        postgresql_where=sa.text("state = 'due' OR state = 'sent'"),
    )
    op.drop_table("outbox")
    op.drop_table("organisations")
    op.drop_table("lists")
    op.drop_table("lanes")
    op.drop_index(op.f("items_org_event_id"), table_name="items")
    op.drop_table("items")
    op.drop_table("histories")
    op.drop_index(op.f("exposures_org_reviewer_at"), table_name="exposures")
    op.drop_table("exposures")
    op.drop_index(op.f("events_org_subject_id"), table_name="events")
    op.drop_index(op.f("events_kind_id"), table_name="events")
    op.drop_index(op.f("events_id"), table_name="events")
    op.drop_table("events")
    op.drop_index(op.f("event_causes_org_cause_id"), table_name="event_causes")
    op.drop_table("event_causes")
    op.drop_index(op.f("decisions_org_kind_host_id_id"), table_name="decisions")
    op.drop_table("decisions")
    op.drop_table("data_keys")
    op.drop_table("cursors")
    op.drop_index(op.f("cases_org_state_lane_due_at_id"), table_name="cases")
    op.drop_index(op.f("cases_org_kind_host_id"), table_name="cases")
    op.drop_table("cases")
    op.drop_index(op.f("call_keys_event_id"), table_name="call_keys")
    op.drop_table("call_keys")
    op.drop_table("banks")
    op.drop_index(op.f("bank_entries_org_bank"), table_name="bank_entries")
    op.drop_table("bank_entries")
    op.drop_index(op.f("api_keys_id"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_table("accounts")
