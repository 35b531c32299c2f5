"""What stands around every call: problems, limits, headers, and a log that keeps secrets."""

from collections.abc import Iterator
from typing import Annotated

import pytest
import structlog
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.testclient import TestClient

from fieldfare.access import Permission, Principal, Scope
from fieldfare.kernel import BadInput, Overloaded
from fieldfare.testing.sites import Site
from fieldfare.web import create_app, open_to_all, requires

OPEN = [open_to_all("a test")]


class Body(BaseModel, extra="forbid"):
    count: int


def take(body: Body, host_id: str) -> dict[str, str]:
    if body.count == 0:
        raise RuntimeError("a caption that must not be told")
    if body.count == 1:
        raise Overloaded("busy", retry_after_s=7)
    if body.count == 2:
        raise BadInput("not so", hint="so", pointer="/count")
    return {"host_id": host_id}


def whoever(who: Annotated[Principal, requires(Permission.GATE)]) -> dict[str, str]:
    return {"who": who.pseudonym}


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    router = APIRouter()
    router.add_api_route("/v1/take/{host_id}", take, methods=["POST"], dependencies=OPEN)
    router.add_api_route("/v1/who", whoever)
    app = create_app(site.community.platform, more_routers=[router])
    with TestClient(app, follow_redirects=False) as made:
        yield made


def test_an_error_nobody_foresaw_tells_nothing_of_its_inside(client: TestClient) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = client.post("/v1/take/h-secret", json={"count": 0})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    for word in ("caption", "RuntimeError", "Traceback"):
        assert word not in answer.text
    assert "caption" not in str(logs)
    assert "h-secret" not in str(logs)
    (failed,) = (entry for entry in logs if entry["event"] == "call_failed")
    assert failed["error"] == "RuntimeError"
    assert any("take" in frame for frame in failed["trace"])


def test_the_log_names_the_route_and_the_caller_but_no_path_and_no_key(
    client: TestClient, site: Site
) -> None:
    key = site.keyed(Scope.GATE)
    with structlog.testing.capture_logs() as logs:
        client.post("/v1/take/h-secret", json={"count": 5})
        client.get("/v1/who", headers=key.headers)

    assert [entry["route"] for entry in logs] == ["/v1/take/{host_id}", "/v1/who"]
    assert logs[1]["by"].startswith("key-")
    assert "h-secret" not in str(logs)
    assert key.headers["authorization"].rpartition("_")[2] not in str(logs)


def test_pressure_says_when_to_come_back(client: TestClient) -> None:
    answer = client.post("/v1/take/h", json={"count": 1})

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_an_error_of_ours_says_where_and_how_to_mend(client: TestClient) -> None:
    told = client.post("/v1/take/h", json={"count": 2}).json()

    assert told["type"] == "urn:fieldfare:problem:bad-input"
    assert (told["status"], told["detail"], told["hint"], told["pointer"]) == (
        400,
        "not so",
        "so",
        "/count",
    )


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"count": "x"}, ["/count"]),
        ({"count": 3, "more": 1}, ["/more"]),
        ({}, ["/count"]),
        ([], [""]),
    ],
)
def test_a_body_of_the_wrong_shape_is_told_by_pointers(
    client: TestClient, body: object, pointers: list[str]
) -> None:
    answer = client.post("/v1/take/h", json=body)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json().get("errors", [])] == pointers


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/v1/take/h", 405)]
)
def test_what_is_not_there_is_a_problem_too(
    client: TestClient, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_over_the_limit_is_refused_by_its_declared_size_and_while_it_comes(
    client: TestClient, site: Site
) -> None:
    limit = site.community.platform.settings.body_bytes

    declared = client.post("/v1/take/h", content=b"x" * (limit + 1))
    streamed = client.post(
        "/v1/take/h", content=(b"x" * 1_000_000 for _ in range(limit // 1_000_000 + 1))
    )
    lying = client.post("/v1/take/h", content=b"{}", headers={"content-length": "9" * 5_000})

    for answer in (declared, streamed, lying):
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:fieldfare:problem:too-large"


def test_every_answer_carries_the_headers_that_keep_browsers_safe(client: TestClient) -> None:
    for path in ("/health", "/nowhere", "/sign-in", "/static/console.css"):
        headers = client.get(path).headers

        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Basic YTpi", "Bearer ff_000000000000_" + "x" * 43]
)
def test_a_wrong_credential_is_refused_even_where_none_is_needed(
    client: TestClient, header: str
) -> None:
    assert client.get("/health").status_code == 200

    answer = client.get("/health", headers={"authorization": header})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_health_tells_its_parts_only_to_those_who_may_see_them(
    client: TestClient, site: Site
) -> None:
    admin, gate = site.keyed(Scope.ADMIN), site.keyed(Scope.GATE)

    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/health", headers=gate.headers).json() == {"status": "ok"}
    parts = client.get("/health", headers=admin.headers).json()["parts"]
    assert {"database", "writer", "evaluator", "scanner", "sealer"} <= set(parts)


def test_a_part_that_cannot_be_asked_is_not_well(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OSError

    monkeypatch.setattr(site.community.platform, "health", broken)

    answer = client.get("/health")

    assert (answer.status_code, answer.json()) == (503, {"status": "failing"})


def test_measures_name_routes_and_never_paths(client: TestClient, site: Site) -> None:
    client.post("/v1/take/h-secret", json={"count": 5})

    text = client.get("/metrics", headers=site.keyed(Scope.ADMIN).headers).text

    assert 'route="/v1/take/{host_id}"' in text
    assert "h-secret" not in text


def test_the_description_of_the_api_names_each_call_s_permission(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    assert paths["/v1/who"]["get"]["x-permission"] == "gate"
    assert "security" not in paths["/health"]["get"]
    assert "/review" not in paths
