"""Forgetting in the projections: a person's host id gives way to the pseudonym, in the same
transaction that destroys the key.
"""

from typing import Final

from sqlalchemy import Table, bindparam, case, exists, select

from fieldfare.kernel import Org
from fieldfare.records import ItemState, Subject
from fieldfare.storage.items import NO_MEDIA
from fieldfare.storage.statements import Statement
from fieldfare.storage.tables import (
    ABOUT_ACCOUNTS,
    accounts,
    cases,
    decisions,
    entity_labels,
    items,
    outbox,
    payloads,
    rule_hits,
    snoozes,
    verdicts,
    view_rates,
    views,
)
from fieldfare.storage.transaction import Transaction

SUPERSEDED: Final = ItemState.SUPERSEDED.value
_AUTHORED: Final = Statement(
    items.update()
    .where(
        items.c.org == bindparam("in_org"),
        items.c.event_id.in_(
            select(payloads.c.id).where(
                payloads.c.org == bindparam("in_org"), payloads.c.person == bindparam("pseudonym")
            )
        ),
        items.c.author_kind == bindparam("of_kind"),
        items.c.author == bindparam("of_person"),
    )
    .values(
        author=bindparam("pseudonym"),
        media=bindparam("no_media"),
        # Whoever loads what may be shown finds nothing of theirs; what an edit replaced stays so.
        state=case((items.c.state == SUPERSEDED, SUPERSEDED), else_=ItemState.DELETED.value),
    )
)


def _renamed(table: Table) -> Statement:
    return Statement(
        table.update()
        .where(
            table.c.org == bindparam("in_org"),
            table.c.kind == bindparam("of_kind"),
            table.c.host_id == bindparam("of_person"),
        )
        .values(host_id=bindparam("pseudonym"))
    )


_NAMED: Final = tuple(
    map(_renamed, (accounts, cases, decisions, items, snoozes, view_rates, views))
)
"""Where a person stands as the subject itself."""
_HIT: Final = Statement(
    rule_hits.update()
    .where(
        rule_hits.c.org == bindparam("in_org"),
        ABOUT_ACCOUNTS,
        rule_hits.c.kind == bindparam("of_kind"),
        rule_hits.c.host_id == bindparam("of_person"),
    )
    .values(host_id=bindparam("pseudonym"))
)
_again: Final = accounts.alias("again")

_FORGOTTEN_BEFORE: Final = Statement(
    accounts.delete().where(
        accounts.c.org == bindparam("in_org"),
        accounts.c.kind == bindparam("of_kind"),
        accounts.c.host_id == bindparam("pseudonym"),
        exists().where(
            _again.c.org == bindparam("in_org"),
            _again.c.kind == bindparam("of_kind"),
            _again.c.host_id == bindparam("of_person"),
        ),
    )
)
"""The account of somebody who came back and goes again: one row stays, the newer."""

_UNSENT: Final = Statement(
    outbox.delete().where(
        outbox.c.org == bindparam("in_org"),
        outbox.c.kind == bindparam("of_kind"),
        outbox.c.host_id == bindparam("of_person"),
    )
)
_SAID: Final = Statement(
    verdicts.delete().where(
        verdicts.c.org == bindparam("in_org"), verdicts.c.person == bindparam("pseudonym")
    )
)
_LABELLED: Final = Statement(
    entity_labels.delete().where(
        entity_labels.c.org == bindparam("in_org"),
        entity_labels.c.person == bindparam("pseudonym"),
    )
)
_QUOTED: Final = Statement(
    cases.update()
    .where(
        cases.c.org == bindparam("in_org"),
        cases.c.id.in_(
            select(payloads.c.id).where(
                payloads.c.org == bindparam("in_org"), payloads.c.person == bindparam("pseudonym")
            )
        ),
        cases.c.reason != "",
    )
    .values(reason="")
)
"""A rule may quote the text it asks about; a case bears the id of its opening's payload."""


class SqlProjections:
    """`ledger.Projections`. Effects on items stay; those on the account itself go."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def forget(self, org: Org, person: Subject, pseudonym: str, /) -> int:
        named = {"in_org": org, "of_kind": person.kind, "of_person": person.host_id}
        changed = self._tx.run(_AUTHORED, **named, pseudonym=pseudonym, no_media=NO_MEDIA)
        self._tx.run(_FORGOTTEN_BEFORE, **named, pseudonym=pseudonym)
        for statement in _NAMED:
            changed += self._tx.run(statement, **named, pseudonym=pseudonym)
        changed += self._tx.run(_HIT, **named, pseudonym=pseudonym)
        changed += self._tx.run(_UNSENT, **named)
        changed += self._tx.run(_LABELLED, in_org=org, pseudonym=pseudonym)
        changed += self._tx.run(_QUOTED, in_org=org, pseudonym=pseudonym)
        return changed + self._tx.run(_SAID, in_org=org, pseudonym=pseudonym)
