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
