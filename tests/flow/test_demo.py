"""`fieldfare demo`: it ends by itself, tells the same each time, and protects its community."""

import itertools
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fieldfare.cli import main

COMMAND = (sys.executable, "-c", "from fieldfare.cli import main; main()", "demo")


PLAN = ("--seed", "7", "--videos", "8", "--json")
Told = dict[str, Any]


@dataclass(frozen=True)
class Stayed:
    """A demo that was left open, looked at, and ended."""

    said: list[str]
    url: str
    health: Told
    told: Told
    status: int


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def ended(folder: Path) -> Told:
    """Play a demo that ends by itself, and give what it told."""
    command = [*COMMAND, *PLAN, "--once"]
    run = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=300
    )
    (line,) = run.stdout.splitlines()
    told: Told = json.loads(line)
    return told


@pytest.fixture(scope="module")
def stayed(tmp_path_factory: pytest.TempPathFactory) -> Stayed:
    """Play the same one in a folder that is kept, ask after its health, and end it."""
    home = tmp_path_factory.mktemp("stayed") / "demo"
    command = [*COMMAND, *PLAN, "--home", str(home), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stderr is not None
        said = list(itertools.takewhile(lambda line: "Ctrl-C" not in line, demo.stderr))
        url = json.loads((home / "server.json").read_text())["url"]
        health = httpx2.get(f"{url}/health", trust_env=False).json()
        demo.terminate()
        out, _ = demo.communicate(timeout=60)
    return Stayed(said, url, health, json.loads(out), demo.returncode)


def test_two_runs_tell_the_same(ended: Told, stayed: Stayed) -> None:
    assert ended == stayed.told
    assert ended["videos"] == 8


@pytest.mark.usefixtures("ended")
def test_a_demo_that_ends_leaves_nothing(folder: Path) -> None:
    assert list(folder.iterdir()) == []


def test_known_clips_and_terms_are_stopped_before_anybody_sees_them(ended: Told) -> None:
    postings, overall = ended["postings"], ended["all"]

    for how, count in postings.items():
        if how.startswith("repost") and not how.endswith("mirror"):
            assert count["restricted"] == count["posted"], how
    assert overall["before_any_view"] == 1.0
    assert overall["violative_views_per_10000"] < overall["violative_views_per_10000_without"]


def test_clean_postings_and_look_alikes_are_left_alone(ended: Told) -> None:
    postings = ended["postings"]

    assert postings["clean"] == {"posted": postings["clean"]["posted"], "restricted": 0}
    assert postings["look-alike"]["restricted"] == 0
    assert ended["all"]["precision"] == 1.0


def test_floods_and_bursts_are_stopped_once_they_are_known(ended: Told) -> None:
    assert ended["accounts"]["flooders_stopped"] == ended["accounts"]["flooders"]
    assert ended["accounts"]["others_stopped"] == 0
    assert ended["postings"]["burst"]["restricted"] > 0


def test_what_nobody_knows_is_missed_and_waits_for_a_person(ended: Told) -> None:
    new = ended["postings"]["new: in no bank"]

    assert new["restricted"] == 0
    assert ended["policies"]["GV.GORE"]["for_review"] > 0


def test_people_decide_a_part_and_leave_work_for_the_console(ended: Told) -> None:
    decided = ended["decided"]

    assert decided["by_people"] > 0
    assert decided["waiting"] > 0
    assert decided["wrong_by_people"] <= decided["by_people"]
    posted = ended["videos"] + ended["comments"]
    assert decided["by_machine"] + decided["by_people"] == posted


def test_a_folder_that_is_no_demo_is_not_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kept.txt").write_text("mine")

    with pytest.raises(SystemExit, match="2"):
        main(["demo", "--home", str(tmp_path), "--videos", "1"])

    assert "is not the folder of a demo" in capsys.readouterr().err
    assert (tmp_path / "kept.txt").read_text() == "mine"


def test_a_demo_that_stays_says_how_to_sign_in_and_ends_in_order(stayed: Stayed) -> None:
    assert stayed.health == {"status": "ok"}
    assert any(stayed.url in line for line in stayed.said)
    signing_in = {words[0] for line in stayed.said if len(words := line.split()) == 2}
    assert {"admin", "reviewer", "rule_author", "rule_approver"} <= signing_in
    assert stayed.status == 0
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{stayed.url}/health", trust_env=False)
