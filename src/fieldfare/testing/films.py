"""Films with scenes, cuts and a moving camera, drawn from a seed: for tests of recognition.

A number flows in, frames flow out. What makes pictures alike or unlike is there: light at every
scale, edges, textured things that move apart from their ground, and words. No two seeds share a
scene. Nothing in them is of anybody.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Frame: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) sRGB."""

_MARGIN: Final = 1.5
_LETTERS: Final = "abcdefghiklmnoprstuvwz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What to draw. scenes: cut hard from one to the next, each as long."""

    seed: int
    seconds: float = 10.0
    rate: int = 15
    width: int = 288
    height: int = 512
    scenes: int = 3


def drawn(film: Film) -> list[Frame]:
    """Draw every frame. The same film gives the same frames. Some 6 ms a frame of 288 x 512."""
    total = round(film.seconds * film.rate)
    cuts = np.linspace(0, total, film.scenes + 1).round().astype(int)
    frames: list[Frame] = []
    for number in range(film.scenes):
        chance = np.random.default_rng((film.seed, number))
        length = int(cuts[number + 1] - cuts[number])
        frames.extend(_Scene(film, chance).frames(length, film.rate))
    return frames


def picture(seed: int, width: int, height: int) -> Frame:
    """Draw one picture, as a scene begins."""
    film = Film(seed=seed, width=width, height=height, scenes=1, seconds=1, rate=1)
    return drawn(film)[0]


class _Scene:
    """One place with things in it, seen by a camera that drifts and zooms."""

    def __init__(self, film: Film, chance: np.random.Generator) -> None:
        self._size = (film.width, film.height)
        wide, high = round(film.width * _MARGIN), round(film.height * _MARGIN)
        ground = _ground(chance, wide, high)
        for _ in range(int(chance.integers(4, 22))):
            _paint_thing(ground, chance)
        self._ground = ground
        self._things = [_sprite(chance, film.width) for _ in range(int(chance.integers(2, 5)))]
        self._paths = [_Path(chance) for _ in self._things]
        self._camera = _Path(chance)
        self._zoom = float(chance.uniform(-0.05, 0.05))

    def frames(self, length: int, rate: int) -> Sequence[Frame]:
        return [self._seen(number / rate) for number in range(length)]

    def _seen(self, t: float) -> Frame:
        width, height = self._size
        zoom = min(_MARGIN - 0.05, 1.2 + self._zoom * t)
        x, y = self._camera.at(t)
        wide, high = width * zoom, height * zoom
        left = (self._ground.width - wide) * x
        top = (self._ground.height - high) * y
        box = (left, top, left + wide, top + high)
        view = self._ground.resize(self._size, Image.Resampling.BILINEAR, box=box)
        for thing, path in zip(self._things, self._paths, strict=True):
            x, y = path.at(t)
            place = (round(x * width - thing.width / 2), round(y * height - thing.height / 2))
            view.paste(thing, place, thing)
        return np.asarray(view.convert("RGB"), np.uint8)


class _Path:
    """A smooth way within [0, 1] x [0, 1]."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._speed = chance.uniform(0.15, 0.7, 2)
        self._phase = chance.uniform(0, 2 * math.pi, 2)

    def at(self, t: float) -> tuple[float, float]:
        x, y = 0.5 + 0.45 * np.sin(self._speed * t + self._phase)
        return float(x), float(y)


def _ground(chance: np.random.Generator, width: int, height: int) -> Image.Image:
    """Draw clouds of every scale, as natural pictures have, in two tints."""
    light = np.zeros((height, width), np.float32)
    rough = float(chance.uniform(0.55, 0.85))
    for octave in range(2, 8):
        cells = 2**octave
        coarse = chance.random((cells * height // width + 2, cells), np.float32)
        soft = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        light += np.asarray(soft, np.float32) * rough**octave
    light = (light - light.min()) / (light.max() - light.min())
    dark, bright = chance.uniform(0, 110, 3), chance.uniform(120, 255, 3)
    tinted = dark + (bright - dark) * light[:, :, None]
    return Image.fromarray(tinted.astype(np.uint8))


def _paint_thing(ground: Image.Image, chance: np.random.Generator) -> None:
    """Put a polygon, a box with windows, or a word on the ground."""
    pen = ImageDraw.Draw(ground)
    x, y = chance.uniform(0, 1, 2) * (ground.width, ground.height)
    size = float(chance.uniform(0.05, 0.3)) * ground.width
    colour = _colour(chance)
    kind = int(chance.integers(0, 4))
    if kind == 0:
        turns = np.sort(chance.uniform(0, 2 * math.pi, int(chance.integers(3, 9))))
        far = chance.uniform(0.4, 1.0, len(turns)) * size
        corners = [
            (x + r * math.cos(a), y + r * math.sin(a)) for r, a in zip(far, turns, strict=True)
        ]
        pen.polygon(corners, fill=colour, outline=_colour(chance))
    elif kind == 1:
        pen.ellipse((x, y, x + size, y + size * float(chance.uniform(0.5, 1.6))), fill=colour)
    elif kind == 2:
        _paint_house(pen, chance, (x, y, size), colour)
    else:
        word = "".join(chance.choice(list(_LETTERS), int(chance.integers(3, 8))))
        font = ImageFont.load_default(size=max(10.0, size / 3))
        pen.text((x, y), word, font=font, fill=colour, stroke_width=1, stroke_fill=(0, 0, 0))


def _paint_house(
    pen: ImageDraw.ImageDraw,
    chance: np.random.Generator,
    place: tuple[float, float, float],
    colour: tuple[int, int, int],
) -> None:
    x, y, size = place
    pen.rectangle((x, y, x + size, y + 1.4 * size), fill=colour)
    glass = _colour(chance)
    for row in range(int(chance.integers(2, 6))):
        for column in range(int(chance.integers(2, 5))):
            if chance.random() < 0.8:
                left, top = x + size * (0.1 + column * 0.22), y + size * (0.1 + row * 0.22)
                wide, high = size * chance.uniform(0.06, 0.16, 2)
                pen.rectangle((left, top, left + wide, top + high), fill=glass)


def _sprite(chance: np.random.Generator, width: int) -> Image.Image:
    """Cut something with a texture of its own out of a small ground, soft at its edge."""
    side = int(chance.uniform(0.15, 0.4) * width)
    body = _ground(chance, side, side)
    pen = ImageDraw.Draw(body)
    for _ in range(int(chance.integers(3, 8))):
        x, y = chance.uniform(0, side, 2)
        r = float(chance.uniform(0.05, 0.2)) * side
        pen.ellipse((x - r, y - r, x + r, y + r), fill=_colour(chance))
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).ellipse((2, 2, side - 3, int(side * chance.uniform(0.6, 1)) - 3), fill=255)
    body.putalpha(mask.filter(ImageFilter.GaussianBlur(1)))
    return body


def _colour(chance: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in chance.integers(10, 246, 3))
    return red, green, blue
