"""Upkeep: a chore is repeated, survives its failures and ends when told."""

import threading

import pytest
from structlog.testing import capture_logs

from fieldfare.engine.upkeep import Chore, Keeper

LONG_S = 3600.0


def test_a_chore_is_done_at_once_and_ends_in_the_middle_of_its_pause() -> None:
    done = threading.Event()
    keeper = Keeper(Chore("sweeper", LONG_S, done.set))

    keeper.start()

    assert done.wait(30)
    assert keeper.is_alive
    keeper.stop()
    assert not keeper.is_alive


def test_a_chore_is_done_again_and_again() -> None:
    enough = threading.Event()
    times: list[int] = []

    def step() -> None:
        times.append(len(times))
        if len(times) == 3:
            enough.set()

    keeper = Keeper(Chore("sealer", 0.0, step))
    keeper.start()

    assert enough.wait(30)
    keeper.stop()
    assert times[:3] == [0, 1, 2]


def test_a_chore_that_fails_is_counted_logged_and_tried_again() -> None:
    tried = threading.Event()
    outcomes = iter([RuntimeError("broken"), ValueError("broken too")])

    def step() -> None:
        failure = next(outcomes, None)
        if failure is not None:
            raise failure
        tried.set()

    keeper = Keeper(Chore("deadlines", 0.0, step))
    with capture_logs() as logs:
        keeper.start()
        assert tried.wait(30)
        keeper.stop()

    assert keeper.failures == 2
    assert [(log["event"], log["chore"]) for log in logs] == [("chore failed", "deadlines")] * 2


def test_a_keeper_that_was_told_to_stop_before_it_began_does_nothing() -> None:
    keeper = Keeper(Chore("sealer", 0.0, lambda: pytest.fail("it was told to stop")))
    keeper._stop.set()

    keeper.start()
    keeper.stop()

    assert keeper.failures == 0


def test_the_thread_is_named_after_the_chore() -> None:
    names: list[str] = []
    seen = threading.Event()

    def step() -> None:
        names.append(threading.current_thread().name)
        seen.set()

    keeper = Keeper(Chore("watermark", LONG_S, step))
    keeper.start()
    assert seen.wait(30)
    keeper.stop()

    assert names == ["fieldfare-watermark"]
