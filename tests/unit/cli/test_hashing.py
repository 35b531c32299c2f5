import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fieldfare.cli.commands import app
from fieldfare.kernel import BadInput, NotFound
from fieldfare.testing.clips import Clip, write_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "a.mp4", Clip(frames=30))


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["hash", *map(str, arguments)])
    assert done.exit_code == 0, done.exception
    return done.output


def refusal(*arguments: object) -> BaseException | None:
    return CliRunner().invoke(app, ["hash", *map(str, arguments)]).exception


def test_the_digests_and_frames_of_a_file_are_printed(clip: Path) -> None:
    lines = run(clip).splitlines()

    assert lines[0] == f"{clip}: video, {clip.stat().st_size} bytes, 3.0 s"
    assert [line.split()[0] for line in lines[1:4]] == ["sha256", "md5", "pdq"]
    assert lines[-1] == "  each in 8 forms; 0 of 2 without borders too"


def test_the_side_of_a_bank_is_printed_as_json(clip: Path) -> None:
    told = json.loads(run("--json", "--for", "bank", "--kinds", "md5, pdq", clip))

    assert told["for"] == "bank"
    assert told["complete"]
    assert "sha256" not in told
    assert {row["form"] for row in told["pdq"]} == {0}
    assert len(told["pdq"][0]["hex"]) == 64


def test_frames_are_printed_as_vpdq_writes_them(clip: Path) -> None:
    number, quality, digits, seconds = run("--format", "vpdq", clip).splitlines()[1].split(",")

    assert float(seconds) == pytest.approx(int(number) / 10, abs=0.002)
    assert len(digits) == 64
    assert 0 <= int(quality) <= 100


def test_what_cannot_be_hashed_is_refused_in_a_sentence(clip: Path, tmp_path: Path) -> None:
    text = tmp_path / "words.mp4"
    text.write_text("words")

    assert isinstance(refusal(tmp_path / "none.mp4"), NotFound)
    assert "cannot be hashed: the file is text" in str(refusal(text))
    unknown = refusal("--kinds", "sha1", clip)
    assert isinstance(unknown, BadInput)
    assert unknown.hint == "There are sha256, md5, pdq, sound."


def test_the_peaks_of_sound_are_printed(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp3", Clip(codec="", sound="libmp3lame", frames=30))

    told = json.loads(run("--json", path))

    assert told["kind"] == "audio"
    assert told["pdq"] == []
    assert len(told["sound"]["t"]) == len(told["sound"]["bin"]) > 0
    assert run(path).splitlines()[-1].endswith(" peaks in 3.0 s")
