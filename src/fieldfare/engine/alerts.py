"""Alerts: what an operator's webhooks are told that is no effect on a subject of the host."""

from collections.abc import Mapping

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import JsonValue, canonical_json, rfc3339
from fieldfare.records import Event, OutboxRow, OutboxState, Subject


def alert(
    uow: UnitOfWork, event: Event, kind: str, subject: Subject, told: Mapping[str, JsonValue]
) -> None:
    """Put what an event tells into the outbox for every webhook: somebody has to look."""
    body: dict[str, JsonValue] = {
        "type": kind,
        "id": f"{event.id}-0",
        "org": event.org,
        "at": rfc3339(event.at),
        **told,
    }
    uow.outbox.add(
        [
            OutboxRow(
                org=event.org,
                id=f"{event.id}-0",
                decision_id=event.id,
                part=0,
                webhook_id=webhook.id,
                subject=subject,
                subject_revision=1,
                body=canonical_json(body),
                state=OutboxState.DUE,
                attempts=0,
                due_at=event.at,
            )
            for webhook in uow.webhooks.all(event.org)
            if webhook.enabled
        ]
    )
