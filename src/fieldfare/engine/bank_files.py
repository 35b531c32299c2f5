"""Entries of banks as lines of a file: read one by one with what is wrong with each, and written.

Three formats: `ndjson`, one object a line with all that an entry has; `csv`, with a header of the
same names; `threatexchange`, lines of `KIND VALUE` with the kinds of ThreatExchange's tools.
Reading is idempotent: a line is known by its `id`, or else by what is on it, and is taken once.
"""

import base64
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from fieldfare.engine.already_held import add_once
from fieldfare.engine.banks import KnownPiece, the_bank
from fieldfare.engine.unit import UnitOfWork
from fieldfare.engine.word_entries import known_piece
from fieldfare.ingest.nul import NUL
from fieldfare.kernel import BadInput, JsonValue, Org, digest
from fieldfare.matching import MIN_QUALITY, hex_of
from fieldfare.matching.exchanges.signals import (
    Signal,
    SignalKind,
    VpdqFrame,
    kind_named,
    read_vpdq,
    signal_of,
    write_vpdq,
)
from fieldfare.matching.features import unpack_features
from fieldfare.matching.fingerprints import WHOLE, FrameTable, pack_plain, unpack_frames
from fieldfare.matching.repositories import (
    IMPORTED,
    BankEntryRecord,
    EntryHashes,
    EntryKeys,
    EntryKind,
)
from fieldfare.matching.sound import unpack_sound

GOOD: Final = 100
"""The quality of a hash of which nobody told it."""
MAX_TOLD: Final = 100
MAX_WORDS: Final = 1_000
MAX_LABEL: Final = 200
COLUMNS: Final = (
    "id", "kind", "label", "sha256", "md5", "frames", "content", "note", "labels", "seconds",
    "sound", "features",
)  # fmt: skip
_SIGNALS: Final = {
    "sha256": SignalKind.SHA256,
    "md5": SignalKind.MD5,
    "pdq": SignalKind.PDQ,
    "vpdq": SignalKind.VPDQ,
    "text": SignalKind.TEXT,
    "url": SignalKind.URL,
}
_NAMES: Final = ("signal", "value", "hash", "indicator")
_KINDS: Final = ("signal_type", "type")


class BankFormat(StrEnum):
    NDJSON = "ndjson"
    CSV = "csv"
    THREATEXCHANGE = "threatexchange"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """Why a line was not taken. line: its number, from 1."""

    line: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What some lines came to: entries added, lines known before, and lines that cannot be read.

    problems: of the first MAX_TOLD of those that failed.
    """

    added: int = 0
    known: int = 0
    failed: int = 0
    problems: tuple[LineProblem, ...] = ()

    def plus(self, more: "Taken") -> "Taken":
        return Taken(
            added=self.added + more.added,
            known=self.known + more.known,
            failed=self.failed + more.failed,
            problems=(*self.problems, *more.problems)[:MAX_TOLD],
        )


class LineReader:
    """Reads lines of one file in order. line: the number of the next, from 1."""

    def __init__(self, form: BankFormat, *, first_line: int = 1, header: str = "") -> None:
        self._form = form
        self._header = _cells(header) if header else None
        self.line = first_line

    def pieces(self, lines: Iterable[str]) -> Iterator[KnownPiece | LineProblem]:
        """Give what each line that is not empty holds, or what is wrong with it."""
        for text in lines:
            number, self.line = self.line, self.line + 1
            line = text.strip("\r\n\ufeff")
            if not line.strip() or line.startswith("#"):
                continue
            if self._form is BankFormat.CSV and self._header is None:
                self._header = [name.strip().lower() for name in _cells(line)]
                continue
            try:
                yield piece_of_row(self._row(line))
            except BadInput as error:
                yield LineProblem(
                    line=number, detail=f"{error.message.rstrip('.')}. {error.hint}".strip()
                )

    def _row(self, line: str) -> Mapping[str, JsonValue]:
        if self._form is BankFormat.THREATEXCHANGE:
            kind, _, value = line.strip().partition(" ")
            return {"signal_type": kind, "signal": value}
        if self._form is BankFormat.CSV:
            return dict(zip(self._header or (), _cells(line), strict=False))
        try:
            return msgspec.json.decode(line, type=dict[str, JsonValue])
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            hint = "Write one JSON object a line."
            raise BadInput(f"no JSON object: {error}.", hint=hint) from None


def take_pieces(
    uow: UnitOfWork, org: Org, bank: str, read: Sequence[KnownPiece | LineProblem], *, by: str
) -> Taken:
    """Add what was read to a bank, once each. Raises NotFound if there is no such bank."""
    the_bank(uow, org, bank)
    problems = tuple(each for each in read if isinstance(each, LineProblem))
    pieces: dict[str, KnownPiece] = {}
    for piece in read:
        if not isinstance(piece, LineProblem):
            pieces.setdefault(piece.source_id, piece)
    keys = EntryKeys(source=IMPORTED, source_ids=[*pieces])
    held = {entry.source_id for entry in uow.entry_pages.of_keys(org, bank, keys)}
    fresh = [piece for source_id, piece in pieces.items() if source_id not in held]
    added = sum(placed.is_new for placed in add_once(uow, org, bank, fresh, by=by))
    return Taken(
        added=added,
        known=len(read) - len(problems) - added,
        failed=len(problems),
        problems=problems[:MAX_TOLD],
    )


def piece_of_row(row: Mapping[str, JsonValue]) -> KnownPiece:
    """Make a piece of one line. Raises BadInput, saying what is wrong and how to mend it."""
    found = _known_by(row)
    labels = row.get("labels", row.get("tags"))
    words = labels if isinstance(labels, list) else _text(labels).split(",")
    named = _text(row.get("id"))
    if len(named) > MAX_LABEL:
        raise BadInput("its id is too long.", hint=f"At most {MAX_LABEL} characters.")
    return KnownPiece(
        kind=found.kind,
        sha256=found.sha256,
        md5=found.md5,
        content=found.content,
        frames=found.frames,
        hashes=found.hashes,
        label=_text(row.get("label"))[:MAX_LABEL],
        note=_text(row.get("note"))[:MAX_WORDS],
        labels=tuple(filter(None, (_text(word).strip()[:100] for word in words)))[:50],
        seconds=_seconds(row.get("seconds")),
        source=IMPORTED,
        source_id=named or _named_by(found),
    )


def written(entry: BankEntryRecord, hashes: EntryHashes, form: BankFormat) -> Iterator[str]:
    """Write an entry as lines, without their ends; of csv without the header."""
    if form is BankFormat.THREATEXCHANGE:
        for signal in signals_of(entry, hashes):
            yield f"{signal.kind.value} {signal.value}"
        return
    row: dict[str, JsonValue] = {
        "id": entry.source_id if entry.source == IMPORTED else str(entry.id),
        "kind": entry.kind.value,
        "label": entry.label,
        "sha256": entry.sha256 if entry.kind is EntryKind.MEDIA else "",
        "md5": entry.md5,
        "frames": _frames_written(hashes),
        "content": entry.content,
        "note": entry.note,
        "labels": ",".join(entry.labels),
        "seconds": entry.seconds or "",
        "sound": base64.b64encode(hashes.sound).decode(),
        "features": base64.b64encode(hashes.features).decode(),
    }
    if form is BankFormat.CSV:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([_flat(row[name]) for name in COLUMNS])
        yield line.getvalue()
    else:
        kept = {name: value for name, value in row.items() if value != ""}
        yield msgspec.json.encode(kept).decode()


def header(form: BankFormat) -> str:
    """Give the first line of a file, "" for a format that has none."""
    return ",".join(COLUMNS) if form is BankFormat.CSV else ""


def signals_of(entry: BankEntryRecord, hashes: EntryHashes) -> Iterator[Signal]:
    """Give an entry's hashes as ThreatExchange names them: many frames as one vPDQ hash."""
    if entry.kind is EntryKind.TEXT:
        yield Signal(SignalKind.TEXT, " ".join(entry.content.split()))
    elif entry.kind is EntryKind.URL:
        yield Signal(SignalKind.URL, entry.content)
    else:
        for kind, value in ((SignalKind.SHA256, entry.sha256), (SignalKind.MD5, entry.md5)):
            if value:
                yield Signal(kind, value)
        frames = _vpdq(hashes)
        if len(frames) == 1:
            yield Signal(SignalKind.PDQ, frames[0].hex)
        elif frames:
            yield Signal(SignalKind.VPDQ, write_vpdq(frames))


def _known_by(row: Mapping[str, JsonValue]) -> KnownPiece:
    """Read what an entry of a line is known by, from columns or from a kind and a value."""
    values = {name: row[name] for name in (*_SIGNALS, "frames", "content") if row.get(name)}
    named = next((_text(row[name]) for name in _KINDS if row.get(name)), "")
    value = next((row[name] for name in _NAMES if row.get(name)), None)
    if named and value is not None:
        values[_column(kind_named(named))] = value
    kind = _text(row.get("kind"))
    if values.get("content") and kind in {"text", "url"}:
        values[kind] = values.pop("content")
    for word in ("text", "url"):
        if values.get(word):
            return known_piece(_text(values[word]), is_url=word == "url")
    packed, frames = _frames(values)
    sha256 = _checked(SignalKind.SHA256, values.get("sha256"))
    md5 = _checked(SignalKind.MD5, values.get("md5"))
    if not (sha256 or md5 or frames):
        hint = "Give sha256, md5, pdq, vpdq, text or url, or signal_type and signal."
        raise BadInput("nothing to be known by.", hint=hint)
    hashes = EntryHashes(
        frames=packed,
        sound=_bytes(row.get("sound"), unpack_sound),
        features=_bytes(row.get("features"), unpack_features),
    )
    return KnownPiece(sha256=sha256, md5=md5, frames=frames, hashes=hashes)


def _column(kind: SignalKind) -> str:
    column = next((name for name, of in _SIGNALS.items() if of is kind), "")
    if not column:
        hint = f"Known are {', '.join(of.value for of in _SIGNALS.values())}."
        raise BadInput(f"{kind.value} is not matched by.", hint=hint)
    return column


def _frames(values: Mapping[str, JsonValue]) -> tuple[bytes, int]:
    """Read `pdq` (hashes a second apart) and `vpdq` or `frames` (hash, quality, seconds).

    Out flow the packed frames that are good enough to compare, and how many there are.
    """
    rows: list[VpdqFrame] = []
    told = values.get("frames", values.get("vpdq"))
    if told:
        text = told if isinstance(told, str) else msgspec.json.encode(told).decode()
        rows += read_vpdq(text if text.startswith("[") else _as_list(text))
    pdq = values.get("pdq")
    plain = pdq if isinstance(pdq, list) else _text(pdq).replace(";", " ").split()
    for number, each in enumerate(plain):
        rows.append(VpdqFrame(signal_of(SignalKind.PDQ, _text(each)).value, GOOD, float(number)))
    good = [row for row in rows if row.quality >= MIN_QUALITY]
    if not good:
        return b"", 0
    bits = [bytes.fromhex(row.hex) for row in good]
    return pack_plain([row.t for row in good], bits, [row.quality for row in good]), len(good)


def _as_list(text: str) -> str:
    return msgspec.json.encode(text.split(";")).decode()


def _vpdq(hashes: EntryHashes, *, whole: bool = True) -> list[VpdqFrame]:
    """Give the frames of an entry. whole: whole pictures alone, as other tools hash them."""
    table = unpack_frames(hashes.frames) if hashes.frames else FrameTable.empty()
    if whole:
        table = table.chosen(table.window == WHOLE)
    return [
        VpdqFrame(hex_of(row), int(quality), float(t))
        for row, quality, t in zip(table.bits, table.quality, table.t, strict=True)
    ]


def _frames_written(hashes: EntryHashes) -> JsonValue:
    return [f"{each.hex},{each.quality},{each.t:.3f}" for each in _vpdq(hashes, whole=False)] or ""


def _flat(value: JsonValue) -> str:
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


def _named_by(piece: KnownPiece) -> str:
    """Name a line that has no id by what is on it."""
    hashes = piece.hashes
    told = [piece.kind.value, piece.sha256, piece.md5, piece.content, hashes.frames.hex()]
    return digest([*told])


def _checked(kind: SignalKind, value: JsonValue) -> str:
    return signal_of(kind, _text(value)).value if value else ""


def _bytes(value: JsonValue, read: Callable[[bytes], object]) -> bytes:
    """Read sound or features, and see that they can be read: indexes are made of them later."""
    if not value:
        return b""
    try:
        told = base64.b64decode(_text(value), validate=True)
    except ValueError:
        raise BadInput("sound or features are not base64.", hint="Leave them out.") from None
    if told:
        read(told)
    return told


def _seconds(value: JsonValue) -> float:
    try:
        seconds = float(_text(value) or 0)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 1_000_000:  # noqa: PLR2004  # no film lasts eleven days
        raise BadInput("seconds is no length of time.", hint="Write a number.")
    return seconds


def _text(value: JsonValue) -> str:
    text = "" if value is None else str(value)
    if NUL in text:
        raise BadInput("it has the character U+0000.", hint="Leave it out.")
    return text


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])
