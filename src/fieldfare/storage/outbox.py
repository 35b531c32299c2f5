"""Webhooks and the outbox: what is on its way to the host, in order per subject."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec
from sqlalchemy import and_, bindparam, case, exists, not_, or_, select, tuple_

from fieldfare.kernel import EventId, Org
from fieldfare.kernel.ids import MAX_ID
from fieldfare.ledger.keys import Vault
from fieldfare.records import OutboxRow, OutboxState, Subject, Webhook
from fieldfare.storage.statements import Row, Statement, upsert
from fieldfare.storage.tables import outbox, webhooks
from fieldfare.storage.transaction import Transaction

_DUE, _SENT = OutboxState.DUE.value, OutboxState.SENT.value
_SUPERSEDED: Final = OutboxState.SUPERSEDED.value

_PUT: Final = upsert(webhooks)
_REMOVE: Final = Statement(
    webhooks.delete().where(webhooks.c.org == bindparam("org"), webhooks.c.id == bindparam("hook"))
)
_ALL: Final = Statement(
    select(*webhooks.c).where(webhooks.c.org == bindparam("org")).order_by(webhooks.c.id)
)

_ADD: Final = upsert(outbox)
_OPEN: Final = or_(outbox.c.state == _DUE, outbox.c.state == _SENT)
_PLACE: Final = (outbox.c.decision_id, outbox.c.part, outbox.c.webhook_id)
_OVERTAKE: Final = Statement(
    outbox.update()
    .where(
        outbox.c.org == bindparam("in_org"),
        outbox.c.kind == bindparam("of_kind"),
        outbox.c.host_id == bindparam("of_item"),
        outbox.c.webhook_id == bindparam("hook"),
        outbox.c.subject_revision < bindparam("newer"),
        _OPEN,
    )
    .values(state=bindparam("superseded"))
)
_ROW: Final = (
    outbox.c.org == bindparam("in_org"),
    outbox.c.id == bindparam("effect"),
    outbox.c.webhook_id == bindparam("hook"),
)
_MARK: Final = Statement(
    outbox.update()
    .where(*_ROW)
    .values(
        # What was overtaken while it was on its way stays so, unless it did arrive.
        state=case(
            (
                and_(
                    outbox.c.state == _SUPERSEDED,
                    bindparam("outcome") != OutboxState.ACKNOWLEDGED.value,
                ),
                outbox.c.state,
            ),
            else_=bindparam("outcome"),
        ),
        attempts=outbox.c.attempts + 1,
        due_at=bindparam("next_at"),
        error=bindparam("words"),
    )
)
_newer = outbox.alias("newer")
_REPLAY: Final = Statement(
    outbox.update()
    .where(
        *_ROW,
        outbox.c.state == OutboxState.DEAD.value,
        ~exists().where(
            _newer.c.org == outbox.c.org,
            _newer.c.kind == outbox.c.kind,
            _newer.c.host_id == outbox.c.host_id,
            _newer.c.webhook_id == outbox.c.webhook_id,
            _newer.c.subject_revision > outbox.c.subject_revision,
        ),
    )
    .values(state=bindparam("due"), attempts=0, due_at=bindparam("now"))
)
_CANCEL: Final = Statement(
    outbox.update()
    .where(
        outbox.c.org == bindparam("in_org"),
        outbox.c.kind == bindparam("of_kind"),
        outbox.c.host_id == bindparam("of_item"),
        outbox.c.subject_revision == bindparam("of_revision"),
        outbox.c.state == _DUE,
        outbox.c.attempts == 0,
    )
    .values(state=bindparam("superseded"))
)

_encode: Final = msgspec.json.Encoder().encode
_decode_texts: Final = msgspec.json.Decoder(tuple[str, ...]).decode


class SqlWebhooks:
    """Secrets are encrypted under the organisation's key."""

    def __init__(self, tx: Transaction, vault: Vault) -> None:
        self._tx = tx
        self._vault = vault

    def put(self, webhook: Webhook, /) -> None:
        key = self._vault.of_organisation(webhook.org)
        secrets = key.encrypt(_encode(webhook.secrets), _place_of(webhook.org, webhook.id))
        row = (
            webhook.org,
            webhook.id,
            webhook.url,
            secrets,
            _encode(sorted(webhook.kinds)).decode(),
            webhook.enabled,
        )
        self._tx.insert(_PUT, row)

    def remove(self, org: Org, webhook_id: str, /) -> None:
        self._tx.run(_REMOVE, org=org, hook=webhook_id)

    def all(self, org: Org, /) -> Sequence[Webhook]:
        return [self._webhook(row) for row in self._tx.rows(_ALL, org=org)]

    def _webhook(self, row: Row) -> Webhook:
        org, name, url, sealed, kinds, enabled = row
        clear = self._vault.of_organisation(org).decrypt(sealed, _place_of(org, name))
        return Webhook(
            org=org,
            id=name,
            url=url,
            # Secrets written under another master key are lost; the carrier then has none to sign.
            secrets=() if clear is None else _decode_texts(clear),
            kinds=frozenset(_decode_texts(kinds)),
            enabled=bool(enabled),
        )


class SqlOutbox:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def add(self, rows: Sequence[OutboxRow], /) -> None:
        lanes = {(r.org, r.subject, r.webhook_id, r.subject_revision) for r in rows}
        for org, subject, webhook_id, revision in lanes:
            if revision > 1:
                self._tx.run(
                    _OVERTAKE,
                    in_org=org,
                    of_kind=subject.kind,
                    of_item=subject.host_id,
                    hook=webhook_id,
                    newer=revision,
                    superseded=_SUPERSEDED,
                )
        for row in rows:
            self._tx.insert(_ADD, _values(row))

    def due(
        self, /, *, now_ms: int, limit: int, skip: frozenset[tuple[Org, str]] = frozenset()
    ) -> Sequence[OutboxRow]:
        skipped: dict[str, object] = {}
        for place, (org, webhook_id) in enumerate(skip):
            skipped |= {f"skip_org_{place}": org, f"skip_hook_{place}": webhook_id}
        rows = self._tx.rows(_due_but(len(skip)), now=now_ms, most=limit, **skipped)
        return [_outbox_row(row) for row in rows]

    def mark(self, row: OutboxRow, /, *, state: OutboxState, due_at: int, error: str = "") -> None:
        self._tx.run(
            _MARK,
            in_org=row.org,
            effect=row.id,
            hook=row.webhook_id,
            outcome=state.value,
            next_at=due_at,
            words=error,
        )

    def page(
        self,
        org: Org,
        /,
        *,
        states: frozenset[OutboxState] | None,
        before: tuple[EventId, int, str] | None,
        limit: int,
    ) -> Sequence[OutboxRow]:
        decision, part, hook = before or (MAX_ID, 0, "")
        rows = self._tx.rows(
            _page(states), org=org, decision=decision, at_part=part, hook=hook, most=limit
        )
        return [_outbox_row(row) for row in rows]

    def replay(self, org: Org, effect_id: str, webhook_id: str, /, *, now_ms: int) -> bool:
        changed = self._tx.run(
            _REPLAY, in_org=org, effect=effect_id, hook=webhook_id, due=_DUE, now=now_ms
        )
        return changed > 0


class SqlUnsentEffects:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def cancel(self, org: Org, subject: Subject, revision: int, /) -> int:
        return self._tx.run(
            _CANCEL,
            in_org=org,
            of_kind=subject.kind,
            of_item=subject.host_id,
            of_revision=revision,
            superseded=_SUPERSEDED,
        )


@lru_cache(maxsize=256)
def _due_but(skipped: int) -> Statement:
    """Select due rows, leaving out as many (organisation, webhook) pairs."""
    older = outbox.alias("older")
    waits = exists().where(
        older.c.org == outbox.c.org,
        older.c.kind == outbox.c.kind,
        older.c.host_id == outbox.c.host_id,
        older.c.webhook_id == outbox.c.webhook_id,
        or_(older.c.state == _DUE, older.c.state == _SENT),
        tuple_(older.c.decision_id, older.c.part) < tuple_(outbox.c.decision_id, outbox.c.part),
    )
    query = select(*outbox.c).where(_OPEN, outbox.c.due_at <= bindparam("now"), ~waits)
    for place in range(skipped):
        query = query.where(
            not_(
                and_(
                    outbox.c.org == bindparam(f"skip_org_{place}"),
                    outbox.c.webhook_id == bindparam(f"skip_hook_{place}"),
                )
            )
        )
    return Statement(query.order_by(outbox.c.due_at, *_PLACE).limit(bindparam("most")))


@lru_cache(maxsize=64)
def _page(states: frozenset[OutboxState] | None) -> Statement:
    query = select(*outbox.c).where(
        outbox.c.org == bindparam("org"),
        tuple_(*_PLACE) < tuple_(bindparam("decision"), bindparam("at_part"), bindparam("hook")),
    )
    if states is not None:
        query = query.where(or_(False, *(outbox.c.state == state.value for state in states)))
    newest_first = (column.desc() for column in _PLACE)
    return Statement(query.order_by(*newest_first).limit(bindparam("most")))


def _place_of(org: Org, webhook_id: str) -> bytes:
    return f"{org}\0webhook\0{webhook_id}".encode()


def _values(row: OutboxRow) -> tuple[object, ...]:
    return (
        row.org,
        row.decision_id,
        row.part,
        row.webhook_id,
        row.id,
        row.subject.kind,
        row.subject.host_id,
        row.subject_revision,
        row.body,
        row.state.value,
        row.attempts,
        row.due_at,
        row.error,
    )


def _outbox_row(row: Row) -> OutboxRow:
    return OutboxRow(
        org=row[0],
        decision_id=row[1],
        part=row[2],
        webhook_id=row[3],
        id=row[4],
        subject=Subject(row[5], row[6]),
        subject_revision=row[7],
        body=row[8],
        state=OutboxState(row[9]),
        attempts=row[10],
        due_at=row[11],
        error=row[12],
    )
