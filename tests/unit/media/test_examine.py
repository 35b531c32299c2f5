from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fieldfare.media import Examination, MediaLimits, hash_luma, luma_of
from fieldfare.testing.clips import Clip, texture, write_clip

Examine = Callable[..., Examination]


def _near(found: Examination, shown: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int:
    bits, _ = hash_luma(luma_of(shown))
    return int(np.bitwise_count(found.arrays["pdq.bits"][0].astype(np.uint8) ^ bits).sum())


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "h264"),
        ("a.mov", "h264"),
        ("a.mp4", "hevc"),
        ("a.mp4", "av1"),
        ("a.mkv", "av1"),
        ("a.webm", "vp8"),
        ("a.webm", "vp9"),
    ],
)
def test_each_codec_is_decoded_and_described(
    examine: Examine, tmp_path: Path, name: str, codec: str
) -> None:
    clip = Clip(codec=codec, frames=25)
    found = examine(write_clip(tmp_path / name, clip))

    assert found.complete, found.problem
    assert found.probe is not None
    assert found.probe.video_codec == codec
    assert (found.probe.width, found.probe.height) == (96, 160)
    assert found.probe.duration_s == pytest.approx(2.5, abs=0.11)
    assert not found.probe.has_audio
    assert _near(found, texture(clip, 0)) <= 16
    assert list(found.arrays["pdq.t"]) == pytest.approx([0.0, 1.0, 2.0], abs=0.002)


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_turned_clip_is_hashed_as_it_is_shown(
    examine: Examine, tmp_path: Path, angle: int
) -> None:
    clip = Clip(rotation=angle)
    found = examine(write_clip(tmp_path / "turned.mp4", clip))

    shown = np.ascontiguousarray(np.rot90(texture(clip, 0), angle // 90))
    assert found.probe is not None
    assert found.probe.rotation == angle
    assert (found.probe.height, found.probe.width) == shown.shape[:2]
    assert _near(found, shown) <= 16


@pytest.mark.parametrize("pix_fmt", ["yuv444p", "yuv420p10le", "yuvj420p", "gray", "rgb24"])
def test_each_layout_of_pixels_gives_the_same_hash(
    examine: Examine, tmp_path: Path, pix_fmt: str
) -> None:
    codec = {"gray": "hevc", "rgb24": "h264"}.get(pix_fmt, "h264")
    clip = Clip(pix_fmt="yuv420p" if pix_fmt == "rgb24" else pix_fmt, codec=codec)

    found = examine(write_clip(tmp_path / "clip.mkv", clip))

    assert found.complete, found.problem
    assert _near(found, texture(clip, 0)) <= 16


def test_odd_sides_are_taken(examine: Examine, tmp_path: Path) -> None:
    clip = Clip(codec="vp9", width=101, height=67)

    found = examine(write_clip(tmp_path / "odd.webm", clip))

    assert found.complete
    assert found.probe is not None
    assert (found.probe.width, found.probe.height) == (101, 67)
    assert _near(found, texture(clip, 0)) <= 16


def test_one_frame_is_a_clip(examine: Examine, tmp_path: Path) -> None:
    found = examine(write_clip(tmp_path / "one.mp4", Clip(frames=1)))

    assert found.complete
    assert len(found.arrays["pdq.t"]) == 1


def test_sound_beside_pictures_is_named(examine: Examine, tmp_path: Path) -> None:
    found = examine(write_clip(tmp_path / "loud.mp4", Clip(sound="aac")))

    assert found.complete
    assert found.probe is not None
    assert (found.probe.has_audio, found.probe.audio_codec) == (True, "aac")


@pytest.mark.parametrize(
    ("name", "sound", "codec"),
    [
        ("a.m4a", "aac", "aac"),
        ("a.aac", "aac", "aac"),
        ("a.mp3", "libmp3lame", "mp3"),
        ("a.ogg", "libopus", "opus"),
        ("a.flac", "flac", "flac"),
        ("a.wav", "pcm_s16le", "pcm_s16le"),
    ],
)
def test_sound_alone_is_audio_without_pictures(
    examine: Examine, tmp_path: Path, name: str, sound: str, codec: str
) -> None:
    found = examine(write_clip(tmp_path / name, Clip(codec="", sound=sound)))

    assert found.complete, found.problem
    assert found.probe is not None
    assert (found.probe.kind, found.probe.audio_codec) == ("audio", codec)
    assert len(found.arrays["pdq.t"]) == 0


def test_a_frame_on_show_for_long_is_sampled_wherever_it_falls(
    examine: Examine, tmp_path: Path
) -> None:
    clip = Clip(at_s=(0.0, 0.1, 0.3, 0.35, 5.35, 5.4), codec="vp9")

    found = examine(write_clip(tmp_path / "slides.webm", clip), taps=("clock",))

    shown = found.arrays["clock"]
    assert list(shown[:, 0]) == pytest.approx([0.0, 0.1, 0.3, 0.35, 5.35, 5.4], abs=0.002)
    assert list(shown[:, 1]) == [1, 0, 0, 1, 1, 0]


def test_keyframes_are_sampled_between_the_seconds(examine: Examine, tmp_path: Path) -> None:
    clip = Clip(frames=20, gop=5)

    found = examine(write_clip(tmp_path / "keys.mp4", clip))

    assert list(found.arrays["pdq.t"]) == pytest.approx([0.0, 0.5, 1.0, 1.5], abs=0.002)


def test_a_long_clip_keeps_few_thumbnails_over_its_whole_length(
    examine: Examine, tmp_path: Path
) -> None:
    clip = Clip(width=32, height=32, frames=300, fps=2, gop=1, still=True)

    found = examine(write_clip(tmp_path / "long.mp4", clip))

    t = found.arrays["thumb.t"]
    assert 12 <= len(t) <= 24
    assert t[0] == 0
    assert t[-1] > 120
    assert np.diff(t).max() < 3 * 150 / len(t)


def test_more_work_than_the_cpu_limit_allows_is_cut_to_reference_frames(
    examine: Examine, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "big.mp4", Clip(width=1280, height=720, frames=200, still=True))

    found = examine(path, limits=MediaLimits(cpu_s=2))

    assert found.complete, found.problem
    assert found.sampling == "reference frames"


@pytest.mark.parametrize(("name", "kind"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp")])
def test_a_picture_is_hashed_from_its_own_pixels(
    examine: Examine, tmp_path: Path, name: str, kind: str
) -> None:
    path = tmp_path / "picture"
    Image.fromarray(texture(Clip(), 3)).save(path, name)

    found = examine(path)

    with Image.open(path) as image:
        assert _near(found, np.asarray(image.convert("RGB"))) == 0
    assert found.probe is not None
    assert (found.probe.kind, found.probe.video_codec) == ("image", kind)


def test_a_picture_lies_as_its_orientation_says(examine: Examine, tmp_path: Path) -> None:
    path = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(texture(Clip(), 3)).save(path, exif=exif)

    found = examine(path)

    assert found.probe is not None
    assert (found.probe.width, found.probe.height) == (160, 96)
    assert _near(found, np.ascontiguousarray(np.rot90(texture(Clip(), 3), -1))) == 0


def test_a_picture_of_sixteen_bits_of_grey_is_seen_as_browsers_show_it(
    examine: Examine, tmp_path: Path
) -> None:
    grey = texture(Clip(), 3)[:, :, 1]
    deep = grey.astype(np.uint16) * 257
    for name, pixels in (("usual.png", grey), ("deep.png", deep)):
        Image.fromarray(pixels).save(tmp_path / name)

    usual, found = (examine(tmp_path / name) for name in ("usual.png", "deep.png"))

    assert found.arrays["pdq.quality"][0] == usual.arrays["pdq.quality"][0] > 0
    assert found.arrays["pdq.bits"].tolist() == usual.arrays["pdq.bits"].tolist()


def test_what_is_transparent_lies_over_white(examine: Examine, tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(path)

    found = examine(path)

    assert found.arrays["thumb.rgb"].min() == 255


@pytest.mark.parametrize("name", ["GIF", "WEBP"])
def test_an_animation_is_seen_frame_by_frame(examine: Examine, tmp_path: Path, name: str) -> None:
    path = tmp_path / "animation"
    frames = [Image.new("RGB", (64, 48), shade) for shade in ("black", "white", "grey")]
    frames[0].save(path, name, save_all=True, append_images=frames[1:], duration=[700, 200, 600])

    found = examine(path)

    assert found.complete, found.problem
    assert found.probe is not None
    assert found.probe.kind == "animation"
    assert found.probe.duration_s == pytest.approx(1.5)
    assert list(found.arrays["luma.dark"]) == [1, 0, 0]
    assert list(found.arrays["pdq.t"]) == pytest.approx([0.0, 0.9])
