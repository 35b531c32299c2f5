"""Banks of known content and named lists."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, func, select

from fieldfare.kernel import EventId, Org
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, ListRecord
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import bank_entries, banks, lists
from fieldfare.storage.transaction import Transaction

_PUT: Final = upsert(banks)
_BANKS: Final = Statement(
    select(*banks.c).where(banks.c.org == bindparam("org")).order_by(banks.c.name)
)
_ADD: Final = upsert(bank_entries)
_ENTRIES: Final = Statement(
    select(*bank_entries.c)
    .where(bank_entries.c.org == bindparam("org"), bank_entries.c.bank == bindparam("of_bank"))
    .order_by(bank_entries.c.id)
)
_REMOVE: Final = Statement(
    bank_entries.delete().where(
        bank_entries.c.org == bindparam("org"), bank_entries.c.id == bindparam("entry")
    )
)

_PUT_LIST: Final = upsert(lists)
_newer = lists.alias("newer")
_CURRENT: Final = Statement(
    select(*lists.c)
    .where(
        lists.c.org == bindparam("org"),
        lists.c.since
        == select(func.max(_newer.c.since))
        .where(
            _newer.c.org == lists.c.org,
            _newer.c.name == lists.c.name,
            _newer.c.since <= bindparam("as_of"),
        )
        .scalar_subquery(),
    )
    .order_by(lists.c.name)
)

_encode: Final = msgspec.json.Encoder().encode
_decode_hashes: Final = msgspec.json.Decoder(tuple[str, ...]).decode


class SqlBanks:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, bank: BankRecord, /) -> None:
        row = (
            bank.org,
            bank.name,
            bank.policy,
            bank.vetted,
            bank.radius,
            bank.min_quality,
            bank.enabled,
            bank.note,
        )
        self._tx.insert(_PUT, row)

    def add(self, entry: BankEntryRecord, /) -> None:
        row = (
            entry.org,
            entry.id,
            entry.bank,
            entry.label,
            entry.sha256,
            _encode(entry.pdq).decode(),
            entry.added_at,
        )
        self._tx.insert(_ADD, row)

    def banks(self, org: Org, /) -> Sequence[BankRecord]:
        return [_bank(row) for row in self._tx.rows(_BANKS, org=org)]

    def entries(self, org: Org, bank: str, /) -> Sequence[BankEntryRecord]:
        return [_entry(row) for row in self._tx.rows(_ENTRIES, org=org, of_bank=bank)]

    def remove(self, org: Org, entry_id: EventId, /) -> bool:
        return self._tx.run(_REMOVE, org=org, entry=entry_id) > 0


class SqlLists:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, record: ListRecord, /) -> None:
        row = (record.org, record.name, record.since, record.kind, record.text, record.hash)
        self._tx.insert(_PUT_LIST, row)

    def current(self, org: Org, /, *, as_of: EventId) -> Sequence[ListRecord]:
        return [
            ListRecord(org=row[0], name=row[1], since=row[2], kind=row[3], text=row[4], hash=row[5])
            for row in self._tx.rows(_CURRENT, org=org, as_of=as_of)
        ]


def _bank(row: Row) -> BankRecord:
    return BankRecord(
        org=row[0],
        name=row[1],
        policy=row[2],
        vetted=bool(row[3]),
        radius=row[4],
        min_quality=row[5],
        enabled=bool(row[6]),
        note=row[7],
    )


def _entry(row: Row) -> BankEntryRecord:
    return BankEntryRecord(
        org=row[0],
        id=row[1],
        bank=row[2],
        label=row[3],
        sha256=row[4],
        pdq=_decode_hashes(row[5]),
        added_at=row[6],
    )
