"""Synthetic media: moving textures and tones, encoded on the spot, for tests and benchmarks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

ENCODERS: Final = {
    "h264": ("libx264", {"preset": "ultrafast", "crf": "28"}),
    "hevc": ("libx265", {"preset": "ultrafast", "x265-params": "log-level=none:pools=1"}),
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "b": "2M"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "b": "2M"}),
    "av1": ("libsvtav1", {"preset": "12", "svtav1-params": "lp=1"}),
}
"""Encoder and its quickest options, by the codec's name."""

_SOUND_HZ: Final = 48_000
_TICKS: Final = 1000
_BLOCKS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What to encode. at_s: when each frame is shown, in place of `frames` at `fps`.

    still: every frame is the same. shade: a plain clip of this grey instead of a texture.
    rotation: degrees counter-clockwise that a player must turn it. sound: codec of a tone, "" none.
    codec: "" for sound alone. gop: frames between keyframes. tracks: of pictures, alike.
    grain: standard deviation of noise, of 255. options: of the encoder, over the quickest ones.
    """

    width: int = 96
    height: int = 160
    frames: int = 20
    fps: int = 10
    codec: str = "h264"
    seed: int = 1
    still: bool = False
    shade: int | None = None
    rotation: int = 0
    sound: str = ""
    tune: int | None = None
    at_s: tuple[float, ...] = ()
    gop: int = 60
    pix_fmt: str = "yuv420p"
    tracks: int = 1
    grain: float = 0.0
    options: tuple[tuple[str, str], ...] = ()


def write_clip(path: Path, clip: Clip) -> Path:
    """Encode a clip into the container that the name of `path` asks for, and return the path.

    On a thread that ends with it: where a process may, SVT-AV1 makes the thread that opens it
    real-time (SCHED_FIFO, 99) and leaves it so, and all that it starts later inherits that. A test
    run in which a few processes came first for ever starved the browsers and servers beside it.
    """
    with ThreadPoolExecutor(1) as passing:
        passing.submit(_encode, path, clip).result()
    return path


def _encode(path: Path, clip: Clip) -> None:
    with av.open(str(path), "w") as container:
        sound = container.add_stream(clip.sound, rate=_SOUND_HZ) if clip.sound else None
        if clip.codec:
            tracks = [_track(container, clip) for _ in range(clip.tracks)]
            _write_frames(container, tracks, clip)
        if isinstance(sound, AudioStream):
            _write_tone(container, sound, clip)


def texture(clip: Clip, number: int) -> NDArray[np.uint8]:
    """Draw frame `number` of a clip: (h, w, 3) sRGB, coloured blocks that drift."""
    if clip.shade is not None:
        return np.full((clip.height, clip.width, 3), clip.shade, np.uint8)
    # Some 24 blocks across: detail at every scale that a perceptual hash looks at.
    block = max(4, min(clip.height, clip.width) // _BLOCKS)
    rows, columns = clip.height // block + 2, clip.width // block + 2
    coarse = np.random.default_rng(clip.seed).integers(0, 256, (rows, columns, 3), np.uint8)
    size = (columns * block, rows * block)
    tinted = coarse // 8 + coarse[:, :, 1:2] // 2 + 48  # mostly luma, as in most pictures
    fine = np.asarray(Image.fromarray(tinted).resize(size, Image.Resampling.BICUBIC))
    drift = 0 if clip.still else number
    drawn = np.ascontiguousarray(np.roll(fine, drift, (0, 1))[: clip.height, : clip.width])
    if not clip.grain:
        return drawn
    return np.clip(drawn + _grain(clip, number)[:, :, None], 0, 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _noise(height: int, width: int, grain: float) -> NDArray[np.int16]:
    noise = np.random.default_rng(0).normal(0, grain, (height, width))
    return noise.round().astype(np.int16)


def _grain(clip: Clip, number: int) -> NDArray[np.int16]:
    """Shift one sheet of noise about: as good as new noise to an encoder, and much quicker."""
    down, across = np.random.default_rng(number).integers(0, 4096, 2).tolist()
    return np.roll(_noise(clip.height, clip.width, clip.grain), (down, across), (0, 1))


def _track(container: av.container.OutputContainer, clip: Clip) -> VideoStream:
    name, options = ENCODERS[clip.codec]
    video = container.add_stream(name, rate=clip.fps, options=options | dict(clip.options))
    if not isinstance(video, VideoStream):
        raise TypeError(f"{name} encodes no video")
    video.width, video.height, video.pix_fmt = clip.width, clip.height, clip.pix_fmt
    video.codec_context.gop_size = clip.gop
    video.codec_context.time_base = Fraction(1, _TICKS)
    if clip.rotation:
        video.set_display_rotation(clip.rotation)
    return video


def _write_frames(
    container: av.container.OutputContainer, tracks: list[VideoStream], clip: Clip
) -> None:
    moments = clip.at_s or tuple(i / clip.fps for i in range(clip.frames))
    for number, moment in enumerate(moments):
        for track in tracks:
            frame = av.VideoFrame.from_ndarray(texture(clip, number), format="rgb24")
            frame.pts, frame.time_base = round(moment * _TICKS), Fraction(1, _TICKS)
            container.mux(track.encode(frame))
    for track in tracks:
        container.mux(track.encode(None))


def _notes(seed: int, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Play five notes a second, three lines of each, dying away. t: (n,) s."""
    beat = (t * 5).astype(np.intp)
    pitch = np.random.default_rng(seed).uniform(200, 1100, int(beat.max(initial=0)) + 1)[beat]
    since = t - beat / 5
    lines = [np.sin(2 * np.pi * pitch * n * since) / n for n in (1, 2, 3)]
    wave: NDArray[np.float64] = np.sum(lines, axis=0) * np.exp(-6 * since) / 2
    return wave


def _write_tone(container: av.container.OutputContainer, sound: AudioStream, clip: Clip) -> None:
    t = np.arange(int(clip.frames / clip.fps * _SOUND_HZ)) / _SOUND_HZ
    wave = np.sin(2 * np.pi * 440 * t) if clip.tune is None else _notes(clip.tune, t)
    tone = (wave * 8000).astype(np.int16)
    block = 1024
    for start in range(0, len(tone), block):
        samples = np.ascontiguousarray(tone[None, start : start + block])
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = _SOUND_HZ, start
        frame.time_base = Fraction(1, _SOUND_HZ)
        container.mux(sound.encode(frame))
    container.mux(sound.encode(None))
