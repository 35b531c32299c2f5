"""Taps that do what a decoder taken over by its input would try; the zygote of tests has them."""

import ctypes
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from fieldfare.media.findings import Array
from fieldfare.media.pictures import Picture
from fieldfare.media.wire import ANSWER_AT

_LIBC = ctypes.CDLL(None, use_errno=True)
_IO_URING_SETUP = 425
_CLONE3 = 435
_PTRACE = 101 if os.uname().machine == "x86_64" else 117


class Nothing:
    def see(self, picture: Picture, /) -> None:
        """Let it pass."""

    def arrays(self) -> Mapping[str, Array]:
        return {}


def _errno(attempt: Callable[[], object]) -> int:
    try:
        attempt()
    except OSError as error:
        return error.errno or -1
    except RuntimeError:  # how Python says that no thread could be started
        return 1
    return 0


def _call(number: int, *arguments: int) -> None:
    if _LIBC.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "denied")


class Escape(Nothing):
    """Tries every way out and reports what the kernel said: 0 would be success."""

    def arrays(self) -> Mapping[str, Array]:
        tries: dict[str, Callable[[], object]] = {
            "read": lambda: os.open("/etc/passwd", os.O_RDONLY),
            "write": lambda: os.open("escaped", os.O_WRONLY | os.O_CREAT),
            "stat": Path("/etc/passwd").stat,
            "list": lambda: os.listdir("/"),  # noqa: PTH208
            "socket": socket.socket,
            "unix": socket.socketpair,
            "fork": os.fork,
            "exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
            "thread": threading.Thread(target=str).start,
            "kill": lambda: os.kill(os.getppid(), signal.SIGTERM),
            "ptrace": lambda: _call(_PTRACE, 0, 0, 0, 0),
            "io_uring": lambda: _call(_IO_URING_SETUP, 1, 0),
            "clone3": lambda: _call(_CLONE3, 0, 0),
            "root": lambda: os.setuid(0),
        }
        return {name: np.array([_errno(attempt)], np.int32) for name, attempt in tries.items()}


class Hang(Nothing):
    def see(self, _: Picture, /) -> None:
        while True:
            pass


class Eat(Nothing):
    def see(self, _: Picture, /) -> None:
        eaten = []
        while True:
            eaten.append(bytes(1 << 24))


class Crash(Nothing):
    def see(self, _: Picture, /) -> None:
        ctypes.string_at(0)


class Leave(Nothing):
    def see(self, _: Picture, /) -> None:
        os._exit(0)


class Shout(Nothing):
    """Hands back more than there is room for."""

    def arrays(self) -> Mapping[str, Array]:
        return {"loud": np.zeros(1 << 25, np.uint8)}


class Lie(Nothing):
    """Claims frames of which the parts do not fit."""

    def arrays(self) -> Mapping[str, Array]:
        return {
            "pdq.t": np.array([3.0, 1.0]),
            "pdq.bits": np.zeros((2, 32), np.uint8),
            "pdq.quality": np.zeros(2, np.uint8),
        }


class Scribble(Nothing):
    """Writes rubbish over the answer file, whose descriptor it guesses, and leaves."""

    def see(self, _: Picture, /) -> None:
        for fd in range(3, 16):
            try:
                os.pwrite(fd, b"\x20\x00\x00\x00" + b'{"arrays": {"x": 1}, "probe": 7 ', ANSWER_AT)
            except OSError:
                continue
        os._exit(0)


class Clock(Nothing):
    """Notes when each frame is shown and whether it is a sample."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []

    def see(self, picture: Picture, /) -> None:
        self._seen.append((picture.t, float(picture.sampled)))

    def arrays(self) -> Mapping[str, Array]:
        return {"clock": np.array(self._seen, np.float64).reshape(-1, 2)}


TAPS = {
    "escape": Escape,
    "hang": Hang,
    "eat": Eat,
    "crash": Crash,
    "leave": Leave,
    "shout": Shout,
    "lie": Lie,
    "scribble": Scribble,
    "clock": Clock,
}
