import numpy as np
import pytest
from numpy.typing import NDArray

from fieldfare.media import luma_of
from fieldfare.media.borders import Box, is_near
from fieldfare.media.insets import insets
from fieldfare.testing.clips import Clip, texture

INNER = Clip(width=160, height=120, grain=6.0)
GROUND = Clip(width=280, height=240, seed=5, grain=6.0)


def _frames(top: int, left: int) -> list[NDArray[np.float32]]:
    """Set one moving clip into another."""
    frames = []
    for n in range(8):
        page = texture(GROUND, 5 * n).copy()
        page[top : top + INNER.height, left : left + INNER.width] = texture(INNER, 5 * n)
        frames.append(luma_of(page))
    return frames


@pytest.mark.parametrize(("top", "left"), [(60, 50), (20, 100), (110, 12)])
def test_a_picture_within_a_moving_picture_is_found(top: int, left: int) -> None:
    true = Box(top=top, bottom=top + INNER.height, left=left, right=left + INNER.width)

    assert any(is_near(found, true) for found in insets(_frames(top, left)))


def test_a_moving_picture_by_itself_has_nothing_set_into_it() -> None:
    assert insets([luma_of(texture(GROUND, 5 * n)) for n in range(8)]) == []


def test_tiny_and_plain_pictures_have_nothing_set_into_them() -> None:
    assert insets([np.zeros((20, 20), np.uint8)]) == []
    assert insets([np.full((200, 100), 90, np.uint8)] * 2) == []
