"""Banks of known content and named lists."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, func, select

from fieldfare.kernel import EventId, Org
from fieldfare.matching.repositories import BankRecord, ListRecord, Polarity
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import bank_sizes, banks, lists
from fieldfare.storage.transaction import Transaction

MILLION: Final = 1_000_000

_PUT: Final = upsert(banks)
_OF_ORG: Final = select(*banks.c).where(banks.c.org == bindparam("org"))
_BANKS: Final = Statement(_OF_ORG.order_by(banks.c.name))
_GET: Final = Statement(_OF_ORG.where(banks.c.name == bindparam("of_bank")))
_COUNTS: Final = Statement(
    select(bank_sizes.c.bank, func.sum(bank_sizes.c.entries))
    .where(bank_sizes.c.org == bindparam("org"), bank_sizes.c.entries > 0)
    .group_by(bank_sizes.c.bank)
)
_REMOVE: Final = Statement(
    banks.delete().where(banks.c.org == bindparam("of_org"), banks.c.name == bindparam("of_bank"))
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
            bank.polarity.value,
            round(bank.min_seconds * 1000),
            bank.min_frames,
            round(bank.enabled_ratio * MILLION),
            bank.disabled_until,
            bank.priority,
            bank.hourly_limit,
            bank.keeps_stills,
        )
        self._tx.insert(_PUT, row)

    def banks(self, org: Org, /) -> Sequence[BankRecord]:
        return [_bank(row) for row in self._tx.rows(_BANKS, org=org)]

    def get(self, org: Org, name: str, /) -> BankRecord | None:
        row = self._tx.row(_GET, org=org, of_bank=name)
        return None if row is None else _bank(row)

    def counts(self, org: Org, /) -> Mapping[str, int]:
        return {row[0]: int(row[1]) for row in self._tx.rows(_COUNTS, org=org)}

    def remove(self, org: Org, name: str, /) -> bool:
        return self._tx.run(_REMOVE, of_org=org, of_bank=name) > 0


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
        polarity=Polarity(row[8]),
        min_seconds=row[9] / 1000,
        min_frames=row[10],
        enabled_ratio=row[11] / MILLION,
        disabled_until=row[12],
        priority=bool(row[13]),
        hourly_limit=row[14],
        keeps_stills=bool(row[15]),
    )
