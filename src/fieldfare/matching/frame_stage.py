"""Matching by frames: what the index finds near the probes of a file, voted into sightings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.fingerprints import Fingerprint, FrameTable
from fieldfare.matching.matches import Sighting, stretches
from fieldfare.matching.pdq import MIN_QUALITY, RADIUS
from fieldfare.matching.repositories import BankRecord
from fieldfare.matching.voting import Alignment, align

WIDEST: Final = 52
"""Beyond it every picture is near to some other."""

MOST_OWNERS: Final = 200
"""Entries voted on for one file; a picture that more entries share tells them not apart."""

Integers = NDArray[np.integer[Any]]
BankOf = Callable[[int], BankRecord | None]
"""Gives the bank of an entry by its id if it is to be asked, else None."""


class FoundRows(Protocol):
    """Rows near queries: (n,) columns. query: position; t_ms: when; distance: bits.

    cut: (k,) positions of queries that are near to more rows than are given.
    """

    @property
    def query(self) -> Integers: ...
    @property
    def owner(self) -> Integers: ...
    @property
    def t_ms(self) -> Integers: ...
    @property
    def variant(self) -> Integers: ...
    @property
    def distance(self) -> Integers: ...
    @property
    def cut(self) -> Integers: ...


class FrameSearch(Protocol):
    """An index of rows."""

    def search(self, bits: NDArray[np.uint8], radius: int = RADIUS) -> FoundRows:
        """Find the rows within `radius` bits of each query. bits: (m, 32) uint8.

        Of a picture that very many rows are near to it may give a part, and says so.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RowHits:
    """Found rows in the types that voting takes."""

    query: NDArray[np.intp]
    owner: NDArray[np.int64]
    t_ms: NDArray[np.uint32]
    variant: NDArray[np.uint8]
    distance: NDArray[np.int32]
    cut: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))

    @classmethod
    def of(cls, found: FoundRows) -> "RowHits":
        return cls(
            query=np.asarray(found.query, np.intp),
            owner=np.asarray(found.owner, np.int64),
            t_ms=np.asarray(found.t_ms, np.uint32),
            variant=np.asarray(found.variant, np.uint8),
            distance=np.asarray(found.distance, np.int32),
            cut=np.asarray(found.cut, np.intp),
        )

    def chosen(self, rows: NDArray[np.bool_]) -> "RowHits":
        return RowHits(
            query=self.query[rows],
            owner=self.owner[rows],
            t_ms=self.t_ms[rows],
            variant=self.variant[rows],
            distance=self.distance[rows],
            cut=self.cut,
        )

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesSeen:
    """What frames show. left_out: what was not compared, in words; nothing if all was."""

    sightings: tuple[Sighting, ...] = ()
    left_out: tuple[str, ...] = ()


def frame_sightings(
    rows: FrameSearch,
    fingerprint: Fingerprint,
    banks: Sequence[BankRecord],
    bank_of: BankOf,
    *,
    wider: int = 0,
) -> FramesSeen:
    """Find entries by the frames of a file, each under the radius and quality of its bank.

    banks: all that may be asked; bank_of: tells which is an entry's. wider: bits beyond each
    bank's radius, to see what nearly matched.
    """
    probes = fingerprint.frames
    probes = probes.chosen(probes.quality >= MIN_QUALITY)
    if not len(probes) or not banks:
        return FramesSeen()
    radius = min(max(bank.radius for bank in banks) + wider, WIDEST)
    hits = RowHits.of(rows.search(np.ascontiguousarray(probes.bits), radius))
    owners, left_out = _most_hit(hits)
    found: list[Sighting] = []
    for (most, quality), those in _by_thresholds(owners, bank_of).items():
        under = hits.chosen(np.isin(hits.owner, those))
        aligned = align(
            probes,
            under,
            max_distance=min(most + wider, WIDEST),
            min_quality=quality,
            until_s=fingerprint.seconds,
        )
        found += _sightings(aligned, probes, fingerprint.seconds)
    cut = _cut_words(np.unique(probes.t[hits.cut]), np.unique(probes.t))
    return FramesSeen(sightings=tuple(found), left_out=(*cut, *left_out))


def _cut_words(cut: NDArray[np.float64], moments: NDArray[np.float64]) -> tuple[str, ...]:
    if not len(cut):
        return ()
    said = f"at {len(cut)} of {len(moments)} moments the picture is near to more rows of banks"
    return (f"{said} than are compared, so further entries may match",)


def _most_hit(hits: RowHits) -> tuple[list[int], tuple[str, ...]]:
    """Name the entries that were hit; those hit most, and words of it, if they are too many."""
    owners, times = np.unique(hits.owner, return_counts=True)
    said: tuple[str, ...] = ()
    if len(owners) > MOST_OWNERS:
        all_of_them = f"frames are near to those of {len(owners)} entries"
        said = (f"{all_of_them}, of which the {MOST_OWNERS} met most often are compared",)
        owners = owners[np.argsort(-times, kind="stable")[:MOST_OWNERS]]
    return [int(owner) for owner in owners], said


def _by_thresholds(owners: Sequence[int], bank_of: BankOf) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for owner in owners:
        bank = bank_of(owner)
        if bank is not None:
            found.setdefault((bank.radius, bank.min_quality), []).append(owner)
    return found


def _sightings(
    aligned: Sequence[Alignment], probes: FrameTable, until_s: float
) -> Iterator[Sighting]:
    moments = np.unique(probes.t)
    for one in aligned:
        matched = np.array([pair.t_query for pair in one.pairs])
        yield Sighting(
            owner=one.owner,
            means="pdq",
            distance=one.distance,
            seconds=one.seconds,
            reference_frames=one.reference_frames,
            offset_s=one.offset_s,
            speed=one.speed,
            is_speed_known=one.is_speed_known,
            form=one.form,
            window=one.window,
            pairs=one.pairs,
            spans=stretches(moments, matched, until_s),
        )


def moments_matched(seen: Sequence[Sighting]) -> NDArray[np.float64]:
    """Give the moments of the file at which any of some sightings has a pair."""
    return np.unique([pair.t_query for one in seen for pair in one.pairs])


def good_moments(frames: FrameTable, min_quality: int) -> NDArray[np.float64]:
    """Give the moments of a file whose picture is good enough to compare."""
    return np.unique(frames.t[frames.quality >= max(min_quality, MIN_QUALITY)])
