"""The console in a real Chromium: by keyboard, in both looks, without a complaint."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from fieldfare.access import RoleName
from fieldfare.matching.repositories import BankRecord
from fieldfare.testing.sites import Site
from fieldfare.testing.visits import Visit

pytestmark = pytest.mark.browser
PAGES = [
    "/overview",
    "/review",
    "/items",
    "/items/video/v1",
    "/policies",
    "/policies/AD.NUDE",
    "/rules",
    "/rules?q=nudity",
    "/rules?q=nothing-like-it",
    "/rules/rule/NudityAlmostCertain",
    "/rules/edit",
    "/rules/versions",
    "/rules/versions/1",
    "/rules/versions/1/shadow",
    "/backtests",
    "/rules/items.sml",
    "/banks",
    "/banks?q=nothing-like-it",
    "/banks/known",
    "/banks/known/add",
    "/banks/known/import",
    "/banks/known/change",
    "/new-bank",
    "/match",
    "/exchanges",
    "/new-exchange?api=ncmec",
    "/outbox",
    "/outbox?state=dead",
    "/items/video/none",
]
SIZES = [(1280, 720), (1920, 1080)]


@pytest.fixture
def somebody(site: Site) -> str:
    """Name a person who may do everything the console offers."""
    site.person("both", RoleName.ADMIN, RoleName.REVIEWER)
    bank = BankRecord(org=site.community.org, name="known", policy="VE.TERROR", vetted=True)
    site.community.platform.store.write(lambda uow: uow.banks.put(bank))
    return "both"


def violations(visit: Visit) -> list[str]:
    """Run axe, best practices included, and name what it found and where."""
    found = Axe().run(visit.page).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("look", ["dark", "light"])
def test_every_page_is_accessible_and_complains_of_nothing(
    visit: Visit, somebody: str, look: str
) -> None:
    visit.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    visit.open("/sign-in")
    found = {"/sign-in": violations(visit)}
    visit.sign_in(somebody)

    for path in PAGES:
        visit.open(path)
        found[path] = violations(visit)

    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    lost = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert [said for said in visit.complaints if lost not in said] == []


def start(visit: Visit, name: str) -> None:
    """Sign in and take the next case with the keyboard."""
    visit.sign_in(name)
    visit.open("/review")
    visit.page.wait_for_selector("button.primary:focus")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector("main.review[data-ready]")


def case_in_hand(visit: Visit) -> str:
    return str(visit.page.get_attribute("main.review", "data-case"))


@pytest.mark.parametrize("look", ["dark", "light"])
def test_a_case_is_accessible_blurred_and_clear(visit: Visit, somebody: str, look: str) -> None:
    visit.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    start(visit, somebody)
    assert violations(visit) == []

    visit.page.keyboard.press("b")
    visit.page.wait_for_selector(".stage.clear")
    assert violations(visit) == []

    visit.page.keyboard.press("?")
    visit.page.wait_for_selector("dialog[open]")
    assert violations(visit) == []
    assert visit.complaints == []


@pytest.mark.parametrize("size", SIZES)
def test_the_review_page_fits_without_scrolling(
    visit: Visit, somebody: str, size: tuple[int, int]
) -> None:
    visit.page.set_viewport_size({"width": size[0], "height": size[1]})
    start(visit, somebody)

    sizes = visit.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    box = visit.page.locator("button.primary").bounding_box()

    assert sizes == list(size)
    assert box is not None
    assert box["y"] + box["height"] <= size[1]


def test_a_case_is_decided_and_taken_back_by_keyboard_alone(
    visit: Visit, site: Site, somebody: str
) -> None:
    start(visit, somebody)
    keys = visit.page.keyboard
    case = case_in_hand(visit)

    keys.press("1")
    keys.press("r")
    assert visit.page.locator("#preview li:visible").all_inner_texts() == ["Shown to nobody"]
    keys.press("Control+Enter")
    visit.page.wait_for_selector("main[data-ready] #undo, main.start #undo")
    stored = site.community.platform.store.read(
        lambda uow: uow.cases.get(site.community.org, int(case))  # type: ignore[arg-type]  # its id
    )
    assert stored is not None
    assert stored.outcome.startswith("remove ")

    keys.press("u")
    visit.page.wait_for_selector(f"main.review[data-case='{case}'][data-ready]")

    assert visit.page.locator("#undo").count() == 0
    assert visit.complaints == []


def test_keys_do_nothing_while_somebody_writes(visit: Visit, somebody: str) -> None:
    start(visit, somebody)
    case = case_in_hand(visit)

    visit.page.keyboard.press("c")
    visit.page.keyboard.type("very bad? skip 1 u s")

    assert visit.page.input_value("#note") == "very bad? skip 1 u s"
    assert visit.page.locator("input[name=action]:checked").count() == 0
    assert visit.page.locator("dialog[open]").count() == 0
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("d")
    assert visit.page.locator("input[name=action]:checked").get_attribute("value") == "limit"
    assert case_in_hand(visit) == case


def test_browser_shortcuts_are_left_alone(visit: Visit, somebody: str) -> None:
    start(visit, somebody)

    visit.page.keyboard.press("Control+a")
    visit.page.keyboard.press("Meta+d")

    assert visit.page.locator("input[name=action]:checked").count() == 0


def test_seeing_clearly_keeps_what_is_chosen_and_written(visit: Visit, somebody: str) -> None:
    start(visit, somebody)
    visit.page.keyboard.press("d")
    visit.page.fill("#note", "at 1 s")
    visit.page.locator("#note").blur()

    visit.page.keyboard.press("b")
    visit.page.wait_for_selector(".stage.clear")

    assert visit.page.input_value("#note") == "at 1 s"
    assert visit.page.locator("input[name=action]:checked").get_attribute("value") == "limit"
    visit.page.keyboard.press("b")
    visit.page.wait_for_selector("#reveal")
    assert visit.complaints == []


def test_skipping_brings_another_case(visit: Visit, site: Site) -> None:
    site.person("skipper", RoleName.REVIEWER)
    start(visit, "skipper")
    first = case_in_hand(visit)

    visit.page.keyboard.press("s")
    visit.page.wait_for_selector(f"main.review:not([data-case='{first}'])[data-ready]")

    assert case_in_hand(visit) != first


def test_another_policy_shows_its_own_words(visit: Visit, somebody: str) -> None:
    start(visit, somebody)
    visit.page.keyboard.press("r")

    visit.page.select_option("select[name=other_policy]", "IN.SPAM")

    assert visit.page.locator("[data-text]:visible").count() == 0
    assert "foresees" in visit.page.locator("#preview p:visible").inner_text()


def test_the_whole_review_works_without_scripts(visit: Visit, site: Site, server: str) -> None:
    site.person("plain", RoleName.REVIEWER)
    browser = visit.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    plain = Visit(context.new_page(), server, [])
    plain.sign_in("plain")

    plain.page.get_by_role("button", name="Next case").click()
    plain.page.locator("label.allow").click()
    plain.page.get_by_role("button", name="Submit").click()
    plain.page.get_by_role("button", name="Undo").click()

    assert plain.page.locator("main.review").count() == 1
    plain.page.wait_for_load_state()  # the style sheet is what hides it
    assert plain.page.locator(".needs-script:visible").count() == 0
    context.close()


def test_the_look_follows_the_machine_until_it_is_chosen(visit: Visit, somebody: str) -> None:
    visit.page.emulate_media(color_scheme="light")
    visit.sign_in(somebody)

    def background() -> str:
        return str(visit.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = background()
    visit.page.get_by_role("button", name="Dark pages").click()
    visit.page.wait_for_selector("html[data-theme=dark]")

    assert background() != light
    assert visit.page.get_by_role("button", name="Light pages").is_visible()
