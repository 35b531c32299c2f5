from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fieldfare.matching.features import FeatureIndex, FeatureStage, features_for_bank, is_available
from fieldfare.matching.features.stage import spread_stills
from fieldfare.matching.fingerprints import Stills
from fieldfare.matching.known import KnownContent
from fieldfare.matching.small_banks import known_in
from fieldfare.testing.banks import a_bank, a_probe, an_entry, some_bits, some_frames
from fieldfare.testing.films import picture

WIDTH, HEIGHT = 216, 384
ENTRY = an_entry(7, some_frames(some_bits(3, seed=1)), seconds=3.0)
PROBE = a_probe(some_frames(some_bits(3, seed=2)))

needs_opencv = pytest.mark.skipif(not is_available(), reason="OpenCV is not installed")


def _stills(degrees: float) -> Stills:
    pictures = [Image.fromarray(picture(seed, WIDTH, HEIGHT)).convert("L") for seed in range(3)]
    turned = [np.asarray(one.rotate(degrees)) for one in pictures]
    return Stills(t=np.array([0.0, 2.0, 4.0]), pixels=np.stack(turned))


def _known(folder: Path, *, priority: bool) -> KnownContent:
    features = features_for_bank(_stills(0))
    assert features is not None
    index = FeatureIndex.open(folder)
    index.add([(7, features)], applied_to=1)
    return known_in([a_bank("known", ENTRY, priority=priority)], [FeatureStage(index)])


@needs_opencv
def test_a_turned_copy_of_a_priority_bank_is_found_and_explained(tmp_path: Path) -> None:
    known = _known(tmp_path, priority=True)

    (match,) = known.match(replace(PROBE, stills=_stills(-8), seconds=6.0))

    assert (match.means, match.entry) == ("features", "7")
    assert match.transform == "turned 8 degrees clockwise, speed not known"
    assert match.distance is None
    assert match.agreeing == max(pair.agreeing for pair in match.pairs) > 8
    assert match.seconds == pytest.approx(6)
    assert match.reference_frames == 3
    assert match.offset_s == pytest.approx(0)
    assert len(match.pairs) == 3


@needs_opencv
def test_other_banks_and_files_without_stills_are_not_asked(tmp_path: Path) -> None:
    turned = replace(PROBE, stills=_stills(-8), seconds=6.0)

    assert _known(tmp_path / "plain", priority=False).match(turned) == ()
    assert _known(tmp_path / "prior", priority=True).match(PROBE) == ()


def test_stills_are_spread_over_the_time() -> None:
    stills = Stills(t=np.arange(100, dtype=np.float64) / 2, pixels=np.zeros((100, 8, 8), np.uint8))

    assert spread_stills(stills, apart_s=1.0, most=64).t.tolist() == np.arange(50.0).tolist()
    few = spread_stills(stills, apart_s=1.0, most=5)
    assert few.t.tolist() == [0, 12, 24, 36, 49]


def test_nothing_is_made_of_no_stills() -> None:
    assert features_for_bank(None) is None
