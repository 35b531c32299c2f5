"""Fingerprinting: a file goes in, what it is known or looked up by comes out.

The digests are of the bytes; frames, sound and stills are made in a sealed child. For a bank every
frame counts; for a query a few of them do, and decoding stops there.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np

from fieldfare.matching.fingerprints import Fingerprint, FrameTable, Stills, probes_of
from fieldfare.matching.sound import SoundPrint
from fieldfare.media import Examination, MediaLimits, MediaSandbox
from fieldfare.signals.files import digests_of, opened

Side = Literal["bank", "query"]

BANK_TAPS: Final = ("rows", "sound")
QUERY_TAPS: Final = ("probes", "sound")
QUERY_GAP_S: Final = 2.0
"""How far apart the samples of a query may be; docs/performance.md says what that finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprinted:
    """A fingerprint, and what the child said of the file. size: in bytes."""

    fingerprint: Fingerprint
    found: Examination
    size: int


class Fingerprinter:
    """Fingerprints files. Safe to use from several threads; a context manager.

    sandbox: to use in place of one of its own, which it then does not close.
    """

    def __init__(
        self, limits: MediaLimits | None = None, *, sandbox: MediaSandbox | None = None
    ) -> None:
        self._owns = sandbox is None
        self._sandbox = sandbox or MediaSandbox(limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes of its own sandbox."""
        if self._owns:
            self._sandbox.close()

    def take(
        self, source: Path | str | int, side: Side = "query", *, stills: bool = False
    ) -> Fingerprinted:
        """Fingerprint a path or an open descriptor, whose position is left alone.

        side: "bank" for every frame, "query" for few in all forms. stills: take pictures for local
        features too. What is wrong with the file is in `found.problem`. Raises NotFound if there is
        no such file and BadInput if it is not a regular one that can be read.
        """
        fd = opened(source)
        try:
            sha256, md5, size = digests_of(fd)
            taps = BANK_TAPS if side == "bank" else QUERY_TAPS
            found = self._examined(fd, size, (*taps, "stills") if stills else taps, side)
        finally:
            os.close(fd)
        fingerprint = fingerprint_of(found, sha256=sha256, md5=md5)
        return Fingerprinted(fingerprint=fingerprint, found=found, size=size)

    def _examined(self, fd: int, size: int, taps: tuple[str, ...], side: Side) -> Examination:
        most = self._sandbox.limits.size_bytes
        if size > most:
            return Examination(problem=f"it has {size} bytes, the limit is {most}")
        gap_s = QUERY_GAP_S if side == "query" else None
        return self._sandbox.examine(fd, taps=taps, gap_s=gap_s)


def fingerprint_of(found: Examination, *, sha256: str = "", md5: str = "") -> Fingerprint:
    """Make a fingerprint of what a child took: probes, else rows, else samples in all forms."""
    arrays = found.arrays
    stills = None
    if "stills.t" in arrays:
        stills = Stills(
            t=np.asarray(arrays["stills.t"], np.float64),
            pixels=np.asarray(arrays["stills.pixels"], np.uint8),
        )
    return Fingerprint(
        sha256=sha256,
        md5=md5,
        seconds=found.decoded_s,
        frames=_frames(found),
        sound=sound_of(found),
        stills=stills,
    )


def sound_of(found: Examination) -> SoundPrint | None:
    """Give what a child heard; None if nothing stands out of it, or it did not listen."""
    arrays = found.arrays
    if "sound.frame" not in arrays or not len(arrays["sound.frame"]):
        return None
    heard = np.asarray(arrays.get("heard.s", ()), np.float64)
    return SoundPrint(
        frame=np.asarray(arrays["sound.frame"], np.int32),
        bin=np.asarray(arrays["sound.bin"], np.int32),
        seconds=float(heard[0]) if len(heard) else found.decoded_s,
    )


def _frames(found: Examination) -> FrameTable:
    arrays = found.arrays
    if "probes.t" in arrays:
        return FrameTable(
            t=np.asarray(arrays["probes.t"], np.float64),
            bits=np.asarray(arrays["probes.bits"], np.uint8),
            quality=np.asarray(arrays["probes.quality"], np.uint8),
            form=np.asarray(arrays["probes.form"], np.uint8),
            window=np.asarray(arrays["probes.window"], np.uint8),
        )
    for tap in ("rows", "pdq"):
        if f"{tap}.t" in arrays:
            plain = FrameTable.of(
                np.asarray(arrays[f"{tap}.t"], np.float64),
                np.asarray(arrays[f"{tap}.bits"], np.uint8),
                np.asarray(arrays[f"{tap}.quality"], np.uint8),
            )
            if tap == "pdq":
                return probes_of(plain)
            return replace(plain, window=np.asarray(arrays["rows.window"], np.uint8))
    return FrameTable.empty()
