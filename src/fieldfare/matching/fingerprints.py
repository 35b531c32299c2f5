"""Fingerprints: what a file is looked up by, on the side of a bank and on the side of a query.

In: arrays as the sealed child made them. Out: one table of frame hashes, beside the digests of the
bytes, the sound and some small pictures. Both sides use the same table: rows of a bank are of form
0, probes come in several forms and windows, so that a turned or bordered copy meets its entry.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import BadInput
from fieldfare.matching.pdq import PDQ_BITS, PDQ_BYTES
from fieldfare.matching.sound import SoundPrint

FORMS: Final[Mapping[int, str]] = {
    0: "as it is",
    1: "mirrored",
    2: "mirrored top to bottom",
    3: "turned upside down",
    4: "mirrored along the diagonal",
    5: "turned a quarter clockwise",
    6: "turned a quarter counter-clockwise",
    7: "mirrored along the other diagonal",
}
"""What has been done to a picture before it was hashed: transposed if 4 is in the number, then
mirrored left to right if 1 is, then top to bottom if 2 is."""

WHOLE: Final = 0
"""The window that is the whole picture."""

UNBORDERED: Final = 1
"""The window that is left when borders are removed."""

INSET: Final = 2
"""A window that straight edges enclose: what is set into other pictures or a blurred ground."""

LOST_BORDERS, OTHER_BORDERS = 3, 4
"""Of a pair, not of a hash: the entry has borders that the file has not; or both have borders."""

_SIDE: Final = 16
_MAGIC: Final = b"FFT1"
_HEAD: Final = struct.Struct("<4sI")
_ROW_BYTES: Final = 8 + PDQ_BYTES + 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameTable:
    """Hashes of frames, side by side; all arrays are of one length n. Raises BadInput if not.

    t: (n,) float64, seconds from the start. bits: (n, 32) uint8. quality: (n,) uint8, 0..100.
    form: (n,) uint8, a key of FORMS. window: (n,) uint8, WHOLE, UNBORDERED or INSET.
    """

    t: NDArray[np.float64]
    bits: NDArray[np.uint8]
    quality: NDArray[np.uint8]
    form: NDArray[np.uint8]
    window: NDArray[np.uint8]

    def __post_init__(self) -> None:
        n = len(self.t)
        columns = (self.t, self.quality, self.form, self.window)
        if self.bits.shape != (n, PDQ_BYTES) or any(column.shape != (n,) for column in columns):
            raise BadInput("the columns of a table of frames are not of one length")
        if n and (int(self.form.max()) not in FORMS or not np.isfinite(self.t).all()):
            raise BadInput("a table of frames holds a form or a time that cannot be")

    def __len__(self) -> int:
        return len(self.t)

    @classmethod
    def empty(cls) -> Self:
        """Give the table without rows."""
        return cls.of(np.empty(0), np.empty((0, PDQ_BYTES), np.uint8), np.empty(0, np.uint8))

    @classmethod
    def of(
        cls,
        t: NDArray[np.float64],
        bits: NDArray[np.uint8],
        quality: NDArray[np.uint8],
        *,
        form: int = 0,
        window: int = WHOLE,
    ) -> Self:
        """Make a table of rows that are all of one form and window."""
        return cls(
            t=np.asarray(t, np.float64),
            bits=np.asarray(bits, np.uint8),
            quality=np.asarray(quality, np.uint8),
            form=np.full(len(t), form, np.uint8),
            window=np.full(len(t), window, np.uint8),
        )

    def chosen(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "FrameTable":
        """Give some rows, by positions or by a mask."""
        return FrameTable(
            t=self.t[rows],
            bits=self.bits[rows],
            quality=self.quality[rows],
            form=self.form[rows],
            window=self.window[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stills:
    """Small grey pictures of moments, for local features. Raises BadInput if lengths differ.

    t: (k,) float64, seconds. pixels: (k, h, w) uint8, upright, their long side at most 640.
    """

    t: NDArray[np.float64]
    pixels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.pixels.ndim != len(("k", "h", "w")) or len(self.pixels) != len(self.t):
            raise BadInput("stills and their moments are not of one number")

    def __len__(self) -> int:
        return len(self.t)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fingerprint:
    """All that a file can be recognised by.

    sha256, md5: lower-case hex, "" where only hashes are known. seconds: how long it plays, 0 for a
    picture. sound: None where there is none or it was not asked for; stills likewise.
    """

    sha256: str = ""
    md5: str = ""
    seconds: float = 0.0
    frames: FrameTable
    sound: SoundPrint | None = None
    stills: Stills | None = None


def joined(*tables: FrameTable) -> FrameTable:
    """Put tables one below the other."""
    if not tables:
        return FrameTable.empty()
    return FrameTable(
        t=np.concatenate([table.t for table in tables]),
        bits=np.concatenate([table.bits for table in tables]),
        quality=np.concatenate([table.quality for table in tables]),
        form=np.concatenate([table.form for table in tables]),
        window=np.concatenate([table.window for table in tables]),
    )


def pack_frames(table: FrameTable) -> bytes:
    """Write a table as bytes: a head, then column by column, little-endian. 43 bytes a row."""
    columns = (table.t.astype("<f8"), table.bits, table.quality, table.form, table.window)
    return _HEAD.pack(_MAGIC, len(table)) + b"".join(column.tobytes() for column in columns)


def pack_plain(t: Sequence[float], bits: Sequence[bytes], quality: Sequence[int]) -> bytes:
    """Write rows of form 0 of whole pictures as `pack_frames` does, without making a table.

    For many small ones: a table costs fifty times as much as its row. t: s, finite; bits: 32 bytes
    each; quality: 0..100. Raises BadInput if they are not of one length.
    """
    n = len(t)
    joined_bits = b"".join(bits)
    if len(joined_bits) != n * PDQ_BYTES or len(quality) != n:
        raise BadInput("the columns of a table of frames are not of one length")
    head = _HEAD.pack(_MAGIC, n) + struct.pack(f"<{n}d", *t)
    return head + joined_bits + bytes(quality) + bytes(2 * n)


def unpack_frames(data: bytes) -> FrameTable:
    """Read what `pack_frames` wrote. Raises BadInput for anything else."""
    return _unpack_alike([data])


def unpack_each(packed: Sequence[bytes]) -> tuple[FrameTable, NDArray[np.intp]]:
    """Read many tables as one, in their order, and say how many rows each has: (n,).

    b"" is a table without rows. Those of one length are read at once: a hundred thousand of one row
    in a tenth of a second. Raises BadInput as `unpack_frames`.
    """
    sizes = np.fromiter(map(len, packed), np.intp, len(packed))
    counts = np.maximum(sizes - _HEAD.size, 0) // _ROW_BYTES
    starts = np.cumsum(counts) - counts
    by_size = np.argsort(sizes, kind="stable")
    by_size = by_size[np.searchsorted(sizes[by_size], 1) :]
    cuts = np.flatnonzero(np.diff(sizes[by_size])) + 1
    tables, places = [], [np.empty(0, np.intp)]
    for alike in np.split(by_size, cuts) if len(by_size) else []:
        tables.append(_unpack_alike([packed[place] for place in alike.tolist()]))
        places.append((starts[alike, None] + np.arange(counts[alike[0]])).reshape(-1))
    table = joined(*tables)
    return (table if len(tables) <= 1 else table.chosen(np.argsort(np.concatenate(places)))), counts


def _unpack_alike(packed: Sequence[bytes]) -> FrameTable:
    """Read one table or more that are of one length, as one."""
    size = len(packed[0])
    n = max(size - _HEAD.size, 0) // _ROW_BYTES
    if size != _HEAD.size + n * _ROW_BYTES:
        raise BadInput("a table of frames is cut short, or these bytes are none")
    k = len(packed)
    raw = np.frombuffer(b"".join(packed), np.uint8).reshape(k, size)
    if (raw[:, : _HEAD.size] != np.frombuffer(_HEAD.pack(_MAGIC, n), np.uint8)).any():
        raise BadInput("these bytes are no table of frames, or not all of one")
    t, bits, last = np.split(raw[:, _HEAD.size :], [8 * n, (8 + PDQ_BYTES) * n], axis=1)
    quality, form, window = last.reshape(k, 3, n).transpose(1, 0, 2).reshape(3, k * n)
    return FrameTable(
        t=np.ascontiguousarray(t).reshape(-1).view("<f8").astype(np.float64),
        bits=bits.reshape(-1, PDQ_BYTES),
        quality=quality,
        form=form,
        window=window,
    )


def forms_of(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Work out the hashes of all eight forms of pictures of which only the hash is known.

    bits: (n, 32). Returns (n, 8, 32), by the number of the form. Mirroring negates the odd
    frequencies of a cosine transform, and transposing transposes it. A bit says whether a
    coefficient is above the median, which is near 0; so a negated coefficient is an inverted bit.
    Only nearly: the median is not quite 0, and PDQ samples a picture a pixel off its mirror image.
    Of frames at hand 6 to 24 bits of 256 differ from hashing the turned picture, so whoever has the
    picture hashes all its forms instead. Source: Facebook, "The TMK+PDQF Video-Hashing Algorithm
    and the PDQ Image-Hashing Algorithm" (2019), on dihedral hashes.
    """
    plain = np.unpackbits(bits.reshape(-1, PDQ_BYTES), axis=1)[:, ::-1].reshape(-1, _SIDE, _SIDE)
    odd = (np.arange(1, _SIDE + 1) % 2).astype(np.uint8)
    grids = []
    for form in FORMS:
        grid = plain.transpose(0, 2, 1) if form & 4 else plain
        across, down = odd * (form & 1), odd * (form >> 1 & 1)
        grids.append(grid ^ across[None, None, :] ^ down[None, :, None])
    flat = np.stack(grids, axis=1).reshape(-1, len(FORMS), PDQ_BITS)
    return np.packbits(flat[:, :, ::-1], axis=2)


def probes_of(table: FrameTable) -> FrameTable:
    """Give the rows of form 0 in all eight forms: for a lookup by hashes alone."""
    plain = table.chosen(table.form == 0)
    turned = forms_of(plain.bits)
    each = np.repeat(np.arange(len(plain)), len(FORMS))
    spread = plain.chosen(each)
    return FrameTable(
        t=spread.t,
        bits=turned.reshape(-1, PDQ_BYTES),
        quality=spread.quality,
        form=np.tile(np.arange(len(FORMS), dtype=np.uint8), len(plain)),
        window=spread.window,
    )
