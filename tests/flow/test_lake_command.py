"""`fieldfare lake`, without a server: the same routes in the command's own process."""

import json
from pathlib import Path
from shutil import copytree

import pytest

from fieldfare.cli import lake
from fieldfare.testing.platforms import Installed


def test_the_lake_is_filled_joined_and_made_anew_by_hand(
    installed: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = copytree(installed.home, tmp_path / "home")

    lake.tell_status(home, as_json=False)
    assert capsys.readouterr().out.splitlines()[-1].endswith("nothing of the log yet")
    lake.fill(home, as_json=True)
    filled = json.loads(capsys.readouterr().out.splitlines()[-1])
    lake.compact(home, as_json=True)
    lake.rebuild(home, as_json=True)
    rebuilt = json.loads(capsys.readouterr().out.splitlines()[-1])

    assert filled["rows"] > 0
    assert filled["broken"] is None
    assert rebuilt["rows"] == filled["rows"]
    assert rebuilt["applied_to"] == filled["applied_to"]
    assert rebuilt["generation"] > filled["generation"]
