"""Media facts: what a file is and how much of it shows something.

In: an Examination. Out: one Fact for every name in MEDIA_FACTS. If the file could not be looked at,
media.readable is False with media.problem, and all else is Unknown with the same reason.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import Span, Unknown
from fieldfare.media import Examination, Probe
from fieldfare.records import Fact, FactValue

VERSION: Final = "media/1"

MEDIA_FACTS: Final = (
    "media.readable",
    "media.problem",
    "media.kind",
    "media.duration_s",
    "media.width",
    "media.height",
    "media.fps",
    "media.video_codec",
    "media.audio_codec",
    "media.has_audio",
    "media.sampling",
    "media.black_share",
    "media.frozen_share",
)

BLACK: Final = 0.98
"""Share of dark points from which a frame is black. Source: FFmpeg blackdetect."""

FROZEN: Final = 0.001
"""Mean step to the moment before up to which the picture stands still. Source: FFmpeg freezedetect.
"""


def media_facts(found: Examination) -> tuple[Fact, ...]:
    """State what a file is. The CPU of its child is the cost of media.readable."""
    values: dict[str, FactValue | Unknown] = dict.fromkeys(
        MEDIA_FACTS, Unknown(found.problem or "the file was not examined")
    )
    spans: dict[str, tuple[Span, ...]] = {}
    values["media.readable"] = found.complete
    values["media.problem"] = found.problem or None
    if found.probe is not None:
        values |= _probed(found.probe)
    if found.complete:
        values["media.sampling"] = found.sampling
    if found.complete and "luma.t" in found.arrays:
        for name, stands in (
            ("media.black_share", _luma(found, "luma.dark") >= BLACK),
            ("media.frozen_share", _luma(found, "luma.change") <= FROZEN),
        ):
            values[name], spans[name] = _share(found, stands)
    return tuple(
        Fact(
            name=name,
            version=VERSION,
            value=values[name],
            spans=spans.get(name, ()),
            cost_ms=round(found.cpu_s * 1000, 3) if name == "media.readable" else 0.0,
        )
        for name in MEDIA_FACTS
    )


def _probed(probe: Probe) -> dict[str, FactValue | Unknown]:
    """Say what the file says of itself. None: there is no such thing in it."""
    pictured = probe.width > 0
    duration = probe.duration_s
    return {
        "media.kind": probe.kind,
        "media.duration_s": Unknown("the file does not say") if duration is None else duration,
        "media.width": probe.width if pictured else None,
        "media.height": probe.height if pictured else None,
        "media.fps": probe.fps,
        "media.video_codec": probe.video_codec or None,
        "media.audio_codec": probe.audio_codec or None,
        "media.has_audio": probe.has_audio,
    }


def _luma(found: Examination, name: str) -> NDArray[np.float64]:
    return np.asarray(found.arrays[name], np.float64)


def _share(found: Examination, stands: NDArray[np.bool_]) -> tuple[float | None, tuple[Span, ...]]:
    """Weigh each moment by how long it lasts, and name the stretches; None for sound alone."""
    t, until = _luma(found, "luma.t"), _luma(found, "luma.until")
    if len(t) == 0:
        return None, ()
    lasts = np.append(np.diff(t), until[-1] - t[-1])
    if lasts.sum() <= 0:  # a still picture
        return float(stands.mean()), ()
    share = round(min(1.0, float(lasts[stands].sum() / lasts.sum())), 4)
    ends = t + lasts
    spans: list[Span] = []
    for i in np.flatnonzero(stands):
        if spans and spans[-1].end == ends[i - 1]:
            spans[-1] = Span(spans[-1].start, float(ends[i]))
        else:
            spans.append(Span(float(t[i]), float(ends[i])))
    return share, tuple(spans)
