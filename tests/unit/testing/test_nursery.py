"""Processes forked from a warm one are processes like others."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fieldfare.testing.nursery import Nursery


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with closing(Nursery()) as made:
        yield made


def test_a_child_runs_a_command_to_its_end(nursery: Nursery, tmp_path: Path) -> None:
    environment = {"FIELDFARE_HOME": str(tmp_path / "none")}

    good = nursery.run(["version"], log=tmp_path / "good", environment=environment)
    bad = nursery.run(["bank", "list"], log=tmp_path / "bad", environment=environment)

    assert good[0] == 0
    assert "fieldfare 0." in good[1]
    assert bad[0] == 2
    assert f"no installation in {tmp_path / 'none'}" in bad[1]


def test_a_child_leads_a_session_of_its_own_and_is_killed_alone(
    nursery: Nursery, tmp_path: Path
) -> None:
    held, holder = os.pipe()
    waiting = ["hash", f"/proc/{os.getpid()}/fd/{held}"]  # a pipe: nothing comes, so it waits
    child = nursery.spawn(waiting, log=tmp_path / "log", environment={})

    assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=0)
    os.killpg(child.pid, 9)

    assert child.wait() == -9
    assert child.poll() == -9
    assert nursery.run(["version"], log=tmp_path / "next", environment={})[0] == 0
    os.close(holder)
    os.close(held)
