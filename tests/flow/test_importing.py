"""`fieldfare import` of more than a server takes at once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from fieldfare.cli import importing
from fieldfare.cli.reach import Call, Files, Json
from fieldfare.kernel import Overloaded
from fieldfare.testing.platforms import Installed


def a_file(path: Path, *, events: int) -> Path:
    item = {"kind": "comment", "author": "ana", "market": "DE", "text": "sarno"}
    lines = [
        {"kind": "item.posted", "key": f"k{n}", "item": {**item, "host_id": f"c{n}"}}
        for n in range(events)
    ]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def test_without_a_server_no_file_is_too_long(
    installed: Installed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = copytree(installed.home, tmp_path / "home")
    (home / "fieldfare.toml").write_text("lag_events = 2\n")
    monkeypatch.setattr(importing, "BATCH", 2)

    importing.import_file(home, a_file(tmp_path / "events", events=9), history=False)

    assert capsys.readouterr().out == "9 events accepted, 0 rejected\n"


def test_a_server_under_pressure_is_waited_for_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pressure = [7, 30]
    waited: list[float] = []

    def server(method: str, path: str, body: Any = None, *, files: Files | None = None) -> Json:  # noqa: ANN401  # JSON
        assert (method, path, files) == ("POST", "/v1/events", None)
        if pressure:
            raise Overloaded("busy", retry_after_s=pressure.pop(0))
        return {"accepted": body["events"], "rejected": []}

    @contextmanager
    def reach(_home: Path | None) -> Iterator[Call]:
        yield server

    monkeypatch.setattr(importing, "reach", reach)
    monkeypatch.setattr("time.sleep", waited.append)

    importing.import_file(None, a_file(tmp_path / "events", events=3), history=False)

    assert waited == [7, 30]
    assert capsys.readouterr().out == "3 events accepted, 0 rejected\n"
