"""The match debugger: what a file, a hash or a text matches, bank by bank, and what it just misses.

What is looked up flows in with what was found; a record of everything a person needs to see why
flows out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching.fingerprints import Fingerprint, FrameTable, unpack_frames
from fieldfare.matching.known import Explained
from fieldfare.matching.known_text import TextMatch, TextMatches
from fieldfare.matching.matches import BankMatch
from fieldfare.matching.pdq import MIN_QUALITY, hex_of
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.matching.thresholds import Asking
from fieldfare.policies import PolicyPack
from fieldfare.signals.fingerprinting import Fingerprinted
from fieldfare.web.console.views.match_pictures import (
    NO_PICTURES,
    PairPicture,
    Pictures,
    Rails,
    Sides,
    of_stills,
    pair_pictures,
    rails,
)

Of = Literal["", "file", "hash", "text"]
FRAMES_SHOWN: Final = 12
NEAR_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedFrame:
    t: float
    hex: str
    quality: int
    is_good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """What was asked about, and what it hashes to. problem: why it could not be looked at whole.

    of: what was given; name: of the file. good: frames with enough in them to compare.
    """

    of: Of
    name: str = ""
    size: int = 0
    sha256: str = ""
    md5: str = ""
    seconds: float = 0.0
    moments: int = 0
    good: int = 0
    frames: tuple[HashedFrame, ...] = ()
    problem: str = ""
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchLine:
    """A match, or what nearly is one; why: what it misses, nothing if it matches. path: of the
    entry, "" if it was taken out of its bank since. bank_path: "" if the bank went too.

    radius: of the bank, None where the distance is none of hashes. has_no_pictures: of a policy
    of which nothing is shown but numbers.
    """

    bank: str
    policy: str
    vetted: bool
    polarity: str
    state: str
    entry: str
    path: str
    bank_path: str
    label: str
    means: str
    distance: int | None
    agreeing: int
    radius: int | None
    transform: str
    offset_s: float
    speed: float
    seconds: float
    reference_frames: int
    frames: int
    of_frames: int
    suppressed_by: str
    has_no_pictures: bool
    pairs: tuple[PairPicture, ...]
    rails: Rails | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLine:
    """An entry that the text, or a URL in it, matches. start, end: where in the text."""

    bank: str
    policy: str
    vetted: bool
    is_good: bool
    path: str
    label: str
    means: str
    similarity: float
    found: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentBank:
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchView:
    """values: what stands in the forms. asked: how many banks were; silent: those that were not.

    hashed: None before anything was asked about. left_out: what was not compared, in words. error:
    what is wrong with what was typed.
    """

    values: Mapping[str, str]
    error: str
    hashed: Hashed | None
    left_out: tuple[str, ...]
    matches: tuple[MatchLine, ...]
    near: tuple[MatchLine, ...]
    words: tuple[WordLine, ...]
    asked: int
    silent: tuple[SilentBank, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about; name and size are of a file."""

    of: Of
    fingerprint: Fingerprint
    name: str = ""
    taken: Fingerprinted | None = None


def nothing_asked(
    values: Mapping[str, str], *, error: str = "", hashed: Hashed | None = None
) -> MatchView:
    return MatchView(
        values={"hash": "", "text": "", **values},
        error=error,
        hashed=hashed,
        left_out=(),
        matches=(),
        near=(),
        words=(),
        asked=0,
        silent=(),
    )


def match_view(
    uow: UnitOfWork,
    org: Org,
    question: Question,
    found: Explained,
    *,
    pack: PolicyPack,
    now_ms: int,
    values: Mapping[str, str],
) -> MatchView:
    """Show what a file or hashes match in each bank, and what nearly does."""
    banks = {bank.name: bank for bank in uow.banks.banks(org)}
    asking = Asking(at_ms=now_ms, item=question.fingerprint.sha256)
    silent = _silent(banks, asking)
    asked = question.fingerprint
    drawn = Drawing(
        uow=uow,
        org=org,
        banks=banks,
        pack=pack,
        frames=asked.frames,
        stills=of_stills(asked.stills),
        seconds=asked.seconds,
    )
    return MatchView(
        values={"hash": "", "text": "", **values},
        error="",
        hashed=hashed_of(question),
        left_out=found.left_out,
        matches=tuple(drawn.line(match) for match in found.matches),
        near=tuple(drawn.line(miss.match, miss.why) for miss in found.near[:NEAR_SHOWN]),
        words=(),
        asked=len(banks) - len(silent),
        silent=silent,
    )


def words_view(
    uow: UnitOfWork, org: Org, text: str, found: TextMatches, *, asking: Asking
) -> MatchView:
    """Show which entries a text, or the URLs in it, match."""
    banks = {bank.name: bank for bank in uow.banks.banks(org)}
    silent = _silent(banks, asking)
    lines = [
        _word_line(uow, org, text, match) for match in (*found.texts, *found.urls, *found.good)
    ]
    return MatchView(
        values={"hash": "", "text": text},
        error="",
        hashed=Hashed(of="text"),
        left_out=(),
        matches=(),
        near=(),
        words=tuple(dict.fromkeys(lines)),
        asked=len(banks) - len(silent),
        silent=silent,
    )


def _silent(banks: Mapping[str, BankRecord], asking: Asking) -> tuple[SilentBank, ...]:
    told = ((name, asking.silence_of(bank)) for name, bank in banks.items())
    return tuple(SilentBank(name=name, why=why) for name, why in told if why)


def hashed_of(question: Question) -> Hashed:
    """Say what something hashes to."""
    print_, taken = question.fingerprint, question.taken
    plain = print_.frames.chosen((print_.frames.form == 0) & (print_.frames.window == 0))
    return Hashed(
        of=question.of,
        name=question.name,
        size=taken.size if taken else 0,
        sha256=print_.sha256,
        md5=print_.md5,
        seconds=print_.seconds,
        moments=len(plain),
        good=int((plain.quality >= MIN_QUALITY).sum()),
        frames=tuple(
            HashedFrame(t=float(t), hex=hex_of(bits), quality=int(q), is_good=int(q) >= MIN_QUALITY)
            for t, bits, q in zip(
                plain.t[:FRAMES_SHOWN],
                plain.bits[:FRAMES_SHOWN],
                plain.quality[:FRAMES_SHOWN],
                strict=True,
            )
        ),
        problem=taken.found.problem if taken else "",
        cpu_s=taken.found.cpu_s if taken else 0.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What lines of matches are made from. frames, stills, seconds: of what was looked up."""

    uow: UnitOfWork
    org: Org
    banks: Mapping[str, BankRecord]
    pack: PolicyPack
    frames: FrameTable
    stills: Pictures
    seconds: float

    def line(self, match: BankMatch, why: Sequence[str] = ()) -> MatchLine:
        """Show a match, or what nearly is one and why it is none."""
        entry = self.uow.entries.get(self.org, EventId(int(match.entry)))
        bank = self.banks.get(entry.bank if entry else match.bank)
        sealed = not self.pack.may_picture(match.policy)
        return MatchLine(
            bank=match.bank,
            policy=match.policy,
            vetted=match.vetted,
            polarity=match.polarity.value,
            state=match.state.value,
            entry=match.entry,
            path=entry_path(entry.bank, match.entry) if entry else "",
            bank_path=bank_path(bank.name) if bank else "",
            label=match.label,
            means=match.means,
            distance=match.distance,
            agreeing=match.agreeing,
            radius=bank.radius if bank and match.means == "pdq" else None,
            transform=match.transform,
            offset_s=match.offset_s,
            speed=match.speed,
            seconds=match.seconds,
            reference_frames=match.reference_frames,
            frames=match.frames,
            of_frames=match.of_frames,
            suppressed_by=match.suppressed_by,
            has_no_pictures=sealed,
            pairs=pair_pictures(match.pairs, None if sealed else self._sides(match, entry)),
            rails=rails(match, self.seconds, entry.seconds if entry else 0.0),
            why=tuple(why),
        )

    def _sides(self, match: BankMatch, entry: BankEntryRecord | None) -> Sides:
        hashes = self.uow.entries.hashes(self.org, EventId(int(match.entry)))
        known = unpack_frames(hashes.frames) if hashes and hashes.frames else FrameTable.empty()
        return Sides(
            probes=self.frames,
            reference=known,
            query_stills=self.stills,
            reference_stills=_kept_of(entry),
        )


def _kept_of(entry: BankEntryRecord | None) -> Pictures:
    if entry is None:
        return NO_PICTURES
    path = entry_path(entry.bank, str(entry.id))
    return Pictures(
        times=[still.t for still in entry.stills], address=lambda n: f"{path}/stills/{n}"
    )


def bank_path(bank: str) -> str:
    return f"/banks/{quote(bank)}"


def entry_path(bank: str, entry: str) -> str:
    return f"{bank_path(bank)}/entries/{entry}"


def _word_line(uow: UnitOfWork, org: Org, text: str, match: TextMatch) -> WordLine:
    entry = uow.entries.get(org, EventId(match.entry))
    start, end = int(match.span.start), int(match.span.end)
    return WordLine(
        bank=match.bank,
        policy=match.policy,
        vetted=match.vetted,
        is_good=match.is_good,
        path=entry_path(entry.bank, str(match.entry)) if entry else "",
        label=match.label or (entry.content if entry else ""),
        means=match.means,
        similarity=match.similarity,
        found=match.found,
        words=text[start:end],
    )
