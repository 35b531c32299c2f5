"""What entries of banks matched, what people said of it, and what was uploaded lately."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Select, and_, bindparam, func, literal_column, select

from fieldfare.kernel import EventId, Org
from fieldfare.matching.matches import DIGESTS
from fieldfare.matching.repositories import EntryHit, Feedback, Opinion, UploadRecord
from fieldfare.records import Subject
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import HAS_MD5, HAS_SHA256, entry_feedback, entry_hits, uploads
from fieldfare.storage.transaction import Transaction

_SHA256_DIGITS: Final = 64

_f, _h, _u = entry_feedback.c, entry_hits.c, uploads.c
_PUT_FEEDBACK: Final = upsert(entry_feedback)
_FEEDBACK: Final = select(*_f).where(_f.org == bindparam("org"))
_FEEDBACK_OF_ENTRY: Final = Statement(
    _FEEDBACK.where(_f.entry == bindparam("of_entry")).order_by(_f.event_id)
)
_FEEDBACK_SINCE: Final = Statement(
    _FEEDBACK.where(_f.event_id > bindparam("after")).order_by(_f.event_id).limit(bindparam("most"))
)

_PUT_HIT: Final = upsert(entry_hits, keep=("at",))
_OF_ENTRY: Final = (_h.org == bindparam("org"), _h.entry == bindparam("of_entry"))
_BY_LIKENESS: Final = and_(*[_h.means != literal_column(f"'{each}'") for each in sorted(DIGESTS)])
_COUNT_HITS: Final = Statement(
    select(func.count()).where(*_OF_ENTRY, _BY_LIKENESS, _h.at >= bindparam("since"))
)
_HITS: Final = Statement(
    select(*_h)
    .where(*_OF_ENTRY)
    .order_by(_h.at.desc(), _h.event_id.desc())
    .limit(bindparam("most"))
)
_OLD_HITS: Final = Statement(entry_hits.delete().where(_h.at < bindparam("before")))

_ADD_UPLOAD: Final = upsert(uploads)
_UPLOADS: Final = select(*_u).where(_u.org == bindparam("org"))


def _in_order(found: Select[tuple[object, ...]]) -> Statement:
    return Statement(found.order_by(_u.event_id, _u.part))


_OF_SHA256: Final = _in_order(_UPLOADS.where(_u.sha256 == bindparam("digest"), HAS_SHA256))
_OF_MD5: Final = _in_order(_UPLOADS.where(_u.md5 == bindparam("digest"), HAS_MD5))
_OF_ITEM: Final = _in_order(
    _UPLOADS.where(_u.kind == bindparam("of_kind"), _u.host_id == bindparam("of_host_id"))
)
_OF_PERSON: Final = _in_order(_UPLOADS.where(_u.person == bindparam("of_person")))
_REMOVE_UPLOAD: Final = Statement(
    uploads.delete().where(_u.org == bindparam("of_org"), _u.event_id == bindparam("scan"))
)
_SCANS: Final = Statement(
    select(_u.event_id)
    .where(_u.org == bindparam("org"), _u.event_id > bindparam("after"))
    .distinct()
    .order_by(_u.event_id)
    .limit(bindparam("most"))
)
_OLD_UPLOADS: Final = Statement(
    uploads.delete().where(_u.org == bindparam("of_org"), _u.event_id < bindparam("before"))
)


class SqlFeedback:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, feedback: Feedback, /) -> None:
        row = (
            feedback.org,
            feedback.entry,
            feedback.item.kind,
            feedback.item.host_id,
            feedback.by,
            feedback.opinion.value,
            feedback.note,
            feedback.at,
            feedback.event_id,
        )
        self._tx.insert(_PUT_FEEDBACK, row)

    def of_entry(self, org: Org, entry: EventId, /) -> Sequence[Feedback]:
        rows = self._tx.rows(_FEEDBACK_OF_ENTRY, org=org, of_entry=entry)
        return [_feedback(row) for row in rows]

    def since(self, org: Org, after: EventId, /, *, limit: int) -> Sequence[Feedback]:
        rows = self._tx.rows(_FEEDBACK_SINCE, org=org, after=after, most=limit)
        return [_feedback(row) for row in rows]


class SqlEntryHits:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, hit: EntryHit, /) -> None:
        row = (
            hit.org,
            hit.entry,
            hit.item.kind,
            hit.item.host_id,
            hit.event_id,
            hit.at,
            hit.means,
            hit.distance,
        )
        self._tx.insert(_PUT_HIT, row)

    def count(self, org: Org, entry: EventId, /, *, since_ms: int) -> int:
        row = self._tx.row(_COUNT_HITS, org=org, of_entry=entry, since=since_ms)
        return int(row[0]) if row else 0

    def of_entry(self, org: Org, entry: EventId, /, *, limit: int) -> Sequence[EntryHit]:
        return [_hit(row) for row in self._tx.rows(_HITS, org=org, of_entry=entry, most=limit)]

    def forget_before(self, before_ms: int, /) -> int:
        return self._tx.run(_OLD_HITS, before=before_ms)


class SqlUploads:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, uploads: Sequence[UploadRecord], /) -> None:
        for each in uploads:
            row = (
                each.org,
                each.event_id,
                each.part,
                each.item.kind,
                each.item.host_id,
                each.person,
                each.sha256,
                each.md5,
                each.at,
            )
            self._tx.insert(_ADD_UPLOAD, row)

    def of_digest(self, org: Org, digest: str, /) -> Sequence[UploadRecord]:
        if not digest:
            return []
        statement = _OF_SHA256 if len(digest) == _SHA256_DIGITS else _OF_MD5
        return [_upload(row) for row in self._tx.rows(statement, org=org, digest=digest)]

    def of_item(self, org: Org, item: Subject, /) -> Sequence[UploadRecord]:
        named = {"of_kind": item.kind, "of_host_id": item.host_id}
        return [_upload(row) for row in self._tx.rows(_OF_ITEM, org=org, **named)]

    def of_person(self, org: Org, person: str, /) -> Sequence[UploadRecord]:
        rows = self._tx.rows(_OF_PERSON, org=org, of_person=person)
        return [_upload(row) for row in rows]

    def remove(self, org: Org, event_id: EventId, /) -> int:
        return self._tx.run(_REMOVE_UPLOAD, of_org=org, scan=event_id)

    def scans(self, org: Org, after: EventId, /, *, limit: int) -> Sequence[EventId]:
        return [row[0] for row in self._tx.rows(_SCANS, org=org, after=after, most=limit)]

    def forget_before(self, org: Org, event_id: EventId, /) -> int:
        return self._tx.run(_OLD_UPLOADS, of_org=org, before=event_id)


def _feedback(row: Row) -> Feedback:
    return Feedback(
        org=row[0],
        entry=row[1],
        item=Subject(row[2], row[3]),
        by=row[4],
        opinion=Opinion(row[5]),
        note=row[6],
        at=row[7],
        event_id=row[8],
    )


def _hit(row: Row) -> EntryHit:
    return EntryHit(
        org=row[0],
        entry=row[1],
        item=Subject(row[2], row[3]),
        event_id=row[4],
        at=row[5],
        means=row[6],
        distance=row[7],
    )


def _upload(row: Row) -> UploadRecord:
    return UploadRecord(
        org=row[0],
        event_id=row[1],
        part=row[2],
        item=Subject(row[3], row[4]),
        person=row[5],
        sha256=row[6],
        md5=row[7],
        at=row[8],
    )
