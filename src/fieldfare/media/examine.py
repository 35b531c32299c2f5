"""Examining: what a sealed child does with one file, from the descriptor to the written answer.

In: an open file, the limits, the names of taps. Out: one Answer with arrays. Whatever goes wrong
becomes a reason in the answer; what cannot even be answered shows in how the child ended.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from av.audio.frame import AudioFrame

from fieldfare.media.errand import Errand
from fieldfare.media.findings import Array, Probe, SandboxReport
from fieldfare.media.limits import Kind, MediaLimits, Refused
from fieldfare.media.moving import MovingPictures
from fieldfare.media.sniff import HEAD_BYTES, sniff
from fieldfare.media.still import StillPictures
from fieldfare.media.taps import Ear, Tap
from fieldfare.media.wire import Answer


def examine(
    file: IO[bytes],
    errand: Errand,
    *,
    taps: Mapping[str, Callable[[], Tap]],
    report: SandboxReport | None,
    tell: Callable[[Probe], None],
) -> tuple[Answer, dict[str, Array]]:
    """Look at one file, as far as the limits go. `tell` gets the probe before decoding starts."""
    probe: Probe | None = None
    started = time.process_time()
    try:
        chosen = [taps[name]() for name in errand.taps]
        opened = _open(file, errand, [tap.hear for tap in chosen if isinstance(tap, Ear)])
        probe = opened.probe
        tell(probe)
        _refuse_kind(probe, errand.kinds)
        opened.refuse_beyond_limits()
        _run(opened, chosen)
    except Refused as refusal:
        return Answer(probe=probe, problem=str(refusal)[:300], report=report), {}
    except MemoryError:
        return Answer(probe=probe, problem=out_of_memory(errand.limits), report=report), {}
    arrays = {name: array for tap in chosen for name, array in tap.arrays().items()}
    answer = Answer(
        probe=opened.probe,
        problem=opened.problem[:300],
        complete=not opened.problem,
        decoded_s=opened.decoded_s,
        sampling=opened.sampling,
        decode_cpu_s=time.process_time() - started,
        report=report,
    )
    return answer, arrays


def out_of_memory(limits: MediaLimits) -> str:
    """Say that the memory limit was reached."""
    return f"decoding needs more than {limits.memory_bytes >> 20} MiB of memory"


def _open(
    file: IO[bytes], errand: Errand, ears: Sequence[Callable[[AudioFrame], None]]
) -> MovingPictures | StillPictures:
    limits = errand.limits
    size = file.seek(0, os.SEEK_END)  # a sealed process may not ask fstat
    if size > limits.size_bytes:
        raise Refused(f"it has {size} bytes, the limit is {limits.size_bytes}")
    file.seek(0)
    container = sniff(file.read(HEAD_BYTES))
    if isinstance(container, str):
        raise Refused(container)
    file.seek(0)
    if container.reader == "moving":
        return MovingPictures(file, container, limits, gap_s=errand.gap_s, ears=ears)
    return StillPictures(file, container, limits)


def _refuse_kind(probe: Probe, kinds: Sequence[Kind]) -> None:
    if probe.kind not in kinds:
        raise Refused(f"it is {probe.kind}, accepted is {', '.join(kinds)}")


def _run(opened: MovingPictures | StillPictures, taps: Sequence[Tap]) -> None:
    for picture in opened.pictures():
        for tap in taps:
            tap.see(picture)
