"""A receiver that carries out Fieldfare's effects exactly once, with the standard library alone.

Fieldfare delivers at least once: the same webhook id may come twice, and an older revision after a
newer one. Three tables turn that into exactly once: every (decision, effect) is kept, every
subject remembers the highest revision, and its present effects are those of that revision only.
All of it commits before the 200 goes out, so a crash in between is answered by the next delivery.

    FIELDFARE_WEBHOOK_SECRET=whsec_... python examples/receiver.py --port 9000 --db state.sqlite

Put your own work (hide the video, write to its author) where `apply` says so.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOLERANCE_S = 300
BODY_AT_MOST = 1 << 20
TABLES = """
CREATE TABLE IF NOT EXISTS effect (
  decision_id TEXT, effect_id TEXT, subject TEXT, revision INTEGER, applied INTEGER, body TEXT,
  PRIMARY KEY (decision_id, effect_id));
CREATE TABLE IF NOT EXISTS subject (
  subject TEXT PRIMARY KEY, revision INTEGER, decision_id TEXT, expected INTEGER);
CREATE TABLE IF NOT EXISTS present (
  subject TEXT, effect_id TEXT, kind TEXT, restriction TEXT, PRIMARY KEY (subject, effect_id));
"""


class BadSignature(Exception):
    """The request was not signed with a secret of ours, or not lately."""


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now_s: float) -> None:
    """Check a Standard Webhooks signature. Raises BadSignature."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message_id, timestamp, signatures = (headers.get(name, "") for name in names)
    if not timestamp.isdigit() or abs(now_s - int(timestamp)) > TOLERANCE_S:
        raise BadSignature("the timestamp is missing, too old or too new")
    signed = f"{message_id}.{timestamp}.".encode() + body
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mine = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        given = signatures.split(" ")
        if any(hmac.compare_digest(mine.encode(), theirs.encode()) for theirs in given):
            return
    raise BadSignature("no signature fits")


class State:
    """What holds on every subject, in one SQLite file."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(TABLES)

    def apply(self, body: bytes) -> str:
        """Carry out one effect, durably: answers "applied", "repeated" or "older"."""
        effect = json.loads(body)
        subject = f"{effect['org']}/{effect['subject']['kind']}:{effect['subject']['host_id']}"
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                outcome = self._apply(effect, subject, body)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
        return outcome

    def _apply(self, effect: dict[str, Any], subject: str, body: bytes) -> str:
        run, revision = self._db.execute, effect["subject_revision"]
        first = run("SELECT revision FROM subject WHERE subject = ?", [subject]).fetchone()
        highest = first[0] if first else -1
        outcome = "older" if revision < highest else "applied"
        row = [effect["decision_id"], effect["id"], subject, revision, outcome == "applied", body]
        if not run("INSERT OR IGNORE INTO effect VALUES (?, ?, ?, ?, ?, ?)", row).rowcount:
            return "repeated"
        if outcome == "older":
            return outcome
        if revision > highest:
            newest = [subject, revision, effect["decision_id"], effect["of"]]
            run("INSERT OR REPLACE INTO subject VALUES (?, ?, ?, ?)", newest)
            run("DELETE FROM present WHERE subject = ?", [subject])
        # Your own work goes here, in this transaction or in an outbox of your own.
        kind = str(effect["type"]).removeprefix("effect.")
        present = [subject, effect["id"], kind, json.dumps(effect["restriction"])]
        run("INSERT INTO present VALUES (?, ?, ?, ?)", present)
        return outcome

    def subjects(self) -> dict[str, dict[str, object]]:
        """Tell, for every subject: revision, decision_id, is_complete and its effects' kinds."""
        told: dict[str, dict[str, object]] = {}
        with self._lock:
            rows = self._db.execute("SELECT * FROM subject ORDER BY subject").fetchall()
            for subject, revision, decision_id, expected in rows:
                kinds = self._db.execute(
                    "SELECT kind FROM present WHERE subject = ? ORDER BY effect_id", [subject]
                ).fetchall()
                told[subject] = {
                    "revision": revision,
                    "decision_id": decision_id,
                    "is_complete": len(kinds) == expected,
                    "kinds": sorted(kind for (kind,) in kinds),
                }
        return told

    def applied(self) -> list[str]:
        """Name every effect that was carried out, once for each time it was."""
        with self._lock:
            rows = self._db.execute("SELECT effect_id FROM effect WHERE applied").fetchall()
        return sorted(effect_id for (effect_id,) in rows)

    def close(self) -> None:
        self._db.close()


class Server(ThreadingHTTPServer):
    """Says nothing of a sender that hung up: what it did not hear, it sends again."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def serve(
    state: State, secrets: Sequence[str], port: int, clock: Callable[[], float] = time.time
) -> ThreadingHTTPServer:
    """Bind 127.0.0.1 and answer POST / (effects) and GET /state once started."""

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            if length > BODY_AT_MOST:
                self.close_connection = True
                return self.answer(413, {"error": "too large"})
            body = self.rfile.read(length)
            try:
                verify({k.lower(): v for k, v in self.headers.items()}, body, secrets, clock())
            except BadSignature as error:
                return self.answer(401, {"error": str(error)})
            return self.answer(200, {"outcome": state.apply(body)})

        def do_GET(self) -> None:
            told = {"subjects": state.subjects(), "applied": state.applied()}
            self.answer(200, told) if self.path == "/state" else self.answer(404, {})

        def answer(self, status: int, told: object) -> None:
            text = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Server(("127.0.0.1", port), Receiver)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--db", type=Path, default=Path("receiver.sqlite"))
    parser.add_argument("--print-state", action="store_true", help="print what holds, and end")
    options = parser.parse_args()
    state = State(options.db)
    if options.print_state:
        print(json.dumps(state.subjects(), indent=1))
        return 0
    secrets = os.environ.get("FIELDFARE_WEBHOOK_SECRET", "").split()
    if not secrets:
        print("Set FIELDFARE_WEBHOOK_SECRET to what `fieldfare webhook add` printed.")
        return 2
    server = serve(state, secrets, options.port)
    print(f"receiving on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
