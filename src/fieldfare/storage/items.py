"""Items with their versions, accounts, and views: the projections that ingest and the gate read."""

from collections.abc import Iterator
from typing import Final

import msgspec
from sqlalchemy import Select, bindparam, func, select

from fieldfare.ingest.repositories import Account, Pace
from fieldfare.kernel import EventId, Org
from fieldfare.records import ItemState, ItemVersion, MediaRef, Subject
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import accounts, items, view_rates, views
from fieldfare.storage.transaction import Transaction, only


def _of_item(query: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    return query.where(
        items.c.org == bindparam("org"),
        items.c.kind == bindparam("kind"),
        items.c.host_id == bindparam("host_id"),
    )


_PUT: Final = upsert(items)
_VERSIONS: Final = Statement(_of_item(select(*items.c)).order_by(items.c.number))
_CURRENT: Final = Statement(_of_item(select(*items.c)).order_by(items.c.number.desc()).limit(1))
_ALL_CURRENT: Final = Statement(select(*items.c).where(items.c.state != ItemState.SUPERSEDED.value))
_SUPERSEDE: Final = Statement(
    items.update()
    .where(
        items.c.org == bindparam("in_org"),
        items.c.kind == bindparam("of_kind"),
        items.c.host_id == bindparam("of_item"),
        items.c.number < bindparam("before"),
    )
    .values(state=bindparam("superseded"))
)
_same = items.alias("same")
# A digest may come back in a later version (an edit undone): the newest of that content is meant.
_settled = items.update().where(
    items.c.org == bindparam("in_org"),
    items.c.kind == bindparam("of_kind"),
    items.c.host_id == bindparam("of_item"),
    items.c.number
    == select(func.max(_same.c.number))
    .where(
        _same.c.org == bindparam("in_org"),
        _same.c.kind == bindparam("of_kind"),
        _same.c.host_id == bindparam("of_item"),
        _same.c.digest == bindparam("of_digest"),
    )
    .scalar_subquery(),
)
_SETTLE: Final = Statement(_settled.values(state=bindparam("to_state")))
_SETTLE_DECIDED: Final = Statement(
    # No decision brings back what was deleted meanwhile.
    _settled.where(items.c.state != ItemState.DELETED.value).values(
        state=bindparam("to_state"),
        decision_id=func.coalesce(bindparam("decision"), items.c.decision_id),
        revision=func.coalesce(bindparam("new_revision"), items.c.revision),
    )
)

_PUT_ACCOUNT: Final = upsert(accounts)
_ACCOUNT: Final = Statement(
    select(*accounts.c).where(
        accounts.c.org == bindparam("org"),
        accounts.c.kind == bindparam("kind"),
        accounts.c.host_id == bindparam("host_id"),
    )
)
_ALL_ACCOUNTS: Final = Statement(select(*accounts.c))

_ADD_VIEWS: Final = upsert(views, add=("views", "watch_ms"))
_TOTAL_VIEWS: Final = Statement(
    select(func.coalesce(func.sum(views.c.views), 0)).where(
        views.c.org == bindparam("org"),
        views.c.kind == bindparam("kind"),
        views.c.host_id == bindparam("host_id"),
    )
)
_RATE: Final = Statement(
    select(view_rates.c.hour, view_rates.c.views, view_rates.c.before).where(
        view_rates.c.org == bindparam("org"),
        view_rates.c.kind == bindparam("kind"),
        view_rates.c.host_id == bindparam("host_id"),
    )
)
_PUT_RATE: Final = upsert(view_rates)
HOUR_MS: Final = 3_600_000
_SEEN_OFTEN: Final = Statement(
    select(views.c.org, views.c.kind, views.c.host_id, func.sum(views.c.views))
    .group_by(views.c.org, views.c.kind, views.c.host_id)
    .having(func.sum(views.c.views) >= bindparam("least"))
)

_encode: Final = msgspec.json.Encoder().encode
_decode_media: Final = msgspec.json.Decoder(tuple[MediaRef, ...]).decode
NO_MEDIA: Final = "[]"


class SqlItems:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, org: Org, item: ItemVersion, /) -> None:
        kind, host_id = item.subject.kind, item.subject.host_id
        if item.number > 1:
            self._tx.run(
                _SUPERSEDE,
                in_org=org,
                of_kind=kind,
                of_item=host_id,
                before=item.number,
                superseded=ItemState.SUPERSEDED.value,
            )
        row = (
            org,
            kind,
            host_id,
            item.number,
            item.digest,
            item.state.value,
            item.author.kind,
            item.author.host_id,
            item.market,
            _encode(item.media).decode() if item.media else NO_MEDIA,
            item.event_id,
            item.posted_at,
            item.decision_id,
            item.revision,
        )
        self._tx.insert(_PUT, row)

    def current(self, org: Org, subject: Subject, /) -> ItemVersion | None:
        found = self._tx.row(_CURRENT, org=org, kind=subject.kind, host_id=subject.host_id)
        return None if found is None else item_of(found)

    def versions(self, org: Org, subject: Subject, /) -> tuple[ItemVersion, ...]:
        rows = self._tx.rows(_VERSIONS, org=org, kind=subject.kind, host_id=subject.host_id)
        return tuple(map(item_of, rows))

    def settle(
        self,
        org: Org,
        subject: Subject,
        digest: str,
        /,
        *,
        state: ItemState,
        decision_id: EventId | None = None,
        revision: int | None = None,
    ) -> None:
        named = {
            "in_org": org,
            "of_kind": subject.kind,
            "of_item": subject.host_id,
            "of_digest": digest,
            "to_state": state.value,
        }
        if decision_id is None and revision is None:
            self._tx.run(_SETTLE, **named)
        else:
            self._tx.run(_SETTLE_DECIDED, **named, decision=decision_id, new_revision=revision)

    def all_current(self, /) -> Iterator[tuple[Org, ItemVersion]]:
        for row in self._tx.walk(_ALL_CURRENT):
            yield row[0], item_of(row)


class SqlAccounts:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def put(self, org: Org, account: Account, /) -> None:
        row = (
            org,
            account.subject.kind,
            account.subject.host_id,
            account.created_at,
            account.market,
            account.state,
            account.decision_id,
            account.revision,
        )
        self._tx.insert(_PUT_ACCOUNT, row)

    def get(self, org: Org, subject: Subject, /) -> Account | None:
        found = self._tx.row(_ACCOUNT, org=org, kind=subject.kind, host_id=subject.host_id)
        return None if found is None else _account(found)

    def all(self, /) -> Iterator[tuple[Org, Account]]:
        for row in self._tx.walk(_ALL_ACCOUNTS):
            yield row[0], _account(row)


class SqlViews:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, org: Org, subject: Subject, version: str, /, *, views: int, watch_ms: int) -> int:
        self._tx.insert(_ADD_VIEWS, (org, subject.kind, subject.host_id, version, views, watch_ms))
        return self.total(org, subject)

    def total(self, org: Org, subject: Subject, /) -> int:
        total = only(
            self._tx.row(_TOTAL_VIEWS, org=org, kind=subject.kind, host_id=subject.host_id)
        )
        return int(total)

    def pace(self, org: Org, subject: Subject, /, *, at_ms: int, views: int) -> Pace:
        now = at_ms // HOUR_MS
        found = self._tx.row(_RATE, org=org, kind=subject.kind, host_id=subject.host_id)
        hour, seen, before = found if found is not None else (now, 0, 0)
        if now > hour:
            hour, seen, before = now, 0, seen or before
        pace = Pace(views=seen + views, before=before, added=views)
        row = (org, subject.kind, subject.host_id, hour, pace.views, before)
        self._tx.insert(_PUT_RATE, row)
        return pace

    def at_least(self, views: int, /) -> Iterator[tuple[Org, Subject, int]]:
        for org, kind, host_id, total in self._tx.walk(_SEEN_OFTEN, least=views):
            yield org, Subject(kind, host_id), int(total)


def item_of(row: Row) -> ItemVersion:
    media = row[9]
    return ItemVersion(
        subject=Subject(row[1], row[2]),
        number=row[3],
        digest=row[4],
        state=ItemState(row[5]),
        author=Subject(row[6], row[7]),
        market=row[8],
        media=() if media == NO_MEDIA else _decode_media(media),
        event_id=row[10],
        posted_at=row[11],
        decision_id=row[12],
        revision=row[13],
    )


def _account(row: Row) -> Account:
    return Account(
        subject=Subject(row[1], row[2]),
        created_at=row[3],
        market=row[4],
        state=row[5],
        decision_id=row[6],
        revision=row[7],
    )
