from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no installation that lies about on this machine answer for the tests."""
    monkeypatch.setenv("FIELDFARE_HOME", str(tmp_path / "no-home"))
