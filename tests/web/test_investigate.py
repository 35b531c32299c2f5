"""The investigation page, with and without a browser."""

import sys

import pytest
from starlette.testclient import TestClient

from fieldfare.access import RoleName
from fieldfare.records import CaseState
from fieldfare.testing.histories import import_comments
from fieldfare.testing.platforms import a_comment
from fieldfare.testing.sites import Site
from fieldfare.testing.visits import Visit

HTML = {"accept": "text/html"}


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


def test_a_mistake_is_shown_with_its_caret_beside_the_condition(
    site: Site, client: TestClient
) -> None:
    author = site.signed_in("rita", RoleName.RULE_AUTHOR)

    page = client.get("/investigate?q=Authr+!%3D+None", headers={**author.headers, **HTML})

    assert page.status_code == 200
    assert "unknown name &#39;Authr&#39;" in page.text
    assert "^^^^^" in page.text


def test_an_author_of_rules_looks_and_orders_nothing(site: Site, client: TestClient) -> None:
    author = site.signed_in("rita", RoleName.RULE_AUTHOR)

    page = client.get("/investigate?q=Author+!%3D+None", headers={**author.headers, **HTML})
    refused = client.post("/investigate/review", data={"q": "x"}, headers=author.headers)

    assert "Newest events" in page.text
    assert "/investigate/review" not in page.text
    assert refused.status_code == 403


def test_a_reviewer_does_not_investigate(site: Site, client: TestClient) -> None:
    reviewer = site.signed_in("nora", RoleName.REVIEWER)

    assert client.get("/investigate", headers=reviewer.headers).status_code == 403


def test_what_an_order_would_be_refused_for_is_not_offered(
    site: Site, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    approver = site.signed_in("olga", RoleName.RULE_APPROVER)
    path = "/investigate?q=Author+!%3D+None&top=ItemId"
    headers = {**approver.headers, **HTML}
    offered = client.get(path, headers=headers).text

    monkeypatch.setattr(sys.modules["fieldfare.web.console.pages.investigate"], "MOST", 2)
    page = client.get(path, headers=headers).text

    assert "/investigate/review" in offered
    assert "/investigate/label" in offered
    assert "more than the 2 an order may be about" in page
    assert "/investigate/review" not in page
    assert "/investigate/label" not in page


def test_entities_among_the_values_and_the_persons_can_be_opened(
    site: Site, client: TestClient
) -> None:
    site.community.posted(a_comment(host_id="p1", author="a b/c"))
    headers = {**site.signed_in("rita", RoleName.RULE_AUTHOR).headers, **HTML}
    asked = {"q": "ItemId == 'p1'"}

    entities = client.get("/investigate", params={**asked, "top": "Author"}, headers=headers).text
    plain = client.get("/investigate", params={**asked, "top": "CommentText"}, headers=headers).text

    link = '<a href="/entities/Account/a%20b/c">a b/c</a>'
    assert entities.count(link) == 2
    assert plain.count(link) == 1
    assert plain.count("/entities/") == entities.count("/entities/") - 1


def test_items_that_were_imported_are_not_promised_a_case(site: Site, client: TestClient) -> None:
    approver = site.signed_in("olga", RoleName.RULE_APPROVER)
    import_comments(site.community, "h1", "h2", at="2026-03-01T00:00:00Z")
    site.community.posted(a_comment(host_id="p1"))
    headers = {**approver.headers, **HTML}

    alone, beside = (
        client.get("/investigate", params={"q": f"ItemId in {ids}"}, headers=headers).text
        for ids in (["h1", "h2"], ["h1", "h2", "p1"])
    )

    assert "None of them can be asked about" in alone
    assert "/investigate/review" not in alone
    assert "Review 1 items" in beside
    assert "2 more are imported, deleted or undecided" in beside
    assert 'name="expected" value="3"' in beside


@pytest.mark.browser
def test_an_approver_looks_saves_and_asks_people(site: Site, visit: Visit) -> None:
    community = site.community
    for number in range(2):
        community.posted(a_comment("a quimsa", host_id=f"q{number}", author="quentin"))
    site.person("olga", RoleName.RULE_APPROVER)
    visit.sign_in("olga")
    visit.open("/investigate")
    page = visit.page
    form = page.get_by_role("search", name="Inquiry")
    form.get_by_label("Condition").fill(
        "T: str = JsonData(path='$.item.text')\nRegexMatch(target=T, pattern='quimsa')"
    )
    form.get_by_label("Most frequent values of").fill("Author")
    form.get_by_role("button", name="Look").click()

    assert page.get_by_role("heading", name="2 events").is_visible()
    assert page.get_by_role("row").filter(has_text="quentin").first.is_visible()
    save = page.get_by_role("form", name="Save the query")
    save.get_by_label("Name").fill("quimsas")
    save.get_by_role("button").click()
    page.wait_for_url("**/investigate?*")
    assert page.get_by_role("link", name="quimsas").is_visible()
    review = page.get_by_role("form", name="Review all")
    review.get_by_label("Policy").select_option("IN.SPAM")
    review.get_by_label("Why").fill("a campaign")
    review.get_by_role("button").click()
    page.wait_for_url("**asked=2*")

    assert page.get_by_role("status").filter(has_text="2 items").is_visible()
    cases = community.platform.store.read(
        lambda uow: uow.cases.page(
            community.org, states=frozenset(CaseState), before=None, limit=99
        )
    )
    assert {"q0", "q1"} <= {case.subject.host_id for case in cases}
    assert visit.complaints == []
