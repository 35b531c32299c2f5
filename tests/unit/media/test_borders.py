import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from fieldfare.media import luma_of
from fieldfare.media.borders import Box, box_inside, boxes_inside
from fieldfare.testing.clips import Clip, texture

Rgb = NDArray[np.uint8]
CLIP = Clip(width=200, height=120, grain=6.0)


def _padded(inner: Rgb, ground: Rgb, top: int, left: int) -> NDArray[np.float32]:
    drawn = ground.copy()
    drawn[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return luma_of(drawn)


def _frames(ground: Rgb, top: int, left: int) -> list[NDArray[np.float32]]:
    return [_padded(texture(CLIP, 5 * n), ground, top, left) for n in range(8)]


def _near(found: Box | None, top: int, left: int) -> bool:
    asked = (top, top + CLIP.height, left, left + CLIP.width)
    said = (found.top, found.bottom, found.left, found.right) if found else (0, 0, 0, 0)
    return all(abs(a - b) <= 1 for a, b in zip(asked, said, strict=True))


@pytest.mark.parametrize("shade", [(0, 0, 0), (255, 255, 255), (20, 90, 160), (128, 128, 128)])
@pytest.mark.parametrize(("top", "left"), [(30, 0), (0, 40), (25, 35)])
def test_plain_bars_of_any_colour_are_found(
    shade: tuple[int, int, int], top: int, left: int
) -> None:
    ground = np.full((120 + 2 * top, 200 + 2 * left, 3), shade, np.uint8)

    assert _near(box_inside(_frames(ground, top, left)), top, left)


def test_one_frame_is_enough_for_plain_bars() -> None:
    ground = np.zeros((220, 200, 3), np.uint8)

    assert _near(box_inside(_frames(ground, 40, 0)[:1]), 40, 0)


def test_bars_of_unequal_width_are_found() -> None:
    ground = np.zeros((200, 200, 3), np.uint8)

    assert _near(box_inside(_frames(ground, 70, 0)), 70, 0)


def test_a_blurred_copy_behind_the_picture_is_a_border() -> None:
    frames = []
    for n in range(8):
        inner = texture(CLIP, 5 * n)
        large = Image.fromarray(inner).resize((534, 320), Image.Resampling.BICUBIC)
        blurred = np.asarray(large.crop((167, 0, 367, 320)).filter(ImageFilter.GaussianBlur(14)))
        frames.append(_padded(inner, blurred, 100, 0))

    assert _near(box_inside(frames), 100, 0)


def test_a_bar_with_writing_that_stands_still_is_a_border() -> None:
    page = Image.new("RGB", (200, 220), "white")
    ImageDraw.Draw(page).text((10, 20), "look at this", fill="black", font_size=20)

    assert _near(box_inside(_frames(np.asarray(page), 80, 0)), 80, 0)


@pytest.mark.parametrize("shade", [None, 0, 200])
def test_what_has_no_border_is_left_whole(shade: int | None) -> None:
    clip = Clip(width=200, height=120, shade=shade, grain=0 if shade is not None else 6.0)

    assert box_inside([luma_of(texture(clip, 5 * n)) for n in range(8)]) is None


@pytest.mark.parametrize("size", [(1, 1), (2, 400), (50, 3), (47, 47), (60, 5000)])
def test_odd_sizes_do_no_harm(size: tuple[int, int]) -> None:
    frames = [np.zeros(size, np.uint8)] * 2

    assert box_inside(frames) is None


def test_wide_levels_are_judged_as_narrow_ones() -> None:
    ground = np.full((180, 200, 3), 70, np.uint8)
    frames = [(frame * 256).astype(np.uint16) for frame in _frames(ground, 30, 0)]

    assert _near(box_inside(frames, levels=65_280), 30, 0)


def test_a_still_background_behind_plain_bars_is_part_of_the_picture() -> None:
    still = Clip(width=200, height=160, grain=6.0, seed=9)
    frames = []
    for n in range(8):
        page = np.zeros((240, 200, 3), np.uint8)
        page[40:200] = texture(still, 0)
        page[90:150, 60:140] = texture(CLIP, 5 * n)[:60, :80]
        frames.append(luma_of(page))

    boxes = boxes_inside(frames)

    assert Box(top=40, bottom=200, left=0, right=200) in boxes
    assert len(boxes) == 2
