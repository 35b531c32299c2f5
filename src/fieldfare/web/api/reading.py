"""What the platform knows, for machines: items, decisions explained, the audit trail."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.looks import looked_in_person
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, JsonValue, NotFound, parse_id, rfc3339
from fieldfare.records import Subject
from fieldfare.web.api.shapes import answer, cursor_of, decision_json, limit_of, version_json
from fieldfare.web.guards import Platform, requires

router = APIRouter(prefix="/v1", tags=["reading"])


@router.get("/items/{kind}/{host_id:path}")
def read_item(
    kind: str,
    host_id: str,
    who: Annotated[Principal, requires(Permission.ITEMS_READ)],
    platform: Platform,
) -> Response:
    """Give an item with its versions, what was found in it and every decision on it.

    That a person looked is recorded, as on the item's page.
    """
    subject = Subject(kind, host_id)

    def read(uow: UnitOfWork) -> dict[str, JsonValue]:
        item = uow.items.current(who.org, subject)
        if item is None:
            raise NotFound(f"no item {subject}", hint="It was never posted here, or was erased.")
        facts = platform.facts_of(uow, who.org, item)
        return {
            "item": {"kind": kind, "host_id": host_id},
            **version_json(item),
            "views": uow.views.total(who.org, subject),
            "versions": [version_json(v) for v in uow.items.versions(who.org, subject)],
            "facts": facts,
            "decisions": [decision_json(d) for d in uow.decisions.of_subject(who.org, subject)],
        }

    found = platform.store.read(read)
    looked_in_person(platform.store, who, subject)
    return answer(found)


@router.get("/decisions/{decision_id}")
def read_decision(
    decision_id: str,
    who: Annotated[Principal, requires(Permission.DECISIONS_READ)],
    platform: Platform,
) -> Response:
    """Explain one decision: rules with values seen, thresholds, versions, hashes, causes."""
    wanted = parse_id(decision_id)
    found = platform.store.read(lambda uow: uow.decisions.get(who.org, wanted))
    if found is None:
        raise NotFound(f"no decision {decision_id}", hint="Ids are strings of digits.")
    return answer(decision_json(found))


@router.get("/decisions")
def list_decisions(
    who: Annotated[Principal, requires(Permission.DECISIONS_READ)],
    platform: Platform,
    cursor: str | None = None,
    limit: int = 50,
) -> Response:
    """List decisions, newest first."""
    before, most = cursor_of(cursor), limit_of(limit)

    def read(uow: UnitOfWork) -> list[JsonValue]:
        page = uow.decisions.page(who.org, before=before, limit=most)
        return [decision_json(d) for d in page]

    rows = platform.store.read(read)
    return answer({"decisions": rows, "next": _next(rows, most)})


@router.get("/audit")
def read_audit(
    who: Annotated[Principal, requires(Permission.AUDIT_READ)],
    platform: Platform,
    after: str = "0",
    limit: int = 100,
) -> Response:
    """List ledger rows after an id, in order: pseudonyms and digests, nothing personal."""
    start, most = parse_id(after), limit_of(limit)

    def read(uow: UnitOfWork) -> list[JsonValue]:
        last = EventId(uow.ledger_rows.low_watermark())
        rows = uow.ledger_rows.rows(who.org, start, up_to=last, limit=most)
        return [
            {
                "id": str(row.id),
                "kind": row.kind,
                "subject": row.subject,
                "person": row.person,
                "occurred_at": None if row.occurred_at is None else rfc3339(row.occurred_at),
                "causes": [str(cause) for cause in row.causes],
                "payload_sha256": row.payload,
            }
            for row in rows
        ]

    rows = platform.store.read(read)
    return answer({"rows": rows, "next": _next(rows, most)})


def _next(rows: list[JsonValue], limit: int) -> JsonValue:
    last = rows[-1] if len(rows) == limit else None
    return last["id"] if isinstance(last, dict) else None
