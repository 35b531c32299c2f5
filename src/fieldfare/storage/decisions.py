"""Decisions and standing verdicts.

A decision is read from its event, with reasons and seen values, as long as the author's key exists;
afterwards from the index, which knows what held but not on which words it rested.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, exists, func, or_, select

from fieldfare.decisions.record import decision_of
from fieldfare.kernel import EventId, Org, at_of
from fieldfare.kernel.ids import MAX_ID
from fieldfare.ledger.keys import ORGANISATION, Vault, payload_aad
from fieldfare.ledger.repositories import DataKeys
from fieldfare.records import (
    Decision,
    Judgement,
    Log,
    Restriction,
    Subject,
    Verdict,
    Voice,
)
from fieldfare.storage.statements import Row, Statement
from fieldfare.storage.tables import accounts, decisions, events, items, verdicts
from fieldfare.storage.transaction import Transaction, only

_SAVE: Final = Statement(decisions.insert())
_OF_ORG: Final = select(*decisions.c).where(decisions.c.org == bindparam("org"))
_GET: Final = Statement(_OF_ORG.where(decisions.c.id == bindparam("decision")))
_OF_SUBJECT: Final = Statement(
    _OF_ORG.where(
        decisions.c.kind == bindparam("kind"), decisions.c.host_id == bindparam("host_id")
    ).order_by(decisions.c.id)
)
_LAST_REVISION: Final = Statement(
    select(func.max(decisions.c.revision)).where(
        decisions.c.org == bindparam("org"),
        decisions.c.kind == bindparam("kind"),
        decisions.c.host_id == bindparam("host_id"),
    )
)
_PAGE: Final = Statement(
    _OF_ORG.where(decisions.c.id < bindparam("before"))
    .order_by(decisions.c.id.desc())
    .limit(bindparam("most"))
)
_ON_ITEM: Final = exists().where(
    items.c.org == decisions.c.org,
    items.c.kind == decisions.c.kind,
    items.c.host_id == decisions.c.host_id,
    items.c.decision_id == decisions.c.id,
)
_ON_ACCOUNT: Final = exists().where(
    accounts.c.org == decisions.c.org,
    accounts.c.kind == decisions.c.kind,
    accounts.c.host_id == decisions.c.host_id,
    accounts.c.decision_id == decisions.c.id,
)
NONE: Final = "[]"
_RESTRICTING: Final = Statement(
    select(decisions.c.org, decisions.c.id, decisions.c.restrictions).where(
        decisions.c.restrictions != NONE, or_(_ON_ITEM, _ON_ACCOUNT)
    )
)

_PUT: Final = Statement(verdicts.insert())
_OF_VERSION: Final = (
    verdicts.c.org == bindparam("org"),
    verdicts.c.kind == bindparam("kind"),
    verdicts.c.host_id == bindparam("host_id"),
    verdicts.c.version == bindparam("of_version"),
)
_DROP_RULES: Final = Statement(
    verdicts.delete().where(*_OF_VERSION, verdicts.c.source == bindparam("of_source"))
)
_WITHDRAW: Final = Statement(
    verdicts.delete().where(
        verdicts.c.org == bindparam("org"),
        verdicts.c.event_id == bindparam("event"),
        verdicts.c.source == bindparam("of_source"),
    )
)
_STANDING: Final = Statement(
    select(verdicts.c.event_id, verdicts.c.person, verdicts.c.body)
    .where(*_OF_VERSION)
    .order_by(verdicts.c.event_id, verdicts.c.source, verdicts.c.place)
)
_PERSON_OF: Final = Statement(
    select(events.c.person).where(
        events.c.org == bindparam("org"), events.c.id == bindparam("event")
    )
)
NOT_A_RULE: Final = ""
"""The source of verdicts of orders, appeals and people; a rule's source is an event kind."""

_encode: Final = msgspec.json.Encoder().encode
_decode_restrictions: Final = msgspec.json.Decoder(tuple[Restriction, ...]).decode
_decode_verdict: Final = msgspec.json.Decoder(Verdict).decode


class SqlDecisions:
    def __init__(self, tx: Transaction, log: Log, vault: Vault) -> None:
        self._tx = tx
        self._log = log
        self._vault = vault

    def save(self, decision: Decision, /, *, posted_at: int, views: int) -> None:
        judgement = decision.judgement
        row = (
            decision.org,
            decision.id,
            decision.subject.kind,
            decision.subject.host_id,
            decision.version,
            decision.revision,
            judgement.action,
            judgement.policy,
            judgement.by.value,
            _encode(judgement.restrictions).decode(),
            decision.pack,
            decision.rule_set,
            posted_at,
            views,
        )
        self._tx.insert(_SAVE, row)

    def get(self, org: Org, decision_id: EventId, /) -> Decision | None:
        found = self._tx.row(_GET, org=org, decision=decision_id)
        return None if found is None else self._decision(found)

    def of_subject(self, org: Org, subject: Subject, /) -> Sequence[Decision]:
        rows = self._tx.rows(_OF_SUBJECT, org=org, kind=subject.kind, host_id=subject.host_id)
        return self._decisions(rows)

    def last_revision(self, org: Org, subject: Subject, /) -> int:
        names = (subject.host_id, self._vault.pseudonym(org, subject))
        return max(
            only(self._tx.row(_LAST_REVISION, org=org, kind=subject.kind, host_id=name)) or 0
            for name in names
        )

    def page(self, org: Org, /, *, before: EventId | None, limit: int) -> Sequence[Decision]:
        below = MAX_ID if before is None else before
        return self._decisions(self._tx.rows(_PAGE, org=org, before=below, most=limit))

    def restricting(self, /) -> Iterator[tuple[Org, EventId, tuple[Restriction, ...]]]:
        for org, decision_id, restrictions in self._tx.walk(_RESTRICTING):
            yield org, decision_id, _decode_restrictions(restrictions)

    def _decisions(self, rows: Iterable[Row]) -> list[Decision]:
        return [self._decision(row) for row in rows]

    def _decision(self, row: Row) -> Decision:
        event = self._log.get(row[0], row[1])
        told = None if event is None else decision_of(event)
        return told or decision_in_index(row, () if event is None else event.causes)


class SqlVerdicts:
    """Verdicts carry words they rest on, so each is kept under the key of its event's person."""

    def __init__(self, tx: Transaction, keys: DataKeys, vault: Vault) -> None:
        self._tx = tx
        self._keys = keys
        self._vault = vault

    def put(self, org: Org, verdict: Verdict, /) -> None:
        self._insert(org, verdict, source=NOT_A_RULE, place=0)

    def replace_rules(
        self, org: Org, subject: Subject, version: str, source: str, verdicts: Sequence[Verdict], /
    ) -> None:
        self._tx.run(
            _DROP_RULES,
            org=org,
            kind=subject.kind,
            host_id=subject.host_id,
            of_version=version,
            of_source=source,
        )
        for place, verdict in enumerate(verdicts):
            self._insert(org, verdict, source=source, place=place)

    def withdraw(self, org: Org, event_id: EventId, /) -> None:
        self._tx.run(_WITHDRAW, org=org, event=event_id, of_source=NOT_A_RULE)

    def standing(self, org: Org, subject: Subject, version: str, /) -> Sequence[Verdict]:
        rows = self._tx.rows(
            _STANDING,
            org=org,
            kind=subject.kind,
            host_id=subject.host_id,
            of_version=version,
        )
        opened = (self._open(org, *row) for row in rows)
        return [verdict for verdict in opened if verdict is not None]

    def _insert(self, org: Org, verdict: Verdict, *, source: str, place: int) -> None:
        event_id, subject = verdict.event_id, verdict.subject
        person = only(self._tx.row(_PERSON_OF, org=org, event=event_id)) or ORGANISATION
        key = self._vault.writing_key(self._keys, org, person)
        body = key.encrypt(_encode(verdict), payload_aad(org, event_id))
        self._tx.insert(
            _PUT,
            (
                org,
                subject.kind,
                subject.host_id,
                verdict.version,
                source,
                event_id,
                place,
                person,
                body,
            ),
        )

    def _open(self, org: Org, event_id: EventId, person: str, body: bytes) -> Verdict | None:
        key = self._vault.reading_key(self._keys, org, person)
        clear = key.decrypt(body, payload_aad(org, event_id)) if key is not None else None
        return None if clear is None else _decode_verdict(clear)


def decision_in_index(row: Row, causes: tuple[EventId, ...] = ()) -> Decision:
    """Read what the index alone knows of a decision."""
    return Decision(
        org=row[0],
        id=row[1],
        at=at_of(row[1]),
        subject=Subject(row[2], row[3]),
        version=row[4],
        revision=row[5],
        judgement=Judgement(
            action=row[6],
            policy=row[7],
            by=Voice(row[8]),
            restrictions=_decode_restrictions(row[9]),
        ),
        pack=row[10],
        rule_set=row[11],
        causes=causes,
    )
