"""HMA's API: what HMA's own tests and blueprints hold it to, and what is ours about it."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from fastapi.routing import APIRoute
from PIL import Image
from starlette.testclient import TestClient

from fieldfare.access import Permission, Scope, make_key
from fieldfare.cli.serving_hma import hma_listener
from fieldfare.engine.banks import change_bank, change_entry, put_bank
from fieldfare.kernel import BadInput, EventId, JsonValue
from fieldfare.matching.repositories import BankRecord, EntryState, Polarity
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.exchanges import PASSWORD, USER
from fieldfare.testing.media_hosts import MediaHost, a_media_host, a_page
from fieldfare.testing.platforms import Community, Installed, a_community
from fieldfare.web.guards import Open
from fieldfare.web.hma import create_hma_app
from fieldfare.web.hma.acting import HmaGuard

PDQ = [
    "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22",
    "f8f8f0cee0f4a84f06370a2a038f63f0b36e26d596621e1d33e6b39c4e9c9b22",
    "e64cc9d91c623882f8d1f1d9a398e78c9f199b3bd83924f2b7e11e0bf861b064",
]
MD5 = "cab08b36195edb1a1231d2d09fa450e0"
LOCAL = "http://127.0.0.1:5000"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaHost]:
    with a_media_host(tmp_path_factory.mktemp("host")) as made:
        yield made


@pytest.fixture(scope="module")
def shared(
    installed: Installed, tmp_path_factory: pytest.TempPathFactory, host: MediaHost
) -> Iterator[Community]:
    """Open one platform for all tests of this module; each makes banks of its own."""
    home = tmp_path_factory.mktemp("hma") / "home"
    with a_community(home, installed, remote=host.remote()) as made:
        yield made


def key_of(community: Community, *scopes: Scope) -> str:
    _, record = make_key(community.org, scopes=scopes, note="hma", created_at=0)
    community.platform.store.write(lambda uow: uow.api_keys.put(record))
    return record.id


@pytest.fixture(scope="module")
def client(shared: Community) -> TestClient:
    key_id = key_of(shared, Scope.BANKS, Scope.ADMIN)
    app = create_hma_app(shared.platform, key_id=key_id, policy="AD.NUDE")
    return TestClient(app, base_url=LOCAL, follow_redirects=False)


@pytest.fixture
def empty(client: TestClient) -> TestClient:
    """Start without banks."""
    # Two of our names may be one of HMA's: each is gone once the list is empty.
    while banks := client.get("/c/banks").json():
        for bank in banks:
            client.delete(f"/c/bank/{bank['name']}")
    return client


def make_bank(client: TestClient, name: str) -> None:
    assert client.post("/c/banks", json={"name": name}).status_code == 201


def add(client: TestClient, bank: str, **signals: str) -> int:
    answer = client.post(f"/c/bank/{bank}/signal", json=signals)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def a_picture(seed: int = 1) -> bytes:
    """Draw a picture whose hash is of good quality."""
    image = Image.effect_mandelbrot((320, 240), (-2.0, -1.5, 1.0 + seed / 10, 1.5), 60)
    made = BytesIO()
    image.convert("RGB").save(made, "PNG")
    return made.getvalue()


def test_it_is_alive_and_lists_its_routes(client: TestClient) -> None:
    status = client.get("/status")

    assert (status.status_code, status.text) == (200, "I-AM-ALIVE")
    assert client.get("/status/live").text == "I-AM-ALIVE"
    assert client.get("/").headers["location"] == "/status"
    routes = client.get("/site-map").json()
    assert {"/c/bank/<bank_name>/content/<content_id>", "/m/raw_lookup", "/h/hash"} <= set(routes)
    assert routes == sorted(routes)


def test_banks_are_created_by_their_rule(empty: TestClient) -> None:
    assert empty.get("/c/banks").json() == []
    assert empty.post("/c/banks", json={"name": "01_TEST_BANK"}).status_code == 400
    assert empty.post("/c/banks", json={"name": "my_test_bank"}).status_code == 400
    assert empty.post("/c/banks", json={}).status_code == 422

    made = empty.post("/c/banks", json={"name": "MY_TEST_BANK_01"})
    twice = empty.post("/c/banks", json={"name": "MY_TEST_BANK_01"})

    assert made.status_code == 201
    assert made.json() == {"matching_enabled_ratio": 1.0, "name": "MY_TEST_BANK_01"}
    assert (twice.status_code, twice.json()) == (403, {"message": "Bank already exists"})
    assert empty.get("/c/banks").json() == [made.json()]
    assert empty.get("/c/bank/NOWHERE").json() == {"message": "bank 'NOWHERE' not found"}


def test_banks_are_renamed_switched_and_deleted(empty: TestClient) -> None:
    make_bank(empty, "MY_TEST_BANK")
    make_bank(empty, "TAKEN")
    content = add(empty, "MY_TEST_BANK", pdq=PDQ[0])

    wrong = empty.put("/c/bank/MY_TEST_BANK", json={"name": "1_invalid_name"})
    taken = empty.put("/c/bank/MY_TEST_BANK", json={"name": "TAKEN"})
    renamed = empty.put("/c/bank/MY_TEST_BANK", json={"name": "RENAMED"})
    off = empty.put("/c/bank/RENAMED", json={"enabled": False})
    half = empty.put("/c/bank/RENAMED", json={"enabled_ratio": 0.5})

    assert (wrong.status_code, taken.status_code, renamed.status_code) == (400, 403, 200)
    assert renamed.json()["name"] == "RENAMED"
    assert off.json()["matching_enabled_ratio"] == 0
    assert half.json() == {"name": "RENAMED", "matching_enabled_ratio": 0.5}
    assert empty.get(f"/c/bank/RENAMED/content/{content}").status_code == 200
    for _ in range(2):
        assert empty.delete("/c/bank/RENAMED").json() == {"message": "Done"}


def test_raw_lookup_finds_what_was_added_at_once(empty: TestClient) -> None:
    make_bank(empty, "BANK_A")
    make_bank(empty, "BANK_B")
    a, b = add(empty, "BANK_A", pdq=PDQ[0]), add(empty, "BANK_B", pdq=PDQ[0])
    add(empty, "BANK_A", pdq=PDQ[2])
    query = {"signal": PDQ[1], "signal_type": "pdq"}

    plain = empty.get("/m/raw_lookup", params=query)
    told = empty.get("/m/raw_lookup", params={**query, "include_distance": "true"})
    of_a = empty.get("/m/raw_lookup", params={**query, "banks": "BANK_A"})
    of_both = empty.get("/m/raw_lookup", params={**query, "banks": "BANK_A,BANK_B"})
    of_none = empty.get("/m/raw_lookup", params={**query, "banks": "NON_EXISTENT"})

    assert plain.json() == {"matches": [a, b]}
    assert told.json()["matches"][0] == {"bank_content_id": a, "distance": "2"}
    assert of_a.json() == {"matches": [a]}
    assert len(of_both.json()["matches"]) == 2
    assert of_none.json() == {"matches": []}


def test_md5_is_looked_up_as_well(empty: TestClient) -> None:
    make_bank(empty, "BANK_A")
    content = add(empty, "BANK_A", video_md5=MD5)

    found = empty.get("/m/lookup", params={"signal": MD5.upper(), "signal_type": "video_md5"})

    assert found.json() == {"BANK_A": [{"bank_content_id": content, "distance": "-"}]}


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/m/raw_lookup?signal=a", 422, "signal_type"),
        ("/m/raw_lookup?signal=a&signal_type=pdq", 400, "invalid signal: that is no pdq"),
        ("/m/raw_lookup?signal=a&signal_type=foo", 400, "No such SignalType 'foo'"),
        ("/m/lookup", 400, "Either url or both signal and signal_type are required"),
        ("/m/raw_lookup?signal=a&signal_type=pdq&include_distance=maybe", 422, "bool_parsing"),
        ("/m/index/status?signal_type=foo", 400, "No such signal type 'foo'"),
        ("/h/hash", 422, "url"),
        ("/c/bank/NOWHERE/content/1", 404, "bank 'NOWHERE' not found"),
        ("/c/exchange/NOWHERE", 404, "Exchange 'NOWHERE' not found"),
        ("/c/exchanges/api/foo", 400, "no such Exchange API 'foo'"),
        ("/nowhere", 404, "Not Found"),
    ],
)
def test_mistakes_are_told_as_hma_tells_them(
    client: TestClient, path: str, status: int, says: str
) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert says in answer.text
    if status != 422:
        assert list(answer.json()) == ["message"]


def test_a_lookup_honours_ratios_seeds_and_what_bypasses_them(empty: TestClient) -> None:
    make_bank(empty, "BANK_A")
    add(empty, "BANK_A", pdq=PDQ[0])
    empty.put("/c/bank/BANK_A", json={"enabled_ratio": 0.5})
    query = {"signal": PDQ[0], "signal_type": "pdq"}

    def found(**more: str) -> bool:
        return bool(empty.get("/m/lookup", params={**query, **more}).json())

    drawn = {seed: found(seed=seed) for seed in map(str, range(12))}
    again = {seed: found(seed=seed) for seed in drawn}
    empty.put("/c/bank/BANK_A", json={"enabled": False})

    assert drawn == again
    assert set(drawn.values()) == {True, False}
    assert drawn["1"] is True  # random.Random("1").random() is 0.14…
    assert not found()
    assert found(bypass_coinflip="true")


def test_quarantined_content_is_not_released_by_a_client(
    empty: TestClient, shared: Community
) -> None:
    make_bank(empty, "BANK_Q")
    content = add(empty, "BANK_Q", pdq=PDQ[0])
    changes = {"state": EntryState.QUARANTINED}
    shared.platform.store.write(
        lambda uow: change_entry(uow, shared.org, EventId(content), changes, by="floods")
    )
    path = f"/c/bank/BANK_Q/content/{content}"

    assert empty.put(path, json={"disable_until_ts": 1}).status_code == 409
    soon = shared.clock.now_ms() // 1000 + 60
    assert empty.put(path, json={"disable_until_ts": soon}).status_code == 409
    off = empty.put(path, json={"disable_until_ts": 0})
    assert (off.status_code, off.json()["disable_until_ts"]) == (200, 0)
    assert empty.put(path, json={"disable_until_ts": 1}).status_code == 409


def test_a_name_that_is_refused_takes_the_share_back(empty: TestClient) -> None:
    make_bank(empty, "BANK_R")
    make_bank(empty, "BANK_T")
    path = "/c/bank/BANK_R"

    refused = empty.put(path, json={"name": "BANK_T", "enabled_ratio": 0.25})
    kept = empty.get(path).json()
    both = empty.put(path, json={"name": "BANK_S", "enabled_ratio": 0.25})

    assert (refused.status_code, refused.json()["message"]) == (403, "Bank name already exists")
    assert kept["matching_enabled_ratio"] == 1.0
    assert both.json() == {"name": "BANK_S", "matching_enabled_ratio": 0.25}
    assert empty.get(path).status_code == 404


def test_setting_a_share_switches_nothing_on(empty: TestClient, shared: Community) -> None:
    make_bank(empty, "BANK_O")
    shared.platform.store.write(
        lambda uow: change_bank(uow, shared.org, "BANK_O", {"enabled": False}, by="nora")
    )

    told = empty.put("/c/bank/BANK_O", json={"enabled_ratio": 0.5})

    assert told.json()["matching_enabled_ratio"] == 0.0
    assert not shared.platform.store.read(
        lambda uow: uow.banks.get(shared.org, "BANK_O").enabled  # type: ignore[union-attr]  # made above
    )


def test_content_is_shown_switched_and_deleted(empty: TestClient, shared: Community) -> None:
    make_bank(empty, "BANK_A")
    content = add(empty, "BANK_A", pdq=PDQ[0])
    path = f"/c/bank/BANK_A/content/{content}"
    now_s = shared.clock.now_ms() // 1000
    query = {"signal": PDQ[0], "signal_type": "pdq"}

    shown = empty.get(path, params={"include_signals": "true"}).json()
    other = empty.get(path, params={"signal_type": "video_md5"}).json()
    later = empty.put(path, json={"disable_until_ts": now_s + 3600})
    while_off = empty.get("/m/lookup", params=query).json()
    raw = empty.get("/m/raw_lookup", params=query).json()
    too_far = empty.put(path, json={"disable_until_ts": 9_999_999_999})
    off = empty.put(path, json={"disable_until_ts": 0}).json()
    on = empty.put(path, json={"disable_until_ts": 1}).json()

    assert shown["id"] == content
    assert shown["signals"] == {"pdq": PDQ[0]}
    assert shown["bank"] == {"name": "BANK_A", "matching_enabled_ratio": 1.0}
    assert other["signals"] == {}
    assert empty.get(path, params={"signal_type": "x"}).status_code == 400
    assert later.json()["disable_until_ts"] == now_s + 3600
    assert (while_off, raw) == ({}, {"matches": [content]})
    assert too_far.status_code == 400
    assert (off["disable_until_ts"], on["disable_until_ts"]) == (0, 1)
    assert empty.get("/m/lookup", params=query).json() != {}
    assert empty.delete(path).json() == {"deleted": 1}
    assert empty.delete(path).json() == {"deleted": 0}
    assert empty.get(path).json() == {"message": f"content '{content}' not found"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "No signals given"),
        ({"foo": "x"}, "No such signal type foo"),
        ({"pdq": "x"}, "Invalid pdq signal: that is no pdq"),
    ],
)
def test_a_signal_that_cannot_be_taken_is_refused(
    empty: TestClient, body: dict[str, str], says: str
) -> None:
    make_bank(empty, "BANK_A")

    answer = empty.post("/c/bank/BANK_A/signal", json=body)

    assert (answer.status_code, answer.json()) == (400, {"message": says})


def test_two_hashes_are_compared(client: TestClient) -> None:
    one = "facd8bcb2a49bcebdec1985298d5fe84bcd006c187c598c720c3c087b3fdb318"
    other = "facd8bcb2a49bcebdec1985228d5ae84bcd006c187c598c720c2b087b3fdb318"

    answer = client.post("/m/compare", json={"pdq": [one, other]})

    assert answer.json() == {"pdq": [True, {"distance": 9}]}
    bad: list[JsonValue] = [
        ["banana"],
        {"pdq": "banana"},
        {"pdq": []},
        {"pdq": ["banana", "banana"]},
        {"pdq": [one, other, one]},
    ]
    assert {client.post("/m/compare", json=each).status_code for each in bad} == {400}


def test_an_upload_is_hashed_banked_and_looked_up(empty: TestClient) -> None:
    make_bank(empty, "BANK_A")
    picture = a_picture()
    files = {"photo": ("a.png", picture, "image/png")}

    hashed = empty.post("/h/hash", files=files)
    banked = empty.post(
        "/c/bank/BANK_A/content",
        files=files,
        data={"note": "seen before", "metadata": '{"content_id": "77", "json": {"a": 1}}'},
    )
    looked = empty.post("/m/lookup", files=files, params={"details": "true"})
    path = f"/c/bank/BANK_A/content/{banked.json()['id']}"
    shown = empty.get(path, params={"include_metadata": "true", "include_signals": "true"}).json()

    assert list(hashed.json()) == ["pdq"]
    assert len(hashed.json()["pdq"]) == 64
    assert banked.json()["signals"] == hashed.json()
    (match,) = looked.json()["pdq"]["BANK_A"]
    assert (match["distance"], match["source_id"], match["bank_distance"]) == ("0", "77", 31)
    assert match["bank_content_id_text"] == str(banked.json()["id"])
    assert shown["metadata"] == {"content_id": "77", "content_uri": None, "json": {"a": 1}}
    assert shown["note"] == "seen before"
    assert shown["signals"]["pdq"] == hashed.json()["pdq"]


def test_coop_writes_paths_and_metadata_in_its_own_way(empty: TestClient, host: MediaHost) -> None:
    made = empty.post(f"{LOCAL}//c/banks", json={"name": "COOP_A_B", "enabled_ratio": "1"})
    path = f"{LOCAL}//c/bank/COOP_A_B/content"
    host.pages["/a.png"] = a_page(a_picture(), content_type="image/png")
    apart = {"content_id": "7", "content_uri": "https://post.example/7", "metadata": '{"by": "us"}'}

    uploaded = empty.post(path, files={"photo": ("blob", a_picture())}, data=apart)
    fetched = empty.post(path, params={"url": host.url("/a.png"), **apart})
    told = [
        empty.get(f"{path}/{each.json()['id']}", params={"include_metadata": "true"}).json()
        for each in (uploaded, fetched)
    ]

    assert made.status_code == 201
    assert [each["metadata"] for each in told] == [
        {"content_id": "7", "content_uri": "https://post.example/7", "json": {"by": "us"}}
    ] * 2


def test_a_number_that_is_too_large_to_be_an_id_is_no_contents(empty: TestClient) -> None:
    make_bank(empty, "BANK_A")
    path = f"/c/bank/BANK_A/content/{10**23}"

    assert empty.get(path).status_code == 404
    assert empty.put(path, json={"disable_until_ts": 0}).status_code == 404
    assert empty.delete(path).json() == {"deleted": 0}


def test_a_video_is_hashed_by_md5_and_by_vpdq_where_that_is_asked_for(
    empty: TestClient, tmp_path: Path
) -> None:
    make_bank(empty, "BANK_A")
    clip = write_clip(tmp_path / "a.webm", Clip(codec="vp9", frames=20)).read_bytes()
    files = {"video": ("a.webm", clip, "video/webm")}

    plain = empty.post("/h/hash", files=files).json()
    both = empty.post("/h/hash", files=files, params={"types": "video_md5, vpdq"}).json()
    add(empty, "BANK_A", vpdq=both["vpdq"])
    query = {"signal_type": "vpdq", "signal": both["vpdq"]}
    found = empty.get("/m/lookup", params=query).json()

    assert list(plain) == ["video_md5"]
    assert list(both) == ["video_md5", "vpdq"]
    assert found["BANK_A"][0]["distance"] == "100%[100%]"


@pytest.mark.parametrize(
    ("files", "params", "says"),
    [
        ({}, {}, "Missing multipart/form-data file upload"),
        ({"file": b"x"}, {}, "no such content_type: 'file'"),
        ({"photo": b"x"}, {"types": "video_md5x"}, "doesn't exist or is disabled"),
        ({"photo": b"x"}, {"types": ","}, "empty signal type selection"),
        ({"photo": b"x", "video": b"y"}, {}, "Only one file allowed per request"),
        ({"photo": b"no picture"}, {}, "cannot be hashed"),
    ],
)
def test_an_upload_that_cannot_be_hashed_is_refused(
    client: TestClient, files: dict[str, bytes], params: dict[str, str], says: str
) -> None:
    answer = client.post("/h/hash", files=files, params=params)

    assert answer.status_code == 400
    assert says in answer.json()["message"]


def test_a_url_is_fetched_behind_the_guard(empty: TestClient, host: MediaHost) -> None:
    make_bank(empty, "BANK_A")
    host.pages["/a.png"] = a_page(a_picture(), content_type="image/png")
    host.pages["/a.txt"] = a_page(b"words", content_type="text/plain")
    url = host.url("/a.png")

    banked = empty.post("/c/bank/BANK_A/content", params={"url": url, "content_type": "photo"})
    hashed = empty.get("/h/hash", params={"url": url})
    looked = empty.get("/m/lookup", params={"url": url})
    selected = empty.get("/m/lookup", params={"url": url, "signal_type": "pdq"})
    typed = empty.get("/h/hash", params={"url": host.url("/a.txt")})
    refused = empty.get("/h/hash", params={"url": "https://127.0.0.1/x"})
    neither = empty.post("/c/bank/BANK_A/content")

    match = {"bank_content_id": banked.json()["id"], "distance": "0"}
    assert banked.json()["signals"] == hashed.json()
    assert looked.json() == {"pdq": {"BANK_A": [match]}}
    assert selected.json() == {"BANK_A": [match]}
    assert "unsupported url ContentType: 'text/plain'" in typed.json()["message"]
    assert refused.status_code == 400
    assert "Invalid or unsafe URL provided" in refused.json()["message"]
    assert "Neither `url` nor multipart" in neither.json()["message"]


def test_metadata_hma_does_not_know_is_refused(empty: TestClient, host: MediaHost) -> None:
    make_bank(empty, "BANK_A")
    host.pages["/b.png"] = a_page(a_picture(2), content_type="image/png")
    path = f"/c/bank/BANK_A/content?url={host.url('/b.png')}"

    wrong = empty.post(path, json={"metadata": {"invalid_metadata": 5}})
    right = empty.post(path, json={"metadata": {"content_id": "1", "json": {"asdf": {}}}})

    assert (wrong.status_code, right.status_code) == (400, 200)


def test_the_index_says_how_far_it_is(empty: TestClient) -> None:
    make_bank(empty, "BANK_A")
    add(empty, "BANK_A", pdq=PDQ[0])

    status = empty.get("/m/index/status").json()
    types = empty.get("/c/signal_type").json()
    index = empty.get("/c/signal_type/index").json()

    assert status["pdq"]["present"] is True
    assert status["pdq"]["size"] >= 1
    assert status["pdq"]["built_to"] > 0
    assert [each["name"] for each in types] == ["pdq", "video_md5"]
    assert index["pdq"]["index_out_of_date"] is False
    assert empty.put("/c/signal_type/pdq", json={"enabled_ratio": 0}).status_code == 501
    assert empty.get("/c/content_type").json()[0] == {"name": "photo", "enabled": True}


def test_exchanges_are_set_up_and_watched(empty: TestClient) -> None:
    address = "https://hashsharing.ncmec.org/npo"
    wanted = {"bank": "NCMEC", "api": "ncmec", "api_json": {"environment": address}}
    credentials = {"user": USER, "password": PASSWORD}

    lacking = empty.post("/c/exchanges", json=wanted)
    made = empty.post("/c/exchanges", json={**wanted, "credential_json": credentials})
    own = "/c/exchange/NCMEC/credentials"
    given = empty.post(own, json={"credential_json": {"password": "another"}})
    wrong = [empty.post(own, json={"credential_json": each}) for each in ({}, None, {"passwd": 1})]
    shown = empty.get("/c/exchange/NCMEC").json()
    status = empty.get("/c/exchange/NCMEC/status").json()
    off = empty.put("/c/exchange/NCMEC", json={"enabled": False}).json()
    api = empty.get("/c/exchanges/api/ncmec").json()
    schema = empty.get("/c/exchanges/api/ncmec/schema").json()
    removed = empty.delete("/c/exchange/NCMEC")

    assert lacking.status_code == 400
    assert (made.status_code, made.json()) == (201, {"message": "Created successfully"})
    assert (shown["name"], shown["api"], shown["environment"]) == ("NCMEC", "ncmec", "NGO")
    assert given.json() == {"supports_auth": True, "has_credentials": True, "source": "exchange"}
    assert shown["credential_status"] == given.json()
    assert [each.status_code for each in wrong] == [400, 400, 400]
    assert empty.post("/c/exchange/NONE/credentials", json={}).status_code == 404
    assert status["last_fetch_succeeded"] is None
    assert off["enabled"] is False
    assert api == {"supports_authentification": True, "has_set_authentification": True}
    assert {each["name"] for each in schema["credentials_schema"]["fields"]} == {"user", "password"}
    assert removed.json() == {"message": "Exchange deleted"}
    assert "local_file" in empty.get("/c/exchanges/apis").json()
    assert PASSWORD not in str((shown, status, off, api, schema))
    assert empty.post("/c/exchanges", json={"bank": "lower", "api": "ncmec"}).status_code == 400


def test_banks_of_our_own_are_shown_by_names_of_hmas(empty: TestClient, shared: Community) -> None:
    org, store = shared.org, shared.platform.store
    pack = shared.platform.pack(org)
    for name in ("gore-1", "GORE_1", "known_good"):
        record = BankRecord(org=org, name=name, policy="AD.NUDE", vetted=True)
        store.write(lambda uow, r=record: put_bank(uow, r, pack, by="nora"))  # type: ignore[misc]  # a default binds the loop's value
    changes = {"polarity": Polarity.KNOWN_GOOD}
    store.write(lambda uow: change_bank(uow, org, "known_good", changes, by="nora"))
    names = [bank["name"] for bank in empty.get("/c/banks").json()]
    other = next(name for name in names if name.startswith("GORE_1_"))
    add(empty, other, pdq=PDQ[0])
    add(empty, "KNOWN_GOOD", pdq=PDQ[0])
    query = {"signal": PDQ[0], "signal_type": "pdq"}

    found = empty.get("/m/lookup", params=query).json()
    asked = empty.get("/m/lookup", params={**query, "banks": "KNOWN_GOOD"}).json()

    assert sorted(names) == ["GORE_1", other, "KNOWN_GOOD"]
    assert list(found) == [other]
    assert list(asked) == ["KNOWN_GOOD"]


def test_a_match_beyond_its_banks_distance_is_left_out_of_a_lookup(
    empty: TestClient, shared: Community
) -> None:
    make_bank(empty, "STRICT")
    add(empty, "STRICT", pdq=PDQ[0])
    shared.platform.store.write(
        lambda uow: change_bank(uow, shared.org, "STRICT", {"radius": 1}, by="nora")
    )
    query = {"signal": PDQ[1], "signal_type": "pdq"}

    assert empty.get("/m/lookup", params=query).json() == {}
    assert len(empty.get("/m/raw_lookup", params=query).json()["matches"]) == 1


def test_it_may_do_what_its_key_may_and_nothing_once_that_is_revoked(shared: Community) -> None:
    key_id = key_of(shared, Scope.REVIEW)
    client = TestClient(create_hma_app(shared.platform, key_id=key_id), base_url=LOCAL)

    read = client.get("/c/banks")
    written = client.post("/c/banks", json={"name": "BANK_A"})
    store = shared.platform.store
    key = store.read(lambda uow: uow.api_keys.get(key_id))
    assert key is not None
    ended = replace(key, revoked_at=shared.clock.now_ms())
    store.write(lambda uow: uow.api_keys.put(ended))
    shared.clock.advance(2_000)
    after = client.get("/c/banks")

    assert (read.status_code, written.status_code, after.status_code) == (200, 403, 403)
    with pytest.raises(BadInput, match="no valid key"):
        create_hma_app(shared.platform, key_id=key_id)


def test_what_it_changes_is_on_the_log_under_its_key(empty: TestClient, shared: Community) -> None:
    make_bank(empty, "LOGGED")

    events = shared.platform.store.read(
        lambda uow: uow.recall.newest_of(shared.org, "bank.changed", limit=1)
    )

    assert events[0].subject.host_id == "LOGGED"
    assert str((events[0].data or {})["by"]).startswith("key-")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
    ],
)
def test_pages_of_other_sites_are_not_answered(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/c/banks", headers=headers)

    assert answer.status_code == 403
    assert list(answer.json()) == ["message"]


def test_the_listener_answers_on_a_port_of_its_own_while_it_is_there(
    shared: Community, capsys: pytest.CaptureFixture[str]
) -> None:
    key_id = key_of(shared, Scope.BANKS)
    settings = replace(shared.platform.settings, hma="127.0.0.1:0", hma_key=key_id)

    with hma_listener(shared.platform, settings):
        url = capsys.readouterr().out.split()[-1]
        answer = httpx2.get(f"{url}/status", trust_env=False)

    assert answer.text == "I-AM-ALIVE"
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/status", trust_env=False)


def test_the_listener_wants_a_key(shared: Community) -> None:
    settings = replace(shared.platform.settings, hma="127.0.0.1:0")

    with pytest.raises(BadInput, match="acts by a key"), hma_listener(shared.platform, settings):
        pass


def test_every_route_names_what_its_key_must_be_allowed(client: TestClient) -> None:
    routes = [route for route in client.app.routes if isinstance(route, APIRoute)]  # type: ignore[attr-defined]  # the application it was made with
    named = {
        f"{method} {route.path}": [
            below.call
            for below in route.dependant.dependencies
            if isinstance(below.call, HmaGuard | Open)
        ]
        for route in routes
        for method in route.methods or ()
    }

    assert [path for path, guards in named.items() if len(guards) != 1] == []
    opened = [path for path, guards in named.items() if isinstance(guards[0], Open)]
    assert opened == ["GET /", "GET /status", "GET /status/live", "GET /site-map"]
    changing = [
        path
        for path, (guard,) in named.items()
        if isinstance(guard, HmaGuard)
        and guard.permission is Permission.BANKS_READ
        and not path.startswith("GET")
    ]
    assert sorted(changing) == ["POST /h/hash", "POST /m/compare", "POST /m/lookup"]


@pytest.mark.parametrize("named", ["127.0.0.1:5000", "localhost:5000", "[::1]:5000", "hma:5000"])
def test_callers_of_this_machine_are_answered(client: TestClient, named: str) -> None:
    assert client.get("/c/banks", headers={"host": named}).status_code == 200
