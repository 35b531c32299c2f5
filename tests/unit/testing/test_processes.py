"""Processes that are started, killed and started again."""

import http.client
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldfare.testing.processes import Api, NotReady, Process, free_port, receiver

RECEIVER = Path(__file__).parents[3] / "examples" / "receiver.py"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Process, int]]:
    port = free_port()
    process = receiver(RECEIVER, tmp_path / "state.sqlite", port, "whsec_c3ludGhldGlj")
    process.start()
    yield process, port
    process.kill()


def test_a_started_process_answers(running: tuple[Process, int]) -> None:
    process, port = running

    assert process.is_running
    assert Api(port, "").call("GET", "/state") == (200, {"subjects": {}, "applied": []})


def test_a_killed_process_answers_no_more_until_it_is_started_again(
    running: tuple[Process, int],
) -> None:
    process, port = running

    process.kill()
    with pytest.raises((OSError, http.client.HTTPException)):
        Api(port, "").call("GET", "/state")
    process.start()

    assert Api(port, "").call("GET", "/state")[0] == 200


def test_killing_twice_or_before_the_start_is_harmless(tmp_path: Path) -> None:
    process = receiver(RECEIVER, tmp_path / "state.sqlite", free_port(), "whsec_c3ludGhldGlj")

    process.kill()
    process.spawn()
    process.kill()
    process.kill()

    assert not process.is_running


def test_a_process_that_ends_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    broken = Process(
        [sys.executable, "-c", "print('no such thing'); raise SystemExit(3)"],
        log=tmp_path / "log",
        environment={},
        ready=free_port(),
    )

    with pytest.raises(NotReady, match="no such thing"):
        broken.start()
