"""The demo's own installation: made anew each time, and never over anything else."""

import os
from pathlib import Path

import httpx2
import pytest

from fieldfare.kernel import Conflict, Unavailable
from fieldfare.simulator import server
from fieldfare.simulator.server import MARKER, install, serving


def test_a_demo_replaces_the_one_before(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    first = install(home)
    (home / "left.txt").write_text("of the first")

    second = install(home)

    assert (home / MARKER).is_file()
    assert not (home / "left.txt").exists()
    assert first.key != second.key


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")

    with pytest.raises(Conflict, match="not the folder of a demo"):
        install(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


def test_a_server_that_cannot_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    with (
        pytest.raises(Unavailable, match=r"exited with code 2 while it started: fieldfare: .*keys"),
        serving(tmp_path, port=0),
    ):
        pytest.fail("it started without an installation")


def test_settings_of_the_person_do_not_reach_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "FIELDFARE_DATABASE", "sqlite:////nowhere/at/all.db")
    home = tmp_path / "demo"
    install(home)

    with serving(home, port=0) as url:
        assert httpx2.get(f"{url}/health", trust_env=False).status_code == 200

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/health", trust_env=False)


def test_a_server_that_is_slow_is_told_to_be_starting_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "START_TIMEOUT_S", 0.0)

    with (
        pytest.raises(Unavailable, match=r"^the server is still starting after 0 s") as told,
        serving(tmp_path, port=0),
    ):
        pass

    assert str(tmp_path / "server.log") in told.value.hint


def test_a_server_that_was_killed_is_told_with_the_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_SERVE", "import os; os.kill(os.getpid(), 9)")

    with (
        pytest.raises(Unavailable, match=r"^the server was ended by signal 9 while it started"),
        serving(tmp_path, port=0),
    ):
        pass
