"""Versions of the rules and their moves in the database."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, select

from fieldfare.engine.rule_versions import RuleVersion
from fieldfare.kernel import EventId, Org
from fieldfare.rules.lifecycle import Move, VersionState
from fieldfare.storage.statements import Row, Statement, insert_if_absent
from fieldfare.storage.tables import rule_moves, rule_versions
from fieldfare.storage.transaction import Transaction, only

_PUT: Final = insert_if_absent(rule_versions)
_ALL: Final = Statement(
    select(*(column for column in rule_versions.c if column.name != "files"))
    .where(rule_versions.c.org == bindparam("org"))
    .order_by(rule_versions.c.number)
)
_FILES: Final = Statement(
    select(rule_versions.c.files).where(
        rule_versions.c.org == bindparam("org"), rule_versions.c.hash == bindparam("version")
    )
)
_MOVE: Final = Statement(rule_moves.insert())
_MOVES: Final = Statement(
    select(*rule_moves.c)
    .where(rule_moves.c.org == bindparam("org"), rule_moves.c.event_id <= bindparam("as_of"))
    .order_by(rule_moves.c.event_id)
)

_encode: Final = msgspec.json.Encoder().encode
_decode_files: Final = msgspec.json.Decoder(dict[str, str]).decode


class SqlRuleVersions:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, version: RuleVersion, files: Mapping[str, str], /) -> None:
        row = (
            version.org,
            version.hash,
            version.number,
            version.author,
            version.created_at,
            version.note,
            version.base,
            _encode(dict(files)).decode(),
        )
        self._tx.insert(_PUT, row)

    def all(self, org: Org, /) -> Sequence[RuleVersion]:
        return [
            RuleVersion(
                org=row[0],
                hash=row[1],
                number=row[2],
                author=row[3],
                created_at=row[4],
                note=row[5],
                base=row[6],
            )
            for row in self._tx.rows(_ALL, org=org)
        ]

    def files(self, org: Org, version: str, /) -> dict[str, str] | None:
        found = only(self._tx.row(_FILES, org=org, version=version))
        return None if found is None else _decode_files(found)

    def move(self, org: Org, move: Move, /) -> None:
        row = (
            org,
            move.event_id,
            move.hash,
            move.before.value if move.before else "",
            move.to.value,
            move.share,
            move.by,
            move.note,
            move.override,
            move.back,
        )
        self._tx.insert(_MOVE, row)

    def moves(self, org: Org, /, *, as_of: EventId) -> Sequence[Move]:
        return [_move(row) for row in self._tx.rows(_MOVES, org=org, as_of=as_of)]


def _move(row: Row) -> Move:
    return Move(
        event_id=EventId(row[1]),
        hash=row[2],
        before=VersionState(row[3]) if row[3] else None,
        to=VersionState(row[4]),
        share=row[5],
        by=row[6],
        note=row[7],
        override=bool(row[8]),
        back=bool(row[9]),
    )
