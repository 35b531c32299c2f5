"""Pictures of a match: pairs of frames side by side, blurred, their hashes, and when they are."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from fieldfare.matching.fingerprints import FrameTable, Stills
from fieldfare.matching.matches import BankMatch
from fieldfare.matching.voting import Pair

SIDE: Final = 16
RAIL: Final = 1000
_SAME_S: Final = 0.002
"""Times of rows are kept in ms."""
_NEAR_S: Final = 1.5
"""A still shows a frame if it is no further from it."""
_SHAPES_PX: Final = 20
_SHOWN_PX: Final = 180
_QUALITY: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A hash as 16 by 16 squares: `d` attributes of paths. set: its bits; differ: those that the
    other hash of the pair has otherwise.
    """

    set: str
    differ: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A blurred picture. number: which of those kept; t: of which moment, in seconds; None: not
    known. address: a path here, or a data URI.
    """

    number: int
    t: float | None
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The pictures that are kept of one side. times: in seconds, None where not known.

    address: gives where a blurred one is, by its number.
    """

    times: Sequence[float | None]
    address: Callable[[int], str]

    def nearest(self, t: float) -> Shown | None:
        """Show the picture nearest to a moment; None: none is of that moment.

        A lone picture stands for all of what it was taken of: nothing in it moved.
        """
        near = [
            (abs(each - t), number) for number, each in enumerate(self.times) if each is not None
        ]
        if len(self.times) == 1:
            near = [(0.0, 0)]
        away, number = min(near, default=(_NEAR_S + 1, 0))
        if away > _NEAR_S:
            return None
        return Shown(number=number, t=self.times[number], address=self.address(number))


NO_PICTURES: Final = Pictures(times=(), address=str)


def of_stills(stills: Stills | None) -> Pictures:
    """Give the pictures of a file that was just looked at; nothing keeps them but the page."""
    if stills is None:
        return NO_PICTURES
    return Pictures(times=stills.t.tolist(), address=lambda n: blurred(stills.pixels[n]))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairPicture:
    """A frame of what was asked about beside one of the entry. Times in seconds.

    query, reference: grids of both hashes, None where they are not shown. query_still,
    reference_still: a blurred picture of each moment, None where none is kept.
    """

    t_query: float
    t_reference: float
    distance: int | None
    agreeing: int
    query: Grid | None
    reference: Grid | None
    query_still: Shown | None
    reference_still: Shown | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rails:
    """When the file shows the entry, both on a scale of 0..1000.

    query, reference: (start, width) of the matched stretches. ties: (in the file, in the entry) of
    the pairs. query_s, reference_s: how long both scales are.
    """

    query: tuple[tuple[int, int], ...]
    reference: tuple[tuple[int, int], ...]
    ties: tuple[tuple[int, int], ...]
    query_s: float
    reference_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What both sides of a match are drawn from: hashes of frames, and pictures."""

    probes: FrameTable
    reference: FrameTable
    query_stills: Pictures
    reference_stills: Pictures


def pair_pictures(pairs: Sequence[Pair], sides: Sides | None) -> tuple[PairPicture, ...]:
    """Draw the pairs of a match. sides: None where nothing may be shown but the numbers."""
    return tuple(_picture(pair, sides) for pair in pairs)


def rails(match: BankMatch, query_s: float, reference_s: float) -> Rails | None:
    """Draw when a match is; None where there is no time to speak of."""
    if query_s <= 0 or not match.spans:
        return None
    # A file that repeats an entry, or stands still, goes on beyond the entry's end: it does not.
    ends = [] if reference_s else [match.offset_s + match.speed * s.end for s in match.spans]
    whole_s = max([reference_s, *ends, *(pair.t_reference for pair in match.pairs), 0.1])

    def there(t: float) -> float:
        return match.offset_s + match.speed * t

    return Rails(
        query=tuple(_stretch(span.start, span.end, query_s) for span in match.spans),
        reference=tuple(
            _stretch(there(span.start), there(span.end), whole_s)
            for span in match.spans
            if there(span.start) < whole_s and there(span.end) > 0
        ),
        ties=tuple(
            (_place(pair.t_query, query_s), _place(pair.t_reference, whole_s))
            for pair in match.pairs
        ),
        query_s=query_s,
        reference_s=whole_s,
    )


def grid_of(bits: NDArray[np.uint8], other: NDArray[np.uint8]) -> Grid:
    """Draw a hash beside another. bits, other: (32,) uint8."""
    return Grid(set=_squares(_cells(bits)), differ=_squares(_cells(bits ^ other)))


def blurred(pixels: NDArray[np.uint8]) -> str:
    """Write a grey picture as a small JPEG, all shapes and no features: a data URI."""
    return data_uri(_blurred(Image.fromarray(pixels)))


def blurred_jpeg(jpeg: bytes) -> bytes:
    """Blur a picture that was kept here: all shapes and no features, as JPEG."""
    with Image.open(BytesIO(jpeg)) as picture:
        return _blurred(picture.convert("L"))


def data_uri(jpeg: bytes) -> str:
    """Write a JPEG into a page itself, so that nothing keeps it but the page."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _blurred(whole: Image.Image) -> bytes:
    longer = max(whole.size)
    few = (max(1, whole.width * _SHAPES_PX // longer), max(1, whole.height * _SHAPES_PX // longer))
    size = (max(1, whole.width * _SHOWN_PX // longer), max(1, whole.height * _SHOWN_PX // longer))
    coarse = whole.resize(few, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(1))
    file = BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _picture(pair: Pair, sides: Sides | None) -> PairPicture:
    both = None if sides is None else _hashes(pair, sides)
    grids: tuple[Grid | None, Grid | None] = (None, None)
    if both is not None:
        grids = grid_of(*both), grid_of(*reversed(both))
    return PairPicture(
        t_query=pair.t_query,
        t_reference=pair.t_reference,
        distance=pair.distance,
        agreeing=pair.agreeing,
        query=grids[0],
        reference=grids[1],
        query_still=sides.query_stills.nearest(pair.t_query) if sides else None,
        reference_still=sides.reference_stills.nearest(pair.t_reference) if sides else None,
    )


def _hashes(pair: Pair, sides: Sides) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Find the two hashes that are as far apart as the pair says; None: one is not kept."""
    probes, known = sides.probes, sides.reference
    asked = np.flatnonzero(np.abs(probes.t - pair.t_query) < _SAME_S)
    there = np.flatnonzero(np.abs(known.t - pair.t_reference) < _SAME_S)
    apart = np.bitwise_count(probes.bits[asked][:, None] ^ known.bits[there][None]).sum(axis=2)
    found = np.argwhere(apart == pair.distance)
    if len(found) == 0:
        return None
    one, other = found[0]
    return probes.bits[asked[one]], known.bits[there[other]]


def _cells(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a hash out by frequency, (16, 16): the slow ones at the upper left."""
    return np.unpackbits(bits)[::-1].reshape(SIDE, SIDE)


def _squares(cells: NDArray[np.uint8]) -> str:
    return "".join(f"M{x} {y}h1v1h-1z" for y, x in zip(*map(_ints, np.nonzero(cells)), strict=True))


def _ints(values: NDArray[np.intp]) -> list[int]:
    return [int(value) for value in values]


def _place(t: float, whole_s: float) -> int:
    return min(RAIL, max(0, round(RAIL * t / whole_s)))


def _stretch(start: float, end: float, whole_s: float) -> tuple[int, int]:
    left = _place(start, whole_s)
    return left, max(4, _place(end, whole_s) - left)
