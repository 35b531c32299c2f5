"""What is added to a bank by hand: lines of hashes flow in, pieces or what is wrong flows out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from fieldfare.engine.bank_files import Taken
from fieldfare.engine.banks import KnownPiece, the_bank
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import Org
from fieldfare.matching.fingerprints import FrameTable, pack_frames
from fieldfare.matching.pdq import row_of
from fieldfare.matching.repositories import EntryHashes
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.views.bank_form import mark as _
from fieldfare.web.console.views.banks import BankLine, bank_line

MOST_LINES: Final = 10_000
_HEX: Final = re.compile(r"[0-9a-fA-F]+", re.ASCII)
_MD5: Final = 32
_SHA256: Final = 64
_UNTOLD_QUALITY: Final = 100

DIGESTS: Final = "digests"
PICTURES: Final = "pictures"
FRAMES: Final = "frames"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """What is wrong with a line, counted from 1; `text` is its beginning."""

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddView:
    """The page on which things are added to a bank. values: what was typed into it last."""

    bank: BankLine
    values: Mapping[str, str]
    errors: Mapping[str, str]
    problems: tuple[LineProblem, ...]
    keeps_stills: bool
    now: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed into the page, and what is wrong with it."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    problems: tuple[LineProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceLine:
    """An entry as a line of a file has it."""

    label: str
    kind: str
    digest: str
    content: str
    frames: int
    labels: tuple[str, ...]

    @classmethod
    def of(cls, piece: KnownPiece) -> Self:
        return cls(
            label=piece.label,
            kind=piece.kind.value,
            digest=piece.sha256 or piece.md5,
            content=piece.content,
            frames=piece.frames,
            labels=piece.labels,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """The page on which a file is imported. file: that was read, "" before one was.

    is_trial: nothing was added. readable: lines that hold an entry; added, known, failed: as in
    Taken. first: the first entries; problems: of the first lines that cannot be read.
    """

    bank: BankLine
    error: str = ""
    file: str = ""
    format: str = ""
    is_trial: bool = False
    readable: int = 0
    added: int = 0
    known: int = 0
    failed: int = 0
    first: tuple[PieceLine, ...] = ()
    problems: tuple[LineProblem, ...] = ()

    def with_file(
        self,
        file: str,
        *,
        format: str,  # noqa: A002  # the field's name
        is_trial: bool,
        readable: int,
        taken: Taken,
        first: tuple[PieceLine, ...],
    ) -> Self:
        return replace(
            self,
            file=file,
            format=format,
            is_trial=is_trial,
            readable=readable,
            added=taken.added,
            known=taken.known,
            failed=taken.failed,
            first=first,
            problems=tuple(
                LineProblem(line=each.line, text="", why=each.detail) for each in taken.problems
            ),
        )


def import_view(
    uow: UnitOfWork, org: Org, name: str, *, now_ms: int, error: str = ""
) -> ImportView:
    """Show the page before a file is read. Raises NotFound if there is no such bank."""
    bank = the_bank(uow, org, name)
    return ImportView(bank=bank_line(bank, 0, (), now_ms=now_ms), error=error)


NOTHING_TYPED: Final = Typed(values={}, errors={})
_BLANK: Final = dict.fromkeys(("hashes", "what", "label", "labels", "note", "content", "kind"), "")


def add_view(
    uow: UnitOfWork, org: Org, name: str, *, now_ms: int, typed: Typed = NOTHING_TYPED
) -> AddView:
    """Show the page. Raises NotFound if there is no such bank."""
    bank = the_bank(uow, org, name)
    return AddView(
        bank=bank_line(bank, 0, (), now_ms=now_ms),
        values={**_BLANK, "what": DIGESTS, "kind": "text", **typed.values},
        errors=typed.errors,
        problems=typed.problems,
        keeps_stills=bank.keeps_stills,
        now=Moment(now_ms),
    )


def pieces_of(
    text: str, what: str, *, label: str, labels: tuple[str, ...], note: str
) -> tuple[list[KnownPiece], tuple[LineProblem, ...]]:
    """Read hashes, one a line. what: DIGESTS (SHA-256 or MD5), PICTURES (an entry for each PDQ) or
    FRAMES (one entry of all, the frames of one video).
    """
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    problems = tuple(
        LineProblem(line=n, text=line[:40], why=why)
        for n, line in lines[: MOST_LINES + 1]
        if (why := _problem(line, what))
    )
    if len(lines) > MOST_LINES:
        n, line = lines[MOST_LINES]
        problems += (
            LineProblem(line=n, text=line[:40], why=_("More than 10000 lines: import a file.")),
        )
    if problems or not lines:
        return [], problems
    hashes = list(dict.fromkeys(line.lower() for _number, line in lines))
    shared = {"label": label, "labels": labels, "note": note}
    if what == FRAMES:
        return [_piece_of_frames(hashes, **shared)], ()  # type: ignore[arg-type]  # fields of a piece
    if what == PICTURES:
        return [_piece_of_frames([each], **shared) for each in hashes], ()  # type: ignore[arg-type]  # fields of a piece
    return [
        KnownPiece(
            sha256=each if len(each) == _SHA256 else "",
            md5=each if len(each) == _MD5 else "",
            label=label,
            labels=labels,
            note=note,
        )
        for each in hashes
    ], ()


def _problem(line: str, what: str) -> str:
    if not _HEX.fullmatch(line):
        return _("Only the digits 0-9 and a-f are taken.")
    if what == DIGESTS and len(line) not in {_MD5, _SHA256}:
        return _("A SHA-256 has 64 digits, an MD5 has 32.")
    if what != DIGESTS and len(line) != _SHA256:
        return _("A PDQ hash has 64 digits.")
    return ""


def _piece_of_frames(
    hashes: Sequence[str], *, label: str, labels: tuple[str, ...], note: str
) -> KnownPiece:
    bits = np.array([row_of(each) for each in hashes], np.uint8)
    # Moments nobody told: a second apart, so that frames are distinct.
    quality = np.full(len(bits), _UNTOLD_QUALITY, np.uint8)
    table = FrameTable.of(np.arange(len(bits), dtype=np.float64), bits, quality)
    return KnownPiece(
        label=label,
        labels=labels,
        note=note,
        frames=len(table),
        hashes=EntryHashes(frames=pack_frames(table)),
    )
