"""What rules hit, over the API."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from fieldfare.engine.rule_moves import Proposal
from fieldfare.kernel import rfc3339
from fieldfare.metrics import DAY_MS
from fieldfare.rules.lifecycle import VersionState
from fieldfare.testing.platforms import Community, a_comment
from fieldfare.web.app import create_app

RULES = """
Text: str = JsonData(path='$.item.text')
Wivel = Rule(when_all=[Text == 'wivel'], description='wivel')
WhenRules(rules_any=[Wivel], then=[Hold(policy='HS.SLUR')])
"""
WIDER = (
    RULES
    + """
Any = Rule(when_all=[Text != None], description='any')
WhenRules(rules_any=[Any], then=[Review(queue='hate')])
"""
)


@pytest.fixture
def http(community: Community) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {community.key}"}
    with TestClient(create_app(community.platform), headers=headers) as client:
        yield client


@pytest.fixture
def shadow(community: Community) -> str:
    """Let a rule be live, a wider version run in the shadow, and three comments come."""
    versioning, org = community.platform.versioning, community.org
    versioning.override(org, {"main.sml": RULES}, by="admin")
    version = versioning.propose(org, {"main.sml": WIDER}, Proposal(by="ira")).hash
    versioning.move(org, version, VersionState.REVIEW, by="ira")
    versioning.move(org, version, VersionState.SHADOW, by="ola")
    community.settle()
    for n, text in enumerate(("wivel", "sarno", "quim")):
        community.posted(a_comment(text, host_id=f"c{n}"))
    return version


def test_a_shadow_is_reported_beside_the_live_version(
    community: Community, http: TestClient, shadow: str
) -> None:
    told = http.get(f"/v1/rule-versions/{shadow}/shadow").json()

    assert told["version"] == shadow
    assert told["against"] == community.platform.rule_set(community.org).hash
    assert [(r["rule"], r["hits"], r["novel"]) for r in told["rules"]] == [
        ("Any", 3, 2),
        ("Wivel", 1, 0),
    ]
    assert told["queues"] == [{"queue": "hate", "day": "2026-03-02T00:00:00.000Z", "items": 3}]
    assert {(o["rule"], o["other"], o["both"]) for o in told["overlap"]} == {
        ("Any", "Wivel", 1),
        ("Wivel", "Wivel", 1),
    }
    assert told["rules"][0]["precision"] is None
    assert told["rules"][0]["interval"] is None


def test_what_a_queue_gets_in_a_day_is_of_the_days_the_version_ran(
    community: Community, http: TestClient, shadow: str
) -> None:
    path = f"/v1/rule-versions/{shadow}/shadow?days=28"
    young = http.get(path).json()
    community.clock.advance_to(community.clock.now_ms() + 2 * DAY_MS)
    grown = http.get(path).json()

    assert young["ran_days"] < 0.01
    assert young["rates"] == [{"queue": "hate", "items": 3, "per_day": None}]
    assert grown["ran_days"] == pytest.approx(2, abs=0.01)
    assert grown["rates"][0]["per_day"] == pytest.approx(1.5, abs=0.01)


@pytest.mark.usefixtures("shadow")
def test_days_are_counted_back_from_the_clock_of_the_installation(
    community: Community, http: TestClient
) -> None:
    told = http.get("/v1/rules/hits?days=3").json()

    now_ms = community.clock.now_ms() + 1
    assert (told["from"], told["to"]) == (rfc3339(now_ms - 3 * DAY_MS), rfc3339(now_ms))
    assert [r["rule"] for r in told["rules"]] == ["Wivel"]
    both = http.get("/v1/rules/hits?days=3&from=2026-03-01T00:00:00Z")
    assert (both.status_code, both.json()["pointer"]) == (400, "/days")


@pytest.mark.usefixtures("shadow")
def test_a_rule_nobody_has_is_not_found_and_one_that_is_gone_is_by_its_hits(
    community: Community, http: TestClient
) -> None:
    lost = http.get("/v1/rules/Wivle/hits")
    community.platform.versioning.override(
        community.org, {"main.sml": RULES.replace("Wivel", "Quim")}, by="admin"
    )
    community.settle()
    gone = http.get("/v1/rules/Wivel/hits")

    assert (lost.status_code, lost.json()["hint"]) == (404, "Did you mean 'Wivel'?")
    assert (gone.status_code, gone.json()["hits"]) == (200, 1)
    community.clock.advance_to(community.clock.now_ms() + 30 * DAY_MS)
    assert http.get("/v1/rules/Wivel/hits").json()["hits"] == 0


@pytest.mark.usefixtures("shadow")
def test_a_rule_is_measured_as_it_decided_and_not_as_it_would_have(http: TestClient) -> None:
    told = http.get("/v1/rules/Wivel/hits").json()
    silent = http.get("/v1/rules/Any/hits").json()

    assert (told["hits"], told["actions"]) == (1, {"hold": 1})
    assert [day["hits"] for day in told["days"]] == [1]
    assert [each["subject"]["host_id"] for each in told["examples"]] == ["c0"]
    assert (silent["hits"], silent["examples"]) == (0, [])
    assert [r["rule"] for r in http.get("/v1/rules/hits").json()["rules"]] == ["Wivel"]


@pytest.mark.usefixtures("shadow")
def test_a_period_bounds_what_is_measured(http: TestClient) -> None:
    earlier = {"from": "2026-02-01T00:00:00Z", "to": "2026-02-08T00:00:00Z"}

    assert http.get("/v1/rules/Wivel/hits", params=earlier).json()["hits"] == 0


@pytest.mark.parametrize(
    "period",
    [
        {"from": "2026-02-08T00:00:00Z", "to": "2026-02-01T00:00:00Z"},
        {"from": "2020-02-08T00:00:00Z", "to": "2026-02-01T00:00:00Z"},
        {"from": "yesterday"},
    ],
)
def test_what_is_no_period_is_refused(http: TestClient, period: dict[str, str]) -> None:
    refused = http.get("/v1/rules/hits", params=period)

    assert (refused.status_code, refused.json()["pointer"]) == (400, "/from")


def test_a_version_nobody_proposed_has_no_report(http: TestClient) -> None:
    assert http.get("/v1/rule-versions/abcdef123/shadow").status_code == 404
