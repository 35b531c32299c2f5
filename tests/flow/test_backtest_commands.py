"""Backtests from the command line, without a server: run, shown again, exported, or not written."""

import json
import shutil
from pathlib import Path

import pytest

from fieldfare.cli.command import main
from fieldfare.testing.platforms import Installed

SPAN = ("--from", "2026-03-01", "--to", "2026-03-03")


@pytest.fixture(autouse=True)
def _home(installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "home"
    shutil.copytree(installed.home, copy)
    monkeypatch.setenv("FIELDFARE_HOME", str(copy))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command: its exit code, what it printed, what it complained of."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


def kept(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """List the ids of the backtests that are kept."""
    rows = json.loads(run(capsys, "backtests", "list", "--json")[1])["backtests"]
    return [row["id"] for row in rows]


def test_an_export_that_cannot_be_written_is_refused_before_anything_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for export in (tmp_path / "nowhere" / "a.csv", tmp_path / "a.txt", tmp_path / "a.csv"):
        (tmp_path / "a.csv").mkdir(exist_ok=True)
        code, _, err = run(capsys, "backtest", *SPAN, "--export", str(export))

        assert (code, err.count("\n")) == (2, 1)
    assert kept(capsys) == []


def test_what_could_not_be_written_is_shown_and_exported_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    full = tmp_path / "full.json"
    full.symlink_to("/dev/full")

    code, out, err = run(capsys, "backtest", *SPAN, "--export", str(full))
    (backtest_id,) = kept(capsys)
    again = tmp_path / "again.json"
    shown = run(capsys, "backtests", "show", backtest_id, "--export", str(again))

    assert (code, err.count("\n")) == (2, 1)
    assert f"backtests show {backtest_id} --export" in err
    assert out.startswith(f"backtest {backtest_id}: 0 events judged")
    assert shown[0] == 0
    assert json.loads(again.read_text("utf-8"))["judged"] == {}


def test_a_time_without_history_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "backtest", "--from", "2025-01-01", "--to", "2025-02-01")

    assert "The lake holds no events of this time" in out
    assert "The lake holds events from 2026-03-02T" in out
    assert "known good" not in out


def test_a_backtest_that_is_not_there_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(capsys, "backtests", "show", "7")[0] == 2
    assert "is not an id" in run(capsys, "backtests", "show", "last")[2]
