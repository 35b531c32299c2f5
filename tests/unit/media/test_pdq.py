import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pdqhash
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from fieldfare.media import Examination, hash_forms, hash_luma, hash_many, luma_of
from fieldfare.testing.clips import Clip, texture

Examine = Callable[..., Examination]


def _reference(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    bits, quality = pdqhash.compute(rgb)
    return np.packbits(bits), int(quality)


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    cells=st.integers(2, 12),
    seed=st.integers(0, 2**32 - 1),
)
def test_bits_and_quality_equal_the_reference_on_equal_pixels(
    width: int, height: int, cells: int, seed: int
) -> None:
    coarse = np.random.default_rng(seed).integers(0, 256, (cells, cells, 3), np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    rgb = np.asarray(image)

    bits, quality = hash_luma(luma_of(rgb))
    expected, expected_quality = _reference(rgb)

    # Where coefficients are all but equal to their median, the last bit of a float decides.
    tolerated = 0 if expected_quality >= 50 and min(width, height) >= 64 else 256
    assert int(np.bitwise_count(bits ^ expected).sum()) <= tolerated
    assert abs(quality - expected_quality) <= 1


@pytest.mark.parametrize("size", [(64, 64), (128, 128), (129, 127), (576, 1024), (1280, 720)])
def test_common_sizes_are_exact(size: tuple[int, int]) -> None:
    rgb = texture(Clip(width=size[0], height=size[1]), 0)

    bits, quality = hash_luma(luma_of(rgb))

    assert (bits.tolist(), quality) == (_reference(rgb)[0].tolist(), _reference(rgb)[1])


def test_limited_range_luma_gives_the_quality_of_full_range() -> None:
    luma = luma_of(texture(Clip(width=256, height=256, seed=4), 0))
    limited = 16 + luma * np.float32(219 / 255)

    bits, quality = hash_luma(luma)
    same_bits, same_quality = hash_luma(limited, black=16, white=235)

    assert int(np.bitwise_count(bits ^ same_bits).sum()) <= 2
    assert abs(quality - same_quality) <= 1


def test_a_plain_picture_has_no_quality() -> None:
    assert hash_luma(np.full((100, 100), 90, np.uint8))[1] == 0


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "chair-19-sd-bar",
        "chair-22-with-small-logo-bar",
        "chair-orig-22-sd-bar",
        "pattern-hd-no-bar",
        "pattern-sd-grey-bar",
        "test-padded-dimensions",
    ],
)
def test_frames_agree_with_the_published_hashes(examine: Examine, name: str) -> None:
    folder = os.environ.get("FIELDFARE_DATA_AT_HAND")
    if not folder:
        pytest.skip("FIELDFARE_DATA_AT_HAND names no folder of clips")
    published = {}
    for line in Path(folder, "hashes", f"{name}.txt").read_text().split():
        number, good, digits, _ = line.split(",")
        published[int(number)] = (int(good), bytes.fromhex(digits))

    found = examine(Path(folder, "video", f"{name}.mp4"))

    assert found.probe is not None
    assert found.probe.fps is not None
    compared = 0
    for t, bits in zip(found.arrays["pdq.t"], found.arrays["pdq.bits"], strict=True):
        quality, expected = published[round(float(t) * found.probe.fps)]
        if quality >= 50:
            apart = np.bitwise_count(bits.astype(np.uint8) ^ np.frombuffer(expected, np.uint8))
            assert int(apart.sum()) <= 4, f"frame at {t} s"
            compared += 1
    assert compared >= 5


@pytest.mark.data
def test_pictures_at_hand_hash_as_the_reference_does(examine: Examine) -> None:
    folder = os.environ.get("FIELDFARE_DATA_AT_HAND")
    if not folder:
        pytest.skip("FIELDFARE_DATA_AT_HAND names no folder of pictures")
    for path in sorted(Path(folder, "image").glob("*.jpg")):
        found = examine(path)

        with Image.open(path) as image:
            bits, quality = _reference(np.asarray(image.convert("RGB")))
        assert found.arrays["pdq.bits"][0].tolist() == bits.tolist(), path.name
        assert found.arrays["pdq.quality"][0] == quality


def _turned(pixels: NDArray[np.generic], form: int) -> NDArray[np.generic]:
    turned = pixels.T if form & 4 else pixels
    turned = turned[:, ::-1] if form & 1 else turned
    return turned[::-1] if form & 2 else turned


@settings(max_examples=25, deadline=None)
@given(width=st.integers(64, 400), height=st.integers(64, 400), seed=st.integers(0, 99))
def test_the_eight_forms_are_those_of_the_turned_pictures(
    width: int, height: int, seed: int
) -> None:
    luma = luma_of(texture(Clip(width=width, height=height, seed=seed), 0))

    forms, quality = hash_forms(luma)

    assert quality == hash_luma(luma)[1]
    for form in range(8):
        seen, _ = hash_luma(_turned(luma, form))
        assert int(np.bitwise_count(forms[form] ^ seen).sum()) <= 2, form


@pytest.mark.parametrize("size", [(64, 64), (30, 100), (128, 129), (300, 200)])
@pytest.mark.parametrize("coloured", [True, False])
def test_pictures_hashed_together_hash_as_they_do_alone(
    size: tuple[int, int], *, coloured: bool
) -> None:
    draw = np.random.default_rng(5)
    pictures = np.stack([texture(Clip(width=size[0], height=size[1], seed=i), 0) for i in range(5)])
    lumas = luma_of(pictures).astype(np.uint8)
    batch = pictures if coloured else lumas

    bits, quality = hash_many(batch)
    listed, _ = hash_many(list(batch))

    assert listed.tolist() == bits.tolist()
    for i in draw.permutation(5):
        alone, good = hash_luma(luma_of(pictures[i]) if coloured else lumas[i])
        assert int(np.bitwise_count(bits[i] ^ alone).sum()) <= 2
        assert abs(int(quality[i]) - good) <= 1


def test_no_pictures_have_no_hashes() -> None:
    bits, quality = hash_many([])

    assert (bits.shape, quality.shape) == ((0, 32), (0,))
    assert hash_forms(np.zeros((4, 90), np.uint8))[1] == 0
