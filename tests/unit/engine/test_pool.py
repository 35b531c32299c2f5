import os
import signal
import threading
import time

import pytest

from fieldfare.engine.pool import Beat, Cancelled, InlinePool, Pool, ProcessPool
from fieldfare.kernel import BadInput, Unavailable


def squared(n: int, beat: Beat) -> int:
    beat.advance(1)
    return n * n


def refused(n: int, beat: Beat) -> int:
    beat.advance(n)
    raise BadInput(f"{n} is refused", hint="Take another.")


def endless(_: int, beat: Beat) -> None:
    for _ in range(3_000):
        beat.advance(1)
        time.sleep(0.01)  # the work is waiting itself


def killed(_: int, __: Beat) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


POOLS = [InlinePool(), ProcessPool(2)]


@pytest.mark.parametrize("pool", POOLS, ids=["inline", "processes"])
def test_results_come_in_the_order_of_the_tasks(pool: Pool) -> None:
    told: list[int] = []

    found = pool.map(squared, [3, 1, 2], progress=told.append, stop=threading.Event())

    assert found == [9, 1, 4]
    assert told == sorted(told)
    assert told[-1] == 3


@pytest.mark.parametrize("pool", POOLS, ids=["inline", "processes"])
def test_what_a_work_raises_is_raised_with_its_hint(pool: Pool) -> None:
    with pytest.raises(BadInput, match="refused") as told:
        pool.map(refused, [1], progress=lambda _: None, stop=threading.Event())

    assert told.value.hint == "Take another."


@pytest.mark.parametrize("pool", POOLS, ids=["inline", "processes"])
def test_a_pool_stops_when_told_to(pool: Pool) -> None:
    stop = threading.Event()

    def stop_soon(done: int) -> None:
        if done > 3:
            stop.set()

    with pytest.raises(Cancelled):
        pool.map(endless, [1, 2], progress=stop_soon, stop=stop)


def test_a_worker_that_is_killed_is_told_and_leaves_nothing_waiting() -> None:
    with pytest.raises(Unavailable, match="worker process ended"):
        ProcessPool(1).map(killed, [1], progress=lambda _: None, stop=threading.Event())
