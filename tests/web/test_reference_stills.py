"""Pictures of entries: blurred for whoever reviews, clear once and counted, or none at all."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from httpx2 import Response
from PIL import Image

from fieldfare.access import RoleName
from fieldfare.engine.banks import add_to_bank
from fieldfare.matching.repositories import BankRecord
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.films import picture
from fieldfare.testing.platforms import a_video
from fieldfare.testing.sites import Caller, Site
from fieldfare.testing.visits import Visit

JSON, HTML = {"accept": "application/json"}, {"accept": "text/html"}


@pytest.fixture(scope="module")
def entry(site: Site) -> str:
    """Add a picture to a bank that keeps stills; returns the path of its entry."""
    platform, org = site.community.platform, site.community.org
    bank = BankRecord(org=org, name="pictured", policy="VE.TERROR", vetted=True, keeps_stills=True)
    platform.store.write(lambda uow: uow.banks.put(bank))
    file = BytesIO()
    Image.fromarray(picture(3, 320, 320)).save(file, "PNG")
    piece = platform.known_file("a picture", BytesIO(file.getvalue()), bank=bank)
    (made,) = platform.store.write(lambda uow: add_to_bank(uow, org, bank.name, [piece], by="test"))
    return f"/banks/pictured/entries/{made}"


def test_a_picture_is_blurred_until_it_is_asked_for_and_each_look_counts(
    site: Site, entry: str
) -> None:
    client = site.client()
    who = site.signed_in("looker", RoleName.REVIEWER)
    platform, org = site.community.platform, site.community.org

    def count() -> int:
        return platform.store.read(
            lambda uow: uow.exposures.count(org, "reviewer-looker", since_ms=0)
        )

    before = client.get(entry, headers={**who.headers, **JSON}).json()
    blurred = client.get(f"{entry}/stills/0", headers=who.headers)
    assert (before["stills"], before["clear"], count()) == (1, [], 0)
    assert (blurred.status_code, blurred.headers["content-type"]) == (200, "image/jpeg")
    assert blurred.headers["cache-control"] == "private, no-store"

    clear = client.post(f"{entry}/reveal", headers={**who.headers, **HTML})
    assert clear.status_code == 200
    assert "data:image/jpeg;base64," in clear.text
    assert count() == 1
    assert "data:image" not in client.get(entry, headers={**who.headers, **HTML}).text
    assert client.get(f"{entry}/stills/7", headers=who.headers).status_code == 404
    by_api = client.get(f"/v1{entry}/stills/0", headers=who.headers)
    assert (by_api.status_code, by_api.headers["content-type"]) == (200, "image/jpeg")
    assert count() == 2


def test_whoever_does_not_review_is_shown_no_picture(site: Site, entry: str) -> None:
    client, admin = site.client(), site.signed_in("no-reviewer", RoleName.ADMIN)

    assert client.get(f"{entry}/stills/0", headers=admin.headers).status_code == 403
    assert client.post(f"{entry}/reveal", headers={**admin.headers, **JSON}).status_code == 403
    assert "/stills/0" not in client.get(entry, headers={**admin.headers, **HTML}).text


@pytest.fixture(scope="module")
def clip(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Add a clip to a bank that keeps stills, and post a copy of it; returns the copy."""
    platform, org = site.community.platform, site.community.org
    folder = tmp_path_factory.mktemp("evidence")
    bank = BankRecord(org=org, name="seen", policy="VE.TERROR", vetted=True, keeps_stills=True)
    platform.store.write(lambda uow: uow.banks.put(bank))
    known = write_clip(folder / "known.webm", Clip(codec="vp8", frames=60, seed=77))
    piece = platform.known_file("a clip", BytesIO(known.read_bytes()), bank=bank)
    platform.store.write(lambda uow: add_to_bank(uow, org, bank.name, [piece], by="test"))
    copy = write_clip(folder / "copy.webm", Clip(codec="vp9", frames=60, seed=77))
    site.community.posted(a_video(host_id="pictured"), copy)
    return copy


def asked(site: Site, who: Caller, clip: Path, accept: dict[str, str]) -> Response:
    files = {"file": ("copy.webm", BytesIO(clip.read_bytes()), "video/webm")}
    return site.client().post("/match/file", files=files, headers={**who.headers, **accept})


def test_each_frame_of_a_file_stands_beside_the_picture_of_its_moment_in_the_entry(
    site: Site, clip: Path
) -> None:
    who = site.signed_in("third", RoleName.REVIEWER)
    twin = asked(site, who, clip, JSON).json()
    page = asked(site, who, clip, HTML).text

    (match,) = [each for each in twin["matches"] if each["bank"] == "seen"]
    pairs = [each for each in match["pairs"] if each["reference_still"]]
    assert pairs
    for pair in pairs:
        still = pair["reference_still"]
        assert abs(still["t"] - pair["t_reference"]) <= 1.5
        assert still["address"] == f"{match['path']}/stills/{still['number']}"
        assert pair["query_still"]["address"].startswith("data:image/jpeg;base64,")
        assert f'src="{still["address"]}"' in page
    picture = site.client().get(pairs[0]["reference_still"]["address"], headers=who.headers)
    assert picture.headers["content-type"] == "image/jpeg"
    assert f'action="{match["path"]}/reveal"' in page


def test_the_page_of_an_item_shows_both_sides_to_those_who_review_alone(
    site: Site, clip: Path
) -> None:
    del clip  # posted
    client, reviewer = site.client(), site.signed_in("fourth", RoleName.REVIEWER)
    author = site.signed_in("author", RoleName.RULE_AUTHOR)

    twin = client.get("/items/video/pictured", headers={**reviewer.headers, **JSON}).json()
    seen = client.get("/items/video/pictured", headers={**reviewer.headers, **HTML}).text
    unseen = client.get("/items/video/pictured", headers={**author.headers, **HTML}).text

    (line,) = [m["line"] for m in twin["known"]["matches"] if m["line"]["bank"] == "seen"]
    (pair, *_) = [p for p in line["pairs"] if p["query_still"] and p["reference_still"]]
    addresses = [pair[side]["address"] for side in ("query_still", "reference_still")]
    assert [client.get(a, headers=reviewer.headers).status_code for a in addresses] == [200, 200]
    assert all(f'src="{address}"' in seen for address in addresses)
    assert "/stills/" not in unseen
    assert "hash-grid" in unseen


@pytest.mark.browser
def test_an_entry_is_seen_clearly_beside_the_file_and_blurred_again(
    site: Site, clip: Path, visit: Visit
) -> None:
    del clip  # posted
    platform, org = site.community.platform, site.community.org
    site.person("fifth", RoleName.REVIEWER)
    visit.sign_in("fifth")
    visit.open("/items/video/pictured")

    visit.page.get_by_role("button", name="See the entry clearly").click()
    visit.page.wait_for_selector("img[data-still][src^='data:image/jpeg']")
    visit.page.get_by_role("button", name="Blur it again").click()

    assert visit.page.locator("img[data-still][src^='data:']").count() == 0
    counted = platform.store.read(
        lambda uow: uow.exposures.count(org, "reviewer-fifth", since_ms=0)
    )
    assert counted == 1
    assert visit.complaints == []


def test_what_is_added_from_an_item_keeps_pictures_where_its_bank_does(
    site: Site, clip: Path
) -> None:
    del clip  # posted
    client, who = site.client(), site.signed_in("sixth", RoleName.REVIEWER)
    item = {"kind": "video", "host_id": "pictured"}

    added = client.post(
        "/add-to-bank", data={**item, "bank": "seen"}, headers={**who.headers, **JSON}
    ).json()
    told = client.get(f"/v1/banks/seen/entries/{added['entries'][0]}", headers=who.headers).json()

    assert told["stills"] == len(told["stills_at"]) > 0
    assert told["stills_at"] == sorted(told["stills_at"])


def test_of_child_safety_nobody_is_shown_a_picture_and_none_counts(site: Site, entry: str) -> None:
    client, who = site.client(), site.signed_in("second", RoleName.REVIEWER)
    platform, org = site.community.platform, site.community.org
    bank = platform.store.read(lambda uow: uow.banks.get(org, "pictured"))
    assert bank is not None
    # A policy may come to forbid what was kept before it did.
    platform.store.write(lambda uow: uow.banks.put(replace(bank, policy="CS.CSAM")))

    page = client.get(entry, headers={**who.headers, **HTML}).text
    refused = [
        client.get(f"{entry}/stills/0", headers={**who.headers, **JSON}),
        client.post(f"{entry}/reveal", headers={**who.headers, **JSON}),
    ]

    assert "no picture is kept or shown" in page
    assert "Hashes of frames" not in page
    assert "/stills/0" not in page
    assert [answer.status_code for answer in refused] == [404, 404]
    counted = platform.store.read(
        lambda uow: uow.exposures.count(org, "reviewer-second", since_ms=0)
    )
    assert counted == 0
