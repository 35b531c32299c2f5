"""What HMA's clients tell beside content: an id, a URI, JSON of theirs, and a note.

An entry has one note, so where more than a note is told, the note holds all of it as JSON.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from fastapi import Request

from fieldfare.kernel import JsonValue
from fieldfare.matching.repositories import BankEntryRecord
from fieldfare.web.hma.answers import abort

MOST: Final = 10_000
LONGEST_NOTE: Final = 255


class BankedMetadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """HMA's own shape; every field may be left out."""

    content_id: str = ""
    content_uri: str = ""
    json: dict[str, JsonValue] | None = None


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    hma_note: str
    hma_metadata: BankedMetadata


async def read_metadata(request: Request) -> tuple[BankedMetadata | None, str]:
    """Read metadata and note, from a JSON body or from a form."""
    content_type = request.headers.get("content-type", "")
    told: JsonValue | None = None
    note: JsonValue = ""
    if content_type.startswith("application/json"):
        try:
            body = msgspec.json.decode(await request.body() or b"{}")
        except msgspec.DecodeError:
            abort(400, "this endpoint expects a json object payload")
        if isinstance(body, dict):
            told, note = body.get("metadata"), body.get("note") or ""
    elif content_type.startswith("multipart/form-data"):
        form = await request.form(max_files=2, max_fields=10)
        told, note = _told_in(form), str(form.get("note") or "")
    else:
        told = _told_in(request.query_params)
    if not isinstance(note, str) or len(note) > LONGEST_NOTE:
        abort(400, f"note must be a text of at most {LONGEST_NOTE} characters")
    if told is None:
        return None, note
    if not isinstance(told, dict):
        abort(400, "metadata should be a json object")
    try:
        metadata = msgspec.convert(told, BankedMetadata)
    except msgspec.ValidationError as error:
        abort(400, f"Invalid metadata: {error}")
    if len(msgspec.json.encode(metadata)) > MOST:
        abort(400, f"Invalid metadata: more than {MOST} characters")
    return metadata, note


def kept_note(note: str, metadata: BankedMetadata | None) -> str:
    """Write what an entry's note keeps."""
    if metadata is None:
        return note
    return msgspec.json.encode(_Kept(hma_note=note, hma_metadata=metadata)).decode()


def note_of(entry: BankEntryRecord) -> str:
    """Read the note of an entry, without what was told beside it."""
    kept = _kept(entry)
    return entry.note if kept is None else kept.hma_note


def metadata_of(entry: BankEntryRecord) -> JsonValue:
    """Read what was told beside content, as HMA writes it; None if nothing was."""
    kept = _kept(entry)
    if kept is None:
        return None
    found = kept.hma_metadata
    return {
        "content_id": found.content_id or None,
        "content_uri": found.content_uri or None,
        "json": found.json,
    }


def _kept(entry: BankEntryRecord) -> _Kept | None:
    try:
        return msgspec.json.decode(entry.note, type=_Kept)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def _told_in(fields: Mapping[str, object]) -> JsonValue | None:
    """Read metadata from a form or a query, written as HMA does or as Coop does.

    HMA has one field with all of it. Coop's is a field for each, and its `metadata` is what HMA
    calls `json`.
    """
    told = _decoded(fields.get("metadata"))
    apart: dict[str, JsonValue] = {
        name: str(fields[name]) for name in ("content_id", "content_uri") if fields.get(name)
    }
    if not isinstance(told, dict):
        return apart or told
    if apart or not told.keys() <= {"content_id", "content_uri", "json"}:
        return {**apart, "json": told}
    return told


def _decoded(value: object) -> JsonValue | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        decoded: JsonValue = msgspec.json.decode(value)
    except msgspec.DecodeError:
        abort(400, "metadata should be a json object")
    return decoded
