"""Banks over HTTP: matches explained and judged, entries changed, imported and made from items."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from fieldfare.engine.banks import KnownPiece, add_to_bank
from fieldfare.engine.reference_stills import owner_of, read_still
from fieldfare.kernel import EventId, NotFound
from fieldfare.matching.repositories import BankRecord, EntryHashes, Opinion
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_video
from fieldfare.web.app import create_app

PDQ = "0f" * 32
SHA256 = "ab" * 32
NEARLY = "0f" * 27 + "f0" * 5


@pytest.fixture
def http(community: Community) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {community.key}"}
    with TestClient(create_app(community.platform), headers=headers) as client:
        bank = {"name": "known", "policy": "VE.TERROR", "vetted": True}
        assert client.post("/v1/banks", json=bank).status_code == 201
        yield client


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.webm", Clip(codec="vp9"))


def added(http: TestClient, **entry: object) -> str:
    answer = http.post("/v1/banks/known/entries", json=entry)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["entries"][0]["id"])


def test_a_bank_is_set_changed_and_removed(http: TestClient) -> None:
    changes = {
        "polarity": "known_good",
        "min_seconds": 1.5,
        "min_frames": 2,
        "enabled_ratio": 0.5,
        "disabled_until": "2030-01-01T00:00:00.000Z",
        "priority": True,
        "hourly_limit": 9,
    }
    added(http, pdq=[PDQ])

    changed = http.patch("/v1/banks/known", json=changes).json()
    shown = http.get("/v1/banks/known").json()
    removed = http.delete("/v1/banks/known")

    assert {name: shown[name] for name in changes} == changes
    assert {**changed, "entries": 1} == shown
    assert removed.status_code == 200
    assert http.get("/v1/banks/known").status_code == 404


def test_entries_are_read_by_pages_changed_and_removed(http: TestClient) -> None:
    first, second, third = (added(http, pdq=[PDQ], label=str(n)) for n in range(3))

    page = http.get("/v1/banks/known/entries?limit=2").json()
    rest = http.get(f"/v1/banks/known/entries?limit=2&cursor={page['next']}").json()
    change = {"state": "disabled", "note": "wrong", "labels": ["x"], "disabled_until": None}
    changed = http.patch(f"/v1/banks/known/entries/{second}", json=change).json()
    gone = http.delete(f"/v1/banks/known/entries/{third}")

    assert [entry["id"] for entry in (*page["entries"], *rest["entries"])] == [first, second, third]
    assert rest["next"] is None
    assert (changed["state"], changed["note"], changed["labels"]) == ("disabled", "wrong", ["x"])
    assert gone.status_code == 200
    assert http.get(f"/v1/banks/known/entries/{third}").status_code == 404
    assert http.patch("/v1/banks/known/entries/1", json=change).status_code == 404


def test_a_match_is_explained_and_a_near_miss_says_why(http: TestClient) -> None:
    entry = added(http, pdq=[PDQ], label="us")

    hit = http.post("/v1/match", json={"pdq": [PDQ]}).json()
    miss = http.post("/v1/match", json={"pdq": [NEARLY]}).json()
    nothing = http.post("/v1/match", json={"sha256": SHA256}).json()

    (match,) = hit["matches"]
    assert (match["entry"], match["bank"], match["means"]) == (entry, "known", "pdq")
    assert match["pairs"][0]["form"] == "as it is"
    assert miss["matches"] == []
    assert miss["near"][0]["why"] == ["its nearest frame differs in 40 bits, the bank takes 31"]
    assert nothing["matches"] == nothing["near"] == []
    assert http.post("/v1/match", json={}).status_code == 400


def test_a_file_is_looked_up_and_not_kept(http: TestClient, clip: Path) -> None:
    files = {"file": ("clip.webm", clip.read_bytes(), "video/webm")}
    entry = http.post("/v1/banks/known/entries", files=files).json()["entries"][0]

    told = http.post("/v1/match", files=files).json()

    assert told["matches"][0]["entry"] == entry["id"]
    assert told["matches"][0]["means"] == "sha256"
    assert told["sha256"] == entry["sha256"]


def test_an_item_is_added_to_a_bank_in_one_step(
    http: TestClient, community: Community, clip: Path
) -> None:
    community.posted(a_video(), clip)
    item = {"kind": "video", "host_id": "v1"}

    made = http.post("/v1/banks/known/from-item", json={"item": item, "note": "clear"})
    community.posted(a_video(host_id="v2"), clip)

    entry = http.get(f"/v1/banks/known/entries/{made.json()['entries'][0]['id']}").json()
    assert (entry["source"], entry["note"], entry["label"]) == ("decision", "clear", "video:v1")
    decision = community.decision("video", "v2")
    assert decision is not None
    assert decision.judgement.policy == "VE.TERROR"
    other = http.post("/v1/banks/known/from-item", json={"item": {**item, "host_id": "no"}})
    assert other.status_code == 404


def test_a_match_is_confirmed_or_denied_and_shown(
    http: TestClient, community: Community, clip: Path
) -> None:
    community.posted(a_video(), clip)
    item = {"kind": "video", "host_id": "v1"}
    entry = http.post("/v1/banks/known/from-item", json={"item": item}).json()["entries"][0]["id"]
    community.settle()
    path = f"/v1/banks/known/entries/{entry}/feedback"

    said = http.post(path, json={"item": item, "opinion": "confirmed"})
    again = http.post(path, json={"item": item, "opinion": "denied", "note": "a drill"})
    told = http.get(path).json()

    assert (said.status_code, again.status_code) == (200, 200)
    assert [(f["opinion"], f["note"]) for f in told["feedback"]] == [("denied", "a drill")]
    assert told["hits"][0]["item"] == item
    suggested = {"item": item, "opinion": "suggested_denial"}
    assert http.post(path, json=suggested).status_code == 400
    judged = community.platform.store.read(
        lambda uow: uow.recall.of_kind("match.judged", EventId(0), limit=9)
    )
    assert [(event.data or {})["opinion"] for event in judged] == ["confirmed", "denied"]


@pytest.mark.parametrize("form", ["ndjson", "csv", "threatexchange"])
def test_what_is_exported_is_imported_once(http: TestClient, form: str) -> None:
    entries: list[dict[str, Any]] = [{"pdq": [PDQ]}, {"sha256": SHA256}, {"text": "win a sarno"}]
    for entry in entries:
        added(http, **entry)
    http.post("/v1/banks", json={"name": "copy", "policy": "VE.TERROR"})

    text = http.get(f"/v1/banks/known/export?format={form}").text
    first = http.post(f"/v1/banks/copy/import?format={form}", content=text).json()
    again = http.post(f"/v1/banks/copy/import?format={form}", content=text).json()

    assert (first["added"], first["failed"]) == (3, 0)
    assert (again["added"], again["known"]) == (0, 3)
    copied = http.get("/v1/banks/copy/entries").json()["entries"]
    assert [entry["kind"] for entry in copied] == ["media", "media", "text"]


def test_bad_lines_are_named_and_nothing_else_is_lost(http: TestClient) -> None:
    lines = [msgspec.json.encode({"pdq": PDQ}).decode(), "no json", '{"sha256": "' + SHA256 + '"}']
    body = {"format": "ndjson", "lines": lines, "first_line": 11}

    told = http.post("/v1/banks/known/import", json=body).json()

    assert (told["added"], told["failed"]) == (2, 1)
    assert told["problems"][0]["line"] == 12
    unknown = http.post("/v1/banks/known/import?format=xml", content="")
    assert unknown.status_code == 400


def test_a_page_of_an_export_goes_on_where_it_stopped(http: TestClient) -> None:
    added(http, pdq=[PDQ])

    page = http.get("/v1/banks/known/export-page?format=csv").json()

    assert len(page["lines"]) == 2
    assert page["next"] is None


def test_a_reviewer_who_allows_what_matched_suggests_that_the_match_is_wrong(
    http: TestClient, community: Community, clip: Path
) -> None:
    platform, org = community.platform, community.org
    files = {"file": ("clip.webm", clip.read_bytes(), "video/webm")}
    entry = http.post("/v1/banks/known/entries", files=files).json()["entries"][0]["id"]
    http.patch(f"/v1/banks/known/entries/{entry}", json={"state": "quarantined"})
    community.posted(a_video(), clip)

    held = http.post("/v1/cases/claim", json={}).json()
    verdict = {"token": held["lease"]["token"], "action": "allow"}
    decided = http.post(f"/v1/cases/{held['case']['id']}/decision", json=verdict)

    assert decided.status_code == 200, decided.text
    said = platform.store.read(lambda uow: uow.feedback.of_entry(org, EventId(int(entry))))
    assert [each.opinion for each in said] == [Opinion.SUGGESTED_DENIAL]


def test_stills_are_kept_where_a_bank_wants_them_and_shown_to_those_who_may_see(
    http: TestClient, community: Community, clip: Path
) -> None:
    platform, org = community.platform, community.org
    bank = {"name": "shown", "policy": "GV.GORE", "keeps_stills": True}
    assert http.post("/v1/banks", json=bank).status_code == 201
    files = {"file": ("clip.webm", clip.read_bytes(), "video/webm")}
    entry = http.post("/v1/banks/shown/entries", files=files).json()["entries"][0]["id"]
    told = http.get(f"/v1/banks/shown/entries/{entry}").json()

    key = http.get(f"/v1/banks/shown/entries/{entry}/stills/0")
    record = platform.store.read(lambda uow: uow.entries.get(org, EventId(int(entry))))
    shown = platform.store.read(lambda uow: uow.banks.get(org, "shown"))
    assert record is not None
    assert shown is not None
    picture = read_still(platform.blobs, shown, record, platform.pack(org), 0)

    assert told["stills"] >= 1
    assert key.status_code == 403
    assert picture.startswith(b"\xff\xd8")
    http.delete("/v1/banks/shown")
    with pytest.raises(NotFound):
        read_still(platform.blobs, shown, record, platform.pack(org), 0)


def test_pictures_go_with_their_entry_and_those_of_others_stay(
    http: TestClient, community: Community, clip: Path
) -> None:
    platform, org = community.platform, community.org
    bank = {"name": "shown", "policy": "GV.GORE", "keeps_stills": True}
    assert http.post("/v1/banks", json=bank).status_code == 201
    parts = [("file", ("a.webm", clip.read_bytes() + tail, "video/webm")) for tail in (b"", b"\0")]
    ids = [
        EventId(int(entry["id"]))
        for entry in http.post("/v1/banks/shown/entries", files=parts).json()["entries"]
    ]
    records = [platform.store.read(lambda uow, id_=id_: uow.entries.get(org, id_)) for id_ in ids]  # type: ignore[misc]  # a default binds the loop's value

    assert http.delete(f"/v1/banks/shown/entries/{ids[0]}").status_code == 200

    there = [
        [platform.blobs.exists(org, owner_of("shown"), still.sha256) for still in record.stills]
        for record in records
        if record is not None
    ]
    assert not any(there[0])
    assert all(there[1])
    assert len(there[0]) == len(there[1]) >= 1


def test_the_same_content_is_one_entry_however_often_it_is_sent(
    http: TestClient, clip: Path
) -> None:
    files = [("file", (name, clip.read_bytes(), "video/webm")) for name in ("a.webm", "b.webm")]
    path = "/v1/banks/known/entries"

    bare = http.post(path, json={"sha256": SHA256}).json()["entries"][0]["id"]
    fuller = http.post(path, json={"sha256": SHA256, "pdq": [PDQ]})
    first, again = http.post(path, files=files), http.post(path, files=files[1:])
    text = [http.post(path, json={"text": words}) for words in ("win a Sarno!", "win  a sarno")]
    taken = http.post("/v1/banks/known/import?format=csv", content=f"sha256,id\n{SHA256},7").json()

    # By frames more is found than by a digest alone: that is an entry of its own.
    assert (fuller.status_code, fuller.json()["entries"][0]["id"] != bare) == (201, True)
    one, other = first.json()["entries"]
    assert (first.status_code, one["is_new"], other["is_new"]) == (201, True, False)
    assert (again.status_code, again.json()["entries"]) == (200, [other])
    assert one["id"] == other["id"]
    assert [answer.status_code for answer in text] == [201, 200]
    assert (taken["added"], taken["known"]) == (0, 1)


def test_no_picture_is_kept_for_the_safety_of_children(http: TestClient) -> None:
    bank = {"name": "children", "policy": "CS.CSAM", "keeps_stills": True}

    refused = http.post("/v1/banks", json=bank)

    plain = http.post("/v1/banks", json={**bank, "keeps_stills": False})
    changed = http.patch("/v1/banks/children", json={"keeps_stills": True})

    assert plain.status_code == 201
    assert http.get("/v1/banks/children").json()["keeps_stills"] is False
    for answer in (refused, changed):
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["pointer"] == "/keeps_stills"


def test_what_was_decided_here_is_not_changed_by_hand(
    http: TestClient, community: Community
) -> None:
    name = "_decided.VE.TERROR"
    bank = BankRecord(org=community.org, name=name, policy="VE.TERROR", vetted=True)
    community.platform.store.write(lambda uow: uow.banks.put(bank))
    at = f"/v1/banks/{name}"

    refused = [
        http.patch(at, json={"vetted": False}),
        http.delete(at),
        http.post(f"{at}/entries", json={"sha256": SHA256}),
        http.post(f"{at}/words", json={"entries": [{"text": "an old bridge at night"}]}),
        http.post(f"{at}/import", json={"lines": [f'{{"sha256":"{SHA256}"}}']}),
        http.post(f"{at}/from-item", json={"item": {"kind": "video", "host_id": "v1"}}),
        http.delete(f"{at}/entries/1"),
        http.patch(f"{at}/entries/1", json={"label": "x"}),
    ]

    assert [answer.status_code for answer in refused] == [409] * len(refused)
    assert {answer.json()["type"] for answer in refused} == {
        "urn:fieldfare:problem:bank-kept-by-us"
    }
    assert http.get(at).json()["vetted"] is True


def test_an_entry_is_one_thing_and_not_several(http: TestClient) -> None:
    both = {"text": "an old bridge at night", "sha256": SHA256}

    answer = http.post("/v1/banks/known/entries", json=both)

    assert answer.status_code == 400
    assert "an entry of its own" in answer.json()["hint"]


@pytest.mark.parametrize("field", ["sound", "features"])
def test_a_line_with_sound_or_features_that_are_none_harms_no_lookup(
    http: TestClient, field: str
) -> None:
    lines = [f'{{"sha256":"{SHA256}","{field}":"AAAA"}}', f'{{"sha256":"{"ba" * 32}"}}']

    taken = http.post("/v1/banks/known/import", json={"lines": lines}).json()
    found = http.post("/v1/match", json={"sha256": "ba" * 32})

    assert (taken["added"], taken["failed"]) == (1, 1)
    assert found.status_code == 200
    assert len(found.json()["matches"]) == 1


@pytest.mark.parametrize("field", ["sound", "features"])
def test_an_entry_that_cannot_be_read_holds_up_no_other(
    http: TestClient, community: Community, field: str
) -> None:
    torn = KnownPiece(sha256="ef" * 32, hashes=EntryHashes(**{field: b"no print"}))
    community.platform.store.write(
        lambda uow: add_to_bank(uow, community.org, "known", [torn], by="test")
    )
    added(http, pdq=[PDQ])

    found = http.post("/v1/match", json={"pdq": [PDQ]})

    assert found.status_code == 200
    assert len(found.json()["matches"]) == 1


def test_a_priority_bank_needs_the_extra_by_which_it_finds_more(
    http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = {"name": "worst", "policy": "VE.TERROR", "priority": True}
    monkeypatch.setitem(sys.modules, "cv2", None)

    refused = [
        http.post("/v1/banks", json=bank),
        http.patch("/v1/banks/known", json={"priority": True}),
    ]
    plain = http.patch("/v1/banks/known", json={"priority": False, "radius": 30})

    assert [answer.status_code for answer in refused] == [503, 503]
    assert all("pip install 'fieldfare[features]'" in answer.json()["hint"] for answer in refused)
    assert plain.status_code == 200


def test_a_long_list_is_streamed_and_one_that_is_too_long_is_told_how_to_come(
    http: TestClient, community: Community
) -> None:
    most = community.platform.settings.body_bytes
    long = ("#" * 9_999 + "\n") * (most // 10_000 + 1) + f"sha256 {SHA256}\n"
    path = "/v1/banks/known/import"

    taken = http.post(f"{path}?format=threatexchange", content=long)
    refused = http.post(path, json={"format": "threatexchange", "lines": [long]})

    assert taken.json()["added"] == 1
    assert refused.status_code == 413
    assert "fieldfare bank import" in refused.json()["hint"]
