"""Exchanges in the database: how each is set up and how far it is, and the records it told of."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, exists, func, select

from fieldfare.engine.exchange_records import (
    ALL_LISTINGS,
    ExchangeProgress,
    ExchangeRecord,
    FetchCounts,
    FetchState,
    HeldRecord,
)
from fieldfare.kernel import EventId, JsonValue, Org
from fieldfare.ledger.keys import Vault
from fieldfare.matching.repositories import EXCHANGED
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import bank_entries, exchange_records, exchanges
from fieldfare.storage.tables.matching import HAS_SOURCE
from fieldfare.storage.transaction import Transaction

_PUT: Final = upsert(exchanges)
_OF_ORG: Final = select(*exchanges.c).where(exchanges.c.org == bindparam("org"))
_GET: Final = Statement(_OF_ORG.where(exchanges.c.name == bindparam("of_name")))
_ALL: Final = Statement(_OF_ORG.order_by(exchanges.c.name))
_REMOVE: Final = Statement(
    exchanges.delete().where(
        exchanges.c.org == bindparam("of_org"), exchanges.c.name == bindparam("of_name")
    )
)

_r = exchange_records.c
_PUT_RECORD: Final = upsert(exchange_records)
_OF_EXCHANGE: Final = (_r.org == bindparam("of_org"), _r.exchange == bindparam("of_exchange"))
_GET_RECORD: Final = Statement(select(*_r).where(*_OF_EXCHANGE, _r.key == bindparam("of_key")))
_UNSEEN: Final = Statement(
    select(*_r).where(*_OF_EXCHANGE, _r.seen < bindparam("listing")).limit(bindparam("most"))
)
_REMOVE_RECORD: Final = Statement(
    exchange_records.delete().where(*_OF_EXCHANGE, _r.key == bindparam("of_key"))
)
_COUNT: Final = Statement(select(func.count()).where(*_OF_EXCHANGE))
_COUNT_ENTRIES: Final = Statement(
    select(func.count()).select_from(
        select(_r.key)
        .where(*_OF_EXCHANGE, _r.seen < bindparam("below"))
        .where(
            exists().where(
                bank_entries.c.org == bindparam("of_org"),
                bank_entries.c.source_id == _r.key,
                bank_entries.c.source == bindparam("of_source"),
                HAS_SOURCE,
            )
        )
        .limit(bindparam("most"))
        .subquery()
    )
)

_encode: Final = msgspec.json.Encoder().encode
_decode_config: Final = msgspec.json.Decoder(dict[str, JsonValue]).decode
_decode_checkpoint: Final = msgspec.json.Decoder(dict[str, JsonValue] | None).decode
_decode_texts: Final = msgspec.json.Decoder(dict[str, str]).decode
_decode_counts: Final = msgspec.json.Decoder(FetchCounts).decode
_decode_lines: Final = msgspec.json.Decoder(tuple[str, ...]).decode


class SqlExchanges:
    """Credentials are encrypted under the organisation's key."""

    def __init__(self, tx: Transaction, vault: Vault) -> None:
        self._tx = tx
        self._vault = vault

    def put(self, exchange: ExchangeRecord, /) -> None:
        key = self._vault.of_organisation(exchange.org)
        clear = _encode(dict(exchange.credentials))
        done = exchange.progress
        row = (
            exchange.org,
            exchange.name,
            exchange.api,
            _encode(dict(exchange.config)).decode(),
            key.encrypt(clear, _place_of(exchange.org, exchange.name)),
            exchange.enabled,
            exchange.every_s,
            exchange.tells,
            _encode(done.checkpoint).decode(),
            done.checkpoint_at,
            done.listing,
            done.sweeping,
            done.state.value,
            done.started_at,
            done.ended_at,
            done.succeeded_at,
            done.failures,
            done.error,
            _encode(done.counts).decode(),
            _encode(done.problems).decode(),
            done.told_to,
            done.told,
            done.untold,
        )
        self._tx.insert(_PUT, row)

    def get(self, org: Org, name: str, /) -> ExchangeRecord | None:
        row = self._tx.row(_GET, org=org, of_name=name)
        return None if row is None else self._exchange(row)

    def all(self, org: Org, /) -> Sequence[ExchangeRecord]:
        return [self._exchange(row) for row in self._tx.rows(_ALL, org=org)]

    def remove(self, org: Org, name: str, /) -> bool:
        return self._tx.run(_REMOVE, of_org=org, of_name=name) > 0

    def _exchange(self, row: Row) -> ExchangeRecord:
        org, name, api, config, sealed = row[:5]
        clear = self._vault.of_organisation(org).decrypt(bytes(sealed), _place_of(org, name))
        return ExchangeRecord(
            org=org,
            name=name,
            api=api,
            config=_decode_config(config),
            # Credentials written under another master key are lost; the service then says so.
            credentials={} if clear is None else _decode_texts(clear),
            enabled=bool(row[5]),
            every_s=row[6],
            tells=bool(row[7]),
            progress=_progress(row[8:]),
        )


class SqlHeldRecords:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, record: HeldRecord, /) -> None:
        address = _encode(dict(record.address)).decode() if record.address else ""
        row = (record.org, record.exchange, record.key, record.digest, record.seen, address)
        self._tx.insert(_PUT_RECORD, row)

    def get(self, org: Org, exchange: str, key: str, /) -> HeldRecord | None:
        row = self._tx.row(_GET_RECORD, of_org=org, of_exchange=exchange, of_key=key)
        return None if row is None else _held(row)

    def unseen(
        self, org: Org, exchange: str, /, *, listing: int, limit: int
    ) -> Sequence[HeldRecord]:
        place = {"of_org": org, "of_exchange": exchange}
        return [_held(row) for row in self._tx.rows(_UNSEEN, **place, listing=listing, most=limit)]

    def remove(self, org: Org, exchange: str, key: str, /) -> bool:
        return self._tx.run(_REMOVE_RECORD, of_org=org, of_exchange=exchange, of_key=key) > 0

    def count(self, org: Org, exchange: str, /) -> int:
        row = self._tx.row(_COUNT, of_org=org, of_exchange=exchange)
        return int(row[0]) if row else 0

    def count_entries(
        self, org: Org, exchange: str, /, *, below: int = ALL_LISTINGS, most: int = ALL_LISTINGS
    ) -> int:
        row = self._tx.row(
            _COUNT_ENTRIES,
            of_org=org,
            of_exchange=exchange,
            of_source=f"{EXCHANGED}{exchange}",
            below=below,
            most=most,
        )
        return int(row[0]) if row else 0


def _progress(row: Row) -> ExchangeProgress:
    return ExchangeProgress(
        checkpoint=_decode_checkpoint(row[0]),
        checkpoint_at=row[1],
        listing=row[2],
        sweeping=bool(row[3]),
        state=FetchState(row[4]),
        started_at=row[5],
        ended_at=row[6],
        succeeded_at=row[7],
        failures=row[8],
        error=row[9],
        counts=_decode_counts(row[10]),
        problems=_decode_lines(row[11]),
        told_to=EventId(row[12]),
        told=row[13],
        untold=row[14],
    )


def _held(row: Row) -> HeldRecord:
    return HeldRecord(
        org=row[0],
        exchange=row[1],
        key=row[2],
        digest=row[3],
        seen=row[4],
        address=_decode_texts(row[5]) if row[5] else {},
    )


def _place_of(org: Org, name: str) -> bytes:
    return f"exchange\0{org}\0{name}".encode()
