"""Who would see what: one plan of impressions, played with the platform and reckoned without it.

In: the postings. Out: showings, one for each group of viewers and tick. Attention to a video starts
at its own strength and halves every twelve hours; a comment is seen by a part of who sees its
video.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldfare.simulator.chance import chance
from fieldfare.simulator.community import MINUTES, TICK_MIN, Posting, Showing

HALVING_TICKS: Final = 12 * 60 // TICK_MIN
VIDEO_TICKS: Final = 36 * 60 // TICK_MIN
COMMENT_TICKS: Final = 12 * 60 // TICK_MIN
PER_CENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Viewers of one age band and market. share: of an item's views, in per cent."""

    age_band: str
    market: str
    share: int


GROUPS: Final = (
    Group(age_band="18_plus", market="DE", share=45),
    Group(age_band="18_plus", market="US", share=35),
    Group(age_band="13_15", market="DE", share=20),
)


def showings(seed: int, postings: Sequence[Posting]) -> Iterator[Showing]:
    """Plan what each group would be shown in each tick, in order of time."""
    strength = {p.name: _strength(seed, p) for p in postings}
    parents = {p.host_id: p for p in postings if p.kind == "video"}
    for minute in range(TICK_MIN, MINUTES + TICK_MIN, TICK_MIN):
        seen = {}
        for posting in postings:
            views = _views_at(minute, posting, strength, parents)
            if views:
                seen[posting.name] = views
        for group in GROUPS:
            shares = {name: views * group.share // PER_CENT for name, views in seen.items()}
            shown = {name: views for name, views in shares.items() if views}
            if shown:
                yield Showing(
                    minute=minute, age_band=group.age_band, market=group.market, views=shown
                )


def _strength(seed: int, posting: Posting) -> int:
    """Draw a video's views in its first tick, or the per cent of them that a comment gets.

    Adversaries have few followers, and a flood of comments sinks to the bottom.
    """
    draw = chance(seed, "strength", posting.kind, posting.host_id)
    if posting.kind == "comment":
        return draw.randint(1, 3) if posting.how in {"burst", "flood"} else draw.randint(5, 25)
    return round(40 * 2 ** draw.uniform(0, 3 if posting.truth else 5))


def _views_at(
    minute: int,
    posting: Posting,
    strength: Mapping[tuple[str, str], int],
    parents: Mapping[str, Posting],
) -> int:
    age = (minute - posting.minute) // TICK_MIN
    if minute < posting.minute:
        return 0
    if posting.kind == "video":
        faded: int = strength[posting.name] // 2 ** (age // HALVING_TICKS)
        return faded if age < VIDEO_TICKS else 0
    if age >= COMMENT_TICKS:
        return 0
    return (
        _views_at(minute, parents[posting.parent], strength, parents)
        * strength[posting.name]
        // PER_CENT
    )
