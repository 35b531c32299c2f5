"""The pool: one function over many tasks, on all cores, with progress and a way to stop.

In flow tasks as plain values; out flow results in the order of the tasks, whatever order they were
done in. A work is told of a Beat, says how far it has come, and ends when nobody wants it any more.
Processes are started afresh (never forked from a server full of threads); the same protocol can be
kept across machines.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.sharedctypes import Synchronized
from typing import Any, Final, Protocol, TypeVar

from fieldfare.kernel import FieldfareError, Unavailable

T = TypeVar("T")
R = TypeVar("R")
LOOK_EVERY_S: Final = 0.2
"""How often progress is told and a wish to stop is heard."""
RARELY: Final = (100_000, 50, 50)
"""When a worker looks for garbage in circles: it makes many plain values, and hardly a circle."""


class Cancelled(FieldfareError):
    """Raised where work was told to stop before its end."""

    status = 409
    slug = "cancelled"


class Beat(Protocol):
    """How a work says that it lives."""

    def advance(self, done: int, /) -> None:
        """Count what was done since the last beat. Raises Cancelled if the work is to stop."""
        ...


class Pool(Protocol):
    """Runs a work over tasks. `workers` is how many run at a time."""

    @property
    def workers(self) -> int: ...

    def map(
        self,
        work: Callable[[T, Beat], R],
        tasks: Sequence[T],
        /,
        *,
        progress: Callable[[int], None],
        stop: threading.Event,
    ) -> list[R]:
        """Give the results in the order of the tasks.

        work, tasks and results have to be values that pickle. progress: called now and then with
        all that was done, the last time with everything. Raises Cancelled soon after `stop` is set,
        else what a work raised.
        """
        ...


class InlinePool:
    """A pool of one that works where it is called: for small things and for tests."""

    workers = 1

    def map(
        self,
        work: Callable[[T, Beat], R],
        tasks: Sequence[T],
        /,
        *,
        progress: Callable[[int], None],
        stop: threading.Event,
    ) -> list[R]:
        beat = _InlineBeat(progress, stop)
        return [work(task, beat) for task in tasks]


class _InlineBeat:
    def __init__(self, progress: Callable[[int], None], stop: threading.Event) -> None:
        self._progress = progress
        self._stop = stop
        self._done = 0

    def advance(self, done: int, /) -> None:
        self._done += done
        self._progress(self._done)
        if self._stop.is_set():
            raise Cancelled("It was stopped.")


class ProcessPool:
    """A pool of processes, started for each `map`. workers: how many; 0 for all cores."""

    def __init__(self, workers: int = 0) -> None:
        self._workers = workers or os.cpu_count() or 1

    @property
    def workers(self) -> int:
        return self._workers

    def map(
        self,
        work: Callable[[T, Beat], R],
        tasks: Sequence[T],
        /,
        *,
        progress: Callable[[int], None],
        stop: threading.Event,
    ) -> list[R]:
        context = multiprocessing.get_context("spawn")
        done: Synchronized[int] = context.Value("q", 0)
        stopped: Synchronized[int] = context.Value("b", 0)
        executor = ProcessPoolExecutor(
            max_workers=max(1, min(self._workers, len(tasks))),
            mp_context=context,
            initializer=_begin,
            initargs=(done, stopped),
        )
        try:
            futures = [executor.submit(_at_work, work, task) for task in tasks]
            return _results(futures, done, stopped, progress, stop)
        except BrokenProcessPool as e:
            hint = "Its memory may have run out: take a shorter time, or fewer workers."
            raise Unavailable("A worker process ended by itself.", hint=hint) from e
        finally:
            stopped.value = 1
            executor.shutdown(wait=True, cancel_futures=True)


def _results(
    futures: "Sequence[Future[R]]",
    done: "Synchronized[int]",
    stopped: "Synchronized[int]",
    progress: Callable[[int], None],
    stop: threading.Event,
) -> list[R]:
    waiting = set(futures)
    while waiting:
        ended, waiting = wait(waiting, timeout=LOOK_EVERY_S, return_when=FIRST_EXCEPTION)
        progress(done.value)
        if stop.is_set():
            stopped.value = 1
            raise Cancelled("It was stopped.")
        for future in ended:
            future.result()
    return [future.result() for future in futures]


_shared: dict[str, Any] = {}
"""What a worker process was given at its start."""


def _begin(done: "Synchronized[int]", stopped: "Synchronized[int]") -> None:
    # Whoever stops the command stops the parent, which tells the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(*RARELY)
    _shared.update(done=done, stopped=stopped)


class _SharedBeat:
    def advance(self, done: int, /) -> None:
        with _shared["done"].get_lock():
            _shared["done"].value += done
        if _shared["stopped"].value:
            raise Cancelled("It was stopped.")


def _at_work(work: Callable[[T, Beat], R], task: T) -> R:
    return work(task, _SharedBeat())
