"""Real processes for tests that kill them: our own server and the example receiver.

A folder and a port flow in, processes that can be killed at any moment flow out. Each stands in a
process group of its own, so that SIGKILL leaves no child behind and reaches nobody else.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fieldfare.testing.nursery import Child, Nursery

LOOPBACK: Final = "127.0.0.1"
READY_S: Final = 180.0
LOOK_EVERY_S: Final = 0.03
CALL_S: Final = 20.0
BOUNDARY: Final = "part-of-what-a-test-sends"


class NotReady(Exception):
    """A process did not answer in time; `log` is the end of what it wrote."""

    def __init__(self, name: str, log: str) -> None:
        super().__init__(f"{name} did not get ready:\n{log}")


class Process:
    """A command that is started, killed and started again, with what it writes in one file.

    command: its words; with a nursery, those after `fieldfare`, and it is forked from there.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        ready: int,
        nursery: Nursery | None = None,
    ) -> None:
        self._nursery = nursery
        self._command = list(command)
        self._log = log
        self._environment = {**os.environ, **environment}
        self._port = ready
        self._running: subprocess.Popen[bytes] | Child | None = None

    def spawn(self) -> None:
        """Start without waiting."""
        if self._nursery is not None:
            self._running = self._nursery.spawn(
                self._command, log=self._log, environment=self._environment
            )
            return
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(  # noqa: S603  # our own command
                self._command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start and wait until the port answers. Raises NotReady after three minutes."""
        self.spawn()
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.is_running:
            if self._answers():
                return
            time.sleep(LOOK_EVERY_S)
        self.kill()
        raise NotReady(self._command[-1], self._log.read_text(errors="replace")[-4000:])

    def kill(self) -> None:
        """Send SIGKILL to the whole group, and wait until the process is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and kill it if it has not after three minutes."""
        self._end(signal.SIGTERM)

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def _end(self, how: signal.Signals) -> None:
        if self._running is None:
            return
        try:
            os.killpg(self._running.pid, how)
            self._running.wait(READY_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait()
        except ProcessLookupError:
            self._running.wait()
        self._running = None

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=CALL_S)
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return True


class Api:
    """Calls one server with one key; raises OSError or HTTPException if no answer came."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Answer with status and decoded JSON."""
        text = None if body is None else json.dumps(body).encode()
        return self._send(method, path, text, self._headers)

    def upload(self, path: str, metadata: object, file: bytes, *, name: str) -> tuple[int, Any]:
        """Post metadata with one file as multipart; answer as `call` does."""
        parts = (
            ("metadata", json.dumps(metadata).encode()),
            (f'file"; filename="{name}', file),
        )
        sent = b"".join(
            f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{title}"\r\n\r\n'.encode()
            + content
            + b"\r\n"
            for title, content in parts
        )
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        closed = sent + f"--{BOUNDARY}--\r\n".encode()
        return self._send("POST", path, closed, {**self._headers, "content-type": kind})

    def _send(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=CALL_S)
        try:
            connection.request(method, path, content, dict(headers))
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")
        finally:
            connection.close()


def free_port() -> int:
    """Name a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind((LOOPBACK, 0))
        port: int = asked.getsockname()[1]
        return port


def run_command(home: Path, *arguments: str) -> tuple[int, str]:
    """Run `fieldfare ...` on an installation to its end: exit status and everything it wrote."""
    done = subprocess.run(  # noqa: S603  # our own command
        [*FIELDFARE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "FIELDFARE_HOME": str(home)},
        check=False,
        timeout=READY_S * 5,
    )
    return done.returncode, done.stdout.decode(errors="replace")


FIELDFARE: Final = (sys.executable, "-c", "from fieldfare.cli import main; main()")


def server(home: Path, port: int, nursery: Nursery | None = None) -> Process:
    """Make ready `fieldfare serve` on an installation; what it writes goes beside it."""
    command = ("serve", "--port", str(port))
    return Process(
        [*FIELDFARE, *command] if nursery is None else command,
        log=home.parent / "server.log",
        environment={"FIELDFARE_HOME": str(home)},
        ready=port,
        nursery=nursery,
    )


def receiver(script: Path, database: Path, port: int, secret: str) -> Process:
    """Make ready the example receiver on a database file."""
    return Process(
        [sys.executable, str(script), "--port", str(port), "--db", str(database)],
        log=database.parent / "receiver.log",
        environment={"FIELDFARE_WEBHOOK_SECRET": secret},
        ready=port,
    )
