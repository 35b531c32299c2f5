"""Copies: known clips, edited versions of them as files, and strangers to tell them from.

In: a seed and the name of an edit. Out: files to look up. Clips are drawn, or taken from the data
at hand; the same seed gives the same files. For measuring how many copies are recognised.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fieldfare.matching.features import detect, pack_features
from fieldfare.matching.fingerprints import Stills
from fieldfare.media import hash_luma
from fieldfare.testing.edits import EDITS, Take, chain, encoded, sticker
from fieldfare.testing.films import Film, Frame, drawn

CHAIN: Final = "chain of three"
NONE: Final = "unrelated"
ALIKE: Final = "unrelated, marked alike"
KNOWN: Final = "known"
SECONDS: Final = 7.0
RATE: Final = 15
MARK: Final = (3, 70, (200, 130))
"""The sticker that two known clips and some unrelated ones carry: number, side, place. They carry
the same caption and name too.
"""

CAPTION: Final = "wait for it, then\nlook very closely"
NAME: Final = "@somebody"


class Filmed(NamedTuple):
    """A clip at hand. family: those that show one scene are not unrelated."""

    name: str
    family: str
    start_s: float


AT_HAND: Final = (
    Filmed("chair-orig-22-sd-bar", "chair", 3),
    Filmed("pattern-hd-no-bar", "pattern", 0),
    Filmed("bottle-detection", "bottle", 5),
    Filmed("one-by-one-person-detection", "street", 20),
    Filmed("test-padded-dimensions", "padded", 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A clip that is known or unrelated. number: of a film, or place in AT_HAND."""

    family: str
    number: int
    is_filmed: bool = False
    is_marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file to look up, and what vPDQ would compare of it."""

    path: Path
    clip: Clip
    edit: str
    peer: NDArray[np.uint8]


@lru_cache(maxsize=8)
def frames_of(clip: Clip, seed: int) -> tuple[list[Frame], float]:
    """Draw or read the frames of a clip, and their rate."""
    if clip.is_filmed:
        return _filmed_frames(AT_HAND[clip.number])
    scenes = 1 + clip.number % 4
    frames = drawn(Film(seed=10_000 * seed + clip.number, seconds=SECONDS, scenes=scenes))
    if clip.is_marked:
        number, side, place = MARK
        face = sticker(number, side)
        frames = [_with(face, place, one) for one in frames]
    return frames, float(RATE)


def _with(face: Image.Image, place: tuple[int, int], one: Frame) -> Frame:
    picture = Image.fromarray(one)
    picture.paste(face, place, face)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=24)
    for words, at in ((CAPTION, (12, 14)), (NAME, (150, 460))):
        pen.text(at, words, font=font, fill="white", stroke_width=2, stroke_fill="black")
    return np.asarray(picture, np.uint8)


def _filmed_frames(filmed: Filmed) -> tuple[list[Frame], float]:
    path = Path(os.environ["FIELDFARE_DATA_AT_HAND"], "video", f"{filmed.name}.mp4")
    frames: list[Frame] = []
    with av.open(str(path)) as source:
        video = source.streams.video[0]
        rate = float(video.average_rate or RATE)
        step = max(1, round(rate / RATE))
        for number, frame in enumerate(source.decode(video)):
            if number / rate >= filmed.start_s + SECONDS:
                break
            if number / rate >= filmed.start_s and number % step == 0:
                scale = 400 / max(frame.width, frame.height)
                size = (2 * round(frame.width * scale / 2), 2 * round(frame.height * scale / 2))
                small = frame.reformat(width=size[0], height=size[1], format="rgb24")
                frames.append(np.asarray(small.to_ndarray(), np.uint8))
    return frames, rate / step


def make(clip: Clip, edit: str, seed: int, folder: Path) -> Made:
    """Edit a clip as `edit` says and write it to a file."""
    frames, rate = frames_of(clip, seed)
    chance = np.random.default_rng((seed, clip.number, clip.is_filmed, _number_of(edit)))
    other = frames_of(Clip(family="other", number=5_000 + clip.number % 3), seed)[0]
    take = Take(frames=frames, rate=rate, other=other)
    if edit == CHAIN:
        take = chain(take, chance)
    elif edit in EDITS:
        take = EDITS[edit](take, chance)
    content = encoded(take)
    name = f"{clip.family}-{clip.number}-{edit.replace(' ', '-').replace(',', '')}.mp4"
    path = folder / name
    path.write_bytes(content)
    path.chmod(0o644)
    return Made(path=path, clip=clip, edit=edit, peer=_each_second(path))


def _number_of(edit: str) -> int:
    return [*EDITS, CHAIN, NONE, ALIKE, KNOWN].index(edit)


def _each_second(path: Path) -> NDArray[np.uint8]:
    """Hash the frames at 0, 1, 2 ... s as vPDQ does: (n, 33), the quality last."""
    rows: list[NDArray[np.uint8]] = []
    with av.open(str(path)) as source:
        for frame in source.decode(video=0):
            if float(frame.time or 0) >= len(rows) - 1e-3:
                bits, quality = hash_luma(np.asarray(frame.reformat(format="gray").to_ndarray()))
                rows.append(np.append(bits, np.uint8(quality)))
    return np.array(rows, np.uint8).reshape(-1, 33)


def distractors(first: int, count: int) -> tuple[list[bytes], NDArray[np.uint8]]:
    """Draw distractor frames: (features of every ten as bytes, hashes (count, 32))."""
    packed, bits = [], []
    for number in range(first, first + count, 10):
        film = Film(seed=77_000_000 + number, seconds=10, rate=1, scenes=1, width=160, height=284)
        grey = np.stack([np.asarray(Image.fromarray(one).convert("L")) for one in drawn(film)])
        stills = Stills(t=np.arange(len(grey), dtype=np.float64), pixels=grey)
        packed.append(pack_features(detect(stills, most=120)))
        bits += [hash_luma(one)[0] for one in grey]
    return packed, np.array(bits, np.uint8)


def feed_clip(number: int, seconds: float, path: Path) -> Path:
    """Draw a clip as feeds serve them, 576 x 1024 at 30 frames a second, into a file."""
    film = Film(seed=900 + number, seconds=seconds, rate=30, width=576, height=1024, scenes=4)
    path.write_bytes(encoded(Take(frames=drawn(film), rate=30, other=())))
    path.chmod(0o644)
    return path
