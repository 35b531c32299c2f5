"""Media bytes: blurred for whoever reviews, clear only under a reveal token that is still good."""

import os
import re
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Final

from fastapi import APIRouter, Request, Response

from fieldfare.access import Permission, Principal
from fieldfare.engine.content import scan_of
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import NotFound, parse_id
from fieldfare.records import Case, ItemVersion, MediaRef, Subject
from fieldfare.review import STILLS, VIDEO
from fieldfare.web.console.pages.review import revealed
from fieldfare.web.console.views.scan_pictures import stills_of
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served

router = APIRouter(include_in_schema=False)
Reviewer = Annotated[Principal, requires(Permission.REVIEW)]
Seer = Annotated[Principal, requires(Permission.REVEAL)]
_PLAYABLE: Final = frozenset(
    {"video/mp4", "video/webm", "video/quicktime", "image/jpeg", "image/png", "image/webp"}
)
_RANGE: Final = re.compile(r"bytes=(\d{1,15})-(\d{0,15})", re.ASCII)
_PICTURES: Final = ((b"\xff\xd8", "image/jpeg"), (b"\x89PNG", "image/png"), (b"RIFF", "image/webp"))
_MOST_BYTES: Final = 4_000_000
_HEADERS: Final = {"Cache-Control": "private, no-store", "Content-Disposition": "inline"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A blob and whose data key it lies under."""

    author: Subject
    name: str


class MediaUnknown(NotFound):
    slug = "media-unknown"


@router.get("/media/items/{kind}/{host_id:path}/stills/{number}")
def blurred_still_of_item(
    who: Reviewer, platform: Platform, kind: str, host_id: str, number: int
) -> Response:
    """Give a blurred picture of an item's current version."""

    def read(uow: UnitOfWork) -> _Found:
        item = uow.items.current(who.org, Subject(kind, host_id))
        return _still(uow, who, item, number, clear=False)

    return _picture(platform, who, platform.store.read(read))


@router.get("/media/cases/{case_id}/stills/{number}")
def blurred_still(who: Reviewer, platform: Platform, case_id: str, number: int) -> Response:
    """Give a blurred picture of the version a case is about."""
    wanted = parse_id(case_id)

    def read(uow: UnitOfWork) -> _Found:
        case = platform.reviewing.case(uow, who.org, wanted)
        return _still(uow, who, _item(uow, case), number, clear=False)

    return _picture(platform, who, platform.store.read(read))


@router.get("/media/cases/{case_id}/clear/{number}")
def clear_still(
    request: Request, who: Seer, platform: Platform, case_id: str, number: int
) -> Response:
    """Give a clear picture, under a reveal token."""
    wanted = parse_id(case_id)
    token = revealed(request, wanted)

    def read(uow: UnitOfWork) -> _Found:
        case = platform.reviewing.may_see(uow, who.org, wanted, who.pseudonym, token, what=STILLS)
        return _still(uow, who, _item(uow, case), number, clear=True)

    return _picture(platform, who, platform.store.read(read))


@router.get("/media/cases/{case_id}/video")
def video(request: Request, who: Seer, platform: Platform, case_id: str) -> Response:
    """Give the media as they were posted, under a reveal token; ranges are understood."""
    wanted = parse_id(case_id)
    token = revealed(request, wanted)

    def read(uow: UnitOfWork) -> tuple[ItemVersion, MediaRef]:
        case = platform.reviewing.may_see(uow, who.org, wanted, who.pseudonym, token, what=VIDEO)
        item = _item(uow, case)
        if item is None or not item.media:
            raise MediaUnknown("The case has no media.")
        return item, item.media[0]

    item, part = platform.store.read(read)
    named = part.content_type.partition(";")[0].strip().lower()
    kind = named if named in _PLAYABLE else "application/octet-stream"
    descriptor = platform.blobs.open(who.org, item.author, part.sha256)
    with os.fdopen(descriptor, "rb") as file:
        return _ranged(request.headers.get("range", ""), file, part.size, kind)


def _item(uow: UnitOfWork, case: Case) -> ItemVersion | None:
    """Find the version a case is about, which need not be the current one any more."""
    versions = uow.items.versions(case.org, case.subject)
    return next((each for each in versions if each.digest == case.version), None)


def _still(
    uow: UnitOfWork, who: Principal, item: ItemVersion | None, number: int, *, clear: bool
) -> _Found:
    stills = stills_of(scan_of(uow, who.org, item)) if item else ()
    if item is None or not 0 <= number < len(stills):
        raise MediaUnknown(f"There is no picture {number}.")
    still = stills[number]
    return _Found(author=item.author, name=still.clear if clear else still.blurred)


def _picture(platform: Served, who: Principal, found: _Found) -> Response:
    body = platform.blobs.read(who.org, found.author, found.name)
    kind = next((kind for start, kind in _PICTURES if body.startswith(start)), None)
    if kind is None:
        raise MediaUnknown("The picture cannot be shown.")
    return Response(body, media_type=kind, headers=_HEADERS)


def _ranged(wanted: str, file: BinaryIO, size: int, kind: str) -> Response:
    """Answer one range (RFC 9110, section 14), cut to what a player needs next; else the whole."""
    headers = {**_HEADERS, "Accept-Ranges": "bytes"}
    found = _RANGE.fullmatch(wanted)
    if found is None:
        return Response(file.read(), media_type=kind, headers=headers)
    first = int(found[1])
    last = min(int(found[2] or size - 1), size - 1, first + _MOST_BYTES - 1)
    if first > last:
        headers["Content-Range"] = f"bytes */{size}"
        return Response(status_code=416, headers=headers)
    file.seek(first)
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    body = file.read(last + 1 - first)
    return Response(body, status_code=206, media_type=kind, headers=headers)
