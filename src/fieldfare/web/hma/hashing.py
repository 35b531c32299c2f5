"""`/h`: a file flows in, by URL or by upload, and its hashes flow out.

What HMA hashes with by default is answered by default: PDQ of a photo, MD5 of a video. Beside that
a caller may name `sha256`, `video_md5` of a photo, and `vpdq` of a video in `types`.
"""

from collections.abc import Mapping
from typing import IO, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from fieldfare.engine.banks import KnownPiece
from fieldfare.ingest.remote import MediaNotFetched, MediaNotThereYet
from fieldfare.kernel import BadInput, JsonValue
from fieldfare.matching.exchanges import SignalKind, VpdqFrame, write_vpdq
from fieldfare.matching.fingerprints import WHOLE, unpack_frames
from fieldfare.web.hma.acting import Acting, Hma, Reader
from fieldfare.web.hma.answers import abort, required, told

PHOTO, VIDEO = "photo", "video"
BY_DEFAULT: Final[Mapping[str, tuple[SignalKind, ...]]] = {
    PHOTO: (SignalKind.PDQ,),
    VIDEO: (SignalKind.MD5,),
}
IF_NAMED: Final[Mapping[str, tuple[SignalKind, ...]]] = {
    PHOTO: (SignalKind.MD5, SignalKind.SHA256),
    VIDEO: (SignalKind.VPDQ, SignalKind.SHA256),
}

router = APIRouter(prefix="/h")


class HashedFile:
    """A file that was hashed: what an answer says of it, and what a bank keeps of it."""

    def __init__(self, piece: KnownPiece, kinds: tuple[SignalKind, ...]) -> None:
        self.piece = piece
        self.signals = {kind.value: _value(piece, kind) for kind in kinds}

    @property
    def body(self) -> dict[str, JsonValue]:
        return dict(self.signals)


@router.get("/hash")
async def hash_url(request: Request, _who: Reader, hma: Hma) -> Response:
    """Hash what a URL leads to."""
    required(request, "url")
    return told((await hashed_url(request, hma)).body)


@router.post("/hash")
async def hash_upload(request: Request, _who: Reader, hma: Hma) -> Response:
    """Hash an uploaded file; the name of its part is its content type."""
    return told((await hashed_upload(request, hma)).body)


async def hashed_url(request: Request, hma: Acting) -> HashedFile:
    """Fetch and hash what `url` leads to, behind the guard of media_url."""
    url, told_type = request.query_params["url"], request.query_params.get("content_type", "")
    types = request.query_params.get("types")

    def work() -> HashedFile:
        try:
            with hma.platform.remote.open(url) as remote:
                content_type = _content_type(told_type or _guessed(remote.content_type))
                kinds = _kinds(content_type, types)
                return HashedFile(_piece(hma, remote.stream), kinds)
        except MediaNotFetched as error:
            if "larger than" in error.message:
                abort(413, "Content too large")
            abort(400, f"Invalid or unsafe URL provided: {error.message}")
        except MediaNotThereYet as error:
            abort(400, f"Failed to fetch URL: {error.message}")

    return await run_in_threadpool(work)


async def hashed_upload(request: Request, hma: Acting) -> HashedFile:
    """Hash the one file of a form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        abort(400, "Missing multipart/form-data file upload")
    async with request.form(max_files=2, max_fields=10) as form:
        parts = [(n, part) for n, part in form.multi_items() if isinstance(part, UploadFile)]
        if not parts:
            abort(400, "Missing multipart/form-data file upload")
        if len(parts) > 1:
            abort(400, "Only one file allowed per request")
        ((name, part),) = parts
        kinds = _kinds(_content_type(name), request.query_params.get("types"))
        piece = await run_in_threadpool(_piece, hma, part.file)
    return HashedFile(piece, kinds)


def _piece(hma: Acting, stream: IO[bytes]) -> KnownPiece:
    try:
        return hma.platform.known_file("", stream)
    except BadInput as error:
        abort(400, f"The content cannot be hashed{error.message}")


def _guessed(content_type: str) -> str:
    if content_type.lower().startswith("image"):
        return PHOTO
    if not content_type.lower().startswith("video"):
        abort(
            400,
            f"unsupported url ContentType: '{content_type}', "
            "if you know the expected type, provide it with the content_type query param",
        )
    return VIDEO


def _content_type(name: str) -> str:
    if name not in BY_DEFAULT:
        abort(400, f"no such content_type: '{name[:100]}'")
    return name


def _kinds(content_type: str, types: str | None) -> tuple[SignalKind, ...]:
    if types is None:
        return BY_DEFAULT[content_type]
    known = {kind.value: kind for kind in (*BY_DEFAULT[content_type], *IF_NAMED[content_type])}
    named = [name.strip() for name in types.split(",") if name.strip()]
    for name in named:
        if name not in known:
            abort(400, f"signal type '{name[:100]}' doesn't exist or is disabled")
    if not named:
        abort(400, "empty signal type selection")
    return tuple(known[name] for name in named)


def _value(piece: KnownPiece, kind: SignalKind) -> str:
    """Give one hash of a file; "" for a picture too plain to be told by its PDQ, as HMA does."""
    match kind:
        case SignalKind.MD5:
            return piece.md5
        case SignalKind.SHA256:
            return piece.sha256
    if not piece.hashes.frames:
        return ""
    table = unpack_frames(piece.hashes.frames)
    whole = table.chosen(table.window == WHOLE)
    frames = [
        VpdqFrame(bits.tobytes().hex(), int(quality), float(t))
        for t, bits, quality in zip(whole.t, whole.bits, whole.quality, strict=True)
    ]
    if kind is SignalKind.VPDQ:
        return write_vpdq(frames) if frames else ""
    return frames[0].hex if frames else ""
