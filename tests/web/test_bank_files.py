"""Files added to a bank and looked up in a real Chromium, with what came of each."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from fieldfare.access import RoleName
from fieldfare.engine.banks import add_to_bank
from fieldfare.matching.repositories import BankRecord
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.sites import Site
from fieldfare.testing.visits import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def bank(site: Site, visit: Visit) -> str:
    """Sign in whoever keeps a bank, and name the bank."""
    site.person("keeper", RoleName.ADMIN)
    record = BankRecord(org=site.community.org, name="files", policy="VE.TERROR", vetted=True)
    site.community.platform.store.write(lambda uow: uow.banks.put(record))
    visit.sign_in("keeper")
    return record.name


def test_a_file_that_cannot_be_read_spoils_no_other(
    visit: Visit, bank: str, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "pond.webm", Clip(codec="vp8", frames=8))
    noise = tmp_path / "noise.webm"
    noise.write_bytes(b"no clip at all" * 100)
    visit.open(f"/banks/{bank}/add")

    visit.page.set_input_files("#file", [str(noise), str(clip)])
    visit.page.wait_for_selector("#sent li.well")

    refused, added = visit.page.locator("#sent li").all()
    assert "noise.webm" in refused.inner_text()
    assert "bad" in (refused.get_attribute("class") or "")
    assert "hashed frames" in added.inner_text()
    assert visit.page.locator("#sent-status").inner_text() == "added: 1, refused: 1"
    assert Axe().run(visit.page).response["violations"] == []
    added.get_by_role("link").click()
    visit.page.wait_for_url("**/entries/*")
    assert visit.page.locator("h1").inner_text() == "pond.webm"
    lost = "the server responded with a status of 400"
    assert [said for said in visit.complaints if lost not in said] == []


def test_an_entry_is_quarantined_and_released_from_its_page(
    visit: Visit, bank: str, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "again.webm", Clip(codec="vp8", frames=8, seed=2))
    visit.open(f"/banks/{bank}/add")
    visit.page.set_input_files("#file", str(clip))
    visit.page.locator("#sent li.well a").click()

    visit.page.get_by_role("button", name="Quarantine").click()
    visit.page.wait_for_selector("text=In quarantine")
    visit.page.get_by_role("button", name="Release").click()
    visit.page.get_by_role("button", name="Quarantine").wait_for()

    assert visit.page.locator("header .pill").first.inner_text() == "Active"
    assert visit.complaints == []


def test_a_file_is_looked_up_without_leaving_the_page(
    visit: Visit, site: Site, bank: str, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "looked-up.webm", Clip(codec="vp8", frames=8, seed=3))
    add = site.community.platform.known_file
    with clip.open("rb") as file:
        piece = add("looked-up.webm", file)
    org, store = site.community.org, site.community.platform.store
    store.write(lambda uow: add_to_bank(uow, org, bank, [piece], by="test"))
    visit.open("/match")

    visit.page.set_input_files("#file", str(clip))
    visit.page.locator("#going", has_text="Done").wait_for()

    match = visit.page.locator("#found article.match").first
    assert "looked-up.webm" in match.inner_text()
    assert "equal bytes" in match.inner_text()
    assert Axe().run(visit.page).response["violations"] == []
    visit.page.fill("#f-hash", "not a hash")
    visit.page.locator("form[action='/match/hash'] button").click()
    visit.page.wait_for_selector("#found [role=alert]")
    assert visit.page.locator("#found article.match").count() == 0
    assert visit.page.input_value("#f-hash") == "not a hash"
    lost = "the server responded with a status of 400"
    assert [said for said in visit.complaints if lost not in said] == []
