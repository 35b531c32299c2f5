"""The example client: 60 lines, and closed when in doubt."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import client
from client import FieldfareClient

CLEAN, HELD = ("video", "v1"), ("video", "v2")
VIEWER = {"age_band": "18_plus", "market": "DE"}


@dataclass
class Server:
    """Answers what it is told to, and remembers what it was asked."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang: threading.Event = field(default_factory=threading.Event)
    is_silent: bool = False
    asked: list[tuple[str, str, object]] = field(default_factory=list)
    port: int = 0

    def client(self, timeout_s: float = 30) -> FieldfareClient:
        return FieldfareClient(f"http://127.0.0.1:{self.port}", "ff_a_b", timeout_s)


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            told.asked.append((self.path, self.headers["authorization"], body))
            if told.is_silent:
                told.hang.wait(30)
                return
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield told
    told.hang.set()
    http.shutdown()
    thread.join()
    http.server_close()


def an_answer(**shows: str) -> bytes:
    items = [{"kind": "video", "host_id": name, "show": show} for name, show in shows.items()]
    return json.dumps({"items": items, "watermark": "1"}).encode()


def test_only_what_is_answered_yes_may_be_shown(server: Server) -> None:
    server.body = an_answer(v1="yes", v2="no")

    assert server.client().may_show([CLEAN, HELD], "feed", VIEWER) == {CLEAN: True, HELD: False}
    assert server.asked == [
        (
            "/v1/eligibility",
            "Bearer ff_a_b",
            {
                "surface": "feed",
                "viewer": VIEWER,
                "items": [
                    {"kind": "video", "host_id": "v1"},
                    {"kind": "video", "host_id": "v2"},
                ],
            },
        )
    ]


def test_a_warning_a_missing_and_an_unasked_item_are_not_shown(server: Server) -> None:
    server.body = an_answer(v1="warn", v9="yes")

    assert server.client().may_show([CLEAN, HELD], "feed", VIEWER) == {CLEAN: False, HELD: False}


@pytest.mark.parametrize("status", [202, 204, 301, 302, 400, 401, 429, 500, 503])
def test_an_answer_that_is_no_200_shows_nothing(server: Server, status: int) -> None:
    server.status = status
    server.headers = {"location": f"http://127.0.0.1:{server.port}/elsewhere"}

    assert not any(server.client().may_show([CLEAN], "feed", VIEWER).values())
    assert [path for path, _, _ in server.asked] == ["/v1/eligibility"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b'{"items": null}',
        b'{"items": 3}',
        b'{"items": ["yes"]}',
        b'{"items": [{"show": "yes"}]}',
        b'{"items": [{"kind": [], "host_id": "v1", "show": "yes"}]}',
        b"[" * 100_000,
        an_answer(v1="yes")[:-3],
        "\N{LATIN SMALL LETTER E WITH ACUTE}".encode("latin-1"),
    ],
)
def test_an_answer_that_cannot_be_read_shows_nothing(server: Server, body: bytes) -> None:
    server.body = body

    assert server.client().may_show([CLEAN], "feed", VIEWER) == {CLEAN: False}


def test_silence_shows_nothing(server: Server) -> None:
    server.is_silent = True

    assert server.client(timeout_s=0.05).may_show([CLEAN], "feed", VIEWER) == {CLEAN: False}


def test_nobody_listening_shows_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    absent = FieldfareClient(f"http://127.0.0.1:{port}", "ff_a_b", 30)

    assert absent.may_show([CLEAN], "feed", VIEWER) == {CLEAN: False}


@pytest.mark.parametrize("status", [200, 202])
def test_an_accepted_item_gives_its_ids(server: Server, status: int) -> None:
    server.status, server.body = status, b'{"event_id": "17"}'

    answer = server.client().post_item({"kind": "comment", "host_id": "c", "key": "k"})

    assert answer == {"event_id": "17"}
    assert server.asked[0][::2] == ("/v1/items", {"kind": "comment", "host_id": "c", "key": "k"})


def test_an_item_that_was_not_accepted_raises(server: Server) -> None:
    server.status, server.body = 429, b"later"

    with pytest.raises(OSError, match="answered 429"):
        server.client().post_item({"kind": "comment"})


def test_the_client_has_at_most_sixty_lines() -> None:
    assert len(Path(client.__file__).read_text().splitlines()) <= 60
