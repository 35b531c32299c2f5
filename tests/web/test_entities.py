"""The page of an entity: its labels, changing one from the form, and the way there."""

import pytest
from starlette.testclient import TestClient

from fieldfare.access import RoleName, Scope
from fieldfare.testing.sites import Caller, Site
from fieldfare.testing.visits import Visit

CHANGE = {"entity": {"type": "Account", "id": "ben"}, "label": "trusted", "reason": "known"}


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


def test_who_may_label_does_it_and_who_may_only_read_does_not(
    site: Site, client: TestClient
) -> None:
    reader: Caller = site.keyed(Scope.INGEST)
    refused = client.post("/v1/labels", json=CHANGE, headers=reader.headers)
    taken = client.post("/v1/labels", json=CHANGE, headers=site.keyed(Scope.REVIEW).headers)

    assert (refused.status_code, taken.status_code) == (403, 202)
    told = client.get("/v1/entities/Account/ben", headers=site.keyed(Scope.REVIEW).headers).json()
    assert told["labels"][0]["status"] == "manually_added"


def test_a_label_is_changed_from_the_page(site: Site, visit: Visit) -> None:
    site.signed_in("labeller", RoleName.REVIEWER)
    visit.sign_in("labeller")
    visit.open("/entities/Account/carla")
    page = visit.page

    page.select_option("select[name=label]", "trusted")
    page.fill("input[name=for]", "7d")
    page.fill("input[name=reason]", "she has been here for years")
    page.click("text=Change the label")
    page.wait_for_selector("article h3")

    assert "trusted" in page.inner_text("article h3")
    assert "added by a person" in page.inner_text("article h3")
    assert "she has been here for years" in page.inner_text("article")
    assert visit.complaints == []


def test_an_items_author_leads_to_their_entity(visit: Visit, site: Site) -> None:
    site.signed_in("looker", RoleName.REVIEWER)
    visit.sign_in("looker")
    visit.open("/items/video/v1")

    href = visit.page.get_attribute("dl.facts a", "href")

    assert href is not None
    assert href.startswith("/entities/Account/")


def test_what_nobody_ever_saw_is_said_to_be_unknown(site: Site, client: TestClient) -> None:
    reader = site.signed_in("looker", RoleName.REVIEWER).headers
    json = reader | {"accept": "application/json"}

    def told(name: str) -> dict[str, object]:
        found: dict[str, object] = client.get(f"/entities/{name}", headers=json).json()
        return found

    page = client.get("/entities/Account/nobody-at-all", headers=reader).text
    strange = client.get("/entities/Planet/x", headers=reader).text
    before = client.get("/v1/entities/Account/dora", headers=site.keyed(Scope.REVIEW).headers)

    assert "Nothing is known of it." in page
    assert "names the type Planet" in strange
    assert "names the type" not in page
    # ana and ben posted, c1 and v1 were posted: they are known without a label of their own.
    known = [told(name)["is_known"] for name in ("Account/ana", "Item/c1", "Item/v1")]
    assert known == [True, True, True]
    assert before.json()["known"] is False
    # Events are not kept by such a type: what rules saw of it nobody can say.
    assert told("Planet/x")["is_known"] is None
    assert "It has no labels." in strange
    assert "No event of the log" not in strange
    change = {**CHANGE, "entity": {"type": "Account", "id": "dora"}}
    client.post("/v1/labels", json=change, headers=site.keyed(Scope.REVIEW).headers)
    assert told("Account/dora")["is_known"] is True


def test_entities_are_found_by_type_and_id_and_by_what_was_labelled_last(
    site: Site, client: TestClient
) -> None:
    reader = site.signed_in("looker", RoleName.REVIEWER).headers
    key = site.keyed(Scope.REVIEW).headers
    for name in ("emil", "fay", "emil"):
        change = {**CHANGE, "entity": {"type": "Account", "id": name}}
        client.post("/v1/labels", json=change, headers=key)

    page = client.get("/entities", headers=reader | {"accept": "application/json"}).json()
    html = client.get("/entities", headers=reader)
    opened = client.get("/entities?type=Account&id=a/b c", headers=reader)

    assert {"Account", "Item"} <= set(page["types"])
    assert [each["id"] for each in page["newest"]][:2] == ["emil", "fay"]
    assert html.status_code == 200
    assert (opened.status_code, opened.headers["location"]) == (303, "/entities/Account/a/b%20c")
