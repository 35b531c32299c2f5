"""A real server for a demo: a folder flows in, a running `fieldfare serve` flows out, and is ended.

The server is another process, as at a host's, so that nothing but HTTP can pass between the
simulator and the platform. Its clock is simulated and stands where the installation's log begins.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from fieldfare.engine.settings import Settings
from fieldfare.installation import create_installation
from fieldfare.kernel import Conflict, SimulatedClock, Unavailable, unix_ms

BEGINS: Final = "2026-01-05T00:00:00Z"
"""When simulated time begins; `serve --clock simulated` begins there as well."""

MARKER: Final = "this-is-a-demo"
START_TIMEOUT_S: Final = 180.0
"""A machine that is busy with other work is slow to start a server, and has not failed."""
STOP_TIMEOUT_S: Final = 20.0
POLL_S: Final = 0.05
_MASTER_KEY: Final = "FIELDFARE_MASTER_KEY"
_SERVE: Final = "from fieldfare.cli import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A fresh installation. Secrets as they are shown once."""

    home: Path
    admin: str
    password: str
    key: str


def install(home: Path) -> Installed:
    """Make a new installation in a folder, over that of an earlier demo if there is one.

    Raises Conflict if the folder holds anything but a demo.
    """
    if home.exists() and any(home.iterdir()):
        if not (home / MARKER).is_file():
            hint = "Start the demo in another folder, or move that one away."
            raise Conflict(f"{home} is not the folder of a demo", hint=hint)
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARKER).write_text("Made by `fieldfare demo`, which deletes it when it starts again.\n")
    clock = SimulatedClock(unix_ms(BEGINS))
    secrets = create_installation(Settings(home=home), clock=clock)
    return Installed(home=home, admin=secrets.name, password=secrets.password, key=secrets.key)


@contextmanager
def serving(home: Path, *, port: int) -> Iterator[str]:
    """Run the server on an installation until the context ends; gives where it listens.

    port: 0 for any free one. Raises Unavailable if it ends or does not answer within
    START_TIMEOUT_S, saying which; its log is in server.log of the folder.
    """
    log_path = home / "server.log"
    arguments = ["serve", "--home", str(home), "--port", str(port), "--clock", "simulated"]
    with log_path.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-c", _SERVE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            start_new_session=True,  # Ctrl-C is for the demo, which then ends its server in order
        )
    try:
        yield _answering_url(home, process, log_path)
    finally:
        _end(process)


def _environment() -> dict[str, str]:
    """Leave out the settings of the person's own installation: a demo must not touch it."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("FIELDFARE_") or name == _MASTER_KEY
    }


def _answering_url(home: Path, process: "subprocess.Popen[bytes]", log_path: Path) -> str:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            url = str(json.loads((home / "server.json").read_text("utf-8"))["url"])
            httpx2.get(f"{url}/health", timeout=5.0, trust_env=False)
        except (OSError, ValueError, KeyError, httpx2.HTTPError):
            time.sleep(POLL_S)
        else:
            return url
    code = process.poll()
    if code is None:
        what = f"the server is still starting after {START_TIMEOUT_S:.0f} s"
    elif code < 0:
        what = f"the server was ended by signal {-code} while it started"
    else:
        what = f"the server exited with code {code} while it started"
    last = log_path.read_text("utf-8", errors="replace").strip().splitlines()[-3:]
    message = f"{what}: {' '.join(last)}" if last else what
    raise Unavailable(message, hint=f"See {log_path}.")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
