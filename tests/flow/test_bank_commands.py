"""`fieldfare bank`, `match` and `hash` as people type them, in this process."""

import json
import os
from pathlib import Path
from shutil import copytree
from subprocess import CompletedProcess

import pytest
from PIL import Image

from fieldfare.cli import main
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.films import picture
from fieldfare.testing.platforms import Installed

SHA256 = "ab" * 32


@pytest.fixture(scope="module")
def made(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copytree(installed.home, tmp_path_factory.mktemp("banks") / "home")


@pytest.fixture(autouse=True)
def _home(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDFARE_HOME", str(made))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a clip, a picture, a smaller copy of it, and a text that says it is a clip."""
    folder = tmp_path_factory.mktemp("files")
    write_clip(folder / "clip.webm", Clip(codec="vp8", frames=10))
    Image.fromarray(picture(3, 320, 320)).save(folder / "picture.png")
    Image.open(folder / "picture.png").resize((150, 150)).save(folder / "small.jpg", quality=20)
    (folder / "words.mp4").write_text("words")
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> "Run":
    return Run(capsys)


class Run:
    """Runs a command in this process: a process of its own each would cost seconds."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> CompletedProcess[str]:
        given, code = [*map(str, arguments)], 0
        try:
            main(given)
        except SystemExit as ended:
            code = int(str(ended.code or 0))
        told = self._capsys.readouterr()
        return CompletedProcess(given, code, told.out, told.err)


def test_one_bad_file_holds_up_no_other_and_none_is_added_twice(run: Run, files: Path) -> None:
    run("bank", "create", "filled", "--policy", "GV.GORE")
    clip, words, photo = (files / name for name in ("clip.webm", "words.mp4", "picture.png"))

    first = run("bank", "add", "filled", clip, words, files / "none.png", files, photo)
    again = run("bank", "add", "filled", photo)
    listed = run("bank", "list", "filled")
    entries = json.loads(run("bank", "list", "filled", "--json").stdout)["entries"]

    assert first.returncode == 2
    assert first.stdout.splitlines()[-1] == "2 added to filled, 0 there already, 3 failed"
    assert "the file is text" in first.stderr
    assert f"no file {files / 'none.png'}" in first.stderr
    assert f"{files} is a folder, not a file. Name the files in it: {files}/*" in first.stderr
    assert "3 of 5 files could not be added to filled" in first.stderr
    there = f"{entries[1]['id']}  picture.png: is in filled already, not added again\n"
    assert (again.returncode, again.stdout) == (0, there)
    assert [entry["label"] for entry in entries] == ["clip.webm", "picture.png"]
    # On a pipe a row is a line, with its id whole.
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [
        "id",
        *[entry["id"] for entry in entries],
    ]


def test_all_entries_are_one_document_however_many_pages_they_take(
    run: Run, tmp_path: Path
) -> None:
    lines = "".join(f'{{"id": "{n}", "sha256": "{n:064x}"}}\n' for n in range(205))
    run("bank", "create", "long", "--policy", "GV.GORE")
    file = tmp_path / "long.ndjson"
    file.write_text(lines)

    imported = run("bank", "import", "long", file)
    entries = json.loads(run("bank", "list", "long", "--json").stdout)["entries"]
    table = run("bank", "list", "long").stdout.splitlines()

    assert imported.stdout == "205 added to long, 0 known before, read as ndjson\n"
    assert [entry["source_id"] for entry in entries] == [str(n) for n in range(205)]
    assert len(table) == 206


def test_a_new_bank_says_what_was_set_and_what_holds_otherwise(run: Run) -> None:
    made = run(
        "bank", "create", "told", "--policy", "GV.GORE", "--min-frames", "3", "--keep-stills"
    )
    changed = run("bank", "change", "told", "--radius", "12", "--min-seconds", "1.5")

    told, said, otherwise = made.stdout.splitlines()
    assert told == "bank told: policy GV.GORE, not vetted, radius 31"
    assert said == "  set: min frames 3, keeps stills yes"
    assert "  by default: vetted no, enabled yes, polarity harmful, radius 31," in otherwise
    assert "hourly limit 1000" in otherwise
    assert "  set: radius 12, min seconds 1.5\n  as before: vetted no" in changed.stdout


def test_near_misses_are_named_with_the_threshold_they_miss(run: Run, files: Path) -> None:
    run("bank", "create", "strict", "--policy", "GV.GORE", "--radius", "16")
    entry = run("bank", "add", "strict", files / "picture.png").stdout.split()[0]

    told = run("match", files / "small.jpg").stdout

    assert told.splitlines()[0].endswith(", 1 near miss")
    assert f"  no match: strict, GV.GORE: entry {entry} (picture.png)\n" in told
    assert "bits, the bank takes 16\n" in told


def test_what_cannot_be_decoded_is_told_while_the_others_are_answered(
    run: Run, files: Path
) -> None:
    words, photo = files / "words.mp4", files / "picture.png"

    matched = run("match", words, photo)
    hashed = run("hash", words, photo)
    alone = run("match", words)

    for told, what in ((matched, "looked up"), (hashed, "hashed")):
        assert told.returncode == 2
        assert told.stdout.startswith(f"{photo}: ")
        assert f"{words} cannot be {what}: the file is text" in told.stderr
        assert f"1 of 2 files could not be {what}" in told.stderr
    assert hashed.stdout.splitlines()[0].endswith(" bytes")
    assert (alone.returncode, alone.stdout, alone.stderr.count("\n")) == (2, "", 1)


def test_a_list_is_read_as_what_it_is_or_else_soon_seen_to_be_none(
    run: Run, tmp_path: Path
) -> None:
    run("bank", "create", "listed", "--policy", "GV.GORE")
    table, document = tmp_path / "a.csv", tmp_path / "b.json"
    table.write_text(f"sha256,label\n{'1a' * 32},one\n{'2b' * 32},two\n")
    document.write_text(json.dumps([{"sha256": "3c" * 32}, {"pdq": "4d" * 32}], indent=1))
    noise = tmp_path / "noise.csv"
    noise.write_text("sha256\n" + "none\n" * 50)
    unknown = tmp_path / "unknown.dat"
    unknown.write_text("what is this\n")

    taken, listed, wrong = (run("bank", "import", "listed", f) for f in (table, document, noise))
    lost = run("bank", "import", "listed", unknown)

    assert taken.stdout == "2 added to listed, 0 known before, read as csv\n"
    assert listed.stdout == "2 added to listed, 0 known before, read as ndjson\n"
    assert wrong.returncode == 2
    told = wrong.stderr.splitlines()
    assert told[0].startswith(f"{noise}:2: that is no sha256")
    assert told[20] == "and 30 more lines"
    assert "50 lines could not be read" in told[21]
    assert len(told) == 22
    assert "Say --format ndjson, csv, threatexchange." in lost.stderr


def test_a_list_comes_through_a_pipe(run: Run) -> None:
    run("bank", "create", "piped", "--policy", "GV.GORE")
    out, into = os.pipe()
    os.write(into, f"sha256 {SHA256}\n".encode())
    os.close(into)

    told = run("bank", "import", "piped", f"/dev/fd/{out}")

    os.close(out)
    assert told.stdout == "1 added to piped, 0 known before, read as threatexchange\n"
