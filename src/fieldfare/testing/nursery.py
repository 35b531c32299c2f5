"""A process that has loaded our server, and forks one whenever it is asked to.

What a child is to run flows in; a real process of its own flows out, in a session of its own, with
its own environment and log. Only the imports are not its own: they take longer than all else a
server does before it listens, and a test that kills forty has them done once.
"""

import gc
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, cast

LOOK_EVERY_S: Final = 0.01
LOADED: Final = (
    "fieldfare.cli.commands",
    "fieldfare.cli.serving",
    "fieldfare.matching.index.kernels",
    "fieldfare.matching.index.spreading",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
)
"""What a server has imported by the time it listens."""

_TEND: Final = """
from fieldfare.cli import main
from fieldfare.testing.nursery import tend
tend(main)
"""


class Nursery:
    """A warm process to fork children from. One thread may use it at a time."""

    def __init__(self) -> None:
        self._warm = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-c", _TEND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A process with threads is not to be forked, and these would be there at once.
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def spawn(
        self, arguments: Sequence[str], *, log: Path, environment: Mapping[str, str]
    ) -> "Child":
        """Start `fieldfare ...` in a new process; what it writes is appended to `log`."""
        told = {"arguments": list(arguments), "log": str(log), "environment": dict(environment)}
        return Child(self, int(self._ask(told)))

    def run(
        self, arguments: Sequence[str], *, log: Path, environment: Mapping[str, str]
    ) -> tuple[int, str]:
        """Run `fieldfare ...` to its end: exit status and everything it wrote."""
        status = self.spawn(arguments, log=log, environment=environment).wait()
        return status, log.read_text(errors="replace")

    def ended(self, pid: int) -> int | None:
        """Tell how a child ended, in the way of Popen.returncode; None while it runs."""
        answer = self._ask({"ended": pid})
        return None if answer is None else int(answer)

    def close(self) -> None:
        """Let it end. Children that run go on without it."""
        with self._warm:
            self._warm.communicate()

    def _ask(self, question: object) -> Any:  # noqa: ANN401  # JSON
        asked, answered = cast("IO[bytes]", self._warm.stdin), cast("IO[bytes]", self._warm.stdout)
        asked.write(json.dumps(question).encode() + b"\n")
        asked.flush()
        line = answered.readline()
        if not line:
            raise RuntimeError("the nursery has ended")
        return json.loads(line)


class Child:
    """One process of a nursery, with as much of Popen as a test needs."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._ended: int | None = None

    def poll(self) -> int | None:
        """Tell how it ended; None while it runs."""
        if self._ended is None:
            self._ended = self._nursery.ended(self.pid)
        return self._ended

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended. Raises TimeoutExpired after so many seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (ended := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), cast("float", timeout))
            time.sleep(LOOK_EVERY_S)
        return ended


def tend(run: Callable[[list[str]], None]) -> None:
    """Fork a child for each line on standard input until there is none; run it in the child.

    run: the `fieldfare` command, which this room does not import. A child leaves here as it would
    leave a process of its own: what runs at the end of an interpreter runs.
    """
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that a child's collections do not copy the pages it shares with us
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        if "ended" in asked:
            _answer(_ended(asked["ended"]))
            continue
        reader, writer = os.pipe()
        if pid := os.fork():
            os.close(writer)
            os.read(reader, 1)  # until it leads a session, and its group can be killed
            os.close(reader)
            _answer(pid)
            continue
        _stand_alone(asked["log"], asked["environment"])
        os.close(reader)
        os.close(writer)
        run(asked["arguments"])
        return


def _answer(told: int | None) -> None:
    os.write(sys.stdout.fileno(), json.dumps(told).encode() + b"\n")


def _ended(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _stand_alone(log: str, environment: Mapping[str, str]) -> None:
    """Become what `Popen(start_new_session=True)` would have made of this child."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(written)
    os.environ.clear()
    os.environ.update(environment)
