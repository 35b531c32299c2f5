"""How records look in JSON: ids as strings, times as RFC 3339, enums as words."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi.responses import Response

from fieldfare.enforcement import restriction_json
from fieldfare.kernel import (
    BadInput,
    EventId,
    JsonValue,
    canonical_json,
    parse_id,
    rfc3339,
    unix_ms,
)
from fieldfare.records import Decision, ItemVersion

MAX_PAGE: Final = 200


def answer(body: Mapping[str, JsonValue], *, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(canonical_json(body), status_code=status, media_type="application/json")


def cursor_of(text: str | None) -> EventId | None:
    """Read a page's cursor. Raises BadInput if it is not one of ours."""
    return None if text is None else parse_id(text)


def limit_of(limit: int) -> int:
    if not 1 <= limit <= MAX_PAGE:
        hint = f"Ask for 1 to {MAX_PAGE}."
        raise BadInput(f"limit={limit} is out of range", hint=hint, pointer="/limit")
    return limit


def decision_json(decision: Decision) -> dict[str, JsonValue]:
    """Explain a decision: what holds, who said so and why, under which versions, caused by what."""
    judgement = decision.judgement
    return {
        "id": str(decision.id),
        "at": rfc3339(decision.at),
        "subject": {"kind": decision.subject.kind, "host_id": decision.subject.host_id},
        "version": decision.version,
        "revision": decision.revision,
        "action": judgement.action,
        "policy": judgement.policy,
        "by": judgement.by.value,
        "restrictions": [restriction_json(r) for r in judgement.restrictions],
        "review": [msgspec.to_builtins(request) for request in judgement.review],
        "reasons": [msgspec.to_builtins(reason) for reason in judgement.reasons],
        "unknown": dict(judgement.unknown),
        "declared": list(decision.declared),
        "pack": decision.pack,
        "rule_set": decision.rule_set,
        "models": dict(decision.models),
        "causes": [str(cause) for cause in decision.causes],
    }


def version_json(item: ItemVersion) -> dict[str, JsonValue]:
    return {
        "version": item.number,
        "digest": item.digest,
        "state": item.state.value,
        "market": item.market,
        "media": [{"sha256": part.sha256, "size": part.size} for part in item.media],
        "posted_at": rfc3339(item.posted_at),
        "event_id": str(item.event_id),
        "decision_id": None if item.decision_id is None else str(item.decision_id),
    }


def openapi_body(shape: type, *, with_media: bool = False) -> dict[str, Any]:
    """Describe a body that msgspec decodes, for routes that read the raw request.

    with_media: multipart is taken as well.
    """
    (schema,), parts = msgspec.json.schema_components([shape], ref_template=_REF)
    inlined = _inlined(schema, parts)
    content: dict[str, Any] = {"application/json": {"schema": inlined}}
    if with_media:
        file = {"type": "array", "items": {"type": "string", "format": "binary"}}
        parts_of = {"metadata": {"type": "string"}, "file": file}
        content["multipart/form-data"] = {
            "schema": {"type": "object", "properties": parts_of, "required": ["metadata"]}
        }
    return {"requestBody": {"required": True, "content": content}}


def openapi_events(shapes: Mapping[str, type]) -> dict[str, Any]:
    """Describe a batch of events: one of the shapes each, told apart by `kind`."""
    schemas, parts = msgspec.json.schema_components([*shapes.values()], ref_template=_REF)
    kinds = []
    for kind, schema in zip(shapes, schemas, strict=True):
        inlined = _inlined(schema, parts)
        inlined["title"] = kind
        inlined["properties"] = {**inlined["properties"], "kind": {"const": kind}}
        kinds.append(inlined)
    rows = {"type": "array", "maxItems": 1_000, "items": {"oneOf": kinds}}
    body = {"type": "object", "properties": {"events": rows}, "required": ["events"]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}}


_REF: Final = "#/parts/{name}"


def _inlined(schema: Any, parts: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON Schema
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return _inlined(parts[reference.rpartition("/")[2]], parts)
        return {name: _inlined(value, parts) for name, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(each, parts) for each in schema]
    return schema


def day_or_moment(text: str, pointer: str) -> int:
    """Read a day of UTC or an RFC 3339 moment as ms since 1970. Raises BadInput at `pointer`."""
    try:
        told = dt.datetime.fromisoformat(text)
        return unix_ms(text if told.tzinfo else told.replace(tzinfo=dt.UTC).isoformat())
    except (ValueError, OverflowError):
        hint = "Write 2026-10-01 or 2026-10-01T12:00:00Z."
        raise BadInput(f"{text!r} is no moment", hint=hint, pointer=pointer) from None
