"""Review through the API: a program with a key of scope review does what a person does."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest
from starlette.testclient import TestClient

from fieldfare.access import Scope
from fieldfare.engine.setup import add_key
from fieldfare.testing.platforms import Community, a_comment
from fieldfare.web.app import create_app

Json = dict[str, Any]
UNDO_MS = 10_000


class KeyOf(Protocol):
    """Gives a client with a new key."""

    def __call__(self, *scopes: Scope) -> TestClient: ...


@pytest.fixture
def key_of(community: Community) -> Iterator[KeyOf]:
    platform = community.platform
    app = create_app(platform)
    with ExitStack() as clients:

        def made(*scopes: Scope) -> TestClient:
            key = platform.store.write(
                lambda uow: add_key(
                    uow, community.org, frozenset(scopes), "made by a test", platform.clock
                )
            )
            headers = {"Authorization": f"Bearer {key}"}
            return clients.enter_context(TestClient(app, headers=headers))

        yield made


@pytest.fixture
def http(key_of: KeyOf, community: Community) -> TestClient:
    """Review with a key while one comment is held."""
    community.posted(a_comment("zorblat"))
    return key_of(Scope.REVIEW)


def claimed(http: TestClient, queue: str | None = None) -> tuple[str, str]:
    told = http.post("/v1/cases/claim", json={} if queue is None else {"queue": queue}).json()
    return f"/v1/cases/{told['case']['id']}", told["lease"]["token"]


def decided(http: TestClient, action: str, policy: str = "") -> tuple[str, Json]:
    path, token = claimed(http)
    body = {"token": token, "action": action, "policy": policy}
    answer = http.post(f"{path}/decision", json=body)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return path, told


def test_a_case_is_claimed_with_a_lease_and_its_token_is_nowhere_else(http: TestClient) -> None:
    answer = http.post("/v1/cases/claim")

    told = answer.json()
    assert answer.status_code == 200
    assert (told["case"]["state"], told["case"]["policies"]) == ("leased", ["HS.SLUR"])
    assert told["case"]["subject"] == {"kind": "comment", "host_id": "c1"}
    assert told["case"]["reviewer"].startswith("key-")
    assert told["lease"]["expires_at"] == told["case"]["lease_expires_at"]
    seen = http.get("/v1/cases").text + http.get(f"/v1/cases/{told['case']['id']}").text
    assert told["lease"]["token"] not in seen


def test_there_may_be_nothing_to_claim(key_of: KeyOf) -> None:
    answer = key_of(Scope.REVIEW).post("/v1/cases/claim", json={})

    assert (answer.status_code, answer.content) == (204, b"")


def test_a_claim_keeps_to_the_queue_it_names(http: TestClient) -> None:
    assert http.post("/v1/cases/claim", json={"queue": "graphic"}).status_code == 204
    assert http.post("/v1/cases/claim", json={"queue": "hate"}).status_code == 200


def test_two_keys_are_two_reviewers(http: TestClient, key_of: KeyOf) -> None:
    claimed(http)

    assert key_of(Scope.REVIEW).post("/v1/cases/claim", json={}).status_code == 204


@pytest.mark.parametrize("what", ["heartbeat", "release", "skip", "escalate", "decision"])
def test_a_foreign_token_is_a_conflict_and_changes_nothing(http: TestClient, what: str) -> None:
    path, _ = claimed(http)
    more = {"action": "allow"} if what == "decision" else {}

    answer = http.post(f"{path}/{what}", json={"token": "0" * 32, **more})

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("case-not-leased")
    assert http.get(path).json()["case"]["state"] == "leased"


def test_the_token_of_one_key_is_of_no_use_to_another(http: TestClient, key_of: KeyOf) -> None:
    path, token = claimed(http)

    answer = key_of(Scope.REVIEW).post(f"{path}/release", json={"token": token})

    assert answer.status_code == 409


def test_a_decision_changes_what_the_gate_answers(http: TestClient, community: Community) -> None:
    assert community.may_see("comment", "c1").reason == "hold"

    _, told = decided(http, "allow")

    assert community.may_see("comment", "c1").show == "yes"
    assert (told["case"]["state"], told["case"]["outcome"]) == ("decided", "allow")
    decision = http.get(f"/v1/decisions/{told['decision_id']}").json()
    assert (decision["by"], decision["action"]) == ("person", "allow")
    assert community.decision("comment", "c1").id == int(told["decision_id"])  # type: ignore[union-attr]


def test_a_removal_names_its_policy_and_the_note_is_kept(
    http: TestClient, community: Community
) -> None:
    path, token = claimed(http)
    body = {"token": token, "action": "remove", "policy": "HB.LOW", "note": "seen twice"}

    told = http.post(f"{path}/decision", json=body).json()

    assert told["case"]["outcome"] == "remove HB.LOW"
    assert community.may_see("comment", "c1").reason == "remove"
    given = community.platform.store.read(
        lambda uow: [
            uow.log.get(community.org, event)
            for event in uow.log.caused_by(community.org, int(path.rpartition("/")[2]))  # type: ignore[arg-type]
        ]
    )
    assert [(event.data or {})["note"] for event in given if event] == ["seen twice"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"action": "remove"}, "/policy"),
        ({"action": "banish", "policy": "HS.SLUR"}, "/action"),
        ({"action": "allow", "note": "x" * 2_001}, "/note"),
        ({"action": "allow", "colour": "red"}, "/colour"),
    ],
)
def test_a_verdict_that_does_not_fit_is_refused(http: TestClient, body: Json, pointer: str) -> None:
    path, token = claimed(http)

    answer = http.post(f"{path}/decision", json={"token": token, **body})

    assert (answer.status_code, answer.json()["pointer"]) == (400, pointer)
    assert http.get(path).json()["case"]["state"] == "leased"


def test_a_decision_is_taken_back_within_ten_seconds(
    http: TestClient, community: Community
) -> None:
    path, _ = decided(http, "allow")
    community.clock.advance(UNDO_MS - 1)

    answer = http.post(f"{path}/undo")

    community.settle()
    assert answer.status_code == 200
    assert answer.json()["case"]["state"] == "leased"
    assert community.may_see("comment", "c1").reason == "hold"
    again = {"token": answer.json()["lease"]["token"], "action": "remove", "policy": "HS.SLUR"}
    assert http.post(f"{path}/decision", json=again).status_code == 200
    assert community.may_see("comment", "c1").reason == "remove"


def test_after_ten_seconds_a_decision_stays(http: TestClient, community: Community) -> None:
    path, _ = decided(http, "allow")
    community.clock.advance(UNDO_MS)

    answer = http.post(f"{path}/undo")

    community.settle()
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("undo-too-late")
    assert community.may_see("comment", "c1").show == "yes"


def test_a_heartbeat_extends_the_lease(http: TestClient, community: Community) -> None:
    path, token = claimed(http)
    before = http.get(path).json()["case"]["lease_expires_at"]
    community.clock.advance(60_000)

    after = http.post(f"{path}/heartbeat", json={"token": token}).json()["case"]

    assert after["lease_expires_at"] > before


def test_a_released_case_can_be_taken_again_and_a_skipped_one_only_by_others(
    http: TestClient, key_of: KeyOf
) -> None:
    path, token = claimed(http)
    assert http.post(f"{path}/release", json={"token": token}).json()["case"]["state"] == "ready"
    again, token = claimed(http)
    skipped = http.post(f"{path}/skip", json={"token": token, "reason": "my own post"})

    assert again == path
    assert skipped.json()["case"]["state"] == "ready"
    assert http.post("/v1/cases/claim", json={}).status_code == 204
    assert claimed(key_of(Scope.REVIEW))[0] == path


def test_an_escalated_case_waits_in_a_queue_of_its_own(http: TestClient) -> None:
    path, token = claimed(http)

    told = http.post(f"{path}/escalate", json={"token": token, "reason": "unsure"}).json()

    assert (told["case"]["queue"], told["case"]["lane"]) == ("escalation", 0)


def test_cases_are_listed_by_state_and_queue_in_pages(
    http: TestClient, community: Community
) -> None:
    for number in range(2, 5):
        community.posted(a_comment("zorblat", host_id=f"c{number}"))
    decided(http, "allow")

    first = http.get("/v1/cases", params={"limit": 2}).json()
    then = http.get("/v1/cases", params={"limit": 2, "cursor": first["next"]}).json()

    names = [case["subject"]["host_id"] for page in (first, then) for case in page["cases"]]
    assert names == ["c4", "c3", "c2"]
    assert then["next"] is None
    (closed,) = http.get("/v1/cases", params={"state": "decided"}).json()["cases"]
    assert closed["subject"]["host_id"] == "c1"
    assert len(http.get("/v1/cases", params={"queue": "hate"}).json()["cases"]) == 3
    assert http.get("/v1/cases", params={"queue": "graphic"}).json()["cases"] == []
    assert http.get("/v1/cases", params={"state": "lost"}).json()["pointer"] == "/state"


def test_a_case_is_given_with_the_decision_that_asked_for_it(http: TestClient) -> None:
    path, _ = claimed(http)

    told = http.get(path).json()

    assert told["decision"]["id"] == told["case"]["decision_id"]
    assert [reason["by"] for reason in told["decision"]["reasons"]] == ["TermInComment"]


def test_an_unknown_case_is_not_found(http: TestClient) -> None:
    verdict = {"token": "0" * 32, "action": "allow"}

    answers = [
        http.get("/v1/cases/17"),
        http.post("/v1/cases/17/decision", json=verdict),
        http.post("/v1/cases/17/undo"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert {answer.json()["type"] for answer in answers} == {"urn:fieldfare:problem:case-unknown"}


@pytest.mark.parametrize("scope", [Scope.INGEST, Scope.GATE, Scope.ADMIN])
def test_a_key_of_another_scope_reviews_nothing(key_of: KeyOf, scope: Scope) -> None:
    other = key_of(scope)

    assert other.get("/v1/cases").status_code == 403
    assert other.post("/v1/cases/claim", json={}).status_code == 403


def test_a_key_sees_no_clear_media(http: TestClient) -> None:
    path, token = claimed(http)
    number = path.rpartition("/")[2]

    answer = http.post(
        f"/review/{number}/reveal", data={"lease_token": token}, headers={"accept": "text/json"}
    )

    assert answer.status_code == 403
