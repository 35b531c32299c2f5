"""The pages of banks and their entries, without a browser."""

from io import BytesIO

import pytest
from httpx2 import Response
from PIL import Image
from starlette.testclient import TestClient

from fieldfare.access import RoleName
from fieldfare.engine.banks import KnownPiece, add_to_bank, change_entry
from fieldfare.kernel import EventId
from fieldfare.matching.repositories import (
    BankEntryRecord,
    BankRecord,
    EntryHit,
    EntryState,
    Feedback,
    Opinion,
    Polarity,
)
from fieldfare.records import Subject
from fieldfare.testing.clips import Clip, texture
from fieldfare.testing.sites import Caller, Site

JSON, HTML = {"accept": "application/json"}, {"accept": "text/html"}
USUAL = {
    "policy": "VE.TERROR",
    "polarity": "harmful",
    "radius": "31",
    "min_quality": "50",
    "min_seconds": "0",
    "min_frames": "1",
    "percent": "100",
    "hourly_limit": "1000",
    "enabled": "yes",
}


@pytest.fixture
def client(site: Site) -> TestClient:
    return site.client()


@pytest.fixture
def keeper(site: Site) -> Caller:
    return site.signed_in("both", RoleName.ADMIN, RoleName.REVIEWER)


def a_picture() -> bytes:
    """Draw something that has enough in it to be compared, as PNG."""
    file = BytesIO()
    Image.fromarray(texture(Clip(), 0)).save(file, "PNG")
    return file.getvalue()


def see(client: TestClient, who: Caller, path: str, as_what: dict[str, str] = JSON) -> Response:
    return client.get(path, headers={**who.headers, **as_what})


def send(
    client: TestClient,
    who: Caller,
    path: str,
    fields: dict[str, str],
    as_what: dict[str, str] = HTML,
) -> Response:
    return client.post(path, data=fields, headers={**who.headers, **as_what})


def a_bank(site: Site, name: str, *entries: str) -> list[EventId]:
    """Put a bank with entries of these labels; returns their ids."""
    org, store = site.community.org, site.community.platform.store
    first = 10_000 * (1 + sum(map(ord, name)))
    ids = [EventId(first + number) for number in range(len(entries))]
    records = [
        BankEntryRecord(
            org=org, id=number, bank=name, label=label, sha256="", added_at=0, changed=number
        )
        for number, label in zip(ids, entries, strict=True)
    ]
    bank = BankRecord(org=org, name=name, policy="VE.TERROR", vetted=True)
    store.write(lambda uow: uow.banks.put(bank))
    for record in records:
        store.write(lambda uow, record=record: uow.entries.add(record))  # type: ignore[misc]  # bound in the loop
    return ids


def test_a_bank_is_made_and_changed_in_a_form(client: TestClient, keeper: Caller) -> None:
    made = send(client, keeper, "/new-bank", {**USUAL, "name": "made", "percent": "12,5"})
    assert (made.status_code, made.headers["location"]) == (303, "/banks/made")

    form = see(client, keeper, "/banks/made/change").json()["values"]
    assert form["percent"] == "12.5"
    changed = {**form, "vetted": "yes", "min_seconds": "2.5", "polarity": "known_good"}
    changed["disabled_until"] = "2100-01-01T00:00"
    assert send(client, keeper, "/banks/made/change", changed).status_code == 303

    view = see(client, keeper, "/banks/made").json()
    assert view["bank"]["vetted"] is True
    assert view["bank"]["state"] == "paused"
    assert view["bank"]["until"] == "2100-01-01T00:00:00.000Z"
    assert view["bank"]["polarity"] == "known_good"
    assert view["thresholds"]["min_seconds"] == 2.5
    assert view["thresholds"]["enabled_ratio"] == 0.125


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("radius", "many", "A whole number of bits, 0 to 100."),
        ("radius", "101", "A whole number of bits, 0 to 100."),
        ("min_quality", "49", "A whole number, 50 to 100."),
        ("min_seconds", "nan", "A number of seconds, 0 to 36000."),
        ("percent", "101", "A share in per cent, 0 to 100."),
        ("hourly_limit", "-1", "A whole number; 0 for any number."),
        ("disabled_until", "tomorrow", "Give a day and a time."),
        ("polarity", "neither", "Choose one of the two."),
        ("name", "a name", "is not a bank"),
        ("policy", "NO.SUCH", "no policy"),
        ("policy", "", "Choose one."),
        ("name", "", "It needs a name."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    client: TestClient, keeper: Caller, field: str, typed: str, said: str
) -> None:
    fields = {**USUAL, "name": "wrong", "note": "typed with care", field: typed}

    answer = send(client, keeper, "/new-bank", fields)
    program = send(client, keeper, "/new-bank", fields, JSON)

    assert answer.status_code == program.status_code == 400
    assert f'id="e-{field}"' in answer.text
    assert said in answer.text
    assert "typed with care" in answer.text
    assert program.json()["pointer"] == f"/{field}"
    assert see(client, keeper, "/banks/wrong").status_code == 404


def test_a_name_that_is_taken_is_said_so(client: TestClient, keeper: Caller, site: Site) -> None:
    a_bank(site, "taken")

    answer = send(client, keeper, "/new-bank", {**USUAL, "name": "taken"})

    assert answer.status_code == 400
    assert "exists already" in answer.text


def test_banks_are_listed_and_filtered(client: TestClient, keeper: Caller, site: Site) -> None:
    org = site.community.org
    a_bank(site, "listed-one", "x", "y")
    other = BankRecord(
        org=org,
        name="listed-two",
        policy="VE.TERROR",
        vetted=False,
        enabled=False,
        polarity=Polarity.KNOWN_GOOD,
    )
    site.community.platform.store.write(lambda uow: uow.banks.put(other))

    def names(query: str) -> list[str]:
        found = see(client, keeper, f"/banks?q=listed{query}").json()["banks"]
        return [bank["name"] for bank in found]

    assert names("") == ["listed-one", "listed-two"]
    assert names("&state=off") == names("&polarity=known_good") == ["listed-two"]
    assert names("&vetted=yes") == names("&state=on") == ["listed-one"]
    assert "No bank is like that" in see(client, keeper, "/banks?q=nothing+like+it", HTML).text


def test_a_bank_is_read_page_by_page_and_searched(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    ids = a_bank(site, "paged", *(f"clip {number}" for number in range(60)))

    first = see(client, keeper, "/banks/paged").json()
    second = see(client, keeper, f"/banks/paged?before={first['next']}").json()
    found = see(client, keeper, "/banks/paged?q=CLIP+59").json()
    by_id = see(client, keeper, f"/banks/paged?q={ids[3]}").json()

    labels = [entry["label"] for entry in first["entries"] + second["entries"]]
    assert labels == [f"clip {number}" for number in reversed(range(60))]
    assert second["next"] == ""
    assert [entry["label"] for entry in found["entries"]] == ["clip 59"]
    assert [entry["label"] for entry in by_id["entries"]] == ["clip 3"]
    none = see(client, keeper, f"/banks/paged?q={'ab' * 32}", HTML).text
    assert "No entry has that digest" in none


def test_hashes_are_added_as_pasted_or_none_with_the_lines_that_are_wrong(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    a_bank(site, "pasted")
    good, other, md5 = "AB" * 32, "cd" * 32, "ef" * 16

    wrong = send(
        client, keeper, "/banks/pasted/add/hashes", {"what": "digests", "hashes": f"{good}\n\nxyz"}
    )
    assert wrong.status_code == 400
    assert "Line 3" in wrong.text
    assert good in wrong.text
    assert see(client, keeper, "/banks/pasted").json()["entries"] == []

    fields = {"label": "from a list", "labels": "one, two", "note": "n"}
    for what, lines in (
        ("digests", f"{good}\n{md5}"),
        ("pictures", good),
        ("frames", f"{good}\n{other}"),
    ):
        sent = {**fields, "what": what, "hashes": lines}
        assert send(client, keeper, "/banks/pasted/add/hashes", sent).status_code == 303
    entries = see(client, keeper, "/banks/pasted").json()["entries"]
    assert [(each["digest"], each["frames"]) for each in entries] == [
        ("", 2),
        ("", 1),
        (md5, 0),
        (good.lower(), 0),
    ]
    assert {tuple(each["labels"]) for each in entries} == {("one", "two")}
    nothing = send(client, keeper, "/banks/pasted/add/hashes", {"what": "digests", "hashes": " "})
    assert "Paste at least one hash." in nothing.text


def test_a_file_is_hashed_into_a_bank_and_what_is_none_is_refused(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    a_bank(site, "filed")
    picture = {"file": ("pond.png", BytesIO(a_picture()), "image/png")}
    noise = {"file": ("noise.png", BytesIO(b"not a picture"), "image/png")}

    added = client.post("/banks/filed/add/files", files=picture, headers={**keeper.headers, **JSON})
    refused = client.post("/banks/filed/add/files", files=noise, headers={**keeper.headers, **JSON})
    nothing = client.post("/banks/filed/add/files", headers={**keeper.headers, **JSON})

    (entry,) = added.json()["entries"]
    assert (entry["label"], entry["frames"]) == ("pond.png", 1)
    assert refused.status_code == nothing.status_code == 400
    assert "noise.png" in refused.json()["detail"]
    view = see(client, keeper, f"/banks/filed/entries/{entry['id']}").json()
    assert len(view["frames"]) == 1
    assert view["origin"]["by"] == "reviewer-both"


def test_an_entry_is_changed_quarantined_released_and_taken_out(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    (entry,) = a_bank(site, "changed", "before")
    path = f"/banks/changed/entries/{entry}"

    fields = {"label": "after", "labels": "x, y", "note": "why", "disabled_until": ""}
    assert send(client, keeper, f"{path}/change", fields).status_code == 303
    assert send(client, keeper, f"{path}/change", {"state": "quarantined"}).status_code == 303
    view = see(client, keeper, path).json()
    assert (view["entry"]["label"], view["note"]) == ("after", "why")
    assert view["entry"]["state"] == EntryState.QUARANTINED.value
    assert "In quarantine" in see(client, keeper, path, HTML).text

    wrong = send(client, keeper, f"{path}/change", {**fields, "label": "x" * 201, "note": "kept"})
    assert wrong.status_code == 400
    assert "That is too long." in wrong.text
    assert send(client, keeper, f"{path}/change", {"state": "gone"}, JSON).status_code == 400

    assert send(client, keeper, f"{path}/change", {"state": "active"}).status_code == 303
    assert see(client, keeper, path).json()["entry"]["state"] == "active"
    assert see(client, keeper, f"/banks/taken/entries/{entry}").status_code == 404
    assert send(client, keeper, f"{path}/remove", {}).status_code == 303
    assert see(client, keeper, path).status_code == 404


def test_what_an_entry_matched_stands_beside_what_people_said_of_it(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    (entry,) = a_bank(site, "matched", "known")
    org, store = site.community.org, site.community.platform.store
    now_ms = site.community.platform.clock.now_ms()
    item = Subject("video", "v1")
    hit = EntryHit(
        org=org, entry=entry, item=item, event_id=EventId(1), at=now_ms, means="pdq", distance=9
    )
    said = Feedback(
        org=org,
        entry=entry,
        item=item,
        by="reviewer-both",
        opinion=Opinion.DENIED,
        note="only the same pond",
        at=now_ms,
        event_id=EventId(2),
    )
    store.write(lambda uow: uow.entry_hits.put(hit))
    store.write(lambda uow: uow.feedback.put(said))

    view = see(client, keeper, f"/banks/matched/entries/{entry}").json()
    page = see(client, keeper, f"/banks/matched/entries/{entry}", HTML).text
    week = see(client, keeper, "/banks?q=matched").json()["banks"][0]["week"]

    assert (view["confirmed"], view["denied"]) == (0, 1)
    assert (view["hits"][0]["distance"], view["hits"][0]["mine"]) == (9, "denied")
    assert "only the same pond" in page
    assert week == [0, 0, 0, 0, 0, 0, 1]


def test_a_bank_goes_only_when_its_name_is_typed(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    a_bank(site, "going", "x")

    assert send(client, keeper, "/banks/going/remove", {"name": "goin"}).status_code == 400
    assert see(client, keeper, "/banks/going").status_code == 200
    assert send(client, keeper, "/banks/going/remove", {"name": "going"}).status_code == 303
    assert see(client, keeper, "/banks/going").status_code == 404


def test_what_was_decided_here_follows_the_decisions_alone(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    (entry,) = a_bank(site, "_decided.VE.TERROR", "video:v9")
    bank = "/banks/_decided.VE.TERROR"

    asked = [
        see(client, keeper, f"{bank}/change"),
        see(client, keeper, f"{bank}/add"),
        send(client, keeper, f"{bank}/change", USUAL, JSON),
        send(client, keeper, f"{bank}/remove", {"name": "_decided.VE.TERROR"}, JSON),
        send(client, keeper, f"{bank}/entries/{entry}/change", {"note": "mine"}, JSON),
        send(client, keeper, f"{bank}/entries/{entry}/remove", {}, JSON),
    ]

    assert {answer.status_code for answer in asked} == {409}
    assert f"{bank}/change" not in see(client, keeper, bank, HTML).text


def test_whoever_may_only_read_is_offered_nothing_else(client: TestClient, site: Site) -> None:
    (entry,) = a_bank(site, "read-only", "x")
    reader = site.signed_in("reader", RoleName.REVIEWER)

    pages = [
        see(client, reader, path, HTML).text
        for path in ("/banks", "/banks/read-only", f"/banks/read-only/entries/{entry}")
    ]

    for offered in ('/new-bank"', '/add"', '/change"', '/remove"'):
        assert [offered in page for page in pages] == [False] * 3


def test_a_text_and_a_url_are_added_and_what_can_never_match_is_refused(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    a_bank(site, "worded")
    path = "/banks/worded/add/words"

    text = send(client, keeper, path, {"kind": "text", "content": "come to the old bridge at nine"})
    url = send(client, keeper, path, {"kind": "url", "content": "https://clips.example/Watch?a=1"})
    nothing = send(client, keeper, path, {"kind": "text", "content": " . "})

    assert (text.status_code, url.status_code, nothing.status_code) == (303, 303, 400)
    assert "nothing to compare" in nothing.text
    kinds = [each["kind"] for each in see(client, keeper, "/banks/worded").json()["entries"]]
    assert kinds == ["url", "text"]


LINES = f"id,sha256,label\n1,{'a' * 64},first\n2,not a digest,second\n3,{'b' * 64},third\n"


def import_file(
    client: TestClient, who: Caller, bank: str, act: str, as_what: dict[str, str] = JSON
) -> Response:
    files = {"file": ("list.csv", BytesIO(LINES.encode()), "text/csv")}
    headers = {**who.headers, **as_what}
    return client.post(f"/banks/{bank}/import", files=files, data={"act": act}, headers=headers)


def test_a_file_is_looked_at_before_it_is_imported_and_taken_once(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    a_bank(site, "imported")

    look = import_file(client, keeper, "imported", "look").json()
    assert (look["readable"], look["failed"], look["added"]) == (2, 1, 0)
    assert see(client, keeper, "/banks/imported").json()["entries"] == []

    first = import_file(client, keeper, "imported", "take").json()
    page = import_file(client, keeper, "imported", "take", HTML).text
    assert (first["added"], first["known"], first["failed"]) == (2, 0, 1)
    assert [problem["line"] for problem in first["problems"]] == [3]
    assert "Added: 0. Known before: 2." in page
    assert "Line 3" in page
    assert len(see(client, keeper, "/banks/imported").json()["entries"]) == 2
    nothing = client.post("/banks/imported/import", headers={**keeper.headers, **HTML})
    assert nothing.status_code == 400
    assert "No file was chosen." in nothing.text


def test_a_reviewer_says_whether_a_match_is_right_and_may_think_again(
    client: TestClient, site: Site
) -> None:
    (entry,) = a_bank(site, "judged", "known")
    reader = site.signed_in("reader", RoleName.REVIEWER)
    org, now_ms = site.community.org, site.community.platform.clock.now_ms()
    hit = EntryHit(
        org=org,
        entry=entry,
        item=Subject("video", "v1"),
        event_id=EventId(1),
        at=now_ms,
        means="pdq",
        distance=9,
    )
    site.community.platform.store.write(lambda uow: uow.entry_hits.put(hit))
    path = f"/banks/judged/entries/{entry}"
    item = {"kind": "video", "host_id": "v1"}

    for opinion in ("confirmed", "denied"):
        said = send(client, reader, f"{path}/opinion", {**item, "opinion": opinion})
        assert said.headers["location"] == path
        (line,) = see(client, reader, path).json()["hits"]
        assert (line["mine"], len(line["opinions"])) == (opinion, 1)
    wrong = [
        send(client, reader, f"{path}/opinion", {**item, "opinion": "suggested_denial"}, JSON),
        send(
            client, reader, f"{path}/opinion", {**item, "host_id": "no", "opinion": "denied"}, JSON
        ),
    ]
    assert [answer.status_code for answer in wrong] == [400, 404]


@pytest.mark.parametrize("asked", [f"q={'9' * 19}", f"before={'9' * 19}", "before=x", "q=%00"])
def test_an_id_that_none_can_be_finds_nothing(
    client: TestClient, keeper: Caller, site: Site, asked: str
) -> None:
    bank = BankRecord(org=site.community.org, name="asked", policy="VE.TERROR", vetted=False)
    site.community.platform.store.write(lambda uow: uow.banks.put(bank))

    answer = see(client, keeper, f"/banks/asked?{asked}")

    assert (answer.status_code, answer.json()["entries"]) == (200, [])


@pytest.mark.parametrize("body", [b"{not json", b"\xff\xfe", b"[" * 100_000, b"[]"])
def test_a_body_that_is_no_object_is_the_callers_mistake(
    client: TestClient, keeper: Caller, body: bytes
) -> None:
    headers = {**keeper.headers, **JSON, "content-type": "application/json"}

    answer = client.post("/match/hash", content=body, headers=headers)

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_an_entry_of_a_decision_that_was_quarantined_is_released(
    client: TestClient, keeper: Caller, site: Site
) -> None:
    org, store = site.community.org, site.community.platform.store
    bank = BankRecord(org=org, name="_decided.GV.GORE", policy="GV.GORE", vetted=True)
    store.write(lambda uow: uow.banks.put(bank))
    piece = KnownPiece(sha256="cd" * 32)
    (entry,) = store.write(lambda uow: add_to_bank(uow, org, bank.name, [piece], by="test"))
    store.write(
        lambda uow: change_entry(uow, org, entry, {"state": EntryState.QUARANTINED}, by="floods")
    )
    path = f"/banks/{bank.name}/entries/{entry}"

    page = see(client, keeper, path, HTML).text
    released = send(client, keeper, f"{path}/change", {"state": "active"})
    renamed = send(client, keeper, f"{path}/change", {"label": "another"})

    assert 'value="active"' in page
    assert (released.status_code, renamed.status_code) == (303, 409)
    assert see(client, keeper, path).json()["entry"]["state"] == "active"
