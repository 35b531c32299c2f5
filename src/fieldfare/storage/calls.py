"""What hosts and their users told us before: calls under the host's own keys, and reports."""

from typing import Final

from sqlalchemy import bindparam, func, select

from fieldfare.ingest.repositories import EarlierCall
from fieldfare.kernel import EventId, Org
from fieldfare.ledger.keys import Vault
from fieldfare.records import Subject
from fieldfare.storage.statements import Statement
from fieldfare.storage.tables import call_keys, reports
from fieldfare.storage.transaction import Transaction

_KEEP: Final = Statement(call_keys.insert())
_FIND: Final = Statement(
    select(call_keys.c.content_digest, call_keys.c.event_id, call_keys.c.answer).where(
        call_keys.c.org == bindparam("org"),
        call_keys.c.call == bindparam("call"),
        call_keys.c.key == bindparam("key"),
    )
)
_FORGET: Final = Statement(call_keys.delete().where(call_keys.c.event_id < bindparam("before")))

_FILE: Final = Statement(reports.insert())
_COUNT: Final = Statement(
    select(func.count(), func.count(reports.c.reporter.distinct())).where(
        reports.c.org == bindparam("org"),
        reports.c.kind == bindparam("kind"),
        reports.c.host_id == bindparam("host_id"),
    )
)


class SqlCallKeys:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def find(self, org: Org, call: str, key: str, /) -> EarlierCall | None:
        found = self._tx.row(_FIND, org=org, call=call, key=key)
        if found is None:
            return None
        return EarlierCall(content_digest=found[0], event_id=found[1], answer=found[2])

    def keep(self, org: Org, call: str, key: str, earlier: EarlierCall, /) -> None:
        self._tx.insert(
            _KEEP, (org, call, key, earlier.content_digest, earlier.event_id, earlier.answer)
        )

    def forget_before(self, event_id: EventId, /) -> int:
        return self._tx.run(_FORGET, before=event_id)


class SqlReports:
    def __init__(self, tx: Transaction, vault: Vault) -> None:
        self._tx = tx
        self._vault = vault

    def file(self, org: Org, subject: Subject, event_id: EventId, /, *, reporter: Subject) -> None:
        name = self._vault.pseudonym(org, reporter)
        self._tx.insert(_FILE, (org, subject.kind, subject.host_id, event_id, name))

    def count(self, org: Org, subject: Subject, /) -> tuple[int, int]:
        (counted,) = self._tx.rows(_COUNT, org=org, kind=subject.kind, host_id=subject.host_id)
        return counted[0], counted[1]
