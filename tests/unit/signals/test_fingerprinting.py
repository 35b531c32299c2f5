import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fieldfare.kernel import BadInput, NotFound
from fieldfare.matching.fingerprints import WHOLE, pack_frames, unpack_frames
from fieldfare.media import MediaLimits
from fieldfare.signals.fingerprinting import Fingerprinter, fingerprint_of
from fieldfare.testing.clips import Clip, write_clip


@pytest.fixture(scope="module")
def fingerprinter() -> Iterator[Fingerprinter]:
    with Fingerprinter() as opened:
        yield opened


def test_every_probe_of_a_query_is_near_a_row_of_the_bank(
    fingerprinter: Fingerprinter, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip(frames=80, fps=10, gop=25))

    bank = fingerprinter.take(path, "bank").fingerprint
    query = fingerprinter.take(path, "query").fingerprint

    assert (bank.sha256, bank.md5, bank.seconds) == (query.sha256, query.md5, query.seconds)
    assert set(bank.frames.form) == {0}
    assert set(query.frames.form) == set(range(8))
    asked = query.frames.bits[query.frames.form == 0]
    apart = np.bitwise_count(asked[:, None] ^ bank.frames.bits[None]).sum(axis=2)
    assert apart.min(axis=1).max() <= 20
    assert unpack_frames(pack_frames(bank.frames)).bits.tolist() == bank.frames.bits.tolist()


def test_stills_are_taken_only_when_asked_for(fingerprinter: Fingerprinter, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip())

    assert fingerprinter.take(path).fingerprint.stills is None
    stills = fingerprinter.take(path, stills=True).fingerprint.stills
    assert stills is not None
    assert len(stills) >= 1


def test_a_file_that_is_no_media_still_has_its_digests(
    fingerprinter: Fingerprinter, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("words")

    taken = fingerprinter.take(path)

    assert taken.found.problem
    assert len(taken.fingerprint.sha256) == 64
    assert len(taken.fingerprint.frames) == 0


def test_a_file_over_the_limit_is_not_decoded(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip())

    with Fingerprinter(MediaLimits(size_bytes=100)) as narrow:
        taken = narrow.take(path)

    assert "limit is 100" in taken.found.problem


def test_what_is_no_file_is_refused(fingerprinter: Fingerprinter, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        fingerprinter.take(tmp_path / "none")
    with pytest.raises(BadInput):
        fingerprinter.take(tmp_path)


def test_samples_of_a_scan_are_looked_up_in_all_forms(
    fingerprinter: Fingerprinter, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip())
    with path.open("rb") as file:
        found = fingerprinter._sandbox.examine(file.fileno(), taps=("pdq",))

    frames = fingerprint_of(found).frames

    assert len(frames) == 8 * len(found.arrays["pdq.t"])


@pytest.mark.data
@pytest.mark.parametrize("name", ["pattern-hd-no-bar", "test-padded-dimensions"])
def test_rows_of_a_bank_agree_with_the_published_hashes(
    fingerprinter: Fingerprinter, name: str
) -> None:
    folder = os.environ.get("FIELDFARE_DATA_AT_HAND")
    if not folder:
        pytest.skip("FIELDFARE_DATA_AT_HAND names no folder of clips")
    lines = Path(folder, "hashes", f"{name}.txt").read_text().split()
    published = [line.split(",") for line in lines]

    frames = fingerprinter.take(Path(folder, "video", f"{name}.mp4"), "bank").fingerprint.frames
    frames = frames.chosen(frames.window == WHOLE)

    compared = 0
    for t, bits in zip(frames.t, frames.bits, strict=True):
        _, quality, digits, _ = published[round(float(t) * 30)]
        if int(quality) >= 50:
            expected = np.frombuffer(bytes.fromhex(digits), np.uint8)
            # A row repeated after a second stands for frames up to 16 bits from it.
            assert int(np.bitwise_count(bits ^ expected).sum()) <= 4 + 16
            compared += 1
    assert compared >= 10
