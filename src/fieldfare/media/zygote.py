"""The zygote: a lean process that has everything imported and warm, and forks one child a file.

In: errands over a socket, each with the open file, the answer file and a status socket. Out: on the
status socket first a descriptor of the child's process, then how it ended. It never reads a hostile
byte itself; its children do, sealed. It ends when its parent does.
"""

import gc
import importlib
import io
import os
import selectors
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

import msgspec
from PIL import Image

from fieldfare.media.builtin_clip import builtin_clip
from fieldfare.media.errand import (
    EXIT_ANSWERED,
    EXIT_FAILED,
    EXIT_OUT_OF_MEMORY,
    MESSAGE_BYTES,
    READY,
    Ended,
    Errand,
)
from fieldfare.media.examine import examine
from fieldfare.media.hearing import warm_ears
from fieldfare.media.limits import MediaLimits
from fieldfare.media.seal import seal
from fieldfare.media.taps import TAPS, Tap
from fieldfare.media.wire import write_answer, write_probe

_FDS: Final = 3

Taps = Mapping[str, Callable[[], Tap]]


def main(arguments: list[str]) -> None:
    """Serve errands until the parent hangs up. arguments: the socket, modules of taps."""
    control = socket.socket(fileno=int(arguments[0]))
    taps: dict[str, Callable[[], Tap]] = dict(TAPS)
    for module in arguments[1:]:
        taps.update(importlib.import_module(module).TAPS)
    warm_up()
    gc.collect()
    gc.freeze()  # so that a child's collections do not copy the pages it shares with us
    control.send(READY)
    _Zygote(control, taps).serve()


def warm_up() -> None:
    """Use every decoder and tap once, so that nothing is imported or opened after sealing."""
    errand = Errand(limits=MediaLimits(), taps=tuple(TAPS))
    warm_ears()
    trials = [builtin_clip()]
    for name in ("JPEG", "PNG", "WEBP", "GIF"):
        picture = io.BytesIO()
        frames = [Image.new("RGB", (64, 64), shade) for shade in ("black", "white")]
        frames[0].save(picture, name, save_all=name in {"WEBP", "GIF"}, append_images=frames[1:])
        trials.append(picture.getvalue())
    for trial in trials:
        file = os.memfd_create("fieldfare-trial")
        os.write(file, trial)
        os.lseek(file, 0, os.SEEK_SET)
        with os.fdopen(file, "rb", buffering=0) as opened:
            answer, _ = examine(opened, errand, taps=TAPS, report=None, tell=lambda _: None)
        if not answer.complete:
            raise RuntimeError(f"the built-in clip cannot be decoded here: {answer.problem}")


class _Zygote:
    def __init__(self, control: socket.socket, taps: Taps) -> None:
        self._control = control
        self._taps = taps
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, tuple[int, socket.socket]] = {}

    def serve(self) -> None:
        self._selector.register(self._control, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._control:
                    self._reap(key.fd)
                elif not self._take_errand():
                    return  # the children die with us: each has asked the kernel for that

    def _take_errand(self) -> bool:
        message, fds, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, _FDS)
        if not message:
            return False
        source, answer, status_fd = fds
        status = socket.socket(fileno=status_fd)
        pid = os.fork()
        if pid == 0:
            self._control.close()
            status.close()
            run_child(message, source, answer, self._taps)
        os.close(source)
        os.close(answer)
        pidfd = os.pidfd_open(pid)
        self._children[pidfd] = (pid, status)
        self._selector.register(pidfd, selectors.EVENT_READ)
        _tell(status, b"started", [pidfd])
        return True

    def _reap(self, pidfd: int) -> None:
        pid, status = self._children.pop(pidfd)
        self._selector.unregister(pidfd)
        os.close(pidfd)
        _, how, usage = os.wait4(pid, 0)
        ended = Ended(ended=how, cpu_s=usage.ru_utime + usage.ru_stime)
        _tell(status, msgspec.json.encode(ended), [])
        status.close()


def run_child(message: bytes, source: int, answer: int, taps: Taps) -> NoReturn:
    """Seal this process, do the errand, write the answer and end. Never returns."""
    code = EXIT_FAILED
    try:
        errand = msgspec.json.decode(message, type=Errand)
        _close_all_but(source, answer)
        with os.fdopen(source, "rb", buffering=0) as file:
            report = seal(errand.limits)
            said, arrays = examine(
                file,
                errand,
                taps=taps,
                report=report,
                tell=lambda probe: write_probe(answer, probe),
            )
            write_answer(answer, said, arrays)
            code = EXIT_ANSWERED
    except MemoryError:
        code = EXIT_OUT_OF_MEMORY
    finally:
        os._exit(code)


def _close_all_but(*kept: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    low = 3
    for fd in (*sorted(kept), os.sysconf("SC_OPEN_MAX")):
        os.closerange(low, fd)
        low = fd + 1


def _tell(status: socket.socket, what: bytes, fds: list[int]) -> None:
    try:
        socket.send_fds(status, [what], fds)
    except OSError:  # the parent no longer waits for this one
        return


if __name__ == "__main__":
    main(sys.argv[1:])
