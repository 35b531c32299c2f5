import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from fieldfare.media import Examination, MediaLimits
from fieldfare.media.limits import Refused, refuse_frame
from fieldfare.testing.clips import Clip, texture, write_clip

Examine = Callable[..., Examination]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", Clip())


def _put(folder: Path, content: bytes, name: str = "video.mp4") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty"),
        (b"this is no video\n", "the file is text"),
        (b"ffconcat version 1.0\nfile secret.mp4\n", "ffconcat"),
        (b"#EXTM3U\n#EXTINF:1,\nsecret.mp4\n", "m3u8"),
        (b'<?xml version="1.0"?><MPD></MPD>', "DASH"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "no container that is accepted"),
        (b"\x00" * 200, "no container that is accepted"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "cannot be read as mp4"),
        (b"\xff\xd8\xff\xe0 not a picture", "jpeg"),
        (b"GIF89a", "gif"),
        (b"\x1a\x45\xdf\xa3", "matroska"),
        (b"\xff\xfb", "no container that is accepted"),
    ],
)
def test_what_is_no_media_is_refused_with_its_reason(
    examine: Examine, tmp_path: Path, content: bytes, why: str
) -> None:
    found = examine(_put(tmp_path, content))

    assert not found.complete
    assert why in found.problem
    assert not found.arrays


def test_a_play_list_does_not_open_the_file_it_names(examine: Examine, clip: Path) -> None:
    for text in (f"ffconcat version 1.0\nfile {clip}\n", f"#EXTM3U\n#EXTINF:1,\n{clip}\n"):
        found = examine(_put(clip.parent, text.encode()))

        assert found.probe is None
        assert not found.arrays


def test_a_mov_with_data_references_does_not_reach_the_other_file(
    examine: Examine, clip: Path
) -> None:
    """The mov's only track says that its samples lie in clip.mp4, under the same offsets."""
    whole = clip.read_bytes()
    at = whole.index(b"dref")
    # dref: flags, count 1, then one entry `url ` with flag 1, "the samples are in this file"
    size, kind, flags = struct.unpack_from(">I4sI", whole, at + 12)
    assert (size, kind, flags) == (12, b"url ", 1)
    for entry in (_url_entry(clip), _alias_entry(clip)):
        other = _with_reference(whole, at, entry)
        path = _put(clip.parent, other, "reference.mov")

        found = examine(path)

        assert not found.complete
        assert "pdq.t" not in found.arrays or len(found.arrays["pdq.t"]) == 0


def _url_entry(target: Path) -> bytes:
    address = f"file://{target}".encode() + b"\0"
    return struct.pack(">I4sI", 12 + len(address), b"url ", 0) + address


def _alias_entry(target: Path) -> bytes:
    """Build a Macintosh alias record as libav reads it: volume, name, then tagged paths."""
    name = target.name.encode()
    record = b"\0" * 10 + bytes([3]) + b"vol" + b"\0" * 24 + b"\0" * 12
    record += bytes([len(name)]) + name.ljust(63, b"\0") + b"\0" * 16
    record += struct.pack(">hh", 1, 1) + b"\0" * 16
    full = str(target).encode()
    record += struct.pack(">hh", 2, len(full)) + full + b"\0" * (len(full) % 2)
    record += struct.pack(">hh", -1, 0)
    return struct.pack(">I4sI", 12 + len(record), b"alis", 0) + record


def _with_reference(whole: bytes, dref: int, entry: bytes) -> bytes:
    """Replace the reference and lengthen every box around it. The media data is taken out."""
    grown = len(entry) - 12
    data = bytearray(whole[: dref + 12] + entry + whole[dref + 24 :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        place = whole.index(box) - 4
        (size,) = struct.unpack_from(">I", whole, place)
        struct.pack_into(">I", data, place, size + grown)
    media = whole.index(b"mdat")
    (size,) = struct.unpack_from(">I", whole, media - 4)
    data[media + 4 : media - 4 + size] = b"\0" * (size - 8)
    return bytes(data)


def test_a_truncated_clip_is_not_complete(examine: Examine, tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mkv", Clip(frames=60)).read_bytes()

    found = examine(_put(tmp_path, whole[: len(whole) // 3], "cut.mkv"))

    assert not found.complete
    assert found.problem
    assert found.probe is not None


def test_a_clip_without_its_index_is_refused(examine: Examine, clip: Path) -> None:
    whole = clip.read_bytes()

    found = examine(_put(clip.parent, whole[: whole.index(b"moov") - 4], "cut.mp4"))

    assert "cannot be read as mp4" in found.problem


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bits_never_raise(examine: Examine, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    name, codec = chance.choice([("c.mp4", "h264"), ("c.webm", "vp9"), ("c.mkv", "av1")])
    data = bytearray(write_clip(tmp_path / name, Clip(codec=codec)).read_bytes())
    for _ in range(chance.choice([1, 20, 400])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)

    found = examine(_put(tmp_path, bytes(data), name))

    assert found.complete == (found.problem == "")


def test_a_picture_cut_in_the_middle_is_not_complete(examine: Examine, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(texture(Clip(), 0)).save(path)

    found = examine(_put(tmp_path, path.read_bytes()[:2000], "cut.png"))

    assert "cannot be decoded as png" in found.problem


def test_a_picture_of_20000_pixels_is_refused_before_it_is_decoded(
    examine: Examine, tmp_path: Path
) -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head
    data += struct.pack(">I", zlib.crc32(head))
    body = zlib.compress(b"\0" * 1000)
    data += struct.pack(">I", len(body)) + b"IDAT" + body
    data += struct.pack(">I", zlib.crc32(b"IDAT" + body))

    found = examine(_put(tmp_path, data, "vast.png"))

    assert found.problem == "its picture is 20000 x 20000 pixels, the limit is 4096 a side"
    assert found.cpu_s < 1


def test_a_video_of_20000_pixels_is_refused_before_it_is_decoded(
    examine: Examine, tmp_path: Path
) -> None:
    clip = Clip(codec="vp9", width=20_000, height=16, frames=2)

    found = examine(write_clip(tmp_path / "wide.webm", clip))

    assert found.problem == "its picture is 20000 x 16 pixels, the limit is 4096 a side"


def test_an_hour_is_refused_by_what_the_file_says(examine: Examine, tmp_path: Path) -> None:
    clip = Clip(codec="vp9", at_s=(0.0, 3600.0))

    found = examine(write_clip(tmp_path / "hour.webm", clip))

    assert found.problem == "it lasts 3600 s, the limit is 600 s"


def test_an_hour_that_the_file_does_not_admit_is_refused_on_the_way(
    examine: Examine, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "hour.webm", Clip(codec="vp9", at_s=(0.0, 3600.0)))
    data = path.read_bytes()
    at = data.index(b"\x44\x89\x88") + 3  # the Duration element, eight bytes of a float
    path.write_bytes(data[:at] + struct.pack(">d", 5000.0) + data[at + 8 :])

    found = examine(path)

    assert found.problem == "it lasts more than 600 s"


def test_too_many_bytes_are_refused(examine: Examine, clip: Path) -> None:
    found = examine(clip, limits=MediaLimits(size_bytes=1000))

    assert found.problem == f"it has {clip.stat().st_size} bytes, the limit is 1000"


def test_a_second_picture_stream_that_nobody_looked_at_is_told(
    examine: Examine, tmp_path: Path
) -> None:
    found = examine(write_clip(tmp_path / "both.mkv", Clip(tracks=2)))

    assert found.problem == "1 further picture stream(s) were not looked at"
    assert len(found.arrays["pdq.t"]) == 2


@pytest.mark.parametrize(
    ("width", "height"), [(0, 10), (10, 0), (4097, 1), (1, 4097), (4096, 4102), (-1, 5)]
)
def test_frames_beyond_a_limit_are_refused(width: int, height: int) -> None:
    with pytest.raises(Refused):
        refuse_frame(width, height, MediaLimits())


def test_a_frame_at_the_limit_is_taken() -> None:
    refuse_frame(4096, 4096, MediaLimits())
