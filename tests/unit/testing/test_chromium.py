"""Where the browser for the page tests comes from."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from fieldfare.testing import chromium
from fieldfare.testing.chromium import find_chromium, install_chromium


class Machine:
    """Runs nothing: remembers the commands, and says which of them end well."""

    def __init__(self, *working: str) -> None:
        self.working = set(working)
        self.ran: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> bool:
        self.ran.append(list(command))
        return command[0] in self.working or (
            "playwright" in command and "playwright" in self.working
        )


def an_executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_one_named_by_the_environment_comes_first(tmp_path: Path) -> None:
    named, other = an_executable(tmp_path / "mine"), an_executable(tmp_path / "bin" / "chromium")
    environment = {"CHROMIUM": str(named), "PATH": str(other.parent)}

    assert find_chromium(environment, runs=Machine(str(named), str(other))) == named


def test_a_stub_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    stub = an_executable(tmp_path / "bin" / "chromium-browser")
    real = an_executable(tmp_path / "bin" / "google-chrome")

    found = find_chromium({"PATH": str(stub.parent)}, runs=Machine(str(real)))

    assert found == real


def test_playwrights_own_is_found_newest_first(tmp_path: Path) -> None:
    for build in ("1100", "1200"):
        an_executable(tmp_path / f"chromium-{build}" / "chrome-linux" / "chrome")
    newest = tmp_path / "chromium-1200" / "chrome-linux" / "chrome"
    environment = {"PATH": "", "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}

    assert find_chromium(environment, runs=Machine(str(newest))) == newest


def test_nothing_is_installed_when_one_is_there(tmp_path: Path) -> None:
    here = an_executable(tmp_path / "chromium")
    machine = Machine(str(here))

    install_chromium({"PATH": str(tmp_path)}, runs=machine, is_root=True)

    assert machine.ran == [[str(here), "--version"]]


@pytest.mark.parametrize(("is_root", "first"), [(True, "apt-get"), (False, sys.executable)])
def test_a_missing_browser_comes_from_apt_as_root_else_from_playwright(
    tmp_path: Path, first: str, *, is_root: bool
) -> None:
    an_executable(tmp_path / "apt-get")
    machine = Machine("apt-get", "playwright")

    found = install_chromium({"PATH": str(tmp_path)}, runs=machine, is_root=is_root)

    assert found is None
    assert machine.ran[0][0] == first
    assert machine.ran[-1][1:] == ["-m", "playwright", "install", "chromium"]


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_no_browser_is_one_line_and_fails_only_a_build_machine(
    capsys: pytest.CaptureFixture[str], ci: str, status: int
) -> None:
    assert chromium.main([], {"PATH": "", "CI": ci}) == status

    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1


def test_a_command_that_is_missing_or_fails_does_not_succeed() -> None:
    assert not chromium.succeeds(["/nonexistent/browser"])
    assert not chromium.succeeds(["false"])
    assert chromium.succeeds(["true"])
