"""Backtests from the command line, without a server: run, shown again, exported, or not written."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from fieldfare.cli.command import main
from fieldfare.cli.reach import ServerAddress
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


def test_what_was_exported_is_said_and_tells_its_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "a.json"

    code, out, _ = run(capsys, "backtest", *SPAN, "--export", str(file))

    told = json.loads(file.read_text())
    assert code == 0
    assert out.rstrip().endswith(f"written to {file}")
    assert [told["id"]] == kept(capsys)
    assert (told["from"], told["to"]) == ("2026-03-01T00:00:00.000Z", "2026-03-03T00:00:00.000Z")


class _Dying(BaseHTTPRequestHandler):
    """Takes a backtest and dies when it is asked how far it is."""

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer({})
        self.close_connection = True

    def do_POST(self) -> None:
        self._answer({"id": "77"})

    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""

    def _answer(self, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def dying_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Dying)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_server_that_dies_under_a_backtest_is_one_line_with_its_id(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with dying_server() as url:
        ServerAddress(tmp_path / "home").write(url)

        code, _, err = run(capsys, "backtest", *SPAN)

    assert (code, err.count("\n")) == (2, 1)
    assert "stopped answering" in err
    assert "fieldfare backtests show 77" in err
    assert "interrupted" in err
