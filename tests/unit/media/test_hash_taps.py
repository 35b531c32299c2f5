from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fieldfare.media import Examination, MediaSandbox, hash_forms, hash_luma, luma_of
from fieldfare.testing.clips import Clip, texture, write_clip

Examine = Callable[..., Examination]
Sparse = Callable[..., Examination]
TAPS = ("rows", "probes", "stills")


@pytest.fixture
def sparse(sandbox: MediaSandbox) -> Sparse:
    def run(path: Path, *, gap_s: float) -> Examination:
        with path.open("rb") as file:
            return sandbox.examine(file.fileno(), taps=("probes",), gap_s=gap_s)

    return run


def _apart(one: object, other: object) -> int:
    first, second = np.asarray(one, np.uint8), np.asarray(other, np.uint8)
    return int(np.bitwise_count(first ^ second).sum())


def test_a_bank_gets_a_row_for_each_frame_that_says_something_new(
    examine: Examine, tmp_path: Path
) -> None:
    clip = Clip(frames=30, fps=10)
    found = examine(write_clip(tmp_path / "a.mp4", clip), taps=("rows",)).arrays

    bits = np.asarray(found["rows.bits"], np.uint8)
    assert 5 <= len(bits) <= 30
    for before, after in pairwise(bits):
        assert _apart(before, after) > 16
    kept = {round(float(t) * 10) for t in found["rows.t"]}
    last = bits[0]
    for number in range(30):
        if number in kept:
            last = bits[sorted(kept).index(number)]
        seen, _ = hash_luma(luma_of(texture(clip, number)))
        assert _apart(seen, last) <= 32


def test_a_standing_picture_is_repeated_once_a_second_bit_for_bit(
    examine: Examine, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "still.mp4", Clip(frames=35, fps=10, still=True))

    found = examine(path, taps=("rows",)).arrays

    assert list(found["rows.t"]) == pytest.approx([0.0, 1.0, 2.0, 3.0], abs=0.002)
    assert len({row.tobytes() for row in found["rows.bits"]}) == 1


def test_no_clip_gives_more_than_sixty_rows_a_second(examine: Examine, tmp_path: Path) -> None:
    clip = Clip(width=64, height=64, frames=60, fps=120, seed=2, grain=60.0)

    found = examine(write_clip(tmp_path / "fast.mp4", clip), taps=("rows",)).arrays

    assert np.diff(found["rows.t"]).min() >= 1 / 60 - 0.002


def test_a_bank_holds_a_bordered_clip_with_and_without_its_borders(
    examine: Examine, tmp_path: Path
) -> None:
    inner = texture(Clip(width=200, height=120, grain=6.0), 0)
    page = np.full((220, 200, 3), (10, 30, 90), np.uint8)
    page[50:170] = inner
    path = tmp_path / "bordered.png"
    Image.fromarray(page).save(path)

    found = examine(path, taps=("rows",)).arrays

    assert found["rows.window"].tolist() == [0, 1]
    expected = [hash_luma(luma_of(of))[0] for of in (page, inner)]
    assert max(map(_apart, found["rows.bits"], expected)) <= 8


def test_a_query_holds_the_samples_in_all_forms(examine: Examine, tmp_path: Path) -> None:
    clip = Clip(frames=25)
    path = write_clip(tmp_path / "a.mp4", clip)

    found = examine(path, taps=("probes", "pdq")).arrays

    whole = found["probes.window"] == 0
    plain = whole & (found["probes.form"] == 0)
    assert found["probes.bits"][plain].tolist() == found["pdq.bits"].tolist()
    assert found["probes.t"][plain].tolist() == found["pdq.t"].tolist()
    expected, _ = hash_forms(luma_of(texture(clip, 0)))
    for form in range(8):
        assert _apart(found["probes.bits"][whole][form], expected[form]) <= 16


def test_a_bordered_copy_is_hashed_without_its_borders(examine: Examine, tmp_path: Path) -> None:
    inner = texture(Clip(width=200, height=120, grain=6.0), 0)
    page = np.full((220, 200, 3), (10, 30, 90), np.uint8)
    page[50:170] = inner
    path = tmp_path / "bordered.png"
    Image.fromarray(page).save(path)

    found = examine(path, taps=("probes",)).arrays

    proper = (found["probes.window"] == 1) & (found["probes.form"] == 0)
    expected, _ = hash_luma(luma_of(inner))
    assert _apart(found["probes.bits"][proper][0], expected) <= 8
    assert len(found["probes.t"]) == 16


def test_stills_are_small_upright_and_not_alike(examine: Examine, tmp_path: Path) -> None:
    clip = Clip(width=640, height=360, frames=30, fps=5, gop=5, rotation=90)

    found = examine(write_clip(tmp_path / "a.mp4", clip), taps=("stills",)).arrays

    count, height, width = found["stills.pixels"].shape
    assert (height, width) == (512, 288)
    assert 3 <= count <= 6
    assert found["stills.t"][0] == 0


def test_a_plain_clip_has_no_stills(examine: Examine, tmp_path: Path) -> None:
    found = examine(write_clip(tmp_path / "a.mp4", Clip(shade=90)), taps=TAPS).arrays

    assert found["stills.pixels"].shape == (0, 0, 0)
    assert set(found["rows.quality"]) == {0}


def test_a_long_clip_stays_within_the_answer(examine: Examine, tmp_path: Path) -> None:
    clip = Clip(width=512, height=512, frames=150, fps=1, gop=1, seed=3)

    found = examine(write_clip(tmp_path / "long.mp4", clip), taps=(*TAPS, "thumbnails"))

    assert found.complete, found.problem
    assert found.arrays["stills.pixels"].nbytes <= 9 << 20
    assert found.arrays["stills.t"][-1] > 100


def test_sound_alone_has_empty_tables(examine: Examine, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp3", Clip(codec="", sound="libmp3lame"))

    found = examine(path, taps=TAPS).arrays

    assert found["probes.bits"].shape == (0, 32)
    assert found["rows.bits"].shape == (0, 32)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "h264"), ("a.mp4", "hevc"), ("a.mkv", "av1"), ("a.webm", "vp9")]
)
def test_a_sparse_look_sees_keyframes_and_fills_what_lies_between(
    sparse: Sparse, tmp_path: Path, name: str, codec: str
) -> None:
    clip = Clip(frames=61, fps=10, gop=40, codec=codec)
    path = write_clip(tmp_path / name, clip)

    keys = sparse(path, gap_s=100.0)
    filled = sparse(path, gap_s=1.0)

    assert keys.sampling == "keyframes and gaps"
    for found in (keys, filled):
        assert found.complete, found.problem
        assert found.decoded_s == pytest.approx(6.1, abs=0.11)
        plain = found.arrays["probes.form"] == 0
        shown = zip(
            found.arrays["probes.t"][plain], found.arrays["probes.bits"][plain], strict=True
        )
        for t, bits in shown:
            expected, _ = hash_luma(luma_of(texture(clip, round(float(t) * 10))))
            assert _apart(bits, expected) <= 20, t
    moments = sorted(set(filled.arrays["probes.t"].tolist()))
    assert max(np.diff([*moments, 6.1])) <= 1.5
    assert set(keys.arrays["probes.t"]) < set(filled.arrays["probes.t"])


def test_a_sparse_look_at_a_clip_of_keyframes_takes_two_a_second(
    sparse: Sparse, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "keys.mp4", Clip(frames=40, fps=20, gop=1))

    found = sparse(path, gap_s=2.0)

    assert sorted(set(found.arrays["probes.t"].tolist())) == pytest.approx([0, 0.5, 1, 1.5])


def test_a_sparse_look_at_pictures_and_sound_sees_all_there_is(
    sparse: Sparse, tmp_path: Path
) -> None:
    picture, sound = tmp_path / "a.png", tmp_path / "a.mp3"
    Image.fromarray(texture(Clip(), 0)).save(picture)
    write_clip(sound, Clip(codec="", sound="libmp3lame"))

    assert len(sparse(picture, gap_s=2.0).arrays["probes.t"]) == 8
    assert sparse(sound, gap_s=2.0).complete


def test_a_sparse_look_at_a_torn_clip_says_that_it_is_not_whole(
    sparse: Sparse, tmp_path: Path
) -> None:
    whole = write_clip(tmp_path / "whole.webm", Clip(frames=60, codec="vp9", gop=10)).read_bytes()
    torn = tmp_path / "torn.webm"
    torn.write_bytes(whole[: len(whole) // 2])

    found = sparse(torn, gap_s=2.0)

    assert not found.complete
    assert len(found.arrays["probes.t"]) > 0
