"""What rules hit, as the console shows it: by day, beside the live version, with honest shares."""

from collections.abc import Mapping
from typing import Any

import pytest

from fieldfare.access import RoleName
from fieldfare.engine.rule_moves import Proposal
from fieldfare.kernel import Conflict, EventId, make_id
from fieldfare.metrics import DAY_MS
from fieldfare.records import Subject
from fieldfare.records.rule_hits import THREW, HitMode, RuleHit
from fieldfare.rules.lifecycle import VersionState
from fieldfare.testing.sites import Site

JSON = {"accept": "application/json"}
RULE = "NudityAlmostCertain"


@pytest.fixture(scope="module")
def version(site: Site) -> str:
    """Make a version that ran in the shadow for two days, and give its hash."""
    community = site.community
    platform, org = community.platform, community.org
    live = platform.rule_set(org)
    files = {**live.sources, "main.sml": live.sources["main.sml"] + "# in the shadow\n"}
    made = platform.versioning.propose(org, files, Proposal(by="ann"))
    platform.versioning.move(org, made.hash, VersionState.REVIEW, by="ann")
    platform.versioning.move(org, made.hash, VersionState.SHADOW, by="ben")
    today = platform.clock.now_ms() - platform.clock.now_ms() % DAY_MS

    def hit(number: int, rule: str, days_ago: int, **more: Any) -> list[RuleHit]:  # noqa: ANN401
        at = EventId(make_id(today - days_ago * DAY_MS + 1_000 + number))
        subject = Subject("video", f"v{number}")
        shared: dict[str, Any] = {"org": org, "event_id": at, "rule": rule, "subject": subject}
        shared |= {"version": "x", **more}
        return [
            RuleHit(rule_set=live.hash, mode=HitMode.LIVE, **shared),
            RuleHit(rule_set=made.hash, mode=HitMode.SHADOW, **shared),
        ]

    hits = [
        *hit(1, RULE, 0, action="limit", queue="adult", novel=True),
        *hit(2, RULE, 1, action="limit", queue="adult"),
        *hit(3, RULE, 1, action="limit"),
        *hit(4, RULE, 1, action=THREW),
        hit(5, RULE, 40, action="limit")[0],
        hit(6, "CommentBurst", 0, action="limit")[1],
        hit(7, "LongGone", 35, action="limit")[0],
    ]
    platform.store.write(lambda uow: uow.rule_hits.add(hits))
    return made.hash


def told(site: Site, path: str) -> dict[str, Any]:
    who = site.signed_in("author", RoleName.RULE_AUTHOR)
    answer = site.client().get(path, headers=who.headers | JSON)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_list_of_rules_says_how_often_each_hit_and_when(site: Site, version: str) -> None:
    rules = {rule["name"]: rule for rule in told(site, "/rules")["rules"]}

    hits = rules[RULE]["hits"]
    assert version
    assert (hits["hits"], hits["errors"]) == (3, 1)
    assert hits["days"][-2:] == [2, 1]
    assert len(hits["days"]) == 28
    assert hits["judged"] == {"hits": 0, "n": 0}
    assert (hits["low"], hits["high"]) == (None, None)
    assert rules["MediaUnreadable"]["hits"] is None


def test_one_rule_shows_its_newest_items_and_what_it_rests_on(site: Site, version: str) -> None:
    page = told(site, f"/rules/rule/{RULE}")

    assert version
    assert [each["host_id"] for each in page["examples"]][:1] == ["v1"]
    kinds = {node["kind"] for node in page["graph"]["nodes"]}
    assert {"fact", "rule", "effect", "policy"} <= kinds
    assert page["graph"]["svg"].startswith("<svg")
    assert {test["fires"] for test in page["tests"]} == {True}
    assert all(test["file"].startswith("tests/") for test in page["tests"])


def test_a_rule_that_is_gone_shows_what_is_kept_of_its_hits(site: Site, version: str) -> None:
    who = site.signed_in("author", RoleName.RULE_AUTHOR)
    assert version

    page = told(site, "/rules/rule/LongGone")
    html = site.client().get("/rules/rule/LongGone", headers=who.headers).text
    found = site.client().get("/rules?find=LongGone", headers=who.headers)
    never = site.client().get("/rules/rule/NeverWas", headers=who.headers | JSON)

    assert [each["host_id"] for each in page["examples"]] == ["v7"]
    assert page["hits"] is None
    assert "No live rule has this name." in html
    assert (found.status_code, found.headers["location"]) == (303, "/rules/rule/LongGone")
    assert never.status_code == 404


def test_a_version_in_the_shadow_is_reported_beside_the_live_one(site: Site, version: str) -> None:
    page = told(site, f"/rules/versions/{version}/shadow?days=7")

    assert page["against"]["number"] == 1
    assert (page["hits"], page["errors"]) == (4, 1)
    assert page["by_day"][-2:] == [2, 2]
    rules = {rule["rule"]: rule for rule in page["rules"]}
    assert rules[RULE]["novel"] == {"hits": 1, "n": 3}
    common = {line["rule"]: line["others"] for line in page["overlap"]}
    assert common[RULE] == [[RULE, {"hits": 3, "n": 3}]]
    assert common["CommentBurst"] == []
    (queue,) = page["queues"]
    assert (queue["queue"], queue["items"], queue["days"][-2:]) == ("adult", 2, [1, 1])


def test_the_load_a_day_is_of_the_time_the_version_ran(site: Site, version: str) -> None:
    path = f"/rules/versions/{version}/shadow?days=28"
    page = told(site, path)
    who = site.signed_in("author", RoleName.RULE_AUTHOR)

    html = site.client().get(path, headers=who.headers).text

    assert page["ran_ms"] < DAY_MS
    assert page["queues"][0]["per_day"] is None
    assert "it ran for less than a day" in html
    assert "of the 28 days shown" in html


def test_a_version_that_hit_nothing_says_so(site: Site, version: str) -> None:
    who = site.signed_in("author", RoleName.RULE_AUTHOR)
    path = f"/rules/versions/{version}/shadow?days=1"
    page = told(site, path)
    assert page["days"] == 1

    lost = site.client().get(f"{path}&days=91", headers=who.headers | JSON)

    assert lost.status_code == 400


def test_a_version_that_no_longer_compiles_is_told_not_to_run_and_given_no_rate(
    site: Site, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    community = site.community
    original = community.platform.books.compiler.rules

    def refuses(files: Mapping[str, str], words: object) -> object:
        if "# in the shadow" in files["main.sml"]:
            raise Conflict("the list it reads is gone")
        return original(files, words)  # type: ignore[arg-type]  # handed on as it came

    community.clock.advance(2 * DAY_MS)
    ran = told(site, f"/rules/versions/{version}/shadow?days=7")
    monkeypatch.setattr(community.platform.books.compiler, "rules", refuses)
    community.bank("policy: HS.SLUR\nterms: [sarnox]\n", name="more")
    who = site.signed_in("author", RoleName.RULE_AUTHOR)

    page = told(site, f"/rules/versions/{version}/shadow?days=7")
    html = site.client().get(f"/rules/versions/{version}/shadow", headers=who.headers).text
    report = told(site, f"/v1/rule-versions/{version}/shadow?days=7")

    assert ran["queues"][0]["per_day"] is not None
    assert (page["queues"][0]["items"], page["queues"][0]["per_day"]) == (2, None)
    assert "gone" in page["version"]["problem"]
    assert "It does not run now" in html
    assert "Was to run" in html
    assert "gone" in report["problem"]
    assert report["rates"][0]["per_day"] is None
