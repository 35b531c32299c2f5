"""Limits: how much of a hostile file a child may look at before it is told to stop."""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["video", "animation", "image", "audio"]

KINDS: Final[tuple[Kind, ...]] = ("video", "animation", "image", "audio")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """What one file may cost. Beyond any of these the answer is Unknown with the limit's name.

    size_bytes: of the file. duration_s: of what it plays. side_px, frame_px: of one decoded frame.
    memory_bytes: address space of the child. cpu_s: its CPU seconds, whole ones, because the kernel
    counts them so. wall_s: seconds until the parent kills it. answer_bytes: what it may hand back.
    """

    size_bytes: int = 200_000_000
    duration_s: float = 600.0
    side_px: int = 4096
    frame_px: int = 16_800_000
    memory_bytes: int = 1 << 30
    cpu_s: int = 60
    wall_s: float = 90.0
    answer_bytes: int = 16 << 20


class Refused(Exception):
    """A file is not looked at any further. Its text is the reason, for a person."""


def refuse_frame(width: int, height: int, limits: MediaLimits) -> None:
    """Raise Refused for a frame without pixels, or with more than a limit of `limits` allows."""
    if width < 1 or height < 1:
        raise Refused(f"its picture is {width} x {height} pixels")
    if max(width, height) > limits.side_px:
        raise Refused(
            f"its picture is {width} x {height} pixels, the limit is {limits.side_px} a side"
        )
    if width * height > limits.frame_px:
        raise Refused(
            f"its picture is {width} x {height} pixels, the limit is {limits.frame_px} in all"
        )
