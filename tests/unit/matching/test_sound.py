import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldfare.kernel import BadInput
from fieldfare.matching.sound import (
    BANK_FAN,
    SoundPrint,
    landmarks_of,
    pack_sound,
    unpack_sound,
)


def _print(n: int, seed: int = 1) -> SoundPrint:
    draw = np.random.default_rng(seed)
    return SoundPrint(
        frame=np.sort(draw.integers(0, 2 * n + 1, n)).astype(np.int32),
        bin=draw.integers(20, 470, n).astype(np.int32),
        seconds=n / 15,
    )


@given(n=st.integers(0, 400), seed=st.integers(0, 100))
def test_a_packed_sound_reads_back_as_it_was(n: int, seed: int) -> None:
    sound = _print(n, seed)

    read = unpack_sound(pack_sound(sound))

    assert read.frame.tolist() == sound.frame.tolist()
    assert read.bin.tolist() == sound.bin.tolist()
    assert read.seconds == sound.seconds


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ELSE" + bytes(12),
        pack_sound(_print(3))[:-3],
        pack_sound(_print(3))[:16] + zlib.compress(bytes(1000)),
        pack_sound(_print(3))[:4] + b"\xff\xff\xff\xff" + pack_sound(_print(3))[8:],
    ],
)
def test_bytes_that_are_no_sound_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        unpack_sound(data)


@pytest.mark.parametrize(
    ("frame", "lines"), [([3, 2], [5, 5]), ([-1], [5]), ([1], [900]), ([1], [])]
)
def test_peaks_out_of_order_or_beyond_hearing_are_refused(
    frame: list[int], lines: list[int]
) -> None:
    with pytest.raises(BadInput):
        SoundPrint(frame=np.array(frame, np.int32), bin=np.array(lines, np.int32), seconds=1.0)


@given(n=st.integers(0, 300), seed=st.integers(0, 50), later=st.integers(0, 1000))
def test_the_same_sound_later_has_the_same_landmarks(n: int, seed: int, later: int) -> None:
    sound = _print(n, seed)
    shifted = SoundPrint(
        frame=(sound.frame + later).astype(np.int32), bin=sound.bin, seconds=sound.seconds
    )

    one, other = landmarks_of(sound, fan=BANK_FAN), landmarks_of(shifted, fan=BANK_FAN)

    assert one.key.tolist() == other.key.tolist()
    assert (one.key < 1 << 20).all()
    assert len(one.key) == 0 or np.bincount(one.anchor).max() <= BANK_FAN


def test_a_sound_played_faster_has_its_landmarks_at_that_speed() -> None:
    sound = _print(300)
    faster = SoundPrint(
        frame=np.floor(sound.frame / 1.25).astype(np.int32), bin=sound.bin, seconds=8.0
    )
    known = set(landmarks_of(sound, fan=60).key.tolist())

    at_speed = landmarks_of(faster, fan=12, speed=1.25).key.tolist()
    as_it_is = landmarks_of(faster, fan=12).key.tolist()

    assert np.mean([key in known for key in at_speed]) > 0.5
    assert np.mean([key in known for key in as_it_is]) < 0.3


def test_a_few_bytes_that_claim_a_million_peaks_are_refused() -> None:
    n = 1 << 20
    dense = SoundPrint(
        frame=(np.arange(n) // 2).astype(np.int32), bin=np.full(n, 100, np.int32), seconds=9.0
    )
    packed = pack_sound(dense)

    assert len(packed) < 10_000
    with pytest.raises(BadInput):
        unpack_sound(packed)


def test_a_peak_begins_with_the_nearest_that_follow() -> None:
    frame, line = np.arange(40, dtype=np.int32), np.full(40, 100, np.int32)
    sound = SoundPrint(frame=frame, bin=line, seconds=2.0)

    found = landmarks_of(sound, fan=3)

    begun = found.key[found.anchor == 5] & 63
    assert begun.tolist() == [1, 2, 2]  # 2, 3 and 4 steps later, halved
    assert np.bincount(found.anchor).max() == 3
