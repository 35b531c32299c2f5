"""What the review page tells beside the case: too late, taken back, missing, no connection."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from fieldfare.access import RoleName
from fieldfare.testing.sites import Site
from fieldfare.testing.visits import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def reviewer(site: Site) -> str:
    site.person("notified", RoleName.REVIEWER)
    return "notified"


def start(visit: Visit, name: str) -> str:
    """Sign in, take the next case and name it."""
    visit.sign_in(name)
    visit.open("/review")
    if visit.page.locator("main.review").count() == 0:
        visit.page.get_by_role("button", name="Next case").click()
    return case_now(visit)


def case_now(visit: Visit) -> str:
    visit.page.wait_for_selector("main.review[data-ready]")
    return str(visit.page.get_attribute("main.review", "data-case"))


def decide(visit: Visit, key: str, case: str) -> str:
    """Decide the case in hand by keyboard and name the next one."""
    visit.page.keyboard.press(key)
    visit.page.keyboard.press("Control+Enter")
    visit.page.wait_for_selector(f"main.review:not([data-case='{case}'])[data-ready]")
    return case_now(visit)


def test_an_undo_that_comes_too_late_leaves_the_held_case_in_place(
    visit: Visit, site: Site, reviewer: str
) -> None:
    held = decide(visit, "r", start(visit, reviewer))
    visit.page.fill("#note", "half a note")
    visit.page.locator("#note").blur()
    site.community.clock.advance(11_000)

    visit.page.keyboard.press("u")

    expect(visit.page.locator("#notice")).to_contain_text("Too late to take back")
    assert case_now(visit) == held
    assert visit.page.input_value("#note") == "half a note"


def test_without_scripts_a_late_undo_leads_back_to_the_held_case(
    visit: Visit, site: Site, server: str, reviewer: str
) -> None:
    held = decide(visit, "r", start(visit, reviewer))
    site.community.clock.advance(11_000)
    browser = visit.page.context.browser
    assert browser is not None
    context = browser.new_context(
        java_script_enabled=False, storage_state=visit.page.context.storage_state()
    )
    plain = Visit(context.new_page(), server, [])
    plain.open("/review")
    page = plain.page
    page.locator("#decide").wait_for()
    action = page.locator("#decide").get_attribute("action")
    assert action == f"/review/{held}/decide"

    page.locator("label.allow").click()
    page.get_by_role("button", name="Submit").click()
    site.community.clock.advance(11_000)
    page.get_by_role("button", name="Undo").click()
    assert "409" in page.locator("main").inner_text()
    page.get_by_role("link", name="Back to the case").click()

    assert page.locator("main.review").count() == 1
    context.close()


def test_what_was_taken_back_is_confirmed_and_marked(visit: Visit, reviewer: str) -> None:
    case = start(visit, reviewer)
    decide(visit, "r", case)

    visit.page.keyboard.press("u")
    visit.page.wait_for_selector(f"main.review[data-case='{case}'][data-ready]")

    expect(visit.page.locator("#notice")).to_contain_text("Taken back")
    line = visit.page.locator(".rail li", has_text="taken back").first
    assert "Remove" in line.inner_text()
    assert Axe().run(visit.page).response["violations"] == []
    assert visit.complaints == []


def test_sending_without_an_action_is_told_in_the_panel(visit: Visit, reviewer: str) -> None:
    case = start(visit, reviewer)

    visit.page.keyboard.press("Control+Enter")

    said = visit.page.locator("#decide [role=alert]:visible")
    expect(said).to_contain_text("Choose an action first")
    assert Axe().run(visit.page).response["violations"] == []
    assert visit.page.evaluate("document.activeElement.name") == "action"
    assert case_now(visit) == case
    visit.page.keyboard.press("r")
    expect(said).to_have_count(0)
    assert visit.complaints == []


@pytest.mark.parametrize("key", ["Control+Enter", "s"])
def test_without_a_connection_everything_chosen_and_typed_is_kept(
    visit: Visit, reviewer: str, key: str
) -> None:
    case = start(visit, reviewer)
    visit.page.keyboard.press("d")
    visit.page.fill("#note", "at 1 s")
    visit.page.locator("#note").blur()
    visit.page.context.set_offline(True)

    visit.page.keyboard.press(key)

    expect(visit.page.locator("#notice")).to_contain_text("No connection; your choice is kept")
    assert case_now(visit) == case
    assert visit.page.input_value("#note") == "at 1 s"
    assert visit.page.locator("input[name=action]:checked").get_attribute("value") == "limit"
    visit.page.context.set_offline(False)
    visit.page.keyboard.press(key)
    visit.page.wait_for_selector(f"main.review:not([data-case='{case}'])[data-ready]")


def test_skipping_the_last_case_says_that_nothing_else_waits(visit: Visit, site: Site) -> None:
    site.person("last", RoleName.REVIEWER)
    start(visit, "last")

    for _ in range(30):
        case = str(visit.page.get_attribute("main.review", "data-case"))
        visit.page.keyboard.press("s")
        visit.page.wait_for_selector(
            f"main.start, main.review:not([data-case='{case}'])[data-ready]"
        )
        if visit.page.locator("main.start").count():
            break

    assert "Nothing else waits for you" in visit.page.locator("h1").inner_text()
    assert visit.complaints == []
