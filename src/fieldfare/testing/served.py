"""A real server for benchmarks: an installation in a folder that goes away, and a kept-alive line.

Bodies are bytes on this line, so that a benchmark does not measure its own encoding.
"""

import http.client
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldfare.testing.processes import LOOPBACK, free_port, run_command, server

CALL_S = 60


@dataclass(frozen=True, slots=True)
class Served:
    """Where a server listens and the key to talk to it."""

    port: int
    key: str

    def connect(self) -> "Line":
        return Line(self)


class Line:
    """One kept-alive connection."""

    def __init__(self, served: Served) -> None:
        self._line = http.client.HTTPConnection(LOOPBACK, served.port, timeout=CALL_S)
        self._headers = {
            "Authorization": f"Bearer {served.key}",
            "Content-Type": "application/json",
        }

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Make a call; raises OSError or HTTPException if no answer came."""
        self._line.request(method, path, body=body, headers=self._headers)
        response = self._line.getresponse()
        return response.status, response.read()

    def ask(self, path: str) -> Any:  # noqa: ANN401  # decoded JSON
        """Get a path and decode what it says."""
        return json.loads(self.send("GET", path)[1])


@contextmanager
def temporary_home() -> Iterator[tuple[Path, str]]:
    """Make an installation in a folder that goes away: the folder and the API key."""
    with tempfile.TemporaryDirectory(prefix="fieldfare-") as folder:
        home = Path(folder) / "home"
        status, told = run_command(home, "init")
        found = re.search(r"API key (\S+)", told)
        if status or found is None:
            raise RuntimeError(told)
        yield home, found[1]


@contextmanager
def serving(home: Path, key: str) -> Iterator[Served]:
    """Run the server on a free port until the benchmark is over."""
    port = free_port()
    process = server(home, port)
    process.start()
    try:
        yield Served(port, key)
    finally:
        process.stop()
