"""A backtest asks the column form of an installed package's function, a batch at a time."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from fieldfare.engine.backtest.plan import ListsSince, Plan, Slice
from fieldfare.engine.backtest.replaying import occurrence_of, replay
from fieldfare.engine.lake import LakeEvent
from fieldfare.installation import pack_files
from fieldfare.kernel import EventId, JsonValue, Org, make_id
from fieldfare.kernel.ids import MAX_ID
from fieldfare.records import Subject
from fieldfare.rules import Running
from fieldfare.rules.extensions import GROUP, installed
from fieldfare.testing.lakes import MemoryLake
from fieldfare.testing.rule_sets import START_MS

MAIN: Final = Org("main")
PACKAGE: Final = '''
from fieldfare.rules import function
CALLED = []

def many(texts):
    CALLED.append(len(texts))
    return [text.count("!") for text in texts]

@function(name="Exclamations", columns=many)
def exclamations(s: str) -> int:
    """Count exclamation marks."""
    CALLED.append(0)
    return s.count("!")
'''
RULES: Final = (
    "Words: str = JsonData(path='$.item.text')\n"
    "Loud = Rule(when_all=[Exclamations(s=Words) > 1], description=f'{Words}')\n"
    "WhenRules(rules_any=[Loud], then=[Limit(policy='IN.SPAM')])\n"
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    info = tmp_path / "fieldfare_marks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fieldfare-marks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nmarks = marks_of_tests:exclamations\n")
    (tmp_path / "marks_of_tests.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(tmp_path)
    installed.cache_clear()
    yield
    installed.cache_clear()
    sys.modules.pop("marks_of_tests", None)


class Silent:
    """A beat nobody listens to."""

    def advance(self, done: int, /) -> None:
        """Go on."""


def an_event(at: int, text: JsonValue) -> LakeEvent:
    return LakeEvent(
        org=MAIN,
        id=make_id(START_MS + at),
        kind="item.posted",
        subject=Subject("comment", f"c{at}"),
        person=None,
        version="v1",
        data={"kind": "item.posted", "item": {"text": text}},
        facts={},
        judged=True,
    )


@pytest.mark.usefixtures("package")
def test_a_replay_asks_once_for_a_batch_and_gives_what_live_gave() -> None:
    events = [an_event(at, text) for at, text in enumerate(["a!!", "b!", None, "a!!", "c!!!", 5])]
    plan = Plan(
        org=MAIN,
        files={"main.sml": RULES},
        policies=pack_files("default").policies,
        after=EventId(events[0].id - 1),
        up_to=events[-1].id,
        until=EventId(MAX_ID),
        lists=[ListsSince(since=EventId(0), lists={})],
    )
    running = Running([plan.rules])
    live = [
        running.judge(plan.rules, occurrence_of(event), {}, explained=False) for event in events
    ]
    called: list[int] = sys.modules["marks_of_tests"].CALLED
    called.clear()

    whole = Slice(after=plan.after, up_to=plan.up_to)
    replayed = [
        outcome
        for _, outcomes in replay(plan, whole, MemoryLake(events), Silent())
        for outcome in outcomes
    ]

    assert replayed == live
    assert [outcome.fired for outcome in live].count(("Loud",)) == 3
    assert sum(called) == 4  # a!!, b!, c!!! and 5, which is read as a text
    assert 0 not in called
