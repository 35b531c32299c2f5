"""Rules tried over the API: their tests, and why they fire."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from fieldfare.testing.platforms import Community
from fieldfare.web.app import create_app

EVENT = {"kind": "item.posted", "item": {"kind": "comment", "host_id": "c1", "author": "ana"}}
DRAFT = {
    "main.sml": "R = Rule(when_all=[Fact('item.views') > 3], description='')",
    "tests/a.yaml": "- {name: Seen, event: {kind: item.posted}, facts: {item.views: 3},"
    " expect: {fired: [R]}}",
}


@pytest.fixture
def http(community: Community) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {community.key}"}
    with TestClient(create_app(community.platform), headers=headers) as client:
        yield client


def test_the_rules_in_force_pass_their_tests(http: TestClient) -> None:
    told = http.post("/v1/rules/test", json={}).json()

    assert len(told["results"]) > 20
    assert [result for result in told["results"] if result["differences"]] == []


def test_a_draft_is_tested_without_being_put_in_force(http: TestClient) -> None:
    told = http.post("/v1/rules/test", json={"files": DRAFT}).json()

    assert told["results"][0]["differences"] == [
        "fired: R did not fire; fired: none",
        "  `Fact('item.views') > 3` is false: item.views is 3",
    ]
    assert http.get("/v1/rules").json()["hash"] != told["rule_set"]


def test_an_event_is_explained_by_the_rules_in_force(http: TestClient) -> None:
    facts = {"text.lexicon.policy": "HS.SLUR", "text.lexicon.severity": "S2"}
    told = http.post("/v1/rules/explain", json={"event": EVENT, "facts": facts}).json()

    fired = [rule["rule"] for rule in told["rules"] if rule["fired"]]
    assert fired == ["TermInComment"]
    assert told["outcome"]["fired"] == fired


def test_what_is_no_event_is_refused(http: TestClient) -> None:
    answer = http.post("/v1/rules/explain", json={"event": {"kind": "item.postd"}})

    assert answer.status_code == 400
    assert "item.posted" in answer.json()["hint"]
