"""Labels of entities: what an entity has and why, and what people add or remove by hand."""

from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from fieldfare.access import Permission, Principal
from fieldfare.engine.entities import EntityRecord, entity_record
from fieldfare.engine.labels import MANUAL, change_by_hand, subject_of
from fieldfare.engine.looks import looked_in_person
from fieldfare.ingest.schemas import Moment, Name, decode, moment
from fieldfare.kernel import BadInput, JsonValue, rfc3339
from fieldfare.rules.durations import duration_ms
from fieldfare.rules.label_book import Waiting
from fieldfare.rules.labels import Entity, LabelChange, LabelReason, LabelState, LabelStatus
from fieldfare.web.api.shapes import answer, decision_json, openapi_body
from fieldfare.web.guards import Platform, requires

router = APIRouter(prefix="/v1", tags=["labels"])
Reader = Annotated[Principal, requires(Permission.ENTITIES_READ)]
Labeller = Annotated[Principal, requires(Permission.LABELS_WRITE)]
Why = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class EntityName(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entity by the type that rules give it, and its id."""

    type: Name
    id: Name


class NewLabel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A label to add or remove by hand: what a person says holds against rules until it ends.

    expires_at (RFC 3339) or `for` (24h, 7d); with neither it holds for good.
    """

    entity: EntityName
    label: Name
    reason: Why
    status: Literal["added", "removed"] = "added"
    expires_at: Moment | None = None
    length: Annotated[str, msgspec.Meta(max_length=20)] | None = msgspec.field(
        default=None, name="for"
    )


_LABEL: Final = msgspec.json.Decoder(NewLabel)


@router.get("/labels")
def list_labels(who: Reader, platform: Platform) -> Response:
    """List the labels that the rules in force declare, with what each is for."""
    known = platform.rule_set(who.org).labels
    rows: list[JsonValue] = [
        {
            "name": terms.name,
            "valid_for": [*terms.valid_for],
            "connotation": terms.connotation,
            "description": terms.description,
        }
        for terms in known.values()
    ]
    return answer({"labels": rows})


@router.post("/labels", status_code=202, openapi_extra=openapi_body(NewLabel))
async def change_label(request: Request, who: Labeller, platform: Platform) -> Response:
    """Add or remove a label by hand; it holds from the event in the answer on."""
    wanted = decode(_LABEL, await request.body())
    change = change_of(wanted, by=who.pseudonym, now_ms=platform.clock.now_ms())
    in_force = platform.books.of(who.org)
    event_id = await run_in_threadpool(
        platform.store.write, lambda uow: change_by_hand(uow, who.org, in_force, change)
    )
    body: dict[str, JsonValue] = {
        "event_id": str(event_id),
        "entity": {"type": change.entity.type, "id": change.entity.id},
        "label": change.label,
        "status": change.status.word,
        "expires_at": None if change.expires_at is None else rfc3339(change.expires_at),
    }
    return answer(body, status=202)


@router.get("/entities/{entity_type}/{entity_id:path}")
def read_entity(entity_type: str, entity_id: str, who: Reader, platform: Platform) -> Response:
    """Give what is known of an entity: labels with reasons and what held before, decisions.

    known: false where the log tells nothing of it, so that there is nothing but its name; null for
    a type other than Account and Item without labels, by which no events are kept. That a person
    looked is recorded, as on the entity's page.
    """
    now_ms = platform.clock.now_ms()
    entity = Entity(entity_type, entity_id)
    person = platform.vault.pseudonym(who.org, subject_of(entity))
    found = platform.store.read(
        lambda uow: entity_record(uow, who.org, entity, person=person, now_ms=now_ms)
    )
    looked_in_person(platform.store, who, subject_of(entity))
    return answer(record_json(found))


def change_of(wanted: NewLabel, *, by: str, now_ms: int) -> LabelChange:
    """Make the change a person asks for. Raises BadInput for an end that has come already."""
    ends = moment(wanted.expires_at, pointer="/expires_at")
    if wanted.length is not None:
        ms = duration_ms(wanted.length)
        if ms is None or ends is not None:
            hint = "Give expires_at (RFC 3339) or for (24h, 7d), one of them."
            raise BadInput(f"{wanted.length!r} is no end", hint=hint, pointer="/for")
        ends = now_ms + ms
    if ends is not None and ends <= now_ms:
        raise BadInput("that moment is past", hint="Name a later one.", pointer="/expires_at")
    return LabelChange(
        entity=Entity(wanted.entity.type, wanted.entity.id),
        label=wanted.label,
        status=MANUAL[wanted.status == "added"],
        reason=by,
        description=wanted.reason,
        expires_at=ends,
    )


def record_json(found: EntityRecord) -> dict[str, JsonValue]:
    labels: list[JsonValue] = [
        _state_json(name, state, found.at_ms) for name, state in sorted(found.labels.labels.items())
    ]
    return {
        "entity": {"type": found.entity.type, "id": found.entity.id},
        "known": found.is_known,
        "labels": labels,
        "waiting": [_waiting_json(each) for each in found.labels.waiting],
        "dropped": [_waiting_json(each) for each in found.labels.dropped],
        "decisions": [decision_json(decision) for decision in found.decisions],
    }


def _state_json(name: str, state: LabelState, at_ms: int) -> dict[str, JsonValue]:
    return {
        "label": name,
        "status": state.status.word,
        "holds": state.holds(at_ms),
        "expires_at": None if state.expires_at is None else rfc3339(state.expires_at),
        "reasons": [_reason_json(reason) for reason in state.reasons],
        "previous": [
            {
                "status": past.status.word,
                "ended_at": rfc3339(past.ended_at),
                "reasons": [_reason_json(reason) for reason in past.reasons],
            }
            for past in state.previous
        ],
    }


def _reason_json(reason: LabelReason) -> dict[str, JsonValue]:
    return {
        "name": reason.name,
        "description": reason.description,
        "created_at": rfc3339(reason.created_at),
        "expires_at": None if reason.expires_at is None else rfc3339(reason.expires_at),
        "event_id": str(reason.event_id),
    }


def _waiting_json(each: Waiting) -> dict[str, JsonValue]:
    change = each.change
    status: LabelStatus = change.status
    return {
        "label": change.label,
        "status": status.word,
        "reason": change.reason,
        "description": change.description,
        "starts_at": rfc3339(change.starts_at) if change.starts_at else None,
        "dropped": change.dropped,
        "event_id": str(each.event_id),
    }
