"""`fieldfare import` of more than a server takes at once."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from typing import Any

import msgspec
import pytest

from fieldfare.cli import importing
from fieldfare.cli.reach import Call, Files, Json
from fieldfare.engine.history import import_history
from fieldfare.engine.unit import Retention
from fieldfare.ingest.schemas import EVENT_KINDS
from fieldfare.kernel import Conflict, EventId, FieldfareError, Overloaded
from fieldfare.testing.platforms import Community, Installed


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

    # The server's own log lines come before; the command's one line is the last.
    assert capsys.readouterr().out.splitlines()[-1] == "9 events accepted, 0 rejected"


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


def past(community: Community, *days: int, key: str = "k1") -> list[EventId | FieldfareError]:
    """Import a like of each day of January under one key."""
    events = [
        {
            "kind": "like",
            "key": key,
            "actor": "u1",
            "occurred_at": f"2026-01-{day:02}T00:00:00Z",
            "item": {"kind": "comment", "host_id": "c1"},
        }
        for day in days
    ]
    decoded = [EVENT_KINDS.decode(msgspec.json.encode(event)) for event in events]
    now_ms = community.clock.now_ms()
    return community.platform.store.write(
        lambda uow: import_history(uow, community.org, decoded, now_ms=now_ms)
    )


def test_history_that_is_sent_again_is_counted_once(community: Community) -> None:
    first, again = past(community, 5, 5)
    (later,) = past(community, 5)
    (other,) = past(community, 5, key="k2")

    assert isinstance(first, int)
    assert (again, later) == (first, first)
    assert other != first


def test_history_with_other_content_under_the_same_key_is_refused(community: Community) -> None:
    first, changed, repeated = past(community, 5, 6, 5)

    assert isinstance(changed, Conflict)
    assert str(first) in changed.hint
    assert repeated == first


def test_the_keys_of_history_are_kept_as_long_as_any(community: Community) -> None:
    (first,) = past(community, 5)
    store, now_ms = community.platform.store, community.clock.now_ms()

    store.write(lambda uow: uow.sweeps.sweep(Retention(), now_ms=now_ms + 60_000))

    assert past(community, 5) == [first]
