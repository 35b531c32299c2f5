"""Findings: what a sealed child reports about one file, as records and small arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from fieldfare.media.limits import Kind

Array: TypeAlias = NDArray[np.uint8] | NDArray[np.int32] | NDArray[np.float32] | NDArray[np.float64]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1e7)]
Pixels: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]
Sampling: TypeAlias = Literal["", "every frame", "reference frames", "keyframes and gaps"]
Word: TypeAlias = Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[a-zA-Z0-9_.,-]*$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a file says of itself. width, height: pixels as shown, after rotation; 0 without
    picture.

    duration_s, fps: None where the file does not say. codecs: "" where there is no such stream.
    rotation: degrees counter-clockwise from the coded to the shown picture.
    """

    container: Word
    kind: Kind
    duration_s: Seconds | None = None
    width: Pixels = 0
    height: Pixels = 0
    rotation: Annotated[int, msgspec.Meta(ge=0, lt=360)] = 0
    fps: Annotated[float, msgspec.Meta(ge=0, le=1e6)] | None = None
    video_codec: Word = ""
    audio_codec: Word = ""
    has_audio: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxReport:
    """Which walls stand round a child. What the kernel lacks is told at start and on /health.

    landlock_abi: None where the kernel has no Landlock. dropped_root: True also if there was no
    root to drop.
    """

    landlock_abi: int | None = None
    seccomp: bool = False
    no_new_privs: bool = False
    dropped_root: bool = False
    limited: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """Name the walls that do not stand, for an operator."""
        walls = {
            "Landlock (Linux 5.13 or later)": self.landlock_abi is not None,
            "seccomp": self.seccomp,
            "no_new_privs": self.no_new_privs,
            "running as nobody": self.dropped_root,
            "resource limits": self.limited,
        }
        return tuple(name for name, stands in walls.items() if not stands)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All that is known of one file after its child has ended.

    problem: why the file could not be looked at, or not all of it; "" if all went well.
    complete: every frame the file promises was seen. decoded_s: how far decoding got.
    sampling: "every frame", "reference frames" where decoding all would not fit the CPU limit, or
    "keyframes and gaps" where only some were asked for.
    arrays: by name, as the taps made them. cpu_s: CPU seconds of the whole child; decode_cpu_s: of
    decoding and taps alone.
    """

    probe: Probe | None = None
    problem: str = ""
    complete: bool = False
    decoded_s: float = 0.0
    sampling: Sampling = ""
    arrays: Mapping[str, Array] = field(default_factory=dict)
    decode_cpu_s: float = 0.0
    cpu_s: float = 0.0
    report: SandboxReport | None = None
