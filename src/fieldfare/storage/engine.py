"""What the engine keeps: cursors over the log, media to scan, rule sets and packs in force."""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, func, select

from fieldfare.engine.unit import ScanTask, StoredVersion
from fieldfare.kernel import EventId, Org
from fieldfare.records import Subject
from fieldfare.storage.statements import Row, Statement, insert_if_absent, upsert
from fieldfare.storage.tables import cursors, scans, versions
from fieldfare.storage.transaction import Transaction, only

_CURSOR: Final = Statement(select(cursors.c.event_id).where(cursors.c.reader == bindparam("who")))
_MOVE: Final = upsert(cursors)

_ADD: Final = insert_if_absent(scans)
_WAITING: Final = Statement(
    select(*scans.c)
    .where(scans.c.claimed_until <= bindparam("now"))
    .order_by(scans.c.event_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE: Final = Statement(
    scans.update()
    .where(scans.c.org == bindparam("in_org"), scans.c.event_id == bindparam("event"))
    .values(claimed_until=bindparam("until"), attempts=scans.c.attempts + 1)
)
_DONE: Final = Statement(
    scans.delete().where(scans.c.org == bindparam("org"), scans.c.event_id == bindparam("event"))
)
_RELEASE: Final = Statement(
    scans.update()
    .where(scans.c.claimed_until > 0)
    .values(
        claimed_until=bindparam("free")
        + bindparam("each") * (scans.c.attempts - scans.c.failures - 1)
    )
)
REST_MS: Final = 1_000
"""How much longer a task rests for each further time that it was cut off, so that others go on."""
_DEPTH: Final = Statement(select(func.count()).select_from(scans))

_PUT: Final = insert_if_absent(versions)
_OF_KIND: Final = select(*versions.c).where(
    versions.c.org == bindparam("org"), versions.c.kind == bindparam("of_kind")
)
_IN_FORCE: Final = Statement(
    _OF_KIND.where(versions.c.since <= bindparam("as_of"))
    .order_by(versions.c.since.desc())
    .limit(1)
)
_BY_HASH: Final = Statement(
    _OF_KIND.where(versions.c.hash == bindparam("content"))
    .order_by(versions.c.since.desc())
    .limit(1)
)
_HISTORY: Final = Statement(_OF_KIND.order_by(versions.c.since))

_encode: Final = msgspec.json.Encoder().encode
_decode_files: Final = msgspec.json.Decoder(dict[str, str]).decode


class SqlCursors:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def get(self, reader: str, /) -> EventId:
        return EventId(only(self._tx.row(_CURSOR, who=reader)) or 0)

    def move(self, reader: str, event_id: EventId, /) -> None:
        self._tx.insert(_MOVE, (reader, event_id))


class SqlScans:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, task: ScanTask, /) -> None:
        subject = task.subject
        row = (
            task.org,
            task.event_id,
            subject.kind,
            subject.host_id,
            task.version,
            task.attempts,
            task.not_before,
            task.failures,
        )
        self._tx.insert(_ADD, row)

    def claim(self, /, *, now_ms: int, until_ms: int, limit: int) -> Sequence[ScanTask]:
        rows = self._tx.rows(_WAITING, now=now_ms, most=limit)
        for row in rows:
            self._tx.run(_TAKE, in_org=row[0], event=row[1], until=until_ms)
        return [
            ScanTask(
                org=row[0],
                event_id=row[1],
                subject=Subject(row[2], row[3]),
                version=row[4],
                attempts=row[5] + 1,
                failures=row[7],
            )
            for row in rows
        ]

    def done(self, org: Org, event_id: EventId, /) -> bool:
        return self._tx.run(_DONE, org=org, event=event_id) > 0

    def waiting(self, /) -> int:
        return int(only(self._tx.row(_DEPTH)))

    def release_all(self, /, *, now_ms: int) -> int:
        return self._tx.run(_RELEASE, free=now_ms, each=REST_MS)


class SqlVersions:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, version: StoredVersion, /) -> None:
        files = _encode(version.files).decode()
        self._tx.insert(_PUT, (version.org, version.kind, version.since, version.hash, files))

    def in_force(self, org: Org, kind: str, /, *, as_of: EventId) -> StoredVersion | None:
        found = self._tx.row(_IN_FORCE, org=org, of_kind=kind, as_of=as_of)
        return None if found is None else _version(found)

    def get(self, org: Org, kind: str, content_hash: str, /) -> StoredVersion | None:
        found = self._tx.row(_BY_HASH, org=org, of_kind=kind, content=content_hash)
        return None if found is None else _version(found)

    def history(self, org: Org, kind: str, /) -> Sequence[StoredVersion]:
        return [_version(row) for row in self._tx.rows(_HISTORY, org=org, of_kind=kind)]


def _version(row: Row) -> StoredVersion:
    return StoredVersion(
        org=row[0], kind=row[1], since=row[2], hash=row[3], files=_decode_files(row[4])
    )
