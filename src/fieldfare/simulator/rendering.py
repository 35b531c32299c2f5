"""Short films of shapes: a Scene flows in, the bytes of a webm file (VP9 and Opus) flow out.

Real detail is needed, because hashes of known content refuse plain pictures: so every scene has a
field of soft random hills, a lattice over it and moving shapes in front. The same Scene gives the
same bytes on the same machine and libraries: one thread, no dates and no random ids in the
container.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

import av
import numpy as np
from av.container import OutputContainer
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Frame: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) sRGB."""

WIDTH: Final = 180
HEIGHT: Final = 320
RATE: Final = 12
SAMPLE_RATE: Final = 48_000
TONE_LEVEL: Final = 0.2
_VIDEO_OPTIONS: Final = {
    "deadline": "realtime",
    "cpu-used": "8",
    "crf": "36",
    "b": "0",
    "threads": "1",
    "flags": "+bitexact",
    "row-mt": "0",
    "lag-in-frames": "0",
    "g": str(RATE),
}
_AUDIO_OPTIONS: Final = {"b": "24000", "threads": "1", "flags": "+bitexact"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a film shows. seed: of hills and shapes; palette: 0..7; pitch_hz: of its tone."""

    seed: int
    palette: int = 0
    seconds: float = 3.0
    title: str = ""
    pitch_hz: float = 220.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """Pictures and sound before they are encoded. samples: (n,) int16, mono, 48 kHz."""

    frames: Sequence[Frame]
    samples: NDArray[np.int16]
    crf: int = 36


_PALETTES: Final = (
    ((20, 24, 60), (240, 200, 90)),
    ((60, 16, 20), (250, 220, 200)),
    ((10, 50, 40), (220, 240, 150)),
    ((40, 10, 60), (240, 160, 220)),
    ((10, 30, 50), (150, 220, 250)),
    ((50, 40, 20), (250, 240, 220)),
    ((16, 16, 16), (230, 230, 230)),
    ((70, 30, 0), (255, 190, 80)),
)


def render(scene: Scene) -> bytes:
    """Draw and encode a scene. Takes some 0.2 CPU seconds for 3 s of film."""
    return encode(draw(scene))


def draw(scene: Scene) -> Film:
    """Draw a scene: hills that drift, a lattice, moving shapes, the title, a tone."""
    rng = np.random.default_rng(scene.seed)
    hills = _hills(rng)
    shapes = [_Shape.drawn(rng) for _ in range(6)]
    dark, light = (np.array(c, np.float32) for c in _PALETTES[scene.palette % len(_PALETTES)])
    frames = []
    for number in range(round(scene.seconds * RATE)):
        t = number / RATE
        ground = np.roll(hills, (round(t * 3), round(t * 2)), axis=(0, 1))[:HEIGHT, :WIDTH, None]
        pixels = (dark + (light - dark) * ground).clip(0, 255).astype(np.uint8)
        picture = Image.fromarray(pixels)
        pen = ImageDraw.Draw(picture)
        for shape in shapes:
            shape.paint(pen, t)
        if scene.title:
            write(pen, scene.title, at=(8, HEIGHT - 40), size=18)
        frames.append(np.asarray(picture))
    return Film(frames=frames, samples=tone(scene.seconds, scene.pitch_hz))


def write(pen: ImageDraw.ImageDraw, text: str, *, at: tuple[int, int], size: int) -> None:
    """Write text with a dark edge, in the font that ships inside Pillow."""
    font = ImageFont.load_default(size=size)
    pen.text(at, text, font=font, fill=(255, 255, 255), stroke_width=2, stroke_fill=(0, 0, 0))


def tone(seconds: float, pitch_hz: float) -> NDArray[np.int16]:
    """Make a chord of three sines that swells and fades."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = sum(np.sin(2 * math.pi * pitch_hz * ratio * t) for ratio in (1.0, 1.25, 1.5))
    swell = np.sin(math.pi * t / seconds)
    samples: NDArray[np.int16] = (chord / 3 * swell * TONE_LEVEL * 32_767).astype(np.int16)
    return samples


def encode(film: Film) -> bytes:
    """Encode to webm. All frames of a film have the same, even, dimensions."""
    file = io.BytesIO()
    with av.open(file, "w", format="webm", container_options={"fflags": "+bitexact"}) as out:
        _add_streams(out, film)
    return file.getvalue()


def decode(content: bytes) -> Film:
    """Decode one of our own films. Not for bytes of anybody else: there is no sandbox here."""
    with av.open(io.BytesIO(content), "r") as file:
        frames = [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in file.decode(video=0)
        ]
    with av.open(io.BytesIO(content), "r") as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        heard = [r.to_ndarray()[0] for f in file.decode(audio=0) for r in resampler.resample(f)]
    return Film(frames=frames, samples=np.concatenate(heard))


def _add_streams(out: OutputContainer, film: Film) -> None:
    height, width, _ = film.frames[0].shape
    video = out.add_stream("libvpx-vp9", rate=RATE, options=_VIDEO_OPTIONS | {"crf": str(film.crf)})
    video.width, video.height, video.pix_fmt = width, height, "yuv420p"
    video.codec_context.thread_count = 1
    audio = out.add_stream("libopus", rate=SAMPLE_RATE, options=_AUDIO_OPTIONS, layout="mono")
    for number, pixels in enumerate(film.frames):
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        out.mux(video.encode(frame))
    out.mux(video.encode(None))
    sound = av.AudioFrame.from_ndarray(film.samples[None, :], format="s16", layout="mono")
    sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
    out.mux(audio.encode(sound))
    out.mux(audio.encode(None))


def _hills(rng: np.random.Generator) -> NDArray[np.float32]:
    """Sum soft random fields of three sizes and a lattice into heights in [0, 1]."""
    field = np.zeros((HEIGHT, WIDTH), np.float32)
    for cells, weight in ((4, 0.45), (9, 0.35), (20, 0.2)):
        coarse = Image.fromarray(rng.random((cells * 16 // 9, cells), np.float32) * 255)
        soft = coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        field += weight * np.asarray(soft, np.float32) / 255
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    angle, pitch = rng.uniform(0, math.pi), rng.uniform(8, 16)
    lattice = np.sin((x * math.cos(angle) + y * math.sin(angle)) * 2 * math.pi / pitch)
    low, high = float(field.min()), float(field.max())
    heights: NDArray[np.float32] = (
        (field - low) / (high - low) * 0.85 + 0.15 * (lattice > 0)
    ).astype(np.float32)
    return heights


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A polygon that turns on the spot and sways. corners: 3..8; speed: radians a second."""

    x: float
    y: float
    radius: float
    corners: int
    speed: float
    colour: tuple[int, int, int]

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "_Shape":
        red, green, blue = (int(c) for c in rng.integers(30, 256, 3))
        return cls(
            x=float(rng.uniform(0.1, 0.9)) * WIDTH,
            y=float(rng.uniform(0.1, 0.9)) * HEIGHT,
            radius=float(rng.uniform(14, 44)),
            corners=int(rng.integers(3, 9)),
            speed=float(rng.uniform(-0.5, 0.5)),
            colour=(red, green, blue),
        )

    def paint(self, pen: ImageDraw.ImageDraw, t: float) -> None:
        sway = 6 * math.sin(t + self.x)
        points = [
            (
                self.x + sway + self.radius * math.cos(turn),
                self.y + self.radius * math.sin(turn),
            )
            for turn in (
                self.speed * t + 2 * math.pi * corner / self.corners
                for corner in range(self.corners)
            )
        ]
        pen.polygon(points, fill=self.colour, outline=(0, 0, 0))
