"""Visual facts: how surely a file shows nudity, and when.

In: the thumbnails of an Examination and a model. Out: one Fact for every name in VISUAL_FACTS. The
model runs here, outside the sandbox, on plain pixels. A missing model or a file seen in part leaves
Unknown, never 0; sound alone has no picture that could show anything, so there it is 0.
"""

import time
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fieldfare.kernel import Span, Unknown
from fieldfare.media import Examination
from fieldfare.records import Fact, FactValue
from fieldfare.signals.nudity_model import ModelMissing

VISUAL_FACTS: Final = ("visual.nsfw.max", "visual.nsfw.mean", "visual.nsfw.share_60")

HIGH: Final = 0.60
"""Score from which a frame counts for visual.nsfw.share_60 and for the spans."""

MOST_SCORED: Final = 16
"""Frames given to the model for one file, evenly spread over its thumbnails."""

SAME: Final = 2.0
"""Mean step (of 255) up to which two thumbnails are the same picture and share a score."""


class PictureModel(Protocol):
    """Scores (n, 256, 256, 3) sRGB pictures: (n,) in [0, 1]. Raises ModelMissing."""

    @property
    def version(self) -> str: ...

    def score(self, pictures: NDArray[np.uint8], /) -> NDArray[np.float32]: ...


def nudity_facts(found: Examination, model: PictureModel) -> tuple[Fact, ...]:
    """Score at most 16 frames of a file: their maximum, mean, and the share at or above .60.

    spans: stretches of frames at or above .60, each frame standing until the next that was scored.
    """
    started = time.thread_time()
    values: tuple[FactValue | Unknown, ...]
    spans: tuple[Span, ...] = ()
    if not found.complete:
        values = (Unknown(found.problem or "the file was not examined"),) * 3
    else:
        t, pictures = _chosen(found)
        try:
            scores = _scores(pictures, model)
        except ModelMissing as missing:
            values = (Unknown(str(missing)),) * 3
        else:
            values, spans = _summary(scores), _spans(t, scores, found.decoded_s)
    cost_ms = round((time.thread_time() - started) * 1000, 3)
    return tuple(
        Fact(
            name=name,
            version=model.version,
            value=values[i],
            spans=spans,
            cost_ms=0.0 if i else cost_ms,
        )
        for i, name in enumerate(VISUAL_FACTS)
    )


def _chosen(found: Examination) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    if "thumb.t" not in found.arrays:
        return np.empty(0), np.empty((0, 1, 1, 3), np.uint8)
    t = np.asarray(found.arrays["thumb.t"], np.float64)
    pictures = np.asarray(found.arrays["thumb.rgb"], np.uint8)
    if len(t) > MOST_SCORED:
        even = np.linspace(0, len(t) - 1, MOST_SCORED).round().astype(np.intp)
        return t[even], pictures[even]
    return t, pictures


def _scores(pictures: NDArray[np.uint8], model: PictureModel) -> NDArray[np.float32]:
    """Score each picture, the same picture but once: what stands still costs one run."""
    first_of: list[int] = []
    coarse = pictures[:, ::8, ::8].astype(np.int16)
    for i, picture in enumerate(coarse):
        twin = next(
            (j for j in dict.fromkeys(first_of) if np.abs(picture - coarse[j]).mean() <= SAME), i
        )
        first_of.append(twin)
    distinct = sorted(set(first_of))
    scored = dict(zip(distinct, model.score(pictures[distinct]), strict=True)) if distinct else {}
    return np.array([scored[i] for i in first_of], np.float32)


def _summary(scores: NDArray[np.float32]) -> tuple[float | None, float | None, float | None]:
    """Give maximum, mean and share; None each where there is no picture to score."""
    if len(scores) == 0:
        return None, None, None
    high = float((scores >= HIGH).mean())
    return round(float(scores.max()), 4), round(float(scores.mean()), 4), round(high, 4)


def _spans(t: NDArray[np.float64], scores: NDArray[np.float32], until_s: float) -> tuple[Span, ...]:
    spans: list[Span] = []
    ends = [*t[1:].tolist(), max(until_s, float(t[-1]) if len(t) else 0.0)]
    for start, end, score in zip(t.tolist(), ends, scores, strict=False):
        if score < HIGH:
            continue
        if spans and spans[-1].end == start:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(start, end))
    return tuple(spans)
