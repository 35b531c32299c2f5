"""The second stage, from pictures to matches. Nothing of this needs a file."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fieldfare.matching.features import (
    Detected,
    FeatureIndex,
    FeatureMatch,
    LocalFeatures,
    detect,
    detect_both,
    is_available,
    recognise,
)
from fieldfare.matching.fingerprints import Stills
from fieldfare.testing.edits import sticker
from fieldfare.testing.films import Frame, picture

pytestmark = pytest.mark.skipif(not is_available(), reason="OpenCV is not installed")

WIDTH, HEIGHT = 216, 384
KNOWN = [picture(seed, WIDTH, HEIGHT) for seed in range(4)]


def _stills(*pictures: Image.Image | Frame) -> Stills:
    grey: list[NDArray[np.uint8]] = [
        np.asarray((Image.fromarray(p) if isinstance(p, np.ndarray) else p).convert("L"), np.uint8)
        for p in pictures
    ]
    return Stills(t=np.arange(len(grey), dtype=np.float64), pixels=np.stack(grey))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> FeatureIndex:
    """Give a bank in which picture i is the entry i + 1."""
    index = FeatureIndex.open(tmp_path_factory.mktemp("features"))
    index.add(
        [(number + 1, detect(_stills(one))) for number, one in enumerate(KNOWN)], applied_to=4
    )
    return index


def _look_up(bank: FeatureIndex, *pictures: Image.Image | Frame) -> list[FeatureMatch]:
    return recognise(detect_both(_stills(*pictures)), bank)


def _within(other: Frame, one: Image.Image, place: tuple[int, int]) -> Image.Image:
    ground = Image.fromarray(other)
    ground.paste(one, place)
    return ground


def test_a_turned_picture_is_found_with_how_far_it_is_turned(bank: FeatureIndex) -> None:
    turned = Image.fromarray(KNOWN[2]).rotate(-12, Image.Resampling.BILINEAR)

    [found] = _look_up(bank, turned)

    assert (found.owner, found.mirrored) == (3, False)
    assert found.pairs[0].turned == pytest.approx(12, abs=1)
    assert found.pairs[0].scale == pytest.approx(1, abs=0.03)


def test_a_picture_in_another_is_found_with_its_size(bank: FeatureIndex) -> None:
    small = Image.fromarray(KNOWN[0]).resize((WIDTH // 2, HEIGHT // 2))

    [found] = _look_up(bank, _within(picture(90, WIDTH, HEIGHT), small, (70, 120)))

    assert found.owner == 1
    assert found.pairs[0].scale == pytest.approx(0.5, abs=0.03)
    assert found.area > 0.3


def test_a_mirrored_crop_is_found(bank: FeatureIndex) -> None:
    crop = Image.fromarray(KNOWN[1]).crop((10, 60, 180, 340))

    [found] = _look_up(bank, crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT))

    assert (found.owner, found.mirrored) == (2, True)


def test_other_pictures_are_not_found(bank: FeatureIndex) -> None:
    others = [picture(seed, WIDTH, HEIGHT) for seed in range(20, 24)]

    assert _look_up(bank, *others) == []


def test_plain_pictures_have_no_features_and_match_nothing(bank: FeatureIndex) -> None:
    plain = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)

    assert len(detect(_stills(plain))) == 0
    assert _look_up(bank, plain) == []


def test_the_same_sticker_and_words_do_not_make_two_films_one(tmp_path: Path) -> None:
    def marked(seed: int, place: tuple[int, int]) -> Image.Image:
        face = sticker(3, 80)
        ground = Image.fromarray(picture(seed, WIDTH, HEIGHT))
        ground.paste(face, place, face)
        return ground

    index = FeatureIndex.open(tmp_path)
    index.add([(7, detect(_stills(marked(50, (20, 30)), marked(51, (20, 30)))))], applied_to=1)

    assert _look_up(index, marked(52, (100, 200)), marked(53, (100, 200))) == []


def test_the_same_caption_sticker_and_name_do_not_make_two_films_one(tmp_path: Path) -> None:
    def captioned(seed: int) -> Image.Image:
        ground = Image.fromarray(picture(seed, WIDTH, HEIGHT))
        pen = ImageDraw.Draw(ground)
        font = ImageFont.load_default(size=18)
        words = "wait for it, then\nlook very closely"
        pen.text((8, 10), words, font=font, fill="white", stroke_width=2, stroke_fill="black")
        pen.text((120, 350), "@somebody", font=font, fill="white", stroke_width=2)
        face = sticker(3, 52)
        ground.paste(face, (150, 100), face)
        return ground

    index = FeatureIndex.open(tmp_path)
    index.add([(7, detect(_stills(*map(captioned, range(60, 63)))))], applied_to=1)

    assert _look_up(index, *map(captioned, range(63, 66))) == []
    assert [match.owner for match in _look_up(index, captioned(61))] == [7]


def test_two_fair_stills_count_only_if_they_agree_on_when(tmp_path: Path) -> None:
    index = FeatureIndex.open(tmp_path)
    index.add([(1, detect(_stills(*KNOWN)))], applied_to=1)

    [found] = _look_up(index, *KNOWN[1:])

    assert found.offset_s == pytest.approx(1)
    assert [pair.t_query for pair in found.pairs] == [0, 1, 2]
    assert found.reference_stills == 3


def test_nothing_known_and_nothing_asked_match_nothing(bank: FeatureIndex, tmp_path: Path) -> None:
    empty = FeatureIndex.open(tmp_path)
    nothing = Detected(plain=LocalFeatures.empty(), mirrored=LocalFeatures.empty())

    assert _look_up(empty, KNOWN[0]) == []
    assert recognise(nothing, bank) == []
