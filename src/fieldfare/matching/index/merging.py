"""Which segments to merge, and how: many small ones make every search longer.

In: the segments served. Out: those to be made one, the biggest first. Sizes are kept falling by a
factor, so that their number grows with the logarithm of the rows, and each row is written anew as
often: at 10 million rows some five segments.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from fieldfare.matching.index.building import write_segment
from fieldfare.matching.index.rows import HashRows, joined
from fieldfare.matching.index.segment import MOST_ROWS
from fieldfare.matching.index.view import Served

FOLDED_ROWS: Final = 1 << 15
"""A segment below this is taken into the next flush: it costs less than to search it on its own."""

_FACTOR: Final = 3
_DEAD_SHARE: Final = 0.2


def due(segments: Sequence[Served]) -> tuple[Served, ...]:
    """Choose what to merge next; empty if nothing is to be gained.

    A segment smaller than `_FACTOR` times all smaller ones together is merged with them; one of
    whose rows a fifth is gone is written anew.
    """
    by_size = sorted(segments, key=len, reverse=True)
    smaller = sum(len(served) for served in by_size)
    for place, served in enumerate(by_size[:-1]):
        rows = smaller
        smaller -= len(served)
        if len(served) < _FACTOR * smaller and rows <= MOST_ROWS:
            return tuple(by_size[place:])
    worn = [served for served in by_size if served.dead > _DEAD_SHARE * len(served.segment)]
    return tuple(worn[:1])


def foldable(segments: Sequence[Served], busy: Collection[Path]) -> tuple[Served, ...]:
    """Choose the segments that a flush takes in, except those being merged already."""
    return tuple(
        served
        for served in segments
        if len(served.segment) < FOLDED_ROWS and served.segment.path not in busy
    )


def kept_rows(merged: Sequence[Served]) -> HashRows:
    """Read the rows that are left of segments, one after the other. Raises IndexDamaged."""
    for served in merged:
        served.segment.verify(entries=False)
    return joined([served.segment.kept(served.gone) for served in merged])


def write_in_parts(rows: HashRows, paths: Sequence[Path]) -> None:
    """Write one segment a path, of at most MOST_ROWS rows each."""
    for number, path in enumerate(paths):
        write_segment(path, rows.part(number * MOST_ROWS, (number + 1) * MOST_ROWS))
