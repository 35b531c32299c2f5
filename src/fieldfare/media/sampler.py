"""Sampling: when each frame is shown, and which frames are hashed and looked at.

Keyframes and one frame a second. What a file says of its own time is not trusted: time never runs
backwards here, and after 120 frames one is taken however little time they claim.
"""

from typing import Final

from av.video.frame import VideoFrame

EVERY_S: Final = 1.0
EVERY_FRAMES: Final = 120
KEYFRAMES_APART_S: Final = 0.2
"""Keyframes closer than this to the last sample are passed over: in a clip of keyframes alone every
frame would be taken.
"""

LONG_S: Final = 0.5
"""A frame on show for this long is taken, wherever it falls: slide shows have few frames."""

_SLACK_S: Final = 1e-3
_LONGEST_FRAME_S: Final = 3600.0


class Sampler:
    """Follows one stream. fps: what it claims, for frames that do not say when they are shown.

    tick_s: the stream's time base. Plain floats: this runs for every frame.
    """

    def __init__(self, fps: float, tick_s: float) -> None:
        self._tick_s = tick_s
        self._step_s = 1.0 / fps if fps > 0 else EVERY_S
        self._first: float | None = None
        self._last_t = 0.0
        self._taken_t = -EVERY_S
        self._since_taken = 0
        self.seen = 0
        self.gap_s = 0.0

    def place(self, frame: VideoFrame) -> float:
        """Give when a frame is shown, in seconds from the first one on."""
        pts = frame.pts
        claimed = None if pts is None else pts * self._tick_s
        if self._first is None:
            self._first = claimed or 0.0
            t = 0.0
        elif claimed is None or claimed - self._first < self._last_t:
            t = self._last_t + self._step_s
        else:
            t = claimed - self._first
        self.gap_s = max(self.gap_s, t - self._last_t)
        self._last_t = t
        self.seen += 1
        return t

    def claimed_s(self, frame: VideoFrame) -> float:
        """Give how long a frame says it is shown: for the last one, which no other follows."""
        lasts_s = frame.duration * self._tick_s
        return min(lasts_s if lasts_s > 0 else self._step_s, _LONGEST_FRAME_S)

    def takes(self, t: float, lasts_s: float, *, keyframe: bool) -> bool:
        """Say whether the frame on show from `t` for `lasts_s` is a sample. Ask once, in order."""
        since_s = t - self._taken_t
        self._since_taken += 1
        taken = (
            since_s >= EVERY_S - _SLACK_S
            or lasts_s >= LONG_S
            or self._since_taken >= EVERY_FRAMES
            or (keyframe and since_s >= KEYFRAMES_APART_S)
        )
        if taken:
            self._taken_t, self._since_taken = t, 0
        return taken
