"""SIGKILL between two items that a late entry meets: both are told of, and each once."""

import os
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path

from fieldfare.engine.banks import add_to_bank, put_bank
from fieldfare.engine.settings import Settings
from fieldfare.kernel import EventId, SimulatedClock
from fieldfare.matching.repositories import BankRecord
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import (
    BEGINNING,
    Community,
    Installed,
    a_community,
    a_video,
    reopened,
)

DIES_AFTER_THE_FIRST = """
import os, signal, sys
from pathlib import Path

from fieldfare.engine.settings import Settings
from fieldfare.kernel import SimulatedClock
from fieldfare.platform import Platform

clock = SimulatedClock(int(sys.argv[2]))
platform = Platform.open(Settings(home=Path(sys.argv[1]), workers=1), clock=clock)
retroactive = platform.recognising.retroactive
look_up = retroactive.look_up

def dies(*args, **kwargs):
    assert look_up(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

retroactive.look_up = dies
retroactive.step()
"""


def test_a_killed_search_goes_on_where_it_was(installed: Installed, tmp_path: Path) -> None:
    home = tmp_path / "home"
    clip = write_clip(tmp_path / "clip.webm", Clip(codec="vp9"))
    with a_community(home, installed) as community:
        platform, org = community.platform, community.org
        for host_id in ("v1", "v2"):
            community.posted(a_video(host_id=host_id), clip)
        piece = platform.known_file("clip", BytesIO(clip.read_bytes()))
        bank = BankRecord(org=org, name="known", policy="VE.TERROR", vetted=True)
        platform.store.write(lambda uow: put_bank(uow, bank, platform.pack(org), by="test"))
        platform.store.write(lambda uow: add_to_bank(uow, org, "known", [piece], by="test"))

    killed = subprocess.run(
        [sys.executable, "-c", DIES_AFTER_THE_FIRST, str(home), str(BEGINNING)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ},
    )
    clock = SimulatedClock(BEGINNING)
    with reopened(Settings(home=home, workers=1), clock) as platform:
        before = platform.store.read(
            lambda uow: uow.recall.of_kind("item.scanned", EventId(0), limit=9)
        )
        again = Community(platform, clock)
        again.settle()
        after = platform.store.read(
            lambda uow: uow.recall.of_kind("item.scanned", EventId(0), limit=9)
        )
        decided = [again.decision("video", host_id) for host_id in ("v1", "v2")]

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert [len(before), len(after)] == [3, 4]
    assert sorted(event.subject.host_id for event in after) == ["v1", "v1", "v2", "v2"]
    assert [made.judgement.action for made in decided if made is not None] == ["remove"] * 2
