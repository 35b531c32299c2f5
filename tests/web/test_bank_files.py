"""Files dropped onto a bank's page in a real Chromium: each by itself, with what came of it."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from fieldfare.access import RoleName
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
