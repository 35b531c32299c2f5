"""Seeing the pictures of a case clearly: stage and strip together, and without a connection."""

import pytest
from playwright.sync_api import expect

from fieldfare.access import RoleName
from fieldfare.testing.sites import Site
from fieldfare.testing.visits import Visit

pytestmark = pytest.mark.browser
SOURCES = "[...document.querySelectorAll('.frame img')].map((img) => img.src.split('/').at(-2))"


def start(visit: Visit, site: Site) -> None:
    """Take the case of the video, which stays in the hands of this person."""
    site.person("clear", RoleName.REVIEWER)
    visit.sign_in("clear")
    visit.open("/review")
    if visit.page.locator("main.review").count() == 0:
        visit.page.get_by_role("button", name="Next case").click()
    visit.page.wait_for_selector("main.review[data-ready] .frames")


def test_the_strip_clears_with_the_stage_and_blurs_again(visit: Visit, site: Site) -> None:
    start(visit, site)
    assert set(visit.page.evaluate(SOURCES)) == {"stills"}

    visit.page.keyboard.press("b")
    visit.page.wait_for_selector(".stage.clear")
    assert set(visit.page.evaluate(SOURCES)) == {"clear"}
    first = visit.page.locator(".frame img").first
    expect(first).not_to_have_js_property("naturalWidth", 0)

    visit.page.keyboard.press("b")
    visit.page.wait_for_selector("#reveal")
    assert set(visit.page.evaluate(SOURCES)) == {"stills"}
    assert visit.complaints == []


def test_the_evidence_of_a_case_fits_beside_its_picture(visit: Visit, site: Site) -> None:
    visit.page.set_viewport_size({"width": 1280, "height": 720})
    start(visit, site)

    wide, seen = visit.page.evaluate(
        "(() => { const side = document.querySelector('.side');"
        " return [side.scrollWidth, side.clientWidth] })()"
    )

    assert wide <= seen


def test_without_a_connection_a_case_stays_blurred_and_says_so(visit: Visit, site: Site) -> None:
    start(visit, site)
    visit.page.keyboard.press("d")
    visit.page.fill("#note", "at 1 s")
    visit.page.locator("#note").blur()
    visit.page.context.set_offline(True)

    visit.page.keyboard.press("b")

    expect(visit.page.locator("#notice")).to_contain_text("No connection; your choice is kept")
    assert visit.page.input_value("#note") == "at 1 s"
    assert visit.page.locator("input[name=action]:checked").get_attribute("value") == "limit"
    assert visit.page.locator(".stage.clear").count() == 0
    visit.page.context.set_offline(False)
    visit.page.keyboard.press("b")
    visit.page.wait_for_selector(".stage.clear")
    assert visit.page.input_value("#note") == "at 1 s"
