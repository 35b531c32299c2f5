"""One delivery over a real loopback connection: signatures, answers, silence."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

import receiver
from fieldfare.enforcement import HttpSend, Request, new_secret, signed
from fieldfare.kernel import EventId, Org, SystemClock
from fieldfare.records import OutboxRow, OutboxState, Subject, Webhook

BODY = '{"type":"effect.remove","words":["grüßt"]}'.encode()


@dataclass
class Host:
    """A receiver that answers what it is told to, and remembers what it got."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    silent: threading.Event | None = None
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"


@pytest.fixture
def host() -> Iterator[Host]:
    told = Host()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.connections.add(self.client_address[1])
            told.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if told.silent is not None:
                told.silent.wait(30)
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing: a sender that hangs up is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield told
    if told.silent is not None:
        told.silent.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def send() -> Iterator[HttpSend]:
    http = HttpSend()
    yield http
    http.close()


def a_row() -> OutboxRow:
    return OutboxRow(
        org=Org("main"),
        id="17-0",
        decision_id=EventId(17),
        part=0,
        webhook_id="w",
        subject=Subject("comment", "c"),
        subject_revision=1,
        body=BODY,
        state=OutboxState.DUE,
        attempts=0,
        due_at=0,
    )


def a_request(url: str, *secrets: str) -> Request:
    webhook = Webhook(org=Org("main"), id="w", url=url, secrets=secrets or (new_secret(),))
    return signed(a_row(), webhook, now_ms=SystemClock().now_ms())


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_2xx_acknowledges(host: Host, send: HttpSend, status: int) -> None:
    host.status = status

    answer = send(a_request(host.url))

    assert (answer.is_acknowledged, answer.words) == (True, "")


def test_the_body_arrives_bit_for_bit_with_the_effects_id(host: Host, send: HttpSend) -> None:
    send(a_request(host.url))

    ((path, headers, body),) = host.got
    assert (path, body) == ("/in", BODY)
    assert headers["webhook-id"] == "17-0"
    assert headers["content-type"] == "application/json"


def test_each_of_two_secrets_verifies_what_both_signed(host: Host, send: HttpSend) -> None:
    new, old = new_secret(), new_secret()

    send(a_request(host.url, new, old))

    ((_, headers, body),) = host.got
    for secret in (new, old):
        Verifier(secret).verify(body, headers)
        receiver.verify(headers, body, [secret], SystemClock().now_ms() / 1000)
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(body, headers)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_other_answers_do_not_acknowledge(host: Host, send: HttpSend, status: int) -> None:
    host.status = status

    answer = send(a_request(host.url))

    assert (answer.is_acknowledged, answer.is_final) == (False, False)
    assert answer.words == f"answered {status}"


def test_gone_is_final(host: Host, send: HttpSend) -> None:
    host.status = 410

    assert send(a_request(host.url)).is_final


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(host: Host, send: HttpSend, status: int) -> None:
    host.status, host.headers = status, {"location": f"{host.url}/elsewhere"}

    answer = send(a_request(host.url))

    assert [path for path, _, _ in host.got] == ["/in"]
    assert not answer.is_acknowledged
    assert "redirects are not followed" in answer.words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), ("", 0), ("-1", 0), ("soon", 0), ("9999999", 0), ("Wed, 21 Oct 2026", 0)],
)
def test_retry_after_counts_when_it_is_seconds(
    host: Host, send: HttpSend, text: str, seconds: int
) -> None:
    host.status, host.headers = 503, {"retry-after": text}

    assert send(a_request(host.url)).retry_after_s == seconds


def test_nobody_listening_is_an_answer_with_a_reason(send: HttpSend) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    answer = send(a_request(f"http://127.0.0.1:{port}/"))

    assert (answer.status, answer.is_acknowledged) == (0, False)
    assert answer.words.startswith("ConnectError")


def test_a_silent_receiver_times_out(host: Host) -> None:
    host.silent = threading.Event()
    impatient = HttpSend(timeout_s=0.05)

    answer = impatient(a_request(host.url))

    impatient.close()
    assert (answer.status, answer.words.split(":")[0]) == (0, "ReadTimeout")


def test_proxy_variables_are_ignored(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    direct = HttpSend()

    answer = direct(a_request(host.url))

    direct.close()
    assert answer.is_acknowledged


@pytest.mark.parametrize(("body", "connections"), [(b"ok", 1), (b"x" * 100_000, 2)])
def test_a_short_answer_keeps_the_connection_and_a_long_one_is_not_read(
    host: Host, send: HttpSend, body: bytes, connections: int
) -> None:
    host.body = body

    answers = [send(a_request(host.url)) for _ in range(2)]

    assert all(answer.is_acknowledged for answer in answers)
    assert len(host.connections) == connections
