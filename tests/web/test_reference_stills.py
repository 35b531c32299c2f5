"""Pictures of entries: blurred for whoever reviews, clear once and counted, or none at all."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from fieldfare.access import RoleName
from fieldfare.engine.banks import add_to_bank
from fieldfare.matching.repositories import BankRecord
from fieldfare.testing.films import picture
from fieldfare.testing.sites import Site

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
    assert "/stills/0" not in page
    assert [answer.status_code for answer in refused] == [404, 404]
    counted = platform.store.read(
        lambda uow: uow.exposures.count(org, "reviewer-second", since_ms=0)
    )
    assert counted == 0
