"""`fieldfare bank`, `match` and `hash` as people type them, beside a server in this process."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from threading import Thread

import pytest
import uvicorn
from PIL import Image

from fieldfare.cli import main
from fieldfare.cli.reach import ServerAddress
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.films import picture
from fieldfare.testing.platforms import Installed, a_community
from fieldfare.web.app import create_app

SHA256 = "ab" * 32


@pytest.fixture(scope="module")
def made(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Serve an installation: opening it for each command anew would cost most of the time."""
    home = tmp_path_factory.mktemp("banks") / "home"
    with a_community(home, installed) as community:
        app = create_app(community.platform)
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
        thread = Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
            (socket,) = server.servers[0].sockets
            ServerAddress(home).write(f"http://127.0.0.1:{socket.getsockname()[1]}")
            yield home
        finally:
            server.should_exit = True
            thread.join()


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


def test_a_bank_goes_from_its_making_to_its_end(run: Run, tmp_path: Path) -> None:
    run("bank", "create", "round", "--policy", "GV.GORE", "--vetted")
    file = tmp_path / "round.ndjson"
    file.write_text(f'{{"id": "one", "sha256": "{SHA256}", "label": "first"}}\n')
    run("bank", "import", "round", file)

    shown = run("bank", "show", "round")
    entry = json.loads(run("bank", "list", "round", "--json").stdout)["entries"][0]
    exported = run("bank", "export", "round").stdout
    kept = run("bank", "remove", "round")
    gone = run("bank", "remove", "round", "--yes")

    assert "entries: 1\n" in shown.stdout
    assert (entry["label"], entry["source_id"]) == ("first", "one")
    assert json.loads(exported)["sha256"] == SHA256
    assert (kept.returncode, gone.returncode) == (2, 0)
    assert "Say --yes if that is meant." in kept.stderr
    assert gone.stdout == "bank round removed\n"
    assert "no bank 'round'" in run("bank", "show", "round").stderr


def test_a_value_out_of_range_is_named_with_its_setting(run: Run) -> None:
    refused = run("bank", "create", "far", "--policy", "GV.GORE", "--radius", "1000")

    assert refused.returncode == 2
    assert refused.stderr.startswith("fieldfare: radius: expected `int` <= ")


@pytest.mark.parametrize("form", ["ndjson", "csv", "threatexchange"])
def test_what_is_exported_can_be_imported_again(run: Run, tmp_path: Path, form: str) -> None:
    source, copy = f"from-{form}", f"to-{form}"
    for name in (source, copy):
        run("bank", "create", name, "--policy", "GV.GORE")
    file = tmp_path / "file"
    file.write_text(f"sha256 {SHA256}\npdq {'0f' * 32}\n")
    run("bank", "import", source, file)

    file.write_text(run("bank", "export", source, "--format", form).stdout)
    taken = run("bank", "import", copy, file)
    again = run("bank", "import", copy, file)

    assert taken.stdout == f"2 added to {copy}, 0 known before, read as {form}\n"
    assert again.stdout == f"0 added to {copy}, 2 known before, read as {form}\n"


def test_a_list_as_spreadsheets_save_it_is_read_and_a_broken_line_named(
    run: Run, tmp_path: Path
) -> None:
    run("bank", "create", "sheet", "--policy", "GV.GORE")
    file = tmp_path / "sheet.csv"
    lines = ("\ufeffpdq,note", f"{'0f' * 32},one", f"{'1e' * 32},t\0wo", f"{'2d' * 32},three")
    file.write_text("\r\n".join(lines), "utf-8")

    taken = run("bank", "import", "sheet", file)

    assert taken.returncode == 2
    assert f"{file}:3: it has the character U+0000" in taken.stderr
    assert "2 added to sheet, 0 known before, read as csv, 1 lines" in taken.stderr


def test_an_entry_is_shown_silenced_and_taken_out(run: Run) -> None:
    run("bank", "create", "single", "--policy", "GV.GORE")
    entry = run("bank", "add-text", "single", "win a sarno today").stdout.split()[0]
    wanted = ("--state", "disabled", "--label", "a lure", "--labels", "spam, lure")

    changed = run("bank", "entry", "change", "single", entry, *wanted)
    nothing = run("bank", "entry", "change", "single", entry)
    shown = json.loads(run("bank", "entry", "show", "single", entry, "--json").stdout)
    again = run("bank", "add-text", "single", "Win a Sarno, today!")
    removed = run("bank", "entry", "remove", "single", entry)
    missing = run("bank", "entry", "show", "single", entry)

    assert changed.stdout == f"entry {entry}: disabled, a lure\n"
    assert "nothing to change" in nothing.stderr
    assert (shown["state"], shown["labels"]) == ("disabled", ["spam", "lure"])
    assert again.stdout.splitlines()[1] == "0 added to single, 1 there already"
    assert removed.stdout == f"entry {entry} removed\n"
    assert missing.returncode == 2


def test_a_match_is_confirmed_or_denied(run: Run, tmp_path: Path) -> None:
    run("bank", "create", "judged", "--policy", "GV.GORE")
    entry = run("bank", "add-text", "judged", "an old bridge at night").stdout.split()[0]
    event = {"kind": "item.posted", "key": "k1", "item": {"kind": "comment", "host_id": "c1"}}
    event["item"] |= {"author": "ana", "market": "DE", "text": "hello"}  # type: ignore[operator]  # a dict of JSON
    events = tmp_path / "events"
    events.write_text(json.dumps(event))
    run("import", events)
    judge = ("bank", "entry", "judge", "judged", entry, "comment")

    said = run(*judge, "c1", "confirmed")
    denied = run(
        "bank", "entry", "judge", "judged", entry, "comment", "c1", "denied", "--note", "no"
    )
    unknown = run("bank", "entry", "judge", "judged", entry, "comment", "nowhere", "denied")
    wrong = run("bank", "entry", "judge", "judged", entry, "comment", "c1", "perhaps")
    shown = run("bank", "entry", "show", "judged", entry).stdout

    assert said.stdout == f"confirmed for entry {entry}\n"
    assert denied.stdout == f"denied for entry {entry}\n"
    assert (unknown.returncode, wrong.returncode) == (2, 2)
    assert "no item comment:nowhere" in unknown.stderr
    assert "denied for comment:c1 by " in shown
    assert "confirmed for" not in shown
