"""Checking a draft of the rules over the API: every problem at once, nothing put in force."""

import threading
from typing import Any

import pytest

from fieldfare.access import RoleName
from fieldfare.testing.sites import Caller, Site
from fieldfare.web import turns

GOOD = """High = Rule(when_all=[Fact('visual.nsfw.max') > 0.9], description='high')
WhenRules(rules_any=[High], then=[Hold(policy='AD.NUDE')])
"""


def checked(site: Site, who: Caller, files: dict[str, str]) -> dict[str, Any]:
    answer = site.client().post("/v1/rules/check", json={"files": files}, headers=who.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_draft_that_compiles_is_told_its_rules_and_its_hash(site: Site) -> None:
    author = site.signed_in("author", RoleName.RULE_AUTHOR)
    before = site.community.platform.rule_set(site.community.org).hash

    told = checked(site, author, {"main.sml": GOOD})

    assert told["rules"] == ["High"]
    assert len(told["hash"]) == 64
    assert site.community.platform.rule_set(site.community.org).hash == before


def test_every_problem_of_a_draft_is_told_with_its_place_and_a_way_out(site: Site) -> None:
    author = site.signed_in("author", RoleName.RULE_AUTHOR)
    broken = GOOD.replace("AD.NUDE", "AD.NUDEE").replace("Fact('visual", "Fact('visuall")

    told = checked(site, author, {"main.sml": broken})

    assert told["hash"] is None
    places = [(problem["file"], problem["line"], problem["column"]) for problem in told["problems"]]
    assert [place[:2] for place in places] == [("main.sml", 1), ("main.sml", 2)]
    for problem, line in zip(told["problems"], broken.splitlines(), strict=True):
        begins = problem["column"] - 1
        assert problem["source_line"] == line
        assert 0 < problem["width"] <= len(line) - begins
        assert problem["severity"] == "error"
    assert "AD.NUDE" in told["problems"][1]["hint"]


def test_a_draft_without_its_first_file_is_a_problem_and_no_error(site: Site) -> None:
    author = site.signed_in("author", RoleName.RULE_AUTHOR)

    (problem,) = checked(site, author, {"other.sml": GOOD})["problems"]

    assert (problem["file"], problem["line"]) == ("main.sml", 1)


def test_what_is_no_folder_of_texts_is_refused(site: Site) -> None:
    author = site.signed_in("author", RoleName.RULE_AUTHOR)

    answer = site.client().post(
        "/v1/rules/check", json={"files": {"main.sml": 1}}, headers=author.headers
    )

    assert answer.status_code == 400
    assert answer.json()["pointer"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/rules/check", {"files": {"main.sml": GOOD}}),
        ("/v1/rules/test", {"files": {"main.sml": GOOD}}),
        ("/v1/rules/explain", {"event": {"kind": "item.posted"}}),
        (
            "/v1/query",
            {"expression": "True", "from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"},
        ),
    ],
)
def test_who_comes_while_many_are_at_work_is_told_to_come_again(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any]
) -> None:
    author = site.signed_in("author", RoleName.RULE_AUTHOR)
    free = threading.BoundedSemaphore(1)
    monkeypatch.setattr(turns, "_free", free)

    free.acquire()
    refused = site.client().post(path, json=body, headers=author.headers)
    free.release()
    answers = [site.client().post(path, json=body, headers=author.headers) for _ in range(2)]

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "5"
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "/v1/rule-versions/1", {}),
        ("POST", "/v1/rule-versions", {"files": {"main.sml": GOOD}}),
        ("POST", "/v1/backtests", {}),
        ("GET", "/rules/versions/1", {}),
    ],
)
def test_versions_are_compiled_and_tested_in_turn(
    site: Site, monkeypatch: pytest.MonkeyPatch, method: str, path: str, fields: dict[str, Any]
) -> None:
    author = site.signed_in("author", RoleName.RULE_AUTHOR)
    free = threading.BoundedSemaphore(1)
    monkeypatch.setattr(turns, "_free", free)

    free.acquire()
    refused = site.client().request(method, path, json=fields, headers=author.headers)
    free.release()

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")


def test_orders_in_bulk_look_into_the_lake_in_turn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    span = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
    asked = {"expression": "True", **span, "reason": "r", "expected": 1, "key": "k"}
    orders = {
        "review": {**asked, "policy": "IN.SPAM"},
        "label": {**asked, "top": "Author", "entity_type": "Account", "label": "trusted"},
    }
    investigator = site.signed_in("bulk", RoleName.ADMIN)
    free = threading.BoundedSemaphore(1)
    monkeypatch.setattr(turns, "_free", free)

    free.acquire()
    refused = [
        site.client().post(f"/v1/query/bulk-{name}", json=order, headers=investigator.headers)
        for name, order in orders.items()
    ]
    free.release()

    assert [answer.status_code for answer in refused] == [429, 429]


def test_what_takes_rules_out_waits_for_nobody_and_a_draft_that_was_typed_comes_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    author, client = site.signed_in("author", RoleName.RULE_AUTHOR), site.client()
    proposed = client.post(
        "/v1/rule-versions", json={"files": {"main.sml": GOOD}}, headers=author.headers
    ).json()
    free = threading.BoundedSemaphore(1)
    monkeypatch.setattr(turns, "_free", free)
    saving = {"do": "save", "file:main.sml": "# typed with care\n"}

    free.acquire()
    moves = f"/v1/rule-versions/{proposed['hash']}/moves"
    withdrawn = client.post(moves, json={"to": "withdrawn"}, headers=author.headers)
    page = client.post("/rules/edit", data=saving, headers=author.headers)
    free.release()

    assert withdrawn.status_code == 200
    assert page.status_code == 429
    assert "# typed with care" in page.text
    assert "not checked" in page.text
