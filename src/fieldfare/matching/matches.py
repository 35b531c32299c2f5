"""What a match is made of: where an entry was seen in a file, and what that comes to for a bank.

In: what a stage of matching saw (Sighting). Out: at most one BankMatch a bank, with everything a
person needs to judge it: which entry, how near, how it was changed, which frames go together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import Span
from fieldfare.matching.fingerprints import (
    FORMS,
    INSET,
    LOST_BORDERS,
    OTHER_BORDERS,
    UNBORDERED,
    WHOLE,
)
from fieldfare.matching.pdq import RADIUS
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, EntryState, Polarity
from fieldfare.matching.voting import Pair

DECIDED_BANK: Final = "_decided"
"""The bank of content this organisation has decided on itself; each entry has its own policy."""

DECIDED_PREFIX: Final = f"{DECIDED_BANK}."
"""Banks of what was removed here are stored one a policy, and matched as one."""

Means = Literal["sha256", "md5", "pdq", "sound", "features", "text", "url"]
DIGESTS: Final = frozenset({"sha256", "md5"})
SPEED_UNKNOWN: Final = "speed not known"
PAIRS_SHOWN: Final = 8
_TURNED_LEAST: Final = 1.5
_SCALED_LEAST: Final = 0.08
_AROUND: Final = {
    UNBORDERED: "with borders",
    INSET: "set into other pictures or borders",
    LOST_BORDERS: "without its borders",
    OTHER_BORDERS: "with other borders",
}
_UNDONE: Final = {5: 6, 6: 5}
"""A copy to be turned clockwise was turned counter-clockwise; the others undo themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An entry, as one stage saw it in a file.

    distance: of 256 bits for frames, 0 for equal bytes; of what has no bits the farthest that may
    still match, so that frames come first. agreeing: details of frames that lie in the same places
    in the best pair. seconds: of the file that show it.
    reference_frames: distinct pictures of the entry. offset_s, speed: time in the entry is
    offset_s + speed x time in the file; is_speed_known: as in Timeline. form, window: as in
    FrameTable. scale: size of the entry's picture in the file's. turned: degrees clockwise.
    spans: where in the file.
    """

    owner: int
    means: Means
    distance: int = 0
    agreeing: int = 0
    seconds: float = 0.0
    reference_frames: int = 0
    offset_s: float = 0.0
    speed: float = 1.0
    is_speed_known: bool = True
    form: int = 0
    window: int = WHOLE
    scale: float = 1.0
    turned: float = 0.0
    pairs: tuple[Pair, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMatch:
    """The best match of a file in one bank.

    vetted: rules may act on it; never of a quarantined entry. distance: bits between the nearest
    two hashes, 0 for equal bytes, None where no hashes were compared (sound, features). frames: how
    many moments of the file match any entry, of `of_frames` that were good enough to compare;
    share: their ratio. spans: when. transform: how the copy was changed, in words. suppressed_by:
    the known good content that keeps this match from counting, as bank and entry; "" where nothing
    does. The rest as in Sighting.
    """

    bank: str
    policy: str
    vetted: bool
    entry: str
    label: str
    means: Means
    distance: int | None
    frames: int
    of_frames: int
    share: float
    spans: tuple[Span, ...]
    polarity: Polarity = Polarity.HARMFUL
    state: EntryState = EntryState.ACTIVE
    transform: str = "as it is"
    offset_s: float = 0.0
    speed: float = 1.0
    is_speed_known: bool = True
    seconds: float = 0.0
    reference_frames: int = 0
    agreeing: int = 0
    pairs: tuple[Pair, ...] = ()
    suppressed_by: str = ""

    @property
    def bits(self) -> int:
        """Give the distance to order by: what has none is as far as the farthest match."""
        return RADIUS if self.distance is None else self.distance

    @property
    def counts(self) -> bool:
        """Tell whether the match says that the file is harmful."""
        return self.polarity is Polarity.HARMFUL and not self.suppressed_by


def transform_words(seen: Sighting, *, has_length: bool = True) -> str:
    """Say how a copy was changed. has_length: of something that lasts, so that speed is a thing.

    What the pairs do not tell is not told: of few or still frames the speed is not known.
    """
    form, window, speed = seen.form, seen.window, seen.speed
    words = [] if form == 0 else [FORMS[_UNDONE.get(form, form)]]
    if window != WHOLE:
        words.append(_AROUND.get(window, "in part"))
    if abs(seen.turned) >= _TURNED_LEAST:
        way = "clockwise" if seen.turned > 0 else "counter-clockwise"
        words.append(f"turned {abs(seen.turned):.0f} degrees {way}")
    if abs(seen.scale - 1.0) > _SCALED_LEAST:
        words.append(f"at {seen.scale:.2f} times its size")
    if not seen.is_speed_known:
        return ", ".join([*(words or [FORMS[0]]), *([SPEED_UNKNOWN] if has_length else [])])
    if abs(speed - 1.0) > 0.02:  # noqa: PLR2004  # below it, frame rates differ and nothing more
        words.append(f"at {speed:.2f} times its speed")
    return ", ".join(words) or FORMS[0]


def match_of(
    bank: BankRecord,
    entry: BankEntryRecord,
    seen: Sighting,
    *,
    frames: int,
    of_frames: int,
    spans: tuple[Span, ...],
) -> BankMatch:
    """Make the match of a bank from its best sighting. frames, spans: of all its sightings."""
    return BankMatch(
        bank=shown_bank(bank),
        policy=bank.policy,
        vetted=bank.vetted and entry.state is EntryState.ACTIVE,
        entry=str(entry.id),
        label=entry.label,
        means=seen.means,
        distance=seen.distance if has_distance(seen.means) else None,
        frames=frames,
        of_frames=of_frames,
        share=frames / of_frames if of_frames else 1.0,
        spans=spans,
        polarity=bank.polarity,
        state=entry.state,
        transform=transform_words(seen, has_length=_lasts(seen, entry)),
        offset_s=round(seen.offset_s, 3),
        speed=seen.speed,
        is_speed_known=seen.is_speed_known,
        seconds=round(seen.seconds, 3),
        reference_frames=seen.reference_frames,
        agreeing=seen.agreeing,
        pairs=shown_pairs(seen.pairs),
    )


def _lasts(seen: Sighting, entry: BankEntryRecord) -> bool:
    return seen.seconds > 0 and (entry.seconds > 0 or entry.frames > 1)


def has_distance(means: str) -> bool:
    """Tell whether what was found so has a distance: of hashes in bits, of words in percent."""
    return means not in {"sound", "features"}


def shown_bank(bank: BankRecord) -> str:
    """Name the bank a match is in; those of decided content are one."""
    return DECIDED_BANK if bank.name.startswith(DECIDED_PREFIX) else bank.name


def shown_pairs(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Choose some pairs to look at: spread over the file, the nearest of each stretch."""
    if len(pairs) <= PAIRS_SHOWN:
        return tuple(pairs)
    parts = np.array_split(np.arange(len(pairs)), PAIRS_SHOWN)
    return tuple(min((pairs[int(i)] for i in part), key=_farness) for part in parts)


def _farness(pair: Pair) -> tuple[int, int]:
    return (RADIUS if pair.distance is None else pair.distance, -pair.agreeing)


def stretches(
    moments: NDArray[np.float64], matched: NDArray[np.float64], until_s: float
) -> tuple[Span, ...]:
    """Join neighbouring matched moments; each lasts until the next one, the last until the end.

    moments: all that were looked at, in order and each once; matched: some of them.
    """
    spans: list[Span] = []
    ends = np.append(moments[1:], max(until_s, float(moments[-1]))) if len(moments) else moments
    for start, end in zip(moments.tolist(), ends.tolist(), strict=True):
        if not np.any(matched == start):
            continue
        if spans and spans[-1].end == start:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(start, max(end, start)))
    return tuple(spans)


def by_weight(match: BankMatch) -> tuple[bool, bool, bool, int, float, str]:
    """Order matches, the weightiest first: what counts, then vetted, then of an entry in quarantine
    (rules hold that, and only ask about what nobody vetted), then the nearer, the larger share.
    """
    return (
        not match.counts,
        not match.vetted,
        match.state is not EntryState.QUARANTINED,
        match.bits,
        -match.share,
        match.bank,
    )
