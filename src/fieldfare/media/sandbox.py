"""The sandbox: files go in as open descriptors, findings come out; nothing hostile runs in here.

The parent's side. It starts the zygote, hands it one errand a file, waits, kills what takes too
long, and reads the answer as plain numbers. Whatever happens to a child - or to the zygote -
becomes a reason in the Examination, never an exception.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final, Self

import msgspec

from fieldfare.kernel import Unavailable
from fieldfare.media.builtin_clip import builtin_clip
from fieldfare.media.errand import (
    DEFAULT_TAPS,
    EXIT_OUT_OF_MEMORY,
    MESSAGE_BYTES,
    READY,
    Ended,
    Errand,
)
from fieldfare.media.findings import Examination, Probe, SandboxReport
from fieldfare.media.limits import KINDS, Kind, MediaLimits
from fieldfare.media.shapes import check_shapes
from fieldfare.media.wire import NonsenseAnswer, answer_file, read_answer, read_probe

_START_S: Final = 60.0
_REAP_S: Final = 10.0
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH")


class _ZygoteGone(Exception):
    """The zygote hung up before it told how a child ended."""


class MediaSandbox:
    """Examines files in sealed children. Safe to use from several threads, each with its own file.

    tap_modules: modules with further `TAPS`, imported by the zygote at start; they must be lean.
    """

    def __init__(
        self, limits: MediaLimits | None = None, *, tap_modules: Sequence[str] = ()
    ) -> None:
        self.limits = limits or MediaLimits()
        self._tap_modules = tuple(tap_modules)
        self._lock = threading.Lock()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._report: SandboxReport | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def zygote_pid(self) -> int | None:
        """The process that forks, if it has been started."""
        return self._zygote.pid if self._zygote else None

    def close(self) -> None:
        """End the zygote and with it every child."""
        with self._lock:
            self._stop()

    def report(self) -> SandboxReport:
        """Tell which walls stand, by examining the built-in clip once. Raises Unavailable."""
        if self._report is None:
            file = os.memfd_create("fieldfare-clip", os.MFD_CLOEXEC)
            try:
                os.write(file, builtin_clip())
                found = self.examine(file)
            finally:
                os.close(file)
            if found.report is None:
                raise Unavailable(
                    f"the media sandbox does not work: {found.problem}",
                    hint="Check that av, numpy and Pillow are installed and memory is free.",
                )
            self._report = found.report
        return self._report

    def examine(
        self,
        fd: int,
        *,
        taps: tuple[str, ...] = DEFAULT_TAPS,
        kinds: tuple[Kind, ...] = KINDS,
        limits: MediaLimits | None = None,
        gap_s: float | None = None,
    ) -> Examination:
        """Look at the regular file open as `fd`, in a sealed child. Blocks until it has ended.

        taps: what to take from the frames; none at all is plain decoding. limits: for this file, in
        place of the sandbox's own. gap_s: None to decode every frame; else keyframes alone, and
        others where those are further apart, all of which are samples.
        """
        errand = Errand(limits=limits or self.limits, taps=taps, kinds=kinds, gap_s=gap_s)
        answer = answer_file(errand.limits.answer_bytes)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._send(errand, fd, answer, theirs)
            ended, killed = _wait(ours, errand.limits.wall_s)
            return _examination(answer, errand.limits, ended, killed=killed)
        except (_ZygoteGone, Unavailable) as trouble:
            return Examination(probe=_probe_left(answer), problem=str(trouble))
        finally:
            ours.close()
            os.close(answer)

    def _send(self, errand: Errand, fd: int, answer: int, status: socket.socket) -> None:
        # A descriptor of its own: the child's reading must not move the caller's position.
        source = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
        message = [msgspec.json.encode(errand)]
        passed = [source, answer, status.fileno()]
        try:
            with self._lock:
                try:
                    socket.send_fds(self._running(), message, passed)
                except ConnectionError:  # it has just died, and the system does not say so yet
                    self._stop()
                    socket.send_fds(self._running(), message, passed)
        except OSError as error:
            raise _ZygoteGone(f"the decoding process could not be asked: {error}") from None
        finally:
            os.close(source)

    def _running(self) -> socket.socket:
        if self._zygote is not None and self._zygote.poll() is not None:
            self._stop()
        if self._control is None:
            self._control = self._start()
        return self._control

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = str(theirs.fileno())
        command = [sys.executable, "-P", "-m", "fieldfare.media.zygote", number, *self._tap_modules]
        with theirs:
            self._zygote = subprocess.Popen(  # noqa: S603  # our own module, no shell
                command,
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_environment(os.environ),
            )
        ours.settimeout(_START_S)
        try:
            ready = ours.recv(MESSAGE_BYTES) == READY
        except TimeoutError:
            ready = False
        if not ready:
            ours.close()
            self._stop()
            raise Unavailable("the decoding process did not start")
        ours.settimeout(None)
        return ours

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote.wait()
        self._control = self._zygote = None


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Pass on what Python needs and nothing secret; one thread, so that a fork is safe."""
    passed = {name: environ[name] for name in _PASSED_ON if name in environ}
    return passed | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _wait(status: socket.socket, wall_s: float) -> tuple[Ended, bool]:
    """Wait for a child's end; kill it at the wall limit. True if it had to be killed."""
    deadline = time.monotonic() + wall_s
    _, pidfd = _hear(status, deadline + _REAP_S)
    try:
        ended, _ = _hear(status, deadline)
        killed = not ended
        if killed:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            ended, _ = _hear(status, time.monotonic() + _REAP_S)
    finally:
        os.close(pidfd)
    if not ended:
        raise _ZygoteGone("the decoding process no longer answers")
    return msgspec.json.decode(ended, type=Ended), killed


def _hear(status: socket.socket, deadline: float) -> tuple[bytes, int]:
    """Read one message and its descriptor (-1 if none); b"" when the deadline has passed."""
    patience_ms = max(0.0, deadline - time.monotonic()) * 1000
    poll = select.poll()
    poll.register(status, select.POLLIN)
    if not poll.poll(patience_ms):
        return b"", -1
    message, fds, _, _ = socket.recv_fds(status, MESSAGE_BYTES, 1)
    if not message:
        raise _ZygoteGone("the decoding process ended unexpectedly; it is started anew")
    return message, fds[0] if fds else -1


def _examination(answer: int, limits: MediaLimits, ended: Ended, *, killed: bool) -> Examination:
    """Join what the child wrote with how it ended."""
    try:
        said = read_answer(answer) if ended.ended == 0 else None
        if said is not None:
            head, arrays = said
            check_shapes(arrays)
            return Examination(
                probe=head.probe,
                problem=_plain(head.problem),
                complete=head.complete,
                decoded_s=head.decoded_s,
                sampling=head.sampling,
                arrays=arrays,
                decode_cpu_s=head.decode_cpu_s,
                cpu_s=ended.cpu_s,
                report=head.report,
            )
        why = f"decoding took more than {limits.wall_s:g} s" if killed else _why(ended, limits)
        return Examination(probe=read_probe(answer), problem=why, cpu_s=ended.cpu_s)
    except NonsenseAnswer as error:
        return Examination(problem=f"the decoder gave no valid answer: {error}", cpu_s=ended.cpu_s)


def _why(ended: Ended, limits: MediaLimits) -> str:
    """Say in words how a child ended that did not answer. `ended`: as wait4 tells it."""
    if os.WIFSIGNALED(ended.ended):
        number = os.WTERMSIG(ended.ended)
        if number == signal.SIGXCPU or ended.cpu_s >= limits.cpu_s:
            return f"decoding took more than {limits.cpu_s} CPU seconds"
        return f"the decoder was ended by {signal.Signals(number).name}"
    if os.WEXITSTATUS(ended.ended) == EXIT_OUT_OF_MEMORY:
        return f"decoding needs more than {limits.memory_bytes >> 20} MiB of memory"
    return "the decoder failed"


def _probe_left(answer: int) -> Probe | None:
    try:
        return read_probe(answer)
    except NonsenseAnswer:
        return None


def _plain(text: str) -> str:
    """Keep what can be printed: the words come from a process that hostile bytes may have taken."""
    return "".join(c if c.isprintable() else " " for c in text)
