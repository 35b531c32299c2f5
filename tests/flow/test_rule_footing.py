"""Rules on the command line are checked by what is in force, as the server checks them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from fieldfare.cli.commands import app
from fieldfare.kernel import FieldfareError
from fieldfare.testing.platforms import Community
from fieldfare.web.app import create_app

DRAFT = {
    "main.sml": """
Words: str = JsonData(path='$.item.text')
Thistle = Rule(when_all=[TextMatch(list='thistles', target=Words)], description='')
Known = Rule(when_all=[HashMatch(bank='mine')], description='')
WhenRules(rules_any=[Thistle, Known], then=[Limit(policy='IN.SPAM')])
""",
    "tests/all.yaml": """
- name: Thistles are known
  event: {kind: item.posted, item: {text: a thistle}}
  lists: {thistles: [thistle]}
  facts: {hash.match.banks: {mine: 3}}
  expect: {fired: [Thistle, Known]}
""",
}


@pytest.fixture
def http(community: Community) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {community.key}"}
    with TestClient(create_app(community.platform), headers=headers) as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in DRAFT.items():
        file = tmp_path / "rules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "rules"


def told(*arguments: object) -> Mapping[str, Any]:
    done = CliRunner().invoke(app, ["rules", *map(str, arguments), "--json"])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def import_both(http: TestClient, community: Community) -> None:
    bank = {"name": "mine", "policy": "IN.SPAM", "vetted": False, "radius": 31}
    assert http.post("/v1/banks", json=bank).status_code < 300
    listed = {"name": "thistles", "text": "thistle\n", "lexicon": False}
    assert http.post("/v1/lists", json=listed).status_code < 300
    community.settle()


def test_a_list_and_a_bank_of_ones_own_are_known_to_the_check_and_to_the_server(
    http: TestClient, community: Community, folder: Path
) -> None:
    home = community.platform.settings.home
    before = told("check", folder, "--home", home)
    import_both(http, community)

    after = told("check", folder, "--home", home)

    assert [p["message"] for p in before["problems"]] == [
        "unknown list 'thistles'",
        "unknown bank 'mine'",
    ]
    assert before["problems"][0]["hint"] == (
        "Bring it: fieldfare lists import FILE --name thistles"
    )
    assert (after["compiles"], after["against"]) == (True, f"the installation in {home}")
    answer = http.post("/v1/rules/check", json={"files": DRAFT}).json()
    assert (answer["hash"], answer["problems"]) == (after["hash"], [])


def test_the_server_misses_what_the_check_misses(
    http: TestClient, community: Community, folder: Path
) -> None:
    missed = told("check", folder, "--home", community.platform.settings.home)["problems"]

    answer = http.post("/v1/rules/check", json={"files": DRAFT}).json()

    assert [p["message"] for p in answer["problems"]] == [p["message"] for p in missed]


def test_lists_and_banks_that_cases_give_are_there_for_the_tests(
    http: TestClient, community: Community, folder: Path
) -> None:
    here = told("test", folder, "--home", community.platform.settings.home)["results"]

    there = http.post("/v1/rules/test", json={"files": DRAFT}).json()["results"]

    assert [result["differences"] for result in here] == [[]]
    assert there == here


def test_an_event_is_explained_by_the_lists_in_force(
    http: TestClient, community: Community, folder: Path
) -> None:
    import_both(http, community)
    event = folder / "event.json"
    event.write_text('{"kind": "item.posted", "item": {"text": "a thistle"}}')

    home = community.platform.settings.home
    explained = told("explain", folder, event, "--rule", "Thistle", "--home", home)

    assert explained["outcome"]["fired"] == ["Thistle"]


def test_an_installation_that_cannot_be_read_is_told_with_the_way_to_do_without_it(
    folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    assert CliRunner().invoke(app, ["init", "--home", str(home)]).exit_code == 0
    (home / "keys" / "master.key").unlink()
    asked = ["rules", "check", str(folder), "--home", str(home)]

    refused = CliRunner().invoke(app, asked)

    assert isinstance(refused.exception, FieldfareError)
    assert "there is no key" in refused.exception.message
    assert refused.exception.hint.endswith("--pack default")
