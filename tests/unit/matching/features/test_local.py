import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import BadInput
from fieldfare.matching.features import LocalFeatures, pack_features, unpack_features
from fieldfare.matching.features.codes import codes_of, mirrored


def some_features(seed: int, stills: int, each: int) -> LocalFeatures:
    chance = np.random.default_rng(seed)
    n = stills * each
    return LocalFeatures(
        t=np.arange(stills, dtype=np.float64),
        frame=np.full((stills, 2), (216, 384), np.uint16),
        still=np.repeat(np.arange(stills), each).astype(np.uint16),
        place=(chance.integers(0, 200 * 32, (n, 2)) / 32).astype(np.float32),
        angle=chance.integers(0, 256, n).astype(np.uint8),
        size=chance.integers(0, 120, n).astype(np.uint8),
        code=chance.integers(0, 256, (n, 32)).astype(np.uint8),
    )


@given(seed=st.integers(0, 99), stills=st.integers(0, 5), each=st.integers(0, 9))
def test_features_are_read_as_they_were_written(seed: int, stills: int, each: int) -> None:
    features = some_features(seed, stills, each)

    read = unpack_features(pack_features(features))

    for name in ("t", "frame", "still", "place", "angle", "size", "code"):
        assert (getattr(read, name) == getattr(features, name)).all()


@pytest.mark.parametrize("cut", [0, 3, 20, -1])
def test_what_is_cut_short_is_refused(cut: int) -> None:
    data = pack_features(some_features(1, 2, 3))

    with pytest.raises(BadInput):
        unpack_features(data[:cut])


def test_a_feature_of_a_still_that_is_not_there_is_refused() -> None:
    one = some_features(1, 1, 2)

    with pytest.raises(BadInput, match="stills"):
        LocalFeatures(
            t=one.t,
            frame=one.frame,
            still=np.array([0, 1], np.uint16),
            place=one.place,
            angle=one.angle,
            size=one.size,
            code=one.code,
        )


def test_codes_are_near_for_near_descriptors_and_far_for_others() -> None:
    chance = np.random.default_rng(4)
    plain = chance.gamma(0.5, 30, (200, 128)).astype(np.float32)
    worn = np.maximum(plain * chance.normal(1, 0.2, plain.shape), 0).astype(np.float32)

    same = np.bitwise_count(codes_of(plain) ^ codes_of(worn)).sum(axis=1)
    other = np.bitwise_count(codes_of(plain) ^ codes_of(plain[::-1])).sum(axis=1)

    assert np.median(same) < 30
    assert np.percentile(other, 5) > 60


def test_mirroring_twice_changes_nothing() -> None:
    descriptors = np.random.default_rng(5).random((9, 128)).astype(np.float32)

    assert (mirrored(mirrored(descriptors)) == descriptors).all()
    assert (mirrored(descriptors) != descriptors).any()


def test_codes_stay_what_they_were_because_they_are_stored() -> None:
    descriptors = np.arange(256, dtype=np.float32).reshape(2, 128) % 37

    assert codes_of(descriptors).tobytes().hex()[:16] == "316f8f174c9a0dde"
