"""The ledger's side of the log: rows and digests to seal, seals, and wrapped data keys."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from sqlalchemy import bindparam, func, select

from fieldfare.kernel import EventId, Org
from fieldfare.kernel.ids import MAX_ID
from fieldfare.ledger.keys import Vault
from fieldfare.ledger.repositories import LedgerRow, Seal
from fieldfare.storage.lanes import watermark
from fieldfare.storage.log import HISTORY_END, causes_of
from fieldfare.storage.statements import Row, Statement, insert_if_absent
from fieldfare.storage.tables import data_keys, events, payloads, seals
from fieldfare.storage.transaction import Transaction, only

_RANGE: Final = (
    events.c.org == bindparam("org"),
    events.c.id > bindparam("after"),
    events.c.id <= bindparam("up_to"),
)
_ROWS: Final = Statement(
    select(*events.c).where(*_RANGE).order_by(events.c.id).limit(bindparam("most"))
)
_BODIES: Final = Statement(
    select(events.c.id, payloads.c.body)
    .select_from(
        events.outerjoin(
            payloads, (payloads.c.org == events.c.org) & (payloads.c.id == events.c.id)
        )
    )
    .where(*_RANGE)
)
_NEXT_ORG: Final = Statement(
    select(func.min(events.c.org)).where(events.c.org > bindparam("after"))
)
_OF_ORG: Final = select(*seals.c).where(seals.c.org == bindparam("org"))
_SEALS: Final = Statement(_OF_ORG.order_by(seals.c.number))
_LAST: Final = Statement(_OF_ORG.order_by(seals.c.number.desc()).limit(1))
_HIGHEST_SEALED: Final = Statement(
    select(func.max(seals.c.last_id)).where(
        seals.c.org == bindparam("org"),
        seals.c.last_id > bindparam("above"),
        seals.c.last_id <= bindparam("up_to"),
    )
)
_ADD: Final = Statement(seals.insert())
_KEY: Final = Statement(
    select(data_keys.c.wrapped).where(
        data_keys.c.org == bindparam("org"), data_keys.c.person == bindparam("person")
    )
)
_KEEP_KEY: Final = insert_if_absent(data_keys)
_DESTROY_KEY: Final = Statement(
    data_keys.delete().where(
        data_keys.c.org == bindparam("org"), data_keys.c.person == bindparam("person")
    )
)
_DESTROY_PAYLOADS: Final = Statement(
    payloads.delete().where(
        payloads.c.org == bindparam("org"), payloads.c.person == bindparam("person")
    )
)


class SqlLedgerRows:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def rows(
        self, org: Org, after: EventId, /, *, up_to: EventId, limit: int
    ) -> Sequence[LedgerRow]:
        rows = self._tx.rows(_ROWS, org=org, after=after, up_to=up_to, most=limit)
        causes = causes_of(self._tx, ((org, row[1]) for row in rows))
        return [
            LedgerRow(
                id=row[1],
                kind=row[2],
                subject=row[3],
                person=row[4],
                occurred_at=row[5],
                payload=row[6],
                causes=causes.get((org, row[1]), ()),
            )
            for row in rows
        ]

    def payload_digests(
        self, org: Org, after: EventId, /, *, up_to: EventId
    ) -> dict[EventId, str | None]:
        rows = self._tx.rows(_BODIES, org=org, after=after, up_to=up_to)
        return {
            event_id: None if body is None else sha256(body).hexdigest() for event_id, body in rows
        }

    def low_watermark(self, /) -> EventId:
        return watermark(self._tx)

    def history_end(self, org: Org, /) -> EventId:
        return EventId(only(self._tx.row(HISTORY_END, org=org)) or 0)

    def orgs(self, /) -> tuple[Org, ...]:
        # A hop from one organisation to the next: DISTINCT would read the whole index.
        found: list[Org] = []
        while (org := only(self._tx.row(_NEXT_ORG, after=found[-1] if found else ""))) is not None:
            found.append(Org(org))
        return tuple(found)


class SqlSeals:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def last(self, org: Org, /) -> Seal | None:
        found = self._tx.row(_LAST, org=org)
        return None if found is None else _seal(found)

    def add(self, org: Org, seal: Seal, /) -> None:
        row = (
            org,
            seal.number,
            seal.first_id,
            seal.last_id,
            seal.rows,
            seal.root,
            seal.previous,
            seal.link,
            seal.signature,
            seal.at,
        )
        self._tx.insert(_ADD, row)

    def all(self, org: Org, /) -> Sequence[Seal]:
        return [_seal(row) for row in self._tx.rows(_SEALS, org=org)]

    def sealed_up_to(self, org: Org, /, *, history: bool) -> EventId:
        # All live ids lie above the newest imported history.
        end = only(self._tx.row(HISTORY_END, org=org)) or 0
        above, up_to = (-1, end) if history else (end, MAX_ID)
        return EventId(only(self._tx.row(_HIGHEST_SEALED, org=org, above=above, up_to=up_to)) or 0)


class SqlDataKeys:
    """Wrapped keys. What is made is noted, so that a rollback reaches the vault."""

    def __init__(self, tx: Transaction, vault: Vault) -> None:
        self._tx = tx
        self._vault = vault

    def get(self, org: Org, person: str, /) -> bytes | None:
        wrapped: bytes | None = only(self._tx.row(_KEY, org=org, person=person))
        return wrapped

    def put(self, org: Org, person: str, wrapped: bytes, /) -> bytes:
        self._tx.footprint.keys_made.append((org, person))
        if self._tx.dialect == "sqlite":
            # Whoever puts has looked before, and nobody else writes.
            self._tx.insert(_KEEP_KEY, (org, person, wrapped))
            return wrapped
        if self._tx.run(_KEEP_KEY, org=org, person=person, wrapped=wrapped):
            return wrapped
        return self.get(org, person) or wrapped

    def destroy(self, org: Org, person: str, /) -> int:
        self._tx.run(_DESTROY_KEY, org=org, person=person)
        self._vault.forget(org, person)
        return self._tx.run(_DESTROY_PAYLOADS, org=org, person=person)


def _seal(row: Row) -> Seal:
    return Seal(
        number=row[1],
        first_id=row[2],
        last_id=row[3],
        rows=row[4],
        root=row[5],
        previous=row[6],
        link=row[7],
        signature=row[8],
        at=row[9],
    )
