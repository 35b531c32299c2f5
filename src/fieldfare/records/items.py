"""Items and their versions: (org, kind, host_id), version n = digest of text fields and media."""

from dataclasses import dataclass
from enum import StrEnum

from fieldfare.kernel import EventId
from fieldfare.records.subjects import Subject


class ItemState(StrEnum):
    """received -> scanned -> decided -> superseded | deleted; without media, never scanned."""

    RECEIVED = "received"
    SCANNED = "scanned"
    DECIDED = "decided"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRef:
    """One media part of an item version: where its bytes are and what they are called.

    sha256: name of the blob (64 lower-case hex digits); size in bytes.
    """

    sha256: str
    size: int
    name: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemVersion:
    """One version of an item as the projection of the log holds it today.

    number counts 1, 2, 3...; digest names the content. event_id is the post or change that brought
    it. decision_id is the latest decision on this version, None while it is undecided.
    revision grows by one with each decision on the subject, over all versions.
    """

    subject: Subject
    number: int
    digest: str
    state: ItemState
    author: Subject
    market: str
    media: tuple[MediaRef, ...]
    event_id: EventId
    posted_at: int
    decision_id: EventId | None = None
    revision: int = 0
