import os
from pathlib import Path

import pytest

from fieldfare.testing.clips import ENCODERS, Clip, write_clip


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="this system tells no schedule")
@pytest.mark.parametrize("codec", ENCODERS)
def test_an_encoder_leaves_the_process_scheduled_as_it_was(codec: str, tmp_path: Path) -> None:
    before = os.sched_getscheduler(0)
    write_clip(tmp_path / "clip.mkv", Clip(codec=codec, frames=3))
    assert os.sched_getscheduler(0) == before
