"""Exchanges for tests: services on this machine that answer in the shapes the real ones do.

A service and what it shares flow in; out flow a running server on a loopback port and what it was
asked. Shapes are those of the services' documents and of recorded answers; contents are made up.
"""

import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Protocol
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.sax.saxutils import escape

import msgspec

from fieldfare.kernel import JsonValue
from fieldfare.matching.exchanges import ncmec, threatexchange

LOOPBACK: Final = "127.0.0.1"
USER, PASSWORD = "esp-user", "esp-password-3f1c"
TOKEN: Final = "12345678|token-9b2e77d1c0a84f55"  # noqa: S105  # of a service that is made up
FUNCTION_KEY, SUBSCRIPTION_KEY = "function-key-77aa", "subscription-key-88bb"
FEEDBACK_KEY: Final = "feedback-key-99cc"
SECRETS: Final = (PASSWORD, TOKEN, FUNCTION_KEY, SUBSCRIPTION_KEY, FEEDBACK_KEY)
"""Every secret a client is given here: none may be found where it does not belong."""
REASON: Final = "01234567-abcd-0123-4567-012345678900"
NOT_FOUND: Final = 404
NOT_ALLOWED: Final = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it came. query: the first value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Service(Protocol):
    def answer(self, call: Call, base: str, /) -> Answered:
        """Answer a call; base: where this server is, for links to it."""
        ...


class Reached:
    """How many calls have come, for whoever waits for one."""

    def __init__(self) -> None:
        self._calls = 0
        self._changed = threading.Condition()

    def one_more(self) -> None:
        with self._changed:
            self._calls += 1
            self._changed.notify_all()

    def wait_for(self, calls: int, *, at_most_s: float = 60.0) -> None:
        """Wait until so many calls have come. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._calls >= calls, at_most_s):
                raise TimeoutError(f"{self._calls} of {calls} calls came")


@dataclass(slots=True)
class FakeExchange:
    """A running service. troubles: answers given first, each once, before the service's own.

    hold_at: the call of this number is not answered before `released` is set; 0: none is held.
    """

    base: str
    service: Service
    calls: list[Call] = field(default_factory=list)
    troubles: list[Answered] = field(default_factory=list)
    reached: Reached = field(default_factory=Reached)
    hold_at: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def answer(self, call: Call) -> Answered:
        self.calls.append(call)
        held = len(self.calls) == self.hold_at
        self.reached.one_more()
        if held:
            self.released.wait(60.0)
        return self.troubles.pop(0) if self.troubles else self.service.answer(call, self.base)


@contextmanager
def an_exchange(service: Service) -> Iterator[FakeExchange]:
    """Serve on a free port of 127.0.0.1 until the block ends."""
    server = _Server((LOOPBACK, 0), _Answering)
    server.exchange = FakeExchange(f"http://{LOOPBACK}:{server.server_port}", service)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.exchange
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(slots=True)
class FakeNcmec:
    """entries: XML elements in the order of their ids, with the moment (s) each was changed."""

    entries: list[tuple[int, str]] = field(default_factory=list)
    page: int = 1000
    claims: int = 0
    votes: list[tuple[str, bytes]] = field(default_factory=list)

    def share(self, at_s: int, entry_id: str, *, media: str = "image", **hashes: str) -> None:
        prints = "".join(f"<{name}>{value}</{name}>" for name, value in hashes.items())
        entry = (
            f"<{media}><member id='42'>Example Member</member>"
            f"<timestamp>{ncmec.moment_text(at_s)}</timestamp><id>{entry_id}</id>"
            f"<classification>A1</classification><fingerprints>{prints}</fingerprints>"
            f"<feedback/></{media}>"
        )
        self.entries.append((at_s, entry))

    def delete(self, at_s: int, entry_id: str, *, media: str = "image") -> None:
        entry = (
            f"<deleted{media.title()}><member id='42'>Example Member</member>"
            f"<id>{entry_id}</id></deleted{media.title()}>"
        )
        self.entries.append((at_s, entry))

    def answer(self, call: Call, _base: str, /) -> Answered:
        expected = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {expected}":
            return Answered(status=NOT_ALLOWED)
        if call.path == "/v2/status":
            return _xml("status", "<member id='42'>Example Member</member>")
        if call.path.endswith("/reasons"):
            reason = f"<reason guid='{REASON}' name='Example Reason 1' type='Pdq'/>"
            offered = f"<availableFeedbackReasons>{reason}</availableFeedbackReasons>"
            return _xml("feedbackReasons", offered)
        if call.method == "PUT":
            self.votes.append((call.path, call.body))
            return _xml("submissionResult", "")
        return self._page(call.query) if call.path == "/v2/entries" else Answered(status=NOT_FOUND)

    def _page(self, query: Mapping[str, str]) -> Answered:
        within = [xml for at, xml in self.entries if _between(at, query)]
        start = int(query.get("start", "0"))
        shown = within[start : start + self.page]
        groups = "".join(
            f"<{group} count='{len(kept)}' maxTimestamp='{query['to']}'>{''.join(kept)}</{group}>"
            for group, words in (
                ("images", ("<image", "<deletedImage")),
                ("videos", ("<video", "<deletedVideo")),
            )
            if (kept := [xml for xml in shown if xml.startswith(words)])
        )
        if start + self.page < len(within):
            top = max(self.claims, len(within))
            following = (
                f"/v2/entries?from={query['from']}&to={query['to']}"
                f"&start={start + self.page}&size={self.page}&max={top}"
            )
            groups += f"<paging><next>{escape(following)}</next></paging>"
        return _xml("queryResult", groups)


@dataclass(slots=True)
class FakeStopNcii:
    """records: the service's own JSON objects, each with its lastModtimestamp."""

    records: list[dict[str, JsonValue]] = field(default_factory=list)
    page: int = 800
    feedback: list[JsonValue] = field(default_factory=list)

    def share(self, at_s: int, value: str, *, status: str = "Active", **more: JsonValue) -> None:
        self.records.append(
            {
                "lastModtimestamp": at_s,
                "hashValue": value,
                "hashStatus": status,
                "caseNumbers": {"27664732-76e1-4a17-8099-455798e67022": status},
                "signalType": "ImagePDQ",
                **more,
            }
        )

    def answer(self, call: Call, _base: str, /) -> Answered:
        key = FEEDBACK_KEY if call.path == "/SubmitFeedback" else FUNCTION_KEY
        keys = (call.headers.get("x-functions-key"), call.headers.get("ocp-apim-subscription-key"))
        if keys != (key, SUBSCRIPTION_KEY):
            return Answered(status=NOT_ALLOWED)
        if call.path == "/SubmitFeedback":
            self.feedback.append(msgspec.json.decode(call.body))
            return _json({})
        since = int(call.query["startTimestamp"])
        within = [row for row in self.records if int(str(row["lastModtimestamp"])) >= since]
        start = int(call.query.get("nextPageToken", "0"))
        size = min(self.page, int(call.query["pageSize"]))
        more = start + size < len(within)
        newest = max((int(str(row["lastModtimestamp"])) for row in within), default=since)
        return _json(
            {
                "count": len(within[start : start + size]),
                "nextSetTimestamp": newest + 1,
                "nextPageToken": str(start + size) if more else None,
                "hasMoreRecords": more,
                "hashRecords": [*within[start : start + size]],
            }
        )


@dataclass(slots=True)
class FakeThreatExchange:
    """updates: rows of /threat_updates in the order of last_updated."""

    updates: list[dict[str, JsonValue]] = field(default_factory=list)
    page: int = 100
    reactions: list[tuple[str, str]] = field(default_factory=list)
    elsewhere: str = ""

    def share(
        self, at_s: int, indicator: str, *, kind: str = "HASH_PDQ", status: str = "MALICIOUS"
    ) -> None:
        descriptor: dict[str, JsonValue] = {
            "id": str(9_000 + len(self.updates)),
            "owner": {"id": "678"},
            "status": status,
            "tags": {"data": [{"id": "1", "text": "media_type_photo"}]},
        }
        self._add(at_s, indicator, kind, {"descriptors": {"data": [descriptor]}})

    def delete(self, at_s: int, indicator: str, *, kind: str = "HASH_PDQ") -> None:
        self._add(at_s, indicator, kind, {"should_delete": True})

    def _add(self, at_s: int, indicator: str, kind: str, more: dict[str, JsonValue]) -> None:
        row: dict[str, JsonValue] = {"id": str(len(self.updates)), "should_delete": False}
        self.updates.append(
            {**row, "indicator": indicator, "type": kind, "last_updated": at_s, **more}
        )

    def answer(self, call: Call, base: str, /) -> Answered:
        if call.query.get("access_token") != TOKEN:
            return _json({"error": {"message": "Invalid OAuth access token"}}, status=400)
        if call.method == "POST":
            told = dict(parse_qsl(call.body.decode()))
            self.reactions.append((call.path.strip("/"), told["reactions"]))
            return _json({"success": True})
        if call.path == "/1234":
            return _json({"id": "1234", "name": "Example group"})
        since, start = int(call.query.get("start_time", "0")), int(call.query.get("after", "0"))
        within = [row for row in self.updates if int(str(row["last_updated"])) >= since]
        shown = within[start : start + self.page]
        body: dict[str, JsonValue] = {"data": [*shown]}
        if start + self.page < len(within):
            body["paging"] = {
                "next": f"{self.elsewhere or base}/1234/threat_updates/?access_token="
                f"{TOKEN}&fields={threatexchange.FIELDS}&start_time={since}"
                f"&after={start + self.page}"
            }
        return _json(body)


@dataclass(slots=True)
class FakeTat:
    """entries: rows of the hash list; a later row of the same id is its change."""

    entries: list[dict[str, JsonValue]] = field(default_factory=list)
    page: int = 100

    def share(self, at_s: int, number: int, digest: str, **more: JsonValue) -> None:
        row: dict[str, JsonValue] = {
            "hash_digest": digest,
            "algorithm": "MD5",
            "ideology": "islamist",
            "file_type": "mp4",
            "deleted": False,
            "updated_on": at_s,
            "created_on": "2025-03-03 23:05:22,587",
            "id": number,
        }
        self.entries.append({**row, **more})

    def answer(self, call: Call, _base: str, /) -> Answered:
        if call.path == "/token-auth/tcap/":
            told = dict(parse_qsl(call.body.decode()))
            good = (told.get("username"), told.get("password")) == (USER, PASSWORD)
            return _json({"token": "jwt", "user": {}}) if good else Answered(status=400)
        if call.headers.get("authorization") != "Bearer jwt":
            return Answered(status=NOT_ALLOWED)
        after = _mark_of(call.query.get("after", ""))
        later = [row for row in self.entries if _place_of(row) > after]
        # Some go on by the offset of `next`, behind the mark they came with; others by a new mark.
        start = int(call.query.get("offset", "0"))
        later = later[start:]
        shown = later[: self.page]
        last = f"{shown[-1]['updated_on']},{shown[-1]['id']}" if shown else ""
        more = f"limit={self.page}&offset={start + self.page}"
        return _json(
            {
                "count": len(self.entries),
                "next": more if len(later) > len(shown) else None,
                "previous": None,
                "checkpoint": last,
                "results": [*shown],
            }
        )


class _Server(ThreadingHTTPServer):
    exchange: FakeExchange

    def handle_error(self, *_: object) -> None:
        """Say nothing: a caller that is killed is what a test is about."""


class _Answering(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("content-length", "0"))
        call = Call(
            method=self.command,
            path=url.path,
            query={name: values[0] for name, values in parse_qs(url.query).items()},
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        answered = self.server.exchange.answer(call)
        self.send_response(answered.status)
        for name, value in {**answered.headers, "content-length": str(len(answered.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answered.body)

    do_POST = do_GET  # noqa: N815  # the name http.server looks for
    do_PUT = do_GET  # noqa: N815  # the name http.server looks for

    def log_message(self, *_: object) -> None:
        pass


def _between(at_s: int, query: Mapping[str, str]) -> bool:
    return query["from"] <= ncmec.moment_text(at_s) <= query["to"]


def _mark_of(text: str) -> tuple[float, int]:
    at, _, number = text.partition(",")
    return (float(at), int(number)) if number else (0.0, 0)


def _place_of(row: Mapping[str, JsonValue]) -> tuple[float, int]:
    return float(str(row["updated_on"])), int(str(row["id"]))


def _xml(name: str, inner: str) -> Answered:
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>"
    return Answered(body=f"{head}<{name} xmlns='{ncmec.NAMESPACE}'>{inner}</{name}>".encode())


def _json(value: JsonValue, *, status: int = 200) -> Answered:
    return Answered(body=msgspec.json.encode(value), status=status)
