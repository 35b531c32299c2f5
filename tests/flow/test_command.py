import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from fieldfare.cli import main
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Installed


def run(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in this process: one of its own takes two seconds to start."""
    code, out, err = 0, StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("FIELDFARE_HOME", str(home))
        try:
            main([*arguments])
        except SystemExit as ended:
            code = int(str(ended.code or 0))
    return subprocess.CompletedProcess([*arguments], code, out.getvalue(), err.getvalue())


def run_alone(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own, with an environment that holds nothing else."""
    return subprocess.run(
        [sys.executable, "-c", "from fieldfare.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={
            "FIELDFARE_HOME": str(home),
            "PATH": "",
            "NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"],
        },
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="module")
def made(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import shutil

    copy = tmp_path_factory.mktemp("commands") / "home"
    shutil.copytree(installed.home, copy)
    return copy


def one_line(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode == 2, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_init_prints_the_first_secrets_once_and_refuses_a_second_time(home: Path) -> None:
    first = run(home, "init")
    again = run_alone(home, "init")

    assert first.returncode == 0, first.stderr
    assert re.search(r"API key ff_\S+", first.stdout)
    assert "is set up already" in one_line(again)
    assert (home / "keys" / "master.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["serve"], "there is no installation"),
        (["bank", "list"], "there is no installation"),
        (["scan", "/nowhere/clip.mp4"], "no file /nowhere/clip.mp4"),
        (["rules", "check", "/nowhere"], "no main.sml"),
        (["init", "--pack", "defualt"], "Did you mean 'default'?"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(
    home: Path, arguments: list[str], says: str
) -> None:
    assert says in one_line(run(home, *arguments))


def test_a_bank_is_created_filled_and_listed_without_a_server(made: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.webm", Clip(codec="vp9"))

    created = run(made, "bank", "create", "known", "--policy", "GV.GORE", "--vetted")
    added = run(made, "bank", "add", "known", str(clip))
    listed = json.loads(run(made, "bank", "list", "--json").stdout)

    assert "policy GV.GORE, vetted" in created.stdout
    assert "a.webm" in added.stdout
    (bank,) = [each for each in listed["banks"] if each["name"] == "known"]
    assert bank["entries"] == 1


def test_a_webhooks_secret_is_printed_once_when_it_is_made_and_when_it_is_rotated(
    made: Path,
) -> None:
    added = run(made, "webhook", "add", "https://127.0.0.1:9/", "--id", "turned")
    again = run(made, "webhook", "add", "https://127.0.0.1:9/", "--id", "turned")
    rotated = run(made, "webhook", "rotate", "turned")

    drawn = [
        re.findall(r"^secret (whsec_\S+)$", done.stdout, re.MULTILINE) for done in (added, rotated)
    ]
    assert [len(each) for each in drawn] == [1, 1]
    assert drawn[0] != drawn[1]
    assert "there is a webhook 'turned'" in one_line(again)
    assert "no webhook 'other'" in one_line(run(made, "webhook", "rotate", "other"))


def test_keys_and_people_are_listed_and_a_bank_is_changed(made: Path) -> None:
    keys = run(made, "key", "list")
    people = run(made, "person", "list", "--json")
    run(made, "bank", "create", "changing", "--policy", "GV.GORE", "--vetted")
    again = run(made, "bank", "create", "changing", "--policy", "GV.GORE")
    changed = run(made, "bank", "change", "changing", "--radius", "12")

    assert "our own command" in keys.stdout
    assert "admin" in json.loads(people.stdout)["people"][0]["roles"]
    assert "exists already" in one_line(again)
    assert "vetted, radius 12" in changed.stdout
    assert "nothing is known of the account" in one_line(run(made, "account", "erase", "nobody"))


def test_a_bank_for_a_policy_nobody_has_is_refused(made: Path) -> None:
    line = one_line(run(made, "bank", "create", "x", "--policy", "GV.GOR"))

    assert "Did you mean 'GV.GORE'?" in line


def test_broken_rules_are_all_named_with_carets(tmp_path: Path) -> None:
    (tmp_path / "main.sml").write_text("A: str = JsonData(pth='$.x')\nB = A + Missing\n")

    done = run(tmp_path, "rules", "check", str(tmp_path))

    assert done.returncode == 2
    assert "main.sml:1" in done.stderr
    assert "main.sml:2" in done.stderr
    assert "\n  |         ^^^^^^^\n" in done.stderr


def test_events_are_imported_from_a_file_and_a_bad_line_is_named(
    made: Path, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    good = {"kind": "account.created", "key": "a1", "actor": "ana"}
    bad = {"kind": "account.created", "key": "a2", "actor": 7}
    file.write_text(f"{json.dumps(good)}\n\n{json.dumps(bad)}\n{{\n")

    done = run(made, "import", str(file))

    assert "1 events accepted, 2 rejected" in done.stdout
    assert f"{file}:3:" in done.stdout
    assert f"{file}:4: not JSON" in done.stdout
    assert done.returncode == 1
    assert run(made, "audit", "verify").returncode == 0


def test_history_is_imported_before_the_first_live_event(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "past.ndjson"
    past = {
        "kind": "account.created",
        "key": "h",
        "actor": "x",
        "occurred_at": "2025-05-05T00:00:00Z",
    }
    file.write_text(json.dumps(past) + "\n")

    assert "1 events accepted, 0 rejected" in run(made, "import", str(file), "--history").stdout


def test_a_scan_prints_one_object_a_file(home: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", Clip())
    broken = tmp_path / "b.mp4"
    broken.write_bytes(clip.read_bytes()[:200])

    done = run_alone(home, "scan", str(clip), str(broken), "--json")

    assert done.returncode == 0, done.stderr
    whole, cut = map(json.loads, done.stdout.splitlines())
    _check(whole, action="allow")
    _check(cut, action="hold")
    assert "unknown" in cut["facts"]["visual.nsfw.max"]


def test_a_scan_beside_an_installation_knows_its_banks(made: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "b.webm", Clip(codec="vp9", seed=9))
    run(made, "bank", "create", "scanned", "--policy", "VE.TERROR", "--vetted")
    run(made, "bank", "add", "scanned", str(clip))

    by_home = json.loads(run(made, "scan", str(clip), "--json").stdout)
    by_pack = json.loads(run(made, "scan", str(clip), "--json", "--pack", "default").stdout)

    assert by_home["decision"]["policy"] == "VE.TERROR"
    assert by_pack["decision"]["action"] == "allow"


def _check(told: dict[str, Any], *, action: str) -> None:
    assert {"file", "item", "decision", "facts", "hashes", "seconds"} <= set(told)
    assert told["decision"]["action"] == action
    assert len(told["hashes"]["sha256"]) == 64
    assert all({"version", "ms", "spans"} <= set(fact) for fact in told["facts"].values())
    assert all("value" in fact or "unknown" in fact for fact in told["facts"].values())


def test_the_version_is_told_without_an_installation(home: Path) -> None:
    assert run_alone(home, "version").stdout.startswith("fieldfare 0.")


def test_the_openapi_document_is_printed(home: Path) -> None:
    told = json.loads(run(home, "openapi").stdout)

    assert "/v1/eligibility" in told["paths"]
