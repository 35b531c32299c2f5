"""Quotas and snoozes over JSON and from the page's forms."""

import pytest
from starlette.testclient import TestClient

from fieldfare.access import RoleName, Scope
from fieldfare.engine.rule_moves import Proposal
from fieldfare.rules.lifecycle import VersionState as S
from fieldfare.testing.platforms import a_comment
from fieldfare.testing.sites import Caller, Site
from fieldfare.testing.visits import Visit

HTML = {"accept": "text/html"}
QUOTA = {"rule": "TermInComment", "action": "hold", "per_minute": 5}
SNOOZE = {
    "rule": "TermInComment",
    "entity": {"kind": "account", "host_id": "ana"},
    "for": "7d",
    "reason": "teaches the word",
}


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


@pytest.fixture
def machine(site: Site) -> Caller:
    return site.keyed(Scope.ADMIN)


def test_a_quota_is_set_seen_and_lifted(site: Site, client: TestClient, machine: Caller) -> None:
    made = client.put("/v1/quotas", json=QUOTA, headers=machine.headers)
    site.community.settle()

    assert made.status_code == 200
    told = client.get("/v1/quotas", headers=machine.headers).json()["quotas"]
    (mine,) = [quota for quota in told if quota["rule"] == "TermInComment"]
    assert (mine["per_minute"], mine["per_day"], mine["tripped_today"]) == (5, None, False)
    lifted = client.delete("/v1/quotas/TermInComment/hold", headers=machine.headers)
    assert lifted.status_code == 200
    again = client.delete("/v1/quotas/TermInComment/hold", headers=machine.headers)
    assert again.status_code == 404


def test_a_snooze_is_made_seen_and_woken(client: TestClient, machine: Caller) -> None:
    made = client.post("/v1/snoozes", json=SNOOZE, headers=machine.headers)

    assert made.status_code == 201
    told = client.get("/v1/snoozes", headers=machine.headers).json()["snoozes"]
    assert made.json()["id"] in [snooze["id"] for snooze in told]
    woken = client.delete(f"/v1/snoozes/{made.json()['id']}", headers=machine.headers)
    assert woken.status_code == 200
    again = client.delete(f"/v1/snoozes/{made.json()['id']}", headers=machine.headers)
    assert again.status_code == 404


@pytest.mark.parametrize("kind", ["Account", "account", "VIDEO"])
def test_the_kind_of_what_a_snooze_is_about_may_be_capitalised(
    client: TestClient, machine: Caller, site: Site, kind: str
) -> None:
    entity = {"kind": kind, "host_id": "ana"}
    fields = {"rule": "TermInComment", "entity": f"{kind}:ana", "for": "1d", "reason": "a poet"}
    person = site.signed_in("olga", RoleName.RULE_APPROVER)

    made = client.post("/v1/snoozes", json={**SNOOZE, "entity": entity}, headers=machine.headers)
    sent = client.post("/brakes/snooze", data=fields, headers=person.headers)

    assert (made.status_code, sent.status_code) == (201, 303)
    told = client.get("/v1/snoozes", headers=machine.headers).json()["snoozes"]
    assert [each["entity"]["kind"] for each in told[:2]] == [kind.casefold()] * 2


def test_a_kind_there_is_none_of_is_refused_with_what_was_meant(
    client: TestClient, machine: Caller, site: Site
) -> None:
    entity = {"kind": "Acount", "host_id": "ana"}
    fields = {"rule": "TermInComment", "entity": "Acount:ana", "for": "1d", "reason": "a poet"}
    person = site.signed_in("olga", RoleName.RULE_APPROVER)

    refused = client.post("/v1/snoozes", json={**SNOOZE, "entity": entity}, headers=machine.headers)
    page = client.post("/brakes/snooze", data=fields, headers=person.headers)

    assert (refused.status_code, page.status_code) == (400, 400)
    assert "Did you mean 'account'?" in refused.json()["hint"]
    assert refused.json()["pointer"] == "/entity/kind"
    assert "Did you mean" in page.text


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"for": "soon"}, "/for"),
        ({"for": None, "until": None}, "/until"),
        ({"until": "2030-01-01T00:00:00Z"}, "/until"),
        ({"for": None, "until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"rule": "TermInComent"}, "/rule"),
        ({"reason": " "}, "/reason"),
    ],
)
def test_a_snooze_that_means_nothing_is_refused_with_a_pointer(
    client: TestClient, machine: Caller, change: dict[str, object], pointer: str
) -> None:
    answer = client.post("/v1/snoozes", json={**SNOOZE, **change}, headers=machine.headers)

    assert answer.status_code == 400
    assert answer.json()["pointer"] == pointer
    assert answer.json()["hint"]


def test_a_rule_that_only_a_rollout_has_is_shown_and_can_be_braked(
    site: Site, client: TestClient, machine: Caller
) -> None:
    community = site.community
    versioning, org = community.platform.versioning, community.org
    sources = community.platform.rule_set(org).sources
    main = f"{sources['main.sml']}\nFresh = Rule(when_all=[False], description='fresh')\n"
    made = versioning.propose(org, {**sources, "main.sml": main}, Proposal(by="ira")).hash
    person = site.signed_in("olga", RoleName.RULE_APPROVER)
    said = {}
    for to, share in ((S.REVIEW, 0), (S.SHADOW, 0), (S.ROLLOUT, 10)):
        versioning.move(org, made, to, share=share, by="ira" if to is S.REVIEW else "ola")
        community.settle()
        said[to] = client.get("/rules/rule/Fresh", headers=person.headers | HTML)

    found = client.get("/rules?find=Fresh", headers=person.headers | HTML)
    page = client.get("/brakes", headers=person.headers | HTML).text
    set_up = client.put("/v1/quotas", json={**QUOTA, "rule": "Fresh"}, headers=machine.headers)
    versioning.move(org, made, S.WITHDRAWN, by="ola")
    community.settle()

    assert said[S.REVIEW].status_code == 404
    assert "which runs in the shadow" in said[S.SHADOW].text
    assert f'href="/rules/versions/{made}/shadow"' in said[S.SHADOW].text
    assert "which decides for 10 % of the authors" in said[S.ROLLOUT].text
    assert f'href="/rules/versions/{made}"' in said[S.ROLLOUT].text
    assert (found.status_code, "<option>Fresh</option>" in page, set_up.status_code) == (
        303,
        True,
        200,
    )


def test_an_author_of_rules_sees_the_brakes_and_may_not_set_them(
    site: Site, client: TestClient
) -> None:
    author = site.signed_in("rita", RoleName.RULE_AUTHOR)

    page = client.get("/brakes", headers={**author.headers, "accept": "text/html"})
    refused = client.post("/brakes/quota", data=QUOTA, headers=author.headers)

    assert page.status_code == 200
    assert "/brakes/quota" not in page.text
    assert refused.status_code == 403


@pytest.mark.browser
def test_an_approver_sets_a_quota_and_snoozes_a_rule_from_the_page(
    site: Site, visit: Visit
) -> None:
    site.person("olga", RoleName.RULE_APPROVER)
    visit.sign_in("olga")
    visit.open("/brakes")
    page = visit.page
    quota = page.get_by_role("form", name="Set a quota")
    quota.get_by_label("Rule").select_option("MildTermInComment")
    quota.get_by_label("Action").select_option("limit")
    quota.get_by_label("A day").fill("40")
    quota.get_by_role("button").click()
    page.wait_for_url("**/brakes")
    row = page.get_by_role("row").filter(has_text="MildTermInComment")
    assert "40" in row.inner_text()

    snooze = page.get_by_role("form", name="Snooze a rule")
    snooze.get_by_label("Rule").select_option("MildTermInComment")
    snooze.get_by_label("Silent about").fill("account:olaf")
    snooze.get_by_label("Why").fill("a poet")
    snooze.get_by_role("button").click()
    page.wait_for_url("**/brakes")

    assert page.get_by_role("row").filter(has_text="account:olaf").is_visible()
    assert visit.complaints == []


def test_the_overview_says_that_a_quota_is_used_up(site: Site, client: TestClient) -> None:
    community, machine = site.community, site.keyed(Scope.ADMIN)
    client.put("/v1/quotas", json={**QUOTA, "per_minute": 0}, headers=machine.headers)
    community.settle()
    community.posted(a_comment("zorblat", host_id="over", author="otto"))
    person = site.signed_in("olga", RoleName.ADMIN)

    page = client.get("/overview", headers={**person.headers, "accept": "text/html"})

    assert "Circuit breaker" in page.text
    client.delete("/v1/quotas/TermInComment/hold", headers=machine.headers)
