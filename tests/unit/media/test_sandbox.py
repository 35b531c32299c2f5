import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldfare.media import Examination, MediaLimits, MediaSandbox
from fieldfare.media.errand import DEFAULT_TAPS
from fieldfare.media.taps import TAPS
from fieldfare.testing.clips import Clip, write_clip

Examine = Callable[..., Examination]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mp4", Clip())


def test_every_wall_of_the_sandbox_stands_here(sandbox: MediaSandbox) -> None:
    report = sandbox.report()

    assert report.missing == ()
    assert report.landlock_abi is not None


def test_a_child_cannot_get_out_by_any_way(examine: Examine, clip: Path) -> None:
    found = examine(clip, taps=("escape",))

    assert found.complete, found.problem
    assert len(found.arrays) == 14
    for way, errno in found.arrays.items():
        assert errno[0] != 0, f"{way} succeeded inside the child"
    assert not Path("escaped").exists()


def test_a_decoder_that_hangs_is_ended_at_the_cpu_limit(examine: Examine, clip: Path) -> None:
    found = examine(clip, taps=("hang",), limits=MediaLimits(cpu_s=1))

    assert found.problem == "decoding took more than 1 CPU seconds"
    assert found.probe is not None
    assert found.probe.width == 96


def test_a_decoder_that_hangs_is_killed_at_the_wall_limit(examine: Examine, clip: Path) -> None:
    found = examine(clip, taps=("hang",), limits=MediaLimits(wall_s=0.3))

    assert found.problem == "decoding took more than 0.3 s"


def test_a_decoder_that_eats_memory_is_stopped_and_says_so(examine: Examine, clip: Path) -> None:
    found = examine(clip, taps=("eat",))

    assert found.problem == "decoding needs more than 1024 MiB of memory"
    assert not found.complete


def test_too_little_memory_to_decode_is_a_reason_and_no_exception(
    examine: Examine, clip: Path
) -> None:
    found = examine(clip, limits=MediaLimits(memory_bytes=1 << 20))

    assert not found.complete
    assert found.problem


@pytest.mark.parametrize("tap", ["crash", "leave", "shout", "scribble"])
def test_a_child_that_breaks_leaves_a_reason_and_no_arrays(
    examine: Examine, clip: Path, tap: str
) -> None:
    found = examine(clip, taps=(tap,))

    assert found.problem
    assert not found.complete
    assert not found.arrays


def test_arrays_that_do_not_fit_together_are_not_believed(examine: Examine, clip: Path) -> None:
    found = examine(clip, taps=("lie",))

    assert found.problem == "the decoder gave no valid answer: pdq.t does not grow"
    assert not found.arrays


def test_the_callers_position_in_the_file_stays(sandbox: MediaSandbox, clip: Path) -> None:
    with clip.open("rb") as file:
        file.seek(7)

        found = sandbox.examine(file.fileno())

        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 7
    assert found.complete


def test_a_zygote_that_died_is_started_anew(clip: Path) -> None:
    with MediaSandbox() as sandbox, clip.open("rb") as file:
        assert sandbox.examine(file.fileno()).complete
        first = sandbox.zygote_pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)

        found = sandbox.examine(file.fileno())

        assert found.complete, found.problem
        assert sandbox.zygote_pid != first


def test_a_zygote_that_has_just_hung_up_is_started_anew(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Clip())
    with MediaSandbox() as sandbox, clip.open("rb") as file:
        sandbox.report()
        before, control = sandbox.zygote_pid, sandbox._control
        assert control is not None
        control.shutdown(socket.SHUT_RDWR)  # as when it died and is not reaped yet
        assert sandbox.examine(file.fileno()).complete
        assert sandbox.zygote_pid != before


def test_a_zygote_that_dies_at_work_leaves_a_reason(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Clip())
    here = str(Path(__file__).parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", here)
        with MediaSandbox(tap_modules=("hostile_taps",)) as sandbox, clip.open("rb") as file:
            sandbox.report()
            pid = sandbox.zygote_pid
            assert pid is not None
            killer = threading.Timer(0.2, os.kill, (pid, signal.SIGKILL))
            killer.start()

            found = sandbox.examine(file.fileno(), taps=("hang",), limits=MediaLimits(cpu_s=20))

            killer.join()
            assert found.problem.endswith("it is started anew")
            assert sandbox.examine(file.fileno()).complete


def test_several_threads_may_examine_at_once(sandbox: MediaSandbox, tmp_path: Path) -> None:
    shades = (0, 60, 120, 180, 240)
    clips = [write_clip(tmp_path / f"{s}.mp4", Clip(shade=s)) for s in shades]
    seen: dict[int, float] = {}

    def look(number: int) -> None:
        with clips[number].open("rb") as file:
            found = sandbox.examine(file.fileno())
        seen[number] = float(found.arrays["thumb.rgb"].mean())

    threads = [threading.Thread(target=look, args=(i,)) for i in range(len(clips))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [seen[i] for i in range(len(clips))] == pytest.approx(shades, abs=4)


def test_the_zygote_imports_nothing_heavy() -> None:
    heavy = "onnxruntime fastapi pydantic sqlalchemy numba duckdb jinja2 typer starlette"
    script = (
        "import sys, fieldfare.media.zygote\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )

    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "[]"


def test_the_parent_loads_no_decoder() -> None:
    script = "import sys, fieldfare.media\nprint('av' in sys.modules, 'PIL' in sys.modules)"

    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "False False"


def test_the_default_taps_are_those_there_are() -> None:
    assert TAPS.keys() >= set(DEFAULT_TAPS)
