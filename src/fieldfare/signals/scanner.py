"""The scanner: one file in, everything that is known of it out. It needs no server and no store.

It reads the bytes once for their digests, has them examined in a sealed child, and gathers the
facts of media, matching and the nudity model. Whatever is wrong with a file is a fact of it, never
an exception; an exception means that there is no file.
"""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from fieldfare.matching import BankMatch, FrameHash
from fieldfare.matching.sound import SoundPrint
from fieldfare.media import KINDS, Examination, Kind, MediaLimits, MediaSandbox, SandboxReport
from fieldfare.media.errand import DEFAULT_TAPS
from fieldfare.records import Fact
from fieldfare.signals.files import digests_of, opened
from fieldfare.signals.fingerprinting import Fingerprinted, Fingerprinter, Side, sound_of
from fieldfare.signals.hashes import (
    HASH_FACTS,
    NOBODY_ASKED,
    Asked,
    frame_hashes,
    hash_facts,
    inner_hashes,
)
from fieldfare.signals.media import MEDIA_FACTS, media_facts
from fieldfare.signals.nudity_model import NudityModel
from fieldfare.signals.stills import Still, dominant, stills_of
from fieldfare.signals.visual import VISUAL_FACTS, PictureModel, nudity_facts

SCAN_FACTS: Final = (*MEDIA_FACTS, *HASH_FACTS, *VISUAL_FACTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """All that one scan found.

    facts: one for every name in SCAN_FACTS. matches: the best of each bank, `_decided` included.
    pdq, inner: of the sampled frames, as they are and without their borders. sound: what the sound
    is known by, where it was listened to. dominant: position in stills of the most typical one.
    seconds: on the wall. cpu_s: of this thread and of the sealed child. report: the walls round
    that child; None if it did not get to run.
    """

    sha256: str
    md5: str
    size: int
    facts: tuple[Fact, ...]
    pdq: tuple[FrameHash, ...]
    inner: tuple[FrameHash, ...]
    sound: SoundPrint | None
    matches: tuple[BankMatch, ...]
    stills: tuple[Still, ...]
    dominant: int | None
    seconds: float
    cpu_s: float
    report: SandboxReport | None


class Scanner:
    """Scans files. Safe to use from several threads; a context manager that ends its processes.

    asked: what files are looked up in. workers: sealed children at one time.
    """

    def __init__(
        self,
        limits: MediaLimits | None = None,
        *,
        asked: Asked = NOBODY_ASKED,
        model: PictureModel | None = None,
        workers: int = 2,
    ) -> None:
        self._sandbox = MediaSandbox(limits)
        self._asked = asked
        self._model = model or NudityModel()
        self._places = threading.BoundedSemaphore(workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the sandbox's processes."""
        self._sandbox.close()

    def report(self) -> SandboxReport:
        """Tell which walls stand round a child here. Raises Unavailable if none can be started."""
        return self._sandbox.report()

    def scan(
        self,
        source: Path | str | int,
        *,
        kinds: tuple[Kind, ...] = KINDS,
        asked: Asked | None = None,
    ) -> ScanResult:
        """Scan a path or an open descriptor, whose position is left alone.

        kinds: of media that are acceptable here; another kind is not readable. asked: in place of
        the scanner's own, for an organisation that has others. Raises NotFound if there is no such
        file and BadInput if it is not a regular one that can be read.
        """
        started, cpu_started = time.monotonic(), time.thread_time()
        fd = opened(source)
        try:
            sha256, md5, size = digests_of(fd)
            found = self._examined(fd, size, kinds, (asked or self._asked).taps)
        finally:
            os.close(fd)
        of_hashes, matches = hash_facts(found, asked or self._asked, sha256=sha256, md5=md5)
        return ScanResult(
            sha256=sha256,
            md5=md5,
            size=size,
            facts=(*media_facts(found), *of_hashes, *nudity_facts(found, self._model)),
            pdq=frame_hashes(found),
            inner=inner_hashes(found),
            sound=sound_of(found),
            matches=matches,
            stills=stills_of(found),
            dominant=dominant(found),
            seconds=time.monotonic() - started,
            cpu_s=time.thread_time() - cpu_started + found.cpu_s,
            report=found.report,
        )

    def fingerprint(
        self, source: Path | str | int, side: Side, *, stills: bool = False
    ) -> Fingerprinted:
        """Fingerprint a file for a bank, or as a query at little cost. Raises as `scan` does."""
        with self._places:
            return Fingerprinter(sandbox=self._sandbox).take(source, side, stills=stills)

    def _examined(
        self, fd: int, size: int, kinds: tuple[Kind, ...], taps: tuple[str, ...]
    ) -> Examination:
        most = self._sandbox.limits.size_bytes
        if size > most:
            return Examination(problem=f"it has {size} bytes, the limit is {most}")
        with self._places:
            return self._sandbox.examine(fd, kinds=kinds, taps=(*DEFAULT_TAPS, *taps))
