"""Decisions as an index over decision.made, and the verdicts that still speak."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, Index, literal_column

from fieldfare.storage.tables.columns import big, blob, small, table, text

decisions = table(
    "decisions",
    text("org", key=True),
    big("id", key=True),
    text("kind"),
    text("host_id"),
    text("version"),
    big("revision"),
    text("action"),
    text("policy"),
    text("voice"),
    text("restrictions"),
    text("pack"),
    text("rule_set"),
    big("posted_at"),
    big("views"),
)
Index(None, decisions.c.org, decisions.c.kind, decisions.c.host_id, decisions.c.id)
HOLDING: Final[Mapping[str, ColumnElement[bool]]] = {
    "sqlite": literal_column("""instr(restrictions, '"kind":"hold"') > 0"""),
    "postgresql": literal_column("""strpos(restrictions, '"kind":"hold"') > 0"""),
}
"""That a decision holds, as each dialect's index says it and a query has to repeat it."""
Index(
    "decisions_holding",
    decisions.c.id,
    sqlite_where=HOLDING["sqlite"],
    postgresql_where=HOLDING["postgresql"],
)

verdicts = table(
    "verdicts",
    text("org", key=True),
    text("kind", key=True),
    text("host_id", key=True),
    text("version", key=True),
    text("source", key=True),
    big("event_id", key=True),
    small("place", key=True),
    text("person"),
    blob("body"),
)
Index(None, verdicts.c.org, verdicts.c.event_id)
Index(None, verdicts.c.org, verdicts.c.person)
