"""Sniffing: which container a file is, by its first bytes and never by its name.

Only containers that hold their own content are taken. Play lists (ffconcat, m3u8, DASH) name other
files and would make a decoder open them; they are text, so nothing here ever matches them.
"""

from dataclasses import dataclass
from typing import Final, Literal

HEAD_BYTES: Final = 64

Reader = Literal["moving", "still"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """name: ours, for people. format: the one demuxer of libav or decoder of Pillow for it."""

    name: str
    reader: Reader
    format: str


MP4: Final = Container(name="mp4", reader="moving", format="mov")
MATROSKA: Final = Container(name="matroska", reader="moving", format="matroska")
WAV: Final = Container(name="wav", reader="moving", format="wav")
MP3: Final = Container(name="mp3", reader="moving", format="mp3")
OGG: Final = Container(name="ogg", reader="moving", format="ogg")
FLAC: Final = Container(name="flac", reader="moving", format="flac")
AAC: Final = Container(name="aac", reader="moving", format="aac")
JPEG: Final = Container(name="jpeg", reader="still", format="JPEG")
PNG: Final = Container(name="png", reader="still", format="PNG")
WEBP: Final = Container(name="webp", reader="still", format="WEBP")
GIF: Final = Container(name="gif", reader="still", format="GIF")

_PREFIXES: Final = (
    (b"\x1a\x45\xdf\xa3", MATROSKA),
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"OggS", OGG),
    (b"fLaC", FLAC),
    (b"ID3", MP3),
)
_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"})
_STILL_BRANDS: Final = frozenset({b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"})
_RIFF: Final = {b"WAVE": WAV, b"WEBP": WEBP}


def sniff(head: bytes) -> Container | str:
    """Name the container that `head`, a file's first 64 bytes, begins; or say why none does."""
    if not head:
        return "the file is empty"
    for prefix, container in _PREFIXES:
        if head.startswith(prefix):
            return container
    if head[4:8] in _BOXES:
        if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
            return "HEIC and AVIF pictures are not accepted"
        return MP4
    if head.startswith(b"RIFF") and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    return _audio_frame(head) or _refusal(head)


def _audio_frame(head: bytes) -> Container | None:
    """Read an MPEG audio frame's first two bytes: twelve ones, then version, layer, protection."""
    if head[0] != 0xFF or len(head) < 4:  # noqa: PLR2004  # a frame head is four bytes
        return None
    match head[1] & 0xF6:
        case 0xF0:
            return AAC
        case 0xF2:
            return MP3
        case _:
            return None


def _refusal(head: bytes) -> str:
    if head.startswith(b"ffconcat"):
        return "a play list (ffconcat) names other files and is not accepted"
    if head.startswith(b"#EXTM3U"):
        return "a play list (m3u8) names other files and is not accepted"
    if b"<MPD" in head:
        return "a play list (DASH) names other files and is not accepted"
    if head.isascii() and all(byte >= 32 or byte in b"\t\r\n" for byte in head):  # noqa: PLR2004
        return "the file is text"
    return "the file is of no container that is accepted"
