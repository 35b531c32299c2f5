"""Looking into what happened: counts, values and examples of an expression, and review in bulk."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from fieldfare.access import Scope
from fieldfare.engine import investigating
from fieldfare.engine.administration import activate_rules
from fieldfare.engine.bulk_label import BulkLabel, LabelOrder
from fieldfare.engine.bulk_orders import CHUNK, MOST
from fieldfare.engine.investigating import Inquiry
from fieldfare.kernel import BadInput, EventId
from fieldfare.records import CaseState
from fieldfare.rules.labels import LABEL_CHANGED
from fieldfare.testing.platforms import Community, a_comment
from fieldfare.testing.sites import Site
from fieldfare.web.app import create_app

TIME = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
SPAM: dict[str, Any] = {
    **TIME,
    "expression": "T: str = JsonData(path='$.item.text')\nRegexMatch(target=T, pattern='quimsa')",
    "policy": "IN.SPAM",
    "reason": "looks like a campaign",
    "expected": 2,
    "key": "once",
}


@pytest.fixture
def site(community: Community) -> Site:
    return Site(community, create_app(community.platform))


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


def play(community: Community) -> None:
    for number, text in enumerate(["win a quimsa", "sarno", "a quimsa too", "wivel", "wivel"]):
        community.posted(a_comment(text, host_id=f"c{number}", author=f"u{number % 2}"))


def ask(site: Site, client: TestClient, **body: object) -> dict[str, Any]:
    headers = site.keyed(Scope.ADMIN).headers
    told = client.post("/v1/query", json={**TIME, "top": "Author", **body}, headers=headers)
    assert told.status_code == 200, told.text
    found: dict[str, Any] = told.json()
    return found


def test_an_expression_selects_events_with_their_values(site: Site, client: TestClient) -> None:
    play(site.community)

    found = ask(site, client, expression=SPAM["expression"])

    assert (found["count"], found["items"], found["scanned"]) == (2, 2, 5)
    assert found["complete"]
    assert [row["subject"]["host_id"] for row in found["rows"]] == ["c2", "c0"]
    assert found["top"] == [{"value": "u0", "count": 2, "share": 1.0, "before": None}]
    assert sum(column["count"] for column in found["over_time"]) == 2
    assert len(found["over_time"]) == 24


def test_more_items_than_are_told_apart_are_said_to_be_more_and_not_ordered_about(
    site: Site, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(investigating, "MOST_SUBJECTS", 1)
    play(site.community)

    found = ask(site, client, expression=SPAM["expression"])
    headers = site.keyed(Scope.ADMIN).headers
    refused = client.post("/v1/query/bulk-review", json=SPAM, headers=headers)

    assert (found["count"], found["items"], found["items_cut"]) == (2, 1, True)
    assert refused.status_code == 503


def test_a_day_is_its_first_moment(site: Site, client: TestClient) -> None:
    play(site.community)

    on_it = ask(site, client, expression="Author != None", **{"from": "2026-03-02"})
    before = ask(
        site, client, expression="Author != None", **{"from": "2026-03-01", "to": "2026-03-02"}
    )

    assert (on_it["count"], before["count"]) == (5, 0)


def test_the_share_is_compared_with_the_time_before(site: Site, client: TestClient) -> None:
    play(site.community)
    site.community.clock.advance(24 * 3_600_000)
    site.community.posted(a_comment("wivel", host_id="later", author="u0"))

    found = ask(
        site,
        client,
        expression="Author != None",
        **{"from": "2026-03-03T00:00:00Z", "to": "2026-03-04T00:00:00Z"},
    )

    assert found["before"] == 5
    assert found["top"] == [{"value": "u0", "count": 1, "share": 1.0, "before": 0.6}]


def test_other_kinds_of_events_are_looked_into_as_well(site: Site, client: TestClient) -> None:
    play(site.community)
    action = "Action: str = JsonData(path='$.judgement.action')\nAction == 'allow'"

    found = ask(site, client, expression=action, kinds=["decision.made"], top="")

    assert found["count"] == 5
    assert found["top"] == []


def test_a_mistake_is_pointed_at(site: Site, client: TestClient) -> None:
    headers = site.keyed(Scope.ADMIN).headers

    told = client.post("/v1/query", json={**TIME, "expression": "Authr != None"}, headers=headers)

    assert told.status_code == 400
    assert "query:1:1: unknown name 'Authr'" in told.json()["detail"]
    assert "^^^^^" in told.json()["detail"]


def test_people_are_asked_about_all_that_is_selected_once(site: Site, client: TestClient) -> None:
    play(site.community)
    headers = site.keyed(Scope.ADMIN).headers

    first = client.post("/v1/query/bulk-review", json=SPAM, headers=headers)
    again = client.post("/v1/query/bulk-review", json=SPAM, headers=headers)
    more = client.post("/v1/query/bulk-review", json={**SPAM, "key": "2"}, headers=headers)

    assert first.json()["asked"] == 2, first.text
    assert again.json() == first.json()
    assert (more.json()["asked"], more.json()["skipped"]) == (0, 2), "open questions stand"
    community = site.community
    cases = community.platform.store.read(
        lambda uow: uow.cases.page(community.org, states=frozenset(CaseState), before=None, limit=9)
    )
    assert {(case.subject.host_id, case.policies, case.reason) for case in cases} == {
        ("c0", ("IN.SPAM",), "looks like a campaign"),
        ("c2", ("IN.SPAM",), "looks like a campaign"),
    }


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"expected": 3}, 409),
        ({"limit": 1}, 400),
        ({"policy": "IN.SPAN"}, 400),
        ({"queue": "nowhere"}, 400),
        ({"to": TIME["from"]}, 400),
        ({"reason": ""}, 400),
    ],
)
def test_an_order_that_does_not_fit_does_nothing(
    site: Site, client: TestClient, change: dict[str, object], status: int
) -> None:
    play(site.community)
    headers = site.keyed(Scope.ADMIN).headers

    told = client.post("/v1/query/bulk-review", json={**SPAM, **change}, headers=headers)

    assert told.status_code == status, told.text
    depths = site.community.platform.store.read(
        lambda uow: uow.queues.depths(site.community.org, now_ms=0)
    )
    assert not depths


def test_a_key_names_one_order(site: Site, client: TestClient) -> None:
    play(site.community)
    headers = site.keyed(Scope.ADMIN).headers
    client.post("/v1/query/bulk-review", json=SPAM, headers=headers)

    other = client.post(
        "/v1/query/bulk-review", json={**SPAM, "reason": "another"}, headers=headers
    )

    assert other.status_code == 409


LABELS = {
    "main.sml": """
Author: Entity[str] = EntityJson(type='Account', path='$.item.author')
""",
    "config/labels.yaml": "labels: {loud: {valid_for: [Account], connotation: negative}}",
}
LABEL: dict[str, Any] = {
    **TIME,
    "expression": SPAM["expression"],
    "top": "Author",
    "entity_type": "Account",
    "label": "loud",
    "reason": "a campaign",
    "expected": 1,
    "key": "once",
}


def test_every_entity_that_is_shown_is_labelled_once(site: Site, client: TestClient) -> None:
    community, platform = site.community, site.community.platform
    platform.store.write(
        lambda uow: activate_rules(
            uow, community.org, LABELS, platform.pack(community.org), by="test"
        )
    )
    community.settle()
    play(community)
    headers = site.keyed(Scope.ADMIN).headers

    first = client.post("/v1/query/bulk-label", json=LABEL, headers=headers)
    again = client.post("/v1/query/bulk-label", json=LABEL, headers=headers)
    changed = client.post(
        "/v1/query/bulk-label", json={**LABEL, "expected": 2, "key": "2"}, headers=headers
    )
    unknown = client.post(
        "/v1/query/bulk-label", json={**LABEL, "label": "lowd", "key": "3"}, headers=headers
    )
    community.settle()

    assert first.json() == again.json() == {"entities": 1}, first.text
    assert changed.status_code == 409
    assert unknown.status_code == 400
    (label,) = client.get("/v1/entities/Account/u0", headers=headers).json()["labels"]
    assert (label["label"], label["status"], label["holds"]) == ("loud", "manually_added", True)
    assert client.get("/v1/entities/Account/u1", headers=headers).json()["labels"] == []


def test_an_order_with_a_value_that_is_no_entity_labels_nobody(site: Site) -> None:
    platform, org = site.community.platform, site.community.org
    platform.store.write(
        lambda uow: activate_rules(uow, org, LABELS, platform.pack(org), by="test")
    )
    site.community.settle()
    values = [*(f"u{number}" for number in range(CHUNK)), "u" * 201]
    order = LabelOrder(
        inquiry=Inquiry(text="", from_ms=0, to_ms=1, shown="Author"),
        entity_type="Account",
        label="loud",
        reason="a campaign",
        expected=len(values),
        limit=MOST,
        key="once",
    )
    bulk = BulkLabel(platform.store, org, platform.books.of(org))

    with pytest.raises(BadInput, match="no entity"):
        bulk.carry_out(order, values, by="test")

    told = platform.store.read(lambda uow: uow.recall.of_kind(LABEL_CHANGED, EventId(0), limit=1))
    assert list(told) == []


def test_queries_are_kept_under_a_name(site: Site, client: TestClient) -> None:
    headers = site.keyed(Scope.ADMIN).headers
    body = {"name": "spam/waves", "expression": "Author != None", "top": "Author"}

    assert client.post("/v1/queries", json=body, headers=headers).status_code == 201
    client.post("/v1/queries", json={**body, "expression": "Author == None"}, headers=headers)
    (saved,) = client.get("/v1/queries", headers=headers).json()["queries"]

    assert (saved["name"], saved["expression"]) == ("spam/waves", "Author == None")
    assert client.delete("/v1/queries/spam%2Fwaves", headers=headers).status_code == 200
    assert client.get("/v1/queries", headers=headers).json()["queries"] == []
    assert client.delete("/v1/queries/spam%2Fwaves", headers=headers).status_code == 404


def test_a_time_that_reaches_beyond_all_ids_is_looked_at_whole(
    site: Site, client: TestClient
) -> None:
    play(site.community)

    whole = {"from": "1970-01-01T00:00:00Z", "to": "9999-12-31T00:00:00Z"}
    found = ask(site, client, expression=SPAM["expression"], **whole)

    assert (found["count"], found["scanned"]) == (2, 5)


@pytest.mark.parametrize("field", ["from", "to"])
@pytest.mark.parametrize("told", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00"])
def test_a_moment_nobody_could_write_again_is_refused(
    site: Site, client: TestClient, field: str, told: str
) -> None:
    headers = site.keyed(Scope.ADMIN).headers
    body = {**TIME, "expression": "True", field: told}

    answers = [
        client.post("/v1/query", json=body, headers=headers),
        client.post("/v1/backtests", json={**TIME, field: told}, headers=headers),
    ]

    assert [(answer.status_code, answer.json()["pointer"]) for answer in answers] == [
        (400, f"/{field}")
    ] * 2
    assert client.get("/v1/backtests", headers=headers).json() == {"backtests": []}


def test_without_moments_it_is_the_last_week_by_the_clock_of_the_installation(
    community: Community, client: TestClient, site: Site
) -> None:
    play(community)
    headers = site.keyed(Scope.ADMIN).headers

    def counted(**more: str) -> int:
        told = client.post("/v1/query", json={"expression": "True", **more}, headers=headers)
        assert told.status_code == 200, told.text
        return int(told.json()["count"])

    assert counted() == 5
    assert counted(to="2026-03-02T00:00:00Z") == 0
    assert counted(**{"from": "2026-03-02T00:00:00Z"}) == 5
    community.clock.advance_to(community.clock.now_ms() + 8 * 86_400_000)
    assert counted() == 0
    order = {**SPAM, "to": "", "key": "open"}
    refused = client.post("/v1/query/bulk-review", json=order, headers=headers)
    assert (refused.status_code, refused.json()["pointer"]) == (400, "/to")
