"""Signals: the ways in which exchanges and HMA name a hash, read and checked.

Text of a stranger flows in, and out flows a Signal whose value is in the one form that is stored,
or BadInput. The names are those of ThreatExchange's signal types.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from fieldfare.kernel import BadInput

MAX_TEXT: Final = 20_000
MAX_URL: Final = 4_000
MAX_FRAMES: Final = 36_000
LONGEST_S: Final = 1_000_000.0
"""No film lasts eleven days; moments of frames are kept in ms, in 32 bits."""
_PDQ: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MD5: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_TLSH: Final = re.compile(r"(?:t1)?[0-9a-f]{70}", re.ASCII)
_PARTS: Final = 3
_MAX_QUALITY: Final = 100


class SignalKind(StrEnum):
    """What a signal's value is. MD5 and SHA256 are of a file's bytes, whatever the file is."""

    PDQ = "pdq"
    MD5 = "video_md5"
    SHA256 = "sha256"
    VPDQ = "vpdq"
    URL = "url"
    TEXT = "raw_text"
    TLSH = "text_tlsh"


ALSO_CALLED: Final = {
    "md5": SignalKind.MD5,
    "text": SignalKind.TEXT,
    "tlsh": SignalKind.TLSH,
    "photo_md5": SignalKind.MD5,
}


@dataclass(frozen=True, slots=True, order=True)
class Signal:
    """A checked hash. value: lower-case hex for digests and PDQ; vPDQ as ThreatExchange's JSON."""

    kind: SignalKind
    value: str


@dataclass(frozen=True, slots=True)
class VpdqFrame:
    """One frame of a vPDQ hash. hex: 64 digits; quality: 0..100; t: s from the start."""

    hex: str
    quality: int
    t: float


def kind_named(name: str) -> SignalKind:
    """Give a kind by its name or another name of it. Raises BadInput for one that is not known."""
    folded = name.strip().lower()
    if folded in ALSO_CALLED:
        return ALSO_CALLED[folded]
    try:
        return SignalKind(folded)
    except ValueError:
        hint = f"Known kinds: {', '.join(SignalKind)}."
        raise BadInput(f"no kind of signal {name[:40]!r}", hint=hint) from None


def signal_of(kind: SignalKind, text: str) -> Signal:
    """Check a value. Raises BadInput that says the kind, not the value."""
    value = text.strip()
    folded = value.lower()
    match kind:
        case SignalKind.PDQ | SignalKind.SHA256 if _PDQ.fullmatch(folded):
            return Signal(kind, folded)
        case SignalKind.MD5 if _MD5.fullmatch(folded):
            return Signal(kind, folded)
        case SignalKind.TLSH if _TLSH.fullmatch(folded):
            return Signal(kind, value.upper())
        case SignalKind.URL if 0 < len(value) <= MAX_URL:
            return Signal(kind, value)
        case SignalKind.TEXT if 0 < len(value) <= MAX_TEXT:
            return Signal(kind, value)
        case SignalKind.VPDQ:
            return Signal(kind, write_vpdq(read_vpdq(value)))
    raise BadInput(f"that is no {kind.value}", hint=_SHAPES[kind])


def read_vpdq(text: str) -> tuple[VpdqFrame, ...]:
    """Read vPDQ's text, a JSON list of `"hex,quality,seconds"`.

    Seconds are at most LONGEST_S. They may have lost digits on the way (`1.23e+02`:
    ThreatExchange 1.2 writes them with three significant ones); they are taken as they are.
    Raises BadInput.
    """
    try:
        rows = msgspec.json.decode(text, type=list[str])
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise BadInput("that is no vpdq", hint=_SHAPES[SignalKind.VPDQ]) from None
    if not 0 < len(rows) <= MAX_FRAMES:
        raise BadInput(f"a vpdq has 1 to {MAX_FRAMES} frames", hint=f"This has {len(rows)}.")
    return tuple(_frame(row) for row in rows)


def write_vpdq(frames: Sequence[VpdqFrame]) -> str:
    """Write vPDQ's text with ms, so that a place beyond 100 s can be told."""
    rows = [f"{frame.hex},{frame.quality},{frame.t:.3f}" for frame in frames]
    return msgspec.json.encode(rows).decode()


def _frame(row: str) -> VpdqFrame:
    parts = row.split(",")
    try:
        hexed, quality, at = parts[0].strip().lower(), int(parts[1]), float(parts[2])
    except (IndexError, ValueError):
        hexed, quality, at = "", -1, -1.0
    good = _PDQ.fullmatch(hexed) and 0 <= quality <= _MAX_QUALITY and 0 <= at <= LONGEST_S
    if len(parts) != _PARTS or not good:
        raise BadInput("a frame of that vpdq cannot be read", hint=_SHAPES[SignalKind.VPDQ])
    return VpdqFrame(hexed, quality, at)


_SHAPES: Final = {
    SignalKind.PDQ: "A PDQ hash has 64 hexadecimal digits.",
    SignalKind.SHA256: "A SHA-256 has 64 hexadecimal digits.",
    SignalKind.MD5: "An MD5 has 32 hexadecimal digits.",
    SignalKind.VPDQ: 'A vPDQ hash is a JSON list of "hex,quality,seconds".',
    SignalKind.URL: f"A URL has at most {MAX_URL} characters.",
    SignalKind.TEXT: f"A text has at most {MAX_TEXT} characters.",
    SignalKind.TLSH: "A TLSH has 70 hexadecimal digits, after T1 or not.",
}
