"""Known content where people decide: on the case in hand, and on the page of the item."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fieldfare.access import RoleName
from fieldfare.engine.banks import add_to_bank, change_entry, remove_bank, remove_entries
from fieldfare.matching.repositories import BankRecord, EntryState
from fieldfare.records import Subject
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import a_video
from fieldfare.testing.sites import Caller, Site

JSON, HTML = {"accept": "application/json"}, {"accept": "text/html"}


@pytest.fixture(scope="module")
def posted(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Post a copy of what a quarantined entry knows; returns the entry's id."""
    platform, org = site.community.platform, site.community.org
    bank = BankRecord(org=org, name="watched", policy="VE.TERROR", vetted=True)
    platform.store.write(lambda uow: uow.banks.put(bank))
    platform.store.write(
        lambda uow: uow.banks.put(BankRecord(org=org, name="other", policy="GV.GORE", vetted=False))
    )
    clip = write_clip(
        tmp_path_factory.mktemp("known") / "known.webm", Clip(codec="vp8", frames=30, seed=9)
    )
    with clip.open("rb") as file:
        piece = platform.known_file("a known clip", file)
    (entry,) = platform.store.write(
        lambda uow: add_to_bank(uow, org, bank.name, [piece], by="test")
    )
    doubt = {"state": EntryState.QUARANTINED}
    platform.store.write(lambda uow: change_entry(uow, org, entry, doubt, by="test"))
    copy = write_clip(clip.with_name("copy.webm"), Clip(codec="vp9", frames=30, seed=9))
    site.community.posted(a_video(host_id="copy"), copy)
    return str(entry)


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


@pytest.fixture
def reader(site: Site) -> Caller:
    return site.signed_in("reader", RoleName.REVIEWER)


def test_the_page_of_an_item_explains_what_it_matches(
    client: TestClient, reader: Caller, posted: str
) -> None:
    view = client.get("/items/video/copy", headers={**reader.headers, **JSON}).json()
    page = client.get("/items/video/copy", headers={**reader.headers, **HTML}).text

    (match,) = view["known"]["matches"]
    assert (match["line"]["entry"], match["line"]["bank"]) == (posted, "watched")
    assert match["line"]["rails"]["query"]
    assert any(pair["query"] for pair in match["line"]["pairs"])
    assert match["mine"] == ""
    assert "a known clip" in page
    assert "in quarantine: a person looks" in page


def test_a_match_is_judged_where_it_is_seen(
    client: TestClient, reader: Caller, posted: str
) -> None:
    fields = {"kind": "video", "host_id": "copy", "opinion": "denied", "then": "/items/video/copy"}

    said = client.post(
        f"/banks/watched/entries/{posted}/opinion", data=fields, headers={**reader.headers, **HTML}
    )
    elsewhere = client.post(
        f"/banks/watched/entries/{posted}/opinion",
        data={**fields, "then": "https://elsewhere.example/"},
        headers={**reader.headers, **HTML},
    )

    assert said.headers["location"] == "/items/video/copy"
    assert elsewhere.headers["location"] == f"/banks/watched/entries/{posted}"
    view = client.get("/items/video/copy", headers={**reader.headers, **JSON}).json()
    assert [each["mine"] for each in view["known"]["matches"]] == ["denied"]


@pytest.mark.usefixtures("posted")
def test_an_item_is_added_to_a_bank_in_one_step(client: TestClient, reader: Caller) -> None:
    fields = {"kind": "video", "host_id": "copy", "bank": "other", "then": "/items/video/copy"}

    added = client.post("/add-to-bank", data=fields, headers={**reader.headers, **HTML})
    unknown = client.post(
        "/add-to-bank", data={**fields, "bank": "no-such"}, headers={**reader.headers, **JSON}
    )
    ours = client.post(
        "/add-to-bank",
        data={**fields, "bank": "_decided.VE.TERROR"},
        headers={**reader.headers, **JSON},
    )

    assert added.headers["location"] == "/items/video/copy"
    assert (unknown.status_code, ours.status_code) == (404, 409)
    view = client.get("/items/video/copy", headers={**reader.headers, **JSON}).json()
    assert [bank for bank, _path in view["known"]["held"]] == ["other"]
    assert "This very file is in" in (
        client.get("/items/video/copy", headers={**reader.headers, **HTML}).text
    )


def test_a_case_shows_what_its_item_matches(client: TestClient, site: Site, posted: str) -> None:
    reviewer = site.signed_in("second", RoleName.REVIEWER)
    org, store = site.community.org, site.community.platform.store
    (case,) = store.read(lambda uow: uow.cases.of_subject(org, Subject("video", "copy")))
    taken = client.post(
        "/review/next", data={"queue": case.queue}, headers={**reviewer.headers, **HTML}
    )
    lease = taken.headers["set-cookie"].partition(";")[0]
    holding = {**reviewer.headers, "cookie": f"{reviewer.headers['cookie']}; {lease}"}

    told = client.get("/review", headers={**holding, **JSON}).json()["case"]
    page = client.get("/review", headers={**holding, **HTML}).text

    assert told["item"]["host_id"] == "copy"
    assert [each["line"]["entry"] for each in told["known"]["matches"]] == [posted]
    assert "Is this match right?" in page
    assert 'action="/add-to-bank"' in page


def test_an_item_is_shown_though_what_it_matched_was_taken_out_since(
    client: TestClient, reader: Caller, site: Site, tmp_path: Path
) -> None:
    platform, org = site.community.platform, site.community.org
    bank = BankRecord(org=org, name="brief", policy="VE.TERROR", vetted=False)
    platform.store.write(lambda uow: uow.banks.put(bank))
    clip = write_clip(tmp_path / "brief.webm", Clip(codec="vp8", frames=20, seed=31))
    with clip.open("rb") as file:
        piece = platform.known_file("a brief entry", file)
    (entry,) = platform.store.write(lambda uow: add_to_bank(uow, org, "brief", [piece], by="test"))
    site.community.posted(a_video(host_id="outlives"), clip)

    platform.store.write(lambda uow: remove_entries(uow, org, [entry], by="test"))
    without_entry = client.get("/items/video/outlives", headers={**reader.headers, **HTML})
    platform.store.write(lambda uow: remove_bank(uow, org, "brief", by="test"))
    without_bank = client.get("/items/video/outlives", headers={**reader.headers, **HTML})

    assert (without_entry.status_code, without_bank.status_code) == (200, 200)
    assert "was taken out of its bank since" in without_entry.text
    assert 'href="/banks/brief"' in without_entry.text
    assert 'href="/banks/brief"' not in without_bank.text
    assert "a brief entry" in without_bank.text
