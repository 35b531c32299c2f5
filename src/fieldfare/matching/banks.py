"""Banks: collections of known content, and what of a file is in them.

In: a file's digests and frame hashes. Out: at most one BankMatch for each bank, its best, with the
evidence: which entry, how near, which stretches. No store here: whoever has one builds a BankIndex.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import Span
from fieldfare.matching.fingerprints import FrameTable
from fieldfare.matching.flat import FlatIndex, Hits
from fieldfare.matching.pdq import MIN_QUALITY, PDQ_BYTES, RADIUS, FrameHash, row_of

DECIDED_BANK: Final = "_decided"
"""The bank of content this organisation has decided on itself; each entry has its own policy."""

Means = Literal["sha256", "md5", "pdq"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """A collection of content that breaks `policy`. vetted: people checked every entry.

    radius: of 256 bits. min_quality: frames below it are too plain to match, 0..100.
    """

    name: str
    policy: str
    vetted: bool = False
    radius: int = RADIUS
    min_quality: int = MIN_QUALITY


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEntry:
    """One known file, by its digests and the PDQ of its frames (hex). label: where it is from.

    policy: in place of the bank's own; "" for the bank's.
    """

    id: str
    pdq: tuple[str, ...] = ()
    sha256: str = ""
    md5: str = ""
    label: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMatch:
    """The best match of a file in one bank.

    distance: bits between the nearest two hashes, 0 for equal bytes. frames: how many frames match
    any entry, of `of_frames` that were good enough to compare; share: their ratio. spans: when.
    """

    bank: str
    policy: str
    vetted: bool
    entry: str
    label: str
    means: Means
    distance: int
    frames: int
    of_frames: int
    share: float
    spans: tuple[Span, ...]


class BankIndex:
    """A bank with its entries, ready to be searched. Immutable: a changed bank is a new index.

    Raises BadInput if a hash of an entry is not 64 hex digits.
    """

    def __init__(self, bank: Bank, entries: Sequence[BankEntry]) -> None:
        self.bank = bank
        self._entries = tuple(entries)
        self._sha256 = {entry.sha256: entry for entry in entries if entry.sha256}
        self._md5 = {entry.md5: entry for entry in entries if entry.md5}
        self._owners = [entry for entry in entries for _ in entry.pdq]
        rows = [row_of(text) for entry in entries for text in entry.pdq]
        self._flat = FlatIndex(np.array(rows, np.uint8).reshape(-1, 32))

    def __len__(self) -> int:
        return len(self._entries)

    def match(
        self, frames: Sequence[FrameHash], *, sha256: str = "", md5: str = "", until_s: float = 0.0
    ) -> BankMatch | None:
        """Find the file in this bank: by its bytes, else by its frames. None if it is not there.

        until_s: when the file ends, which is when its last frame does.
        """
        good = [frame for frame in frames if frame.quality >= self.bank.min_quality]
        same = self._sha256.get(sha256) or self._md5.get(md5)
        if same is not None:
            means: Means = "sha256" if same.sha256 == sha256 and sha256 else "md5"
            whole = (Span(0.0, until_s),) if until_s > 0 else ()
            return self._made(same, means, distance=0, matched=len(good), of=len(good), spans=whole)
        if not good or not len(self._flat):
            return None
        hits = self._flat.search(np.array([row_of(f.hex) for f in good]), self.bank.radius)
        return self._nearest(frames, good, hits, until_s) if len(hits) else None

    def _nearest(
        self, frames: Sequence[FrameHash], good: Sequence[FrameHash], hits: Hits, until_s: float
    ) -> BankMatch:
        nearest = int(np.argmin(hits.distance))
        matched = np.unique(hits.query)
        return self._made(
            self._owners[int(hits.entry[nearest])],
            "pdq",
            distance=int(hits.distance[nearest]),
            matched=len(matched),
            of=len(good),
            spans=_spans(frames, {good[int(i)].t for i in matched}, until_s),
        )

    def _made(
        self,
        entry: BankEntry,
        means: Means,
        *,
        distance: int,
        matched: int,
        of: int,
        spans: tuple[Span, ...],
    ) -> BankMatch:
        return BankMatch(
            bank=self.bank.name,
            policy=entry.policy or self.bank.policy,
            vetted=self.bank.vetted,
            entry=entry.id,
            label=entry.label,
            means=means,
            distance=distance,
            frames=matched,
            of_frames=of,
            share=matched / of if of else 1.0,
            spans=spans,
        )


def match_frames(
    frames: Sequence[FrameHash],
    banks: Sequence[BankIndex],
    *,
    sha256: str = "",
    md5: str = "",
    until_s: float = 0.0,
) -> tuple[BankMatch, ...]:
    """Find a file in every bank: the best match of each, the weightiest first.

    Vetted before unvetted, then the nearer, then the larger share.
    """
    found = (bank.match(frames, sha256=sha256, md5=md5, until_s=until_s) for bank in banks)
    return tuple(
        sorted(
            (match for match in found if match is not None),
            key=lambda m: (not m.vetted, m.distance, -m.share, m.bank),
        )
    )


def hashes_of(
    t: NDArray[np.float64], bits: NDArray[np.uint8], quality: NDArray[np.uint8]
) -> tuple[FrameHash, ...]:
    """Make records of what the PDQ tap took. t: (n,) s; bits: (n, 32); quality: (n,)."""
    return tuple(
        FrameHash(t=round(float(at), 3), hex=row.tobytes().hex(), quality=int(good))
        for at, row, good in zip(t, bits, quality, strict=True)
    )


def table_of(frames: Sequence[FrameHash]) -> FrameTable:
    """Put records of hashes into one table, as they are and of the whole picture."""
    return FrameTable.of(
        np.array([frame.t for frame in frames], np.float64),
        np.array([row_of(frame.hex) for frame in frames], np.uint8).reshape(-1, PDQ_BYTES),
        np.array([frame.quality for frame in frames], np.uint8),
    )


def _spans(frames: Sequence[FrameHash], matched: set[float], until_s: float) -> tuple[Span, ...]:
    """Join neighbouring matched frames; each lasts until the next frame, the last until the end."""
    ends = [frame.t for frame in frames[1:]] + [max(until_s, frames[-1].t)]
    spans: list[Span] = []
    for frame, end in zip(frames, ends, strict=True):
        if frame.t not in matched:
            continue
        if spans and spans[-1].end == frame.t:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(frame.t, max(end, frame.t)))
    return tuple(spans)
