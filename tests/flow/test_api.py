import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community
from fieldfare.web.app import create_app

COMMENT = {"kind": "comment", "host_id": "c1", "author": "ana", "market": "DE", "text": "sarno"}
VIEWER = {"age_band": "18_plus", "market": "DE"}


@pytest.fixture
def http(community: Community) -> Iterator[TestClient]:
    """Talk to the API with the first key; nothing is evaluated unless a test settles."""
    headers = {"Authorization": f"Bearer {community.key}"}
    with TestClient(create_app(community.platform), headers=headers) as client:
        yield client


@pytest.fixture
def evaluating(community: Community) -> Iterator[None]:
    """Let the evaluator run on its thread, as in `serve`."""
    stop = threading.Event()
    thread = threading.Thread(target=community.platform.evaluator.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    community.platform.evaluator.tail.wake()
    thread.join()


def test_without_pages_every_call_is_answered_and_no_page(community: Community) -> None:
    headers = {"Authorization": f"Bearer {community.key}"}
    with_pages = create_app(community.platform)
    without = create_app(community.platform, has_pages=False)

    with TestClient(without, headers=headers) as client:
        assert client.get("/v1/banks").status_code == 200
        assert client.get("/overview").status_code == 404
    assert without.openapi() == with_pages.openapi()


def test_a_posted_item_is_accepted_with_its_ids(http: TestClient) -> None:
    answer = http.post("/v1/items", json=COMMENT)

    assert answer.status_code == 202
    told = answer.json()
    assert told["event_id"].isdigit()
    assert told["item"] == {"kind": "comment", "host_id": "c1", "version": 1}
    assert told["state"] == "received"


def test_a_repeated_call_answers_200_and_other_content_409(http: TestClient) -> None:
    first = http.post("/v1/items", json={**COMMENT, "key": "k"})
    again = http.post("/v1/items", json={**COMMENT, "key": "k"})
    other = http.post("/v1/items", json={**COMMENT, "text": "wivel", "key": "k"})

    assert (again.status_code, again.json()["event_id"]) == (200, first.json()["event_id"])
    assert other.status_code == 409
    assert first.json()["event_id"] in other.json()["hint"]


BAD_BODIES: dict[str, tuple[bytes, str, str]] = {
    "not json": (b"{", "not JSON", ""),
    "not utf-8": (b'{"kind": "\xff"}', "", ""),
    "an unknown field": (json.dumps({**COMMENT, "colour": "red"}).encode(), "colour", "/colour"),
    "a wrong type": (json.dumps({**COMMENT, "text": 7}).encode(), "Expected `str`", "/text"),
    "a missing field": (json.dumps({"kind": "comment", "host_id": "x"}).encode(), "author", ""),
    "an unknown kind": (json.dumps({**COMMENT, "kind": "coment"}).encode(), "coment", "/kind"),
    "a moment without offset": (
        json.dumps({**COMMENT, "occurred_at": "2026-01-01T00:00:00"}).encode(),
        "RFC 3339",
        "/occurred_at",
    ),
    "a video without media": (
        json.dumps({**COMMENT, "kind": "video"}).encode(),
        "needs its media",
        "",
    ),
    "an array": (b"[]", "Expected `object`", ""),
    "nothing": (b"", "not JSON", ""),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_item_is_answered_with_what_where_and_how_to_mend_it(
    http: TestClient, community: Community, name: str
) -> None:
    body, says, pointer = BAD_BODIES[name]

    answer = http.post("/v1/items", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert says in problem["detail"]
    assert problem.get("pointer", "") == pointer
    assert problem["hint"]
    assert community.may_see("comment", "c1").reason == "unknown"


def test_a_close_kind_is_suggested(http: TestClient) -> None:
    answer = http.post("/v1/items", json={**COMMENT, "kind": "coment"})

    assert "Did you mean 'comment'?" in answer.json()["hint"]


@pytest.mark.parametrize("token", ["", "Bearer nothing", "Bearer ff_000000000000_x", "Basic x"])
def test_a_wrong_token_is_refused(http: TestClient, token: str) -> None:
    answer = http.post("/v1/items", json=COMMENT, headers={"Authorization": token})

    assert answer.status_code == 401
    assert answer.json()["type"].endswith("not-signed-in")


def test_a_body_beyond_the_limit_is_refused(http: TestClient) -> None:
    answer = http.post("/v1/events", content=b"x" * 4_100_000)

    assert answer.status_code == 413


def test_events_are_taken_one_by_one_and_rejected_by_index(http: TestClient) -> None:
    events = [
        {"kind": "item.posted", "key": "1", "item": COMMENT},
        {"kind": "item.posted", "key": "2", "item": {**COMMENT, "colour": "red"}},
        {"kind": "account.created", "key": "3", "actor": "ana"},
    ]

    told = http.post("/v1/events", json={"events": events}).json()

    assert [row["index"] for row in told["accepted"]] == [0, 2]
    (rejected,) = told["rejected"]
    assert rejected["index"] == 1
    assert rejected["pointer"] == "/events/1/item/colour"


def test_more_than_a_thousand_events_are_refused_as_a_whole(http: TestClient) -> None:
    event = {"kind": "account.created", "key": "3", "actor": "ana"}

    answer = http.post("/v1/events", json={"events": [event] * 1_001})

    assert answer.status_code == 400
    assert answer.json()["pointer"] == "/events"


def test_under_pressure_the_host_is_asked_to_come_back(
    http: TestClient, community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(community.platform.evaluator.tail, "waiting", lambda: 10**6)

    answer = http.post("/v1/items", json=COMMENT)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("path", "waiting"),
    [("/v1/items", [10**6]), ("/v1/items", [0, 10**6]), ("/v1/decide", [0, 10**6])],
)
def test_media_refused_under_pressure_are_not_kept(
    http: TestClient,
    community: Community,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    waiting: list[int],
) -> None:
    platform, told = community.platform, iter(waiting)
    monkeypatch.setattr(platform.evaluator.tail, "waiting", lambda: next(told, waiting[-1]))
    metadata = {"kind": "video", "host_id": "v1", "author": "ben", "market": "DE"}

    answer = http.post(
        path,
        data={"metadata": json.dumps(metadata)},
        files={"file": ("a.webm", b"frames", "video/webm")},
    )

    assert answer.status_code == 429
    assert not [path for path in (platform.settings.home / "blobs").rglob("*") if path.is_file()]


def test_a_revoked_key_is_refused_in_the_next_call(http: TestClient) -> None:
    made = http.post("/v1/keys", json={"scopes": ["ingest"]}).json()["key"]
    with_it = {"Authorization": f"Bearer {made}"}
    before = http.post("/v1/items", json=COMMENT, headers=with_it).status_code

    revoked = http.delete(f"/v1/keys/{made.split('_')[1]}").status_code
    after = http.post("/v1/items", json=COMMENT, headers=with_it).status_code

    assert (before, revoked, after) == (202, 200, 401)


def test_a_webhooks_secret_is_rotated_with_the_old_one_beside_it(
    http: TestClient, community: Community
) -> None:
    hook = {"id": "host", "url": "https://127.0.0.1:9/"}
    first = http.post("/v1/webhooks", json=hook).json()["secret"]

    def secrets() -> tuple[str, ...]:
        (found,) = community.platform.store.read(lambda uow: uow.webhooks.all(community.org))
        return found.secrets

    second = http.post("/v1/webhooks/host/secret")
    after_one = secrets()
    third = http.post("/v1/webhooks/host/secret").json()["secret"]

    assert second.status_code == 201
    assert after_one == (second.json()["secret"], first)
    assert secrets() == (third, second.json()["secret"])
    assert http.post("/v1/webhooks/nowhere/secret").status_code == 404


def test_a_webhook_is_not_replaced_by_another_of_its_id(
    http: TestClient, community: Community
) -> None:
    hook = {"id": "host", "url": "https://127.0.0.1:9/"}
    secret = http.post("/v1/webhooks", json=hook).json()["secret"]

    again = http.post("/v1/webhooks", json={**hook, "url": "https://127.0.0.1:10/"})

    assert again.status_code == 409
    assert "rotate" in again.json()["hint"]
    (kept,) = community.platform.store.read(lambda uow: uow.webhooks.all(community.org))
    assert (kept.url, kept.secrets) == (hook["url"], (secret,))


@pytest.mark.usefixtures("evaluating")
def test_decide_answers_with_the_decision_in_time(http: TestClient) -> None:
    answer = http.post("/v1/decide", json={"item": COMMENT, "wait_ms": 200})

    assert answer.status_code in (200, 202)
    again = http.post("/v1/decide", json={"item": COMMENT, "wait_ms": 200})
    assert again.status_code == 200
    assert again.json()["action"] == "allow"


def test_decide_holds_when_the_decision_is_not_made_in_time(http: TestClient) -> None:
    answer = http.post("/v1/decide", json={"item": COMMENT, "wait_ms": 0})

    assert (answer.status_code, answer.json()["state"]) == (202, "held")


def test_nobody_waits_longer_than_a_fifth_of_a_second(http: TestClient) -> None:
    answer = http.post("/v1/decide", json={"item": COMMENT, "wait_ms": 201})

    assert (answer.status_code, answer.json()["pointer"]) == (400, "/wait_ms")


def test_the_gate_answers_in_the_order_asked(http: TestClient, community: Community) -> None:
    http.post("/v1/items", json=COMMENT)
    community.settle()
    names = [{"kind": "comment", "host_id": name} for name in ("c9", "c1", "c1")]

    body = {"surface": "feed", "viewer": VIEWER, "items": names}
    told = http.post("/v1/eligibility", json=body).json()

    assert [each["show"] for each in told["items"]] == ["no", "yes", "no"]
    assert [each["reason"] for each in told["items"]] == ["unknown", "allow", "duplicate"]
    assert told["items"][1]["decision_id"].isdigit()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"surface": "cinema"}, "/surface"),
        ({"viewer": {"age_band": "old", "market": "DE"}}, "/viewer/age_band"),
        ({"items": [{"kind": "comment", "host_id": "c"}] * 501}, "/items"),
    ],
)
def test_a_wrong_question_to_the_gate_is_pointed_out(
    http: TestClient, change: dict[str, Any], pointer: str
) -> None:
    body = {"surface": "feed", "viewer": VIEWER, "items": [], **change}

    answer = http.post("/v1/eligibility", json=body)

    assert (answer.status_code, answer.json()["pointer"]) == (400, pointer)


def test_a_gate_that_is_behind_shows_nothing_on_the_feed(
    http: TestClient, community: Community
) -> None:
    http.post("/v1/items", json=COMMENT)
    community.settle()
    community.clock.advance(2_001)
    names = [{"kind": "comment", "host_id": "c1"}]

    body = {"surface": "feed", "viewer": VIEWER, "items": names}
    (found,) = http.post("/v1/eligibility", json=body).json()["items"]

    assert (found["show"], found["reason"]) == ("no", "stale")


def test_a_decision_is_explained(http: TestClient, community: Community) -> None:
    http.post("/v1/items", json={**COMMENT, "text": "zorblat"})
    community.settle()
    item = http.get("/v1/items/comment/c1").json()

    told = http.get(f"/v1/decisions/{item['decision_id']}").json()

    assert told["action"] == "hold"
    assert told["causes"] == [item["event_id"]]
    assert told["reasons"][0]["by"] == "TermInComment"
    assert len(told["rule_set"]) == 64
    assert item["facts"]["text.lexicon.policy"]["value"] == "HS.SLUR"


def test_what_is_not_there_is_a_problem_with_a_hint(http: TestClient) -> None:
    for path in ("/v1/items/comment/nope", "/v1/decisions/1", "/v1/decisions/x", "/nowhere"):
        answer = http.get(path)
        assert answer.status_code in (400, 404)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_video_comes_in_as_multipart(
    http: TestClient, community: Community, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "a.webm", Clip(codec="vp9"))
    metadata = {"kind": "video", "host_id": "v1", "author": "ben", "market": "DE"}

    with path.open("rb") as file:
        answer = http.post(
            "/v1/items",
            data={"metadata": json.dumps(metadata)},
            files={"file": ("a.webm", file, "video/webm")},
        )
    community.settle()

    assert answer.status_code == 202
    item = http.get("/v1/items/video/v1").json()
    assert item["state"] == "decided"
    assert item["facts"]["media.readable"]["value"] is True


def test_a_multipart_without_metadata_says_so(http: TestClient) -> None:
    answer = http.post("/v1/items", files={"file": ("a", b"x", "video/mp4")})

    assert (answer.status_code, answer.json()["pointer"]) == (400, "/metadata")


def test_the_audit_trail_names_nobody(http: TestClient, community: Community) -> None:
    http.post("/v1/items", json=COMMENT)
    community.settle()

    text = http.get("/v1/audit?limit=200").text

    assert "item.posted" in text
    assert "ana" not in json.dumps([row["subject"] for row in json.loads(text)["rows"]])
    assert '"c1"' not in text


def test_the_openapi_document_describes_every_call(http: TestClient) -> None:
    paths = http.get("/openapi.json").json()["paths"]

    assert {"/v1/items", "/v1/events", "/v1/decide", "/v1/eligibility", "/v1/audit"} <= set(paths)
    body = paths["/v1/items"]["post"]["requestBody"]["content"]
    assert "host_id" in body["application/json"]["schema"]["properties"]
    assert "multipart/form-data" in body
    events = paths["/v1/events"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    kinds = {each["title"]: each for each in events["properties"]["events"]["items"]["oneOf"]}
    assert "reporter" in kinds["report.filed"]["properties"]


def test_an_item_is_found_by_an_id_with_a_slash(http: TestClient) -> None:
    http.post("/v1/items", json={**COMMENT, "host_id": "ana/clips/1"})

    found = http.get("/v1/items/comment/ana%2Fclips%2F1")

    assert (found.status_code, found.json()["item"]["host_id"]) == (200, "ana/clips/1")


def test_a_bank_is_created_once_and_changed_by_what_is_named(http: TestClient) -> None:
    body = {"name": "known", "policy": "GV.GORE", "vetted": True, "radius": 20}
    assert http.post("/v1/banks", json=body).status_code == 201

    again = http.post("/v1/banks", json={"name": "known", "policy": "GV.GORE"})
    assert again.status_code == 409
    assert "exists already" in again.json()["title"] + again.json().get("detail", "")
    assert http.get("/v1/banks").json()["banks"][0]["vetted"] is True

    changed = http.patch("/v1/banks/known", json={"vetted": False})
    assert (changed.status_code, changed.json()["vetted"]) == (200, False)
    assert http.get("/v1/banks").json()["banks"][0]["radius"] == 20
    assert http.patch("/v1/banks/knwon", json={"vetted": False}).status_code == 404
    assert http.patch("/v1/banks/known", json={"policy": "X"}).status_code == 400


def test_a_list_does_not_become_a_lexicon_and_an_empty_one_is_counted(http: TestClient) -> None:
    assert http.post("/v1/lists", json={"name": "mine", "text": ""}).json()["terms"] == 0

    body = {"name": "mine", "text": "policy: HS.SLUR\nterms: [zorblat]", "lexicon": True}
    answer = http.post("/v1/lists", json=body)
    assert answer.status_code == 409
    assert "without --lexicon" in answer.json()["hint"]


def test_keys_and_people_are_listed_without_secrets_or_names(http: TestClient) -> None:
    text = http.post("/v1/keys", json={"scopes": ["gate"], "note": "feed"}).json()["key"]
    http.post("/v1/people", json={"name": "rosalin", "roles": ["reviewer"]})
    key_id, secret = text.removeprefix("ff_").split("_", 1)
    http.delete(f"/v1/keys/{key_id}")

    keys, people = http.get("/v1/keys"), http.get("/v1/people")

    (listed,) = (key for key in keys.json()["keys"] if key["id"] == key_id)
    assert (listed["scopes"], listed["note"]) == (["gate"], "feed")
    assert listed["revoked_at"] is not None
    assert secret not in keys.text
    assert ["reviewer"] in [person["roles"] for person in people.json()["people"]]
    assert "rosalin" not in people.text
