"""The editor of the rules in a real Chromium: checked while one types, saved, without script."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from fieldfare.access import RoleName
from fieldfare.testing.sites import Site
from fieldfare.testing.visits import Visit

pytestmark = pytest.mark.browser
AREA = ".sheet-of-code:not([hidden]) textarea"
HOSTILE = '</textarea><script>alert(1)</script> {{ x }} \t f"""a\n\'\n#"""\n\'open\n"é漢🐦"  \n'


@pytest.fixture
def author(site: Site) -> str:
    site.person("author", RoleName.RULE_AUTHOR)
    return "author"


def open_editor(visit: Visit, name: str, file: str = "items.sml") -> None:
    visit.sign_in(name)
    visit.open(f"/rules/edit?file={file}")
    visit.page.wait_for_selector("html[data-ready]")


def put_caret_after(visit: Visit, text: str) -> None:
    visit.page.locator(AREA).evaluate(
        "(area, text) => { const at = area.value.indexOf(text) + text.length;"
        " area.focus(); area.setSelectionRange(at, at) }",
        text,
    )


def violations(visit: Visit) -> list[str]:
    found = Axe().run(visit.page).response["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def painted(visit: Visit) -> str:
    lines = visit.page.locator(".sheet-of-code:not([hidden]) .paper > div").all_text_contents()
    return "\n".join(lines).replace("\u200b", "")


def test_a_mistake_is_told_where_it_stands_while_one_types(visit: Visit, author: str) -> None:
    open_editor(visit, author)
    assert visit.page.inner_text("#state").startswith("compiles")

    put_caret_after(visit, "policy='AD.NUDE")
    visit.page.keyboard.type("X")
    visit.page.wait_for_selector("#problems .error")

    assert visit.page.inner_text("#state") == "1 problem"
    assert "unknown policy 'AD.NUDEX'" in visit.page.locator("#problems li").first.inner_text()
    assert visit.page.locator(".paper .wrong").first.is_visible()
    bubble = visit.page.locator(".bubble:visible")
    assert "Did you mean 'AD.NUDE'?" in bubble.inner_text()
    assert visit.page.inner_text("#files li:has([aria-current]) .count") == "1"
    visit.page.keyboard.press("Backspace")
    visit.page.wait_for_selector("#state:not(.bad)")
    assert visit.page.inner_text("#state").startswith("compiles")
    assert visit.page.locator("#problems .error").count() == 0
    assert visit.complaints == []


@pytest.mark.parametrize("look", ["dark", "light"])
def test_the_editor_is_accessible_when_all_is_well_when_broken_and_while_it_offers(
    visit: Visit, author: str, look: str
) -> None:
    visit.page.emulate_media(color_scheme="dark" if look == "dark" else "light")
    open_editor(visit, author)
    assert violations(visit) == []

    put_caret_after(visit, "policy='AD.NUDE")
    visit.page.keyboard.type("X")
    visit.page.wait_for_selector("#problems .error")
    assert violations(visit) == []

    visit.page.keyboard.press("Backspace")
    visit.page.keyboard.press("Backspace")
    visit.page.keyboard.press("Control+Space")
    visit.page.wait_for_selector("#offers:visible")
    assert violations(visit) == []


def test_a_click_on_a_problem_opens_its_file_and_selects_what_is_wrong(
    visit: Visit, author: str
) -> None:
    open_editor(visit, author)
    put_caret_after(visit, "Fact('visual.nsfw.max")
    visit.page.keyboard.type("X")
    visit.page.wait_for_selector("#problems .error")
    visit.page.locator("#files a", has_text="main.sml").click()

    visit.page.locator("#problems li").first.click()

    assert visit.page.input_value("input[name=current]") == "items.sml"
    selected = visit.page.locator(AREA).evaluate(
        "area => area.value.slice(area.selectionStart, area.selectionEnd)"
    )
    assert "visual.nsfw.maxX" in selected


def test_warnings_may_stand_beside_a_draft_that_compiles(visit: Visit, author: str) -> None:
    open_editor(visit, author, "main.sml")
    whole = visit.page.input_value(AREA)

    put_caret_after(visit, whole)
    visit.page.keyboard.type("Odd = Rule(when_all=[Fact('item.views') != 9], description='odd')")
    visit.page.wait_for_selector("#problems .warning a[data-file='main.sml']")

    assert visit.page.inner_text("#state").startswith("compiles")
    assert visit.page.locator("#problems .error").count() == 0
    assert visit.page.locator("#files .count:visible").count() == 0


def test_words_are_offered_and_taken_by_keyboard_and_undo_takes_them_back(
    visit: Visit, author: str
) -> None:
    open_editor(visit, author, "features.sml")
    area = visit.page.locator(AREA)
    before = area.input_value()
    put_caret_after(visit, before)

    visit.page.keyboard.type("Text = StringToLo")
    visit.page.wait_for_selector("#offers:visible")
    visit.page.keyboard.press("Enter")

    assert area.input_value() == f"{before}Text = StringToLower("
    assert painted(visit) == area.input_value()
    visit.page.keyboard.press("Control+z")
    assert area.input_value().endswith("Text = StringToLo")


def test_names_of_the_draft_and_policies_inside_quotes_are_offered(
    visit: Visit, author: str
) -> None:
    open_editor(visit, author, "features.sml")
    put_caret_after(visit, visit.page.locator(AREA).input_value())

    visit.page.keyboard.type("X = NudityAlm")
    assert visit.page.inner_text("#offers [aria-selected=true] code") == "NudityAlmostCertain"
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.type("\nY = 'IN.SPA")
    assert visit.page.inner_text("#offers [aria-selected=true] code") == "IN.SPAM"
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("Tab")  # the keyboard is not caught in the field

    assert visit.page.evaluate("document.activeElement.tagName") != "TEXTAREA"


def test_what_is_painted_is_what_is_written_whatever_it_is(visit: Visit, author: str) -> None:
    open_editor(visit, author)
    for text in (HOSTILE, "", "\n", "x" * 5000, "'''", "'''\nx'''y#z\n\"\"\"", "a\r\nb"):
        visit.page.fill(AREA, text)
        assert painted(visit) == visit.page.input_value(AREA)

    assert visit.complaints == []


def test_a_draft_is_saved_by_keyboard_and_its_text_comes_back_as_it_was(
    visit: Visit, author: str
) -> None:
    open_editor(visit, author)
    put_caret_after(visit, "# What an item shows and says.")
    visit.page.keyboard.type(" </textarea>&amp;")
    visit.page.fill("input[name=note]", "say more")

    visit.page.keyboard.press("Control+s")
    visit.page.wait_for_url(lambda url: "/rules/versions/" in url)

    assert "say more" in visit.page.inner_text("main")
    assert visit.page.locator(".diff .add").inner_text().endswith("says. </textarea>&amp;")
    visit.page.get_by_role("link", name="Edit as a new draft").click()
    visit.page.wait_for_selector("html[data-ready]")
    visit.page.locator("#files a", has_text="items.sml").click()
    assert "says. </textarea>&amp;\n" in visit.page.input_value(AREA)
    assert visit.complaints == []


def test_saving_what_does_not_compile_keeps_what_was_typed(visit: Visit, author: str) -> None:
    open_editor(visit, author)
    put_caret_after(visit, "# What an item shows and says.")
    visit.page.keyboard.type("\nBroken = Rule(")

    visit.page.keyboard.press("Control+s")
    visit.page.wait_for_selector("#problems .error")
    visit.page.wait_for_load_state()

    assert "Broken = Rule(" in visit.page.input_value("textarea[name='file:items.sml']")
    assert "/rules/edit" in visit.page.url


def test_a_file_is_added_and_removed(visit: Visit, author: str) -> None:
    open_editor(visit, author)
    visit.page.fill("#new-file", "nonsense")
    visit.page.keyboard.press("Enter")
    assert "such as" in visit.page.inner_text("#add-trouble")

    visit.page.fill("#new-file", "more/spam.sml")
    visit.page.keyboard.press("Enter")
    visit.page.keyboard.type("X = Spam")

    assert visit.page.input_value("textarea[name='file:more/spam.sml']") == "X = Spam"
    visit.page.on("dialog", lambda dialog: dialog.accept())
    entry = visit.page.locator("#files li", has_text="more/spam.sml")
    entry.hover()
    entry.get_by_role("button").click()
    assert visit.page.locator("textarea[name='file:more/spam.sml']").count() == 0


def test_the_editor_works_without_script(visit: Visit, author: str, server: str) -> None:
    browser = visit.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    plain = Visit(context.new_page(), server, [])
    plain.sign_in(author)
    plain.open("/rules/edit")
    main = plain.page.locator("textarea[name='file:main.sml']")

    main.fill(f"{main.input_value()}Broken = 1 +")
    plain.page.get_by_role("button", name="Check").click()
    assert plain.page.locator("#problems .error").count() >= 1
    plain.page.fill("input[name=new_file]", "more.sml")
    plain.page.get_by_role("button", name="Add file").click()

    assert plain.page.locator("textarea[name='file:more.sml']").count() == 1
    assert plain.page.locator("textarea[name='file:main.sml']").input_value().endswith("= 1 +")
    context.close()


def test_the_beginning_of_a_line_stays_in_sight_after_a_long_one(visit: Visit, author: str) -> None:
    open_editor(visit, author)
    area = visit.page.locator(AREA)
    area.evaluate("area => { area.focus(); area.setSelectionRange(0, 0) }")

    visit.page.keyboard.type(f"# {'long ' * 60}")
    far = area.evaluate("area => area.scrollLeft")
    visit.page.keyboard.press("Enter")
    at_once = area.evaluate("area => area.scrollLeft")
    visit.page.keyboard.press("End")
    visit.page.keyboard.press("ArrowUp")
    visit.page.keyboard.press("End")
    visit.page.keyboard.press("Home")
    again = area.evaluate("area => area.scrollLeft")

    assert far > 0
    assert (at_once, again) == (0, 0)
