"""The entries of banks: looked up by id or digest, or read page by page, never as a whole."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.sql.expression import Executable

from fieldfare.kernel import EventId, Org
from fieldfare.matching.repositories import (
    NO_HASHES,
    BankEntryRecord,
    ChangedEntry,
    EntryHashes,
    EntryKeys,
    EntryKind,
    EntryState,
    KeptStill,
)
from fieldfare.storage.statements import DialectName, Row, Statement, upsert
from fieldfare.storage.tables import HAS_MD5, HAS_SHA256, HAS_SOURCE, HAS_WORDS, bank_entries
from fieldfare.storage.transaction import Transaction

_SHA256_DIGITS: Final = 64
_BLOBS: Final = ("frames", "sound", "features")

_e = bank_entries.c
PLAIN_COLUMNS: Final = tuple(column for column in _e if column.name not in _BLOBS)
"""What `entry_of` makes an entry of."""
_BANK: Final = [column.name for column in PLAIN_COLUMNS].index("bank")
_PLAIN: Final = select(*PLAIN_COLUMNS)
_OF_ORG: Final = _PLAIN.where(_e.org == bindparam("org"))
_THE_ENTRY: Final = (_e.org == bindparam("of_org"), _e.id == bindparam("entry"))

_ADD: Final = upsert(bank_entries)
_KEYS: Final = ("org", "id")
_CHANGED: Final = [
    column.name for column in _e if column.name not in _BLOBS and column.name not in _KEYS
]
_CHANGE: Final = Statement(
    bank_entries.update()
    .where(*_THE_ENTRY)
    .values({name: bindparam(f"new_{name}") for name in _CHANGED})
)
_GET: Final = Statement(_OF_ORG.where(_e.id == bindparam("entry")))
_HASHES: Final = Statement(
    select(*[_e[name] for name in _BLOBS]).where(
        _e.org == bindparam("org"), _e.id == bindparam("entry")
    )
)
_REMOVE: Final = Statement(bank_entries.delete().where(*_THE_ENTRY))

_PAGE: Final = Statement(
    _OF_ORG.where(_e.bank == bindparam("of_bank"), _e.id > bindparam("after"))
    .order_by(_e.id)
    .limit(bindparam("most"))
)


_NEWEST: Final = Statement(
    _OF_ORG.where(_e.bank == bindparam("of_bank")).order_by(_e.id.desc()).limit(bindparam("most"))
)


def _in_order(found: Select[tuple[object, ...]]) -> Statement:
    return Statement(found.order_by(_e.id))


_OF_SHA256: Final = _in_order(_OF_ORG.where(_e.sha256 == bindparam("digest"), HAS_SHA256))
_OF_MD5: Final = _in_order(_OF_ORG.where(_e.md5 == bindparam("digest"), HAS_MD5))
_OF_SOURCE: Final = _in_order(
    _OF_ORG.where(
        _e.source_id == bindparam("of_id"), _e.source == bindparam("of_source"), HAS_SOURCE
    )
)


def _any_of(column: ColumnElement[str], having: ColumnElement[bool]) -> Statement:
    """Find entries by many values of a column, bound as one: JSON, or PostgreSQL's own list."""

    def write(dialect: DialectName) -> Executable:
        many: BindParameter[object] = bindparam("many")
        if dialect == "sqlite":
            values = func.json_each(many).table_valued("value")
            return _OF_ORG.where(column.in_(select(values.c.value)), having)
        return _OF_ORG.where(column == func.any(many), having)

    return Statement(write)


_ANY_SHA256: Final = _any_of(_e.sha256, HAS_SHA256)
_ANY_MD5: Final = _any_of(_e.md5, HAS_MD5)
_ANY_SOURCE: Final = _any_of(_e.source_id, and_(_e.source == bindparam("of_source"), HAS_SOURCE))
_CHANGED_AFTER: Final = Statement(
    select(_e.changed)
    .where(_e.org == bindparam("org"), _e.changed > bindparam("after"))
    .order_by(_e.changed)
    .limit(bindparam("most"))
)
_CHANGED_IN: Final = Statement(
    select(*[_e[name] for name in ChangedEntry._fields])
    .where(
        _e.org == bindparam("org"),
        _e.changed > bindparam("after"),
        _e.changed <= bindparam("up_to"),
    )
    .order_by(_e.changed, _e.id)
)
_HASHES_OF_BANK: Final = Statement(
    select(*[_e[name] for name in ChangedEntry._fields])
    .where(_e.org == bindparam("org"), _e.bank == bindparam("of_bank"), _e.id > bindparam("after"))
    .order_by(_e.id)
    .limit(bindparam("most"))
)
_WORDS_AFTER: Final = Statement(
    select(_e.changed)
    .where(
        _e.org == bindparam("org"),
        _e.changed > bindparam("after"),
        _e.changed <= bindparam("up_to"),
        HAS_WORDS,
    )
    .order_by(_e.changed)
    .limit(bindparam("most"))
)
_WORDS_IN: Final = Statement(
    _OF_ORG.where(
        _e.changed > bindparam("after"), _e.changed <= bindparam("up_to"), HAS_WORDS
    ).order_by(_e.changed, _e.id)
)
_LAST: Final = Statement(select(func.max(_e.id)).where(_e.org == bindparam("org")))

_encode: Final = msgspec.json.Encoder().encode
_decode_names: Final = msgspec.json.Decoder(tuple[str, ...]).decode
_StillRow = str | tuple[str, int]
"""A blob and the ms it shows; a blob alone, as stills were kept before they had a time."""
_decode_stills: Final = msgspec.json.Decoder(tuple[_StillRow, ...]).decode


class SqlEntries:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, entry: BankEntryRecord, hashes: EntryHashes = NO_HASHES, /) -> None:
        blobs = (hashes.frames, hashes.sound, hashes.features)
        self._tx.insert(_ADD, (*_row(entry), *blobs))

    def change(self, entry: BankEntryRecord, /) -> None:
        plain = _row(entry)[len(_KEYS) :]
        new = {f"new_{name}": value for name, value in zip(_CHANGED, plain, strict=True)}
        self._tx.run(_CHANGE, of_org=entry.org, entry=entry.id, **new)

    def get(self, org: Org, entry_id: EventId, /) -> BankEntryRecord | None:
        row = self._tx.row(_GET, org=org, entry=entry_id)
        return None if row is None else entry_of(row)

    def hashes(self, org: Org, entry_id: EventId, /) -> EntryHashes | None:
        row = self._tx.row(_HASHES, org=org, entry=entry_id)
        if row is None:
            return None
        return EntryHashes(frames=bytes(row[0]), sound=bytes(row[1]), features=bytes(row[2]))

    def remove(self, org: Org, entry_id: EventId, /) -> bool:
        return self._tx.run(_REMOVE, of_org=org, entry=entry_id) > 0


class SqlEntryPages:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def of_bank(
        self, org: Org, bank: str, /, *, after: EventId, limit: int
    ) -> Sequence[BankEntryRecord]:
        rows = self._tx.rows(_PAGE, org=org, of_bank=bank, after=after, most=limit)
        return [entry_of(row) for row in rows]

    def of_digest(self, org: Org, digest: str, /) -> Sequence[BankEntryRecord]:
        if not digest:
            return []
        statement = _OF_SHA256 if len(digest) == _SHA256_DIGITS else _OF_MD5
        return [entry_of(row) for row in self._tx.rows(statement, org=org, digest=digest)]

    def of_source(self, org: Org, source: str, source_id: str, /) -> Sequence[BankEntryRecord]:
        rows = self._tx.rows(_OF_SOURCE, org=org, of_source=source, of_id=source_id)
        return [entry_of(row) for row in rows]

    def of_keys(self, org: Org, bank: str, keys: EntryKeys, /) -> Sequence[BankEntryRecord]:
        asked = (
            (_ANY_SHA256, keys.sha256),
            (_ANY_MD5, keys.md5),
            (_ANY_SOURCE, keys.source_ids),
        )
        found: list[Row] = []
        for statement, values in asked:
            if values:
                many = _encode(values).decode() if self._tx.dialect == "sqlite" else [*values]
                found += self._tx.rows(statement, org=org, many=many, of_source=keys.source)
        # The bank is looked at here: its own index must not be taken for these.
        return [entry_of(row) for row in found if row[_BANK] == bank]

    def newest(self, org: Org, bank: str, /, *, limit: int) -> Sequence[BankEntryRecord]:
        rows = self._tx.rows(_NEWEST, org=org, of_bank=bank, most=limit)
        return [entry_of(row) for row in rows]


class SqlEntryTrail:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def changed(self, org: Org, after: EventId, /, *, limit: int) -> Sequence[ChangedEntry]:
        ids = [row[0] for row in self._tx.rows(_CHANGED_AFTER, org=org, after=after, most=limit)]
        if not ids:
            return []
        rows = self._tx.rows(_CHANGED_IN, org=org, after=after, up_to=ids[-1])
        return [*map(ChangedEntry._make, rows)]

    def of_bank(
        self, org: Org, bank: str, /, *, after: EventId, limit: int
    ) -> Sequence[ChangedEntry]:
        rows = self._tx.rows(_HASHES_OF_BANK, org=org, of_bank=bank, after=after, most=limit)
        return [*map(ChangedEntry._make, rows)]

    def last_id(self, org: Org, /) -> EventId:
        row = self._tx.row(_LAST, org=org)
        return EventId((row and row[0]) or 0)


class SqlWordTrail:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def changed(
        self, org: Org, after: EventId, /, *, up_to: EventId, limit: int
    ) -> Sequence[BankEntryRecord]:
        found = self._tx.rows(_WORDS_AFTER, org=org, after=after, up_to=up_to, most=limit)
        ids = [row[0] for row in found]
        if not ids:
            return []
        rows = self._tx.rows(_WORDS_IN, org=org, after=after, up_to=ids[-1])
        return [entry_of(row) for row in rows]


def _row(entry: BankEntryRecord) -> Row:
    return (
        entry.org,
        entry.id,
        entry.bank,
        entry.label,
        entry.sha256,
        entry.added_at,
        entry.changed,
        entry.kind.value,
        entry.state.value,
        entry.md5,
        entry.content,
        entry.note,
        _encode(entry.labels).decode(),
        entry.source,
        entry.source_id,
        entry.frames,
        round(entry.seconds * 1000),
        entry.disabled_until,
        _encode([_still_row(still) for still in entry.stills]).decode(),
    )


def _still_row(still: KeptStill) -> _StillRow:
    return still.sha256 if still.t is None else (still.sha256, round(still.t * 1000))


def _still(row: _StillRow) -> KeptStill:
    if isinstance(row, str):
        return KeptStill(sha256=row, t=None)
    return KeptStill(sha256=row[0], t=row[1] / 1000)


def entry_of(row: Row) -> BankEntryRecord:
    """Make an entry of a row of PLAIN_COLUMNS."""
    return BankEntryRecord(
        org=row[0],
        id=row[1],
        bank=row[2],
        label=row[3],
        sha256=row[4],
        added_at=row[5],
        changed=row[6],
        kind=EntryKind(row[7]),
        state=EntryState(row[8]),
        md5=row[9],
        content=row[10],
        note=row[11],
        labels=_decode_names(row[12]),
        source=row[13],
        source_id=row[14],
        frames=row[15],
        seconds=row[16] / 1000,
        disabled_until=row[17],
        stills=tuple(map(_still, _decode_stills(row[18]))),
    )
