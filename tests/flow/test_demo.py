"""`fieldfare demo`: it ends by itself, tells the same each time, and protects its community."""

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

COMMAND = (sys.executable, "-c", "from fieldfare.cli import main; main()", "demo")


def played(folder: Path, *, seed: int) -> dict[str, Any]:
    arguments = ("--seed", str(seed), "--videos", "8", "--once", "--json")
    run = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=300
    )
    (line,) = run.stdout.splitlines()
    told: dict[str, Any] = json.loads(line)
    return told


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("demo")
    return played(folder, seed=7), played(folder, seed=7), folder


Twice = tuple[dict[str, Any], dict[str, Any], Path]


def test_two_runs_tell_the_same(twice: Twice) -> None:
    first, second, _ = twice

    assert first == second
    assert first["videos"] == 8


def test_a_demo_that_ends_leaves_nothing(twice: Twice) -> None:
    assert list(twice[2].iterdir()) == []


def test_known_clips_and_terms_are_stopped_before_anybody_sees_them(twice: Twice) -> None:
    postings, overall = twice[0]["postings"], twice[0]["all"]

    for how, count in postings.items():
        if how.startswith("repost") and not how.endswith("mirror"):
            assert count["restricted"] == count["posted"], how
    assert overall["before_any_view"] == 1.0
    assert overall["violative_views_per_10000"] < overall["violative_views_per_10000_without"]


def test_clean_postings_and_look_alikes_are_left_alone(twice: Twice) -> None:
    postings = twice[0]["postings"]

    assert postings["clean"] == {"posted": postings["clean"]["posted"], "restricted": 0}
    assert postings["look-alike"]["restricted"] == 0
    assert twice[0]["all"]["precision"] == 1.0


def test_floods_and_bursts_are_stopped_once_they_are_known(twice: Twice) -> None:
    told = twice[0]

    assert told["accounts"]["flooders_stopped"] == told["accounts"]["flooders"]
    assert told["accounts"]["others_stopped"] == 0
    assert told["postings"]["burst"]["restricted"] > 0


def test_what_nobody_knows_is_missed_and_waits_for_a_person(twice: Twice) -> None:
    new = twice[0]["postings"]["new: in no bank"]

    assert new["restricted"] == 0
    assert twice[0]["policies"]["GV.GORE"]["for_review"] > 0


def test_people_decide_a_part_and_leave_work_for_the_console(twice: Twice) -> None:
    decided = twice[0]["decided"]

    assert decided["by_people"] > 0
    assert decided["waiting"] > 0
    assert decided["wrong_by_people"] <= decided["by_people"]
    posted = twice[0]["videos"] + twice[0]["comments"]
    assert decided["by_machine"] + decided["by_people"] == posted


def test_a_folder_that_is_no_demo_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")

    run = subprocess.run(
        [*COMMAND, "--home", str(tmp_path), "--videos", "1"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run.returncode == 2
    assert "is not the folder of a demo" in run.stderr
    assert (tmp_path / "kept.txt").read_text() == "mine"


def test_a_demo_that_stays_says_how_to_sign_in_and_ends_in_order(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    arguments = ("--videos", "1", "--home", str(home), "--port", "0", "--json")
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stderr is not None
        told = list(itertools.takewhile(lambda line: "Ctrl-C" not in line, demo.stderr))
        url = json.loads((home / "server.json").read_text())["url"]
        health = httpx2.get(f"{url}/health", trust_env=False).json()
        demo.terminate()
        out, _ = demo.communicate(timeout=60)

    assert health == {"status": "ok"}
    assert any(url in line for line in told)
    signing_in = {words[0] for line in told if len(words := line.split()) == 2}
    assert {"admin", "reviewer", "rule_author", "rule_approver"} <= signing_in
    assert json.loads(out)["videos"] == 1
    assert demo.returncode == 0
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/health", trust_env=False)
