"""`fieldfare lake`, without a server: the same routes in the command's own process."""

import json
from pathlib import Path
from shutil import copytree

import pytest

from fieldfare.access import Scope, make_key
from fieldfare.cli import lake
from fieldfare.kernel import Org
from fieldfare.testing.platforms import Community, Installed
from fieldfare.testing.sites import Site
from fieldfare.web.app import create_app


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


@pytest.mark.parametrize("way", ["", "/fill", "/compact", "/rebuild"])
def test_the_lake_is_kept_by_the_organisation_that_runs_the_installation(
    community: Community, way: str
) -> None:
    text, record = make_key(Org("guests"), scopes=(Scope.ADMIN,), note="", created_at=0)
    community.platform.store.write(lambda uow: uow.api_keys.put(record))
    headers = {"authorization": f"Bearer {text}"}
    client = Site(community, create_app(community.platform)).client()

    refused = client.request("POST" if way else "GET", f"/v1/lake{way}", headers=headers)

    assert refused.status_code == 403
    assert "whole installation" in refused.json()["detail"]
