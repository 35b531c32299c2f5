"""SIGKILL at random moments: what was accepted is there once, decided, and carried out."""

from pathlib import Path

import pytest

from fieldfare.testing.killing import Plan, kill_and_count

RECEIVER = Path(__file__).parents[2] / "examples" / "receiver.py"


@pytest.mark.kill
def test_forty_kills_lose_nothing_that_was_accepted() -> None:
    tally = kill_and_count(Plan(kills=40), receiver_script=RECEIVER)

    assert tally.failures == {}, "\n".join(tally.examples)
    assert tally.kills >= 40
    assert tally.repeated > 0
    assert tally.accepted >= tally.items > 100
    assert tally.videos > 0
    assert tally.deleted > 0
    assert tally.effects_applied >= tally.items - tally.deleted
