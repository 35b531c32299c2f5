"""What people do to a film before they post it again, each with parameters drawn by chance.

Frames flow in, edited frames flow out. The ranges are those of robustness benchmarks: a crop takes
2 to 30 % of each side, a turn is 2 to 15 degrees, speed is 0.75 to 1.5.
"""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, TypeAlias

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from fieldfare.testing.films import Frame

CHAIN: Final = 3
"""So many edits, one after the other, make a chain."""

_WORDS: Final = ("look at this", "part two", "wait for it", "follow for more", "no way", "so good")


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Frames before they are encoded. crf: of H.264; other: frames of something unrelated, which
    pictures in pictures and longer clips are made with.
    """

    frames: Sequence[Frame]
    rate: float
    other: Sequence[Frame]
    crf: int = 25


Chance: TypeAlias = np.random.Generator
Edit: TypeAlias = Callable[[Take, Chance], Take]


def chain(take: Take, chance: Chance) -> Take:
    """Do three different edits, drawn by chance, in a drawn order."""
    for name in chance.choice(sorted(EDITS), CHAIN, replace=False):
        take = EDITS[str(name)](take, chance)
    return take


def _each(take: Take, change: Callable[[Image.Image], Image.Image]) -> Take:
    frames = [np.asarray(change(Image.fromarray(one)).convert("RGB")) for one in take.frames]
    return replace(take, frames=frames)


def _toned(take: Take, tones: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Take:
    """Send every level of light through a table of 256."""
    table = np.clip(np.round(tones), 0, 255).astype(np.uint8)
    return replace(take, frames=[table[one] for one in take.frames])


def _re_encode(take: Take, chance: Chance) -> Take:
    return replace(take, crf=int(chance.integers(32, 46)))


def _resize(take: Take, chance: Chance) -> Take:
    """Make smaller or larger, and a little out of shape."""
    scale = float(chance.uniform(0.4, 1.3))
    height, width, _ = take.frames[0].shape
    size = (_even(width * scale * float(chance.uniform(0.9, 1.1))), _even(height * scale))
    return _each(take, lambda one: one.resize(size, Image.Resampling.BILINEAR))


def _crop(take: Take, chance: Chance) -> Take:
    height, width, _ = take.frames[0].shape
    lost = chance.uniform(0.02, 0.30, 2)
    across, down = lost * chance.uniform(0, 1, 2)
    left, top = round(width * across), round(height * down)
    wide, high = _even(width * (1 - lost[0])), _even(height * (1 - lost[1]))
    box = (left, top, left + wide, top + high)
    return _each(take, lambda one: one.crop(box))


def _borders(take: Take, chance: Chance) -> Take:
    """Put plain or blurred borders above and below, at the sides, or all round."""
    height, width, _ = take.frames[0].shape
    thick = chance.uniform(0.05, 0.22, 2) * ((1, 0), (0, 1), (1, 1))[int(chance.integers(0, 3))]
    size = (_even(width * (1 + 2 * thick[0])), _even(height * (1 + 2 * thick[1])))
    place = ((size[0] - width) // 2, (size[1] - height) // 2)
    shade = tuple(int(part) for part in chance.integers(0, 256, 3))
    kind = int(chance.integers(0, 3))

    def bordered(one: Image.Image) -> Image.Image:
        ground = Image.new("RGB", size, (0, 0, 0) if kind == 0 else shade)
        if kind == 2:
            ground = one.resize(size).filter(ImageFilter.BoxBlur(18))
        ground.paste(one, place)
        return ground

    return _each(take, bordered)


def _flip(take: Take, chance: Chance) -> Take:
    ways = (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM)
    way = ways[int(chance.random() < 0.25)]
    return _each(take, lambda one: one.transpose(way))


def _rotate(take: Take, chance: Chance) -> Take:
    """Turn by 2 to 15 degrees either way, the corners black."""
    degrees = float(chance.uniform(2, 15)) * (1 if chance.random() < 0.5 else -1)
    return _each(take, lambda one: one.rotate(degrees, Image.Resampling.BILINEAR))


def _text(take: Take, chance: Chance) -> Take:
    """Write one to three lines over the picture."""
    height, width, _ = take.frames[0].shape
    lines = "\n".join(chance.choice(_WORDS, int(chance.integers(1, 4))))
    font = ImageFont.load_default(size=width * float(chance.uniform(0.07, 0.12)))
    place = (width * 0.05, height * float(chance.uniform(0.05, 0.75)))

    def written(one: Image.Image) -> Image.Image:
        pen = ImageDraw.Draw(one)
        pen.text(place, lines, font=font, fill=(255, 255, 255), stroke_width=2, stroke_fill="black")
        return one

    return _each(take, written)


def _sticker(take: Take, chance: Chance) -> Take:
    """Stick one of eight faces somewhere, up to a third of the width."""
    height, width, _ = take.frames[0].shape
    side = round(width * float(chance.uniform(0.15, 0.34)))
    face = sticker(int(chance.integers(0, 8)), side)
    left, top = chance.uniform(0, 1, 2) * (width - side, height - side)
    place = (round(left), round(top))

    def stuck(one: Image.Image) -> Image.Image:
        one.paste(face, place, face)
        return one

    return _each(take, stuck)


def sticker(number: int, side: int) -> Image.Image:
    """Draw a round face with a pattern of its own, on nothing."""
    chance = np.random.default_rng(number)
    face = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(face)
    pen.ellipse((0, 0, side - 1, side - 1), fill=(255, 205, 60, 255), outline=(90, 50, 0, 255))
    for x, y, r in chance.uniform(0.2, 0.8, (7, 3)) * side:
        shade = (*(int(part) for part in chance.integers(0, 256, 3)), 255)
        pen.ellipse((x - r / 6, y - r / 6, x + r / 6, y + r / 6), fill=shade)
    font = ImageFont.load_default(size=max(8.0, side / 4))
    pen.text((side * 0.3, side * 0.55), "wow", font=font, fill=(0, 0, 0, 255))
    return face


def _picture_in_picture(take: Take, chance: Chance) -> Take:
    height, width, _ = take.frames[0].shape
    scale = float(chance.uniform(0.4, 0.75))
    size = (round(width * scale), round(height * scale))
    left, top = chance.uniform(0, 1, 2) * (width - size[0], height - size[1])
    frames = []
    for number, one in enumerate(take.frames):
        ground = Image.fromarray(take.other[number % len(take.other)]).resize((width, height))
        ground.paste(Image.fromarray(one).resize(size), (round(left), round(top)))
        frames.append(np.asarray(ground))
    return replace(take, frames=frames)


def _brightness(take: Take, chance: Chance) -> Take:
    shift = float(chance.uniform(20, 64)) * (1 if chance.random() < 0.5 else -1)
    return _toned(take, np.arange(256.0) + shift)


def _contrast(take: Take, chance: Chance) -> Take:
    return _toned(take, (np.arange(256.0) - 128) * float(chance.uniform(0.5, 1.7)) + 128)


def _gamma(take: Take, chance: Chance) -> Take:
    power = math.exp(float(chance.uniform(math.log(0.55), math.log(1.8))))
    return _toned(take, 255 * (np.arange(256) / 255) ** power)


def _grey(take: Take, _: Chance) -> Take:
    return _each(take, lambda one: one.convert("L"))


def _blur(take: Take, chance: Chance) -> Take:
    radius = float(chance.uniform(0.8, 2.5))
    return _each(take, lambda one: one.filter(ImageFilter.GaussianBlur(radius)))


def _noise(take: Take, chance: Chance) -> Take:
    height, width, _ = take.frames[0].shape
    sheet = chance.normal(0, float(chance.uniform(6, 22)), (2 * height, 2 * width, 1))
    frames = []
    for one in take.frames:
        top, left = chance.integers(0, (height, width))
        grain = sheet[top : top + height, left : left + width]
        frames.append(np.clip(one + grain, 0, 255).astype(np.uint8))
    return replace(take, frames=frames)


def _speed(take: Take, chance: Chance) -> Take:
    return replace(take, rate=take.rate * float(chance.uniform(0.75, 1.5)))


def _frame_rate(take: Take, chance: Chance) -> Take:
    rate = take.rate * float(chance.uniform(0.4, 0.8))
    count = int(len(take.frames) / take.rate * rate)
    kept = [take.frames[int(number * take.rate / rate)] for number in range(count)]
    return replace(take, frames=kept, rate=rate)


def _trim(take: Take, chance: Chance) -> Take:
    """Cut a fifth to three fifths away, from both ends."""
    kept = round(len(take.frames) * float(chance.uniform(0.4, 0.8)))
    start = int(chance.integers(0, len(take.frames) - kept + 1))
    return replace(take, frames=take.frames[start : start + kept])


def _embed(take: Take, chance: Chance) -> Take:
    """Put it into something unrelated, one to two times as long."""
    height, width, _ = take.frames[0].shape
    count = round(len(take.frames) * float(chance.uniform(1, 2)))
    around = [
        np.asarray(Image.fromarray(take.other[number % len(take.other)]).resize((width, height)))
        for number in range(count)
    ]
    cut = int(chance.integers(0, count + 1))
    return replace(take, frames=[*around[:cut], *take.frames, *around[cut:]])


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


EDITS: Final[Mapping[str, Edit]] = {
    "re-encode": _re_encode,
    "resize": _resize,
    "crop": _crop,
    "borders": _borders,
    "flip": _flip,
    "rotate": _rotate,
    "text": _text,
    "sticker": _sticker,
    "picture in picture": _picture_in_picture,
    "brightness": _brightness,
    "contrast": _contrast,
    "gamma": _gamma,
    "grey": _grey,
    "blur": _blur,
    "noise": _noise,
    "speed": _speed,
    "frame rate": _frame_rate,
    "trim": _trim,
    "embed": _embed,
}
"""By name; a chain is apart, since it is made of these."""


def encoded(take: Take) -> bytes:
    """Encode to MP4 with H.264, a keyframe each two seconds, in the quickest way that is usual."""
    height, width, _ = take.frames[0].shape
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        rate = Fraction(take.rate).limit_denominator(1000)
        options = {"preset": "superfast", "crf": str(take.crf), "x264-params": "threads=1"}
        video = out.add_stream("libx264", rate=rate, options=options)
        video.width, video.height, video.pix_fmt = _even(width), _even(height), "yuv420p"
        video.codec_context.gop_size = max(1, round(2 * take.rate))
        for one in take.frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(one), format="rgb24")
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return file.getvalue()
