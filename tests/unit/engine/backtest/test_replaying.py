"""A replay in slices gives what one run over everything gives, cell by cell."""

import threading
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.engine.backtest.finding import find_in_slice
from fieldfare.engine.backtest.findings import joined
from fieldfare.engine.backtest.plan import ListsSince, Plan, Slice
from fieldfare.engine.backtest.replaying import occurrence_of, replay
from fieldfare.engine.lake import LakeEvent
from fieldfare.engine.pool import InlinePool
from fieldfare.installation import pack_files
from fieldfare.kernel import EventId, Org, Unknown, make_id
from fieldfare.kernel.ids import MAX_ID
from fieldfare.records import FactValue, Subject
from fieldfare.rules import Outcome, Running
from fieldfare.testing.lakes import MemoryLake
from fieldfare.testing.rule_sets import START_MS

MAIN: Final = Org("main")
RULES: Final = """
Kind = GetActionName()
Author: Entity[str] = EntityJson(type='Account', path='$.item.author')
Words: str = JsonData(path='$.item.text')
Score: float = JsonData(path='$.score')
_Posts = Count(key=[Author], window='10s', where=Kind == 'item.posted')
_Reports = CountDistinct(of=Words, key=[Author], window='1m')
_Loud = Count(key=[Author, Words], window='30s', where=Score > 1)
Fast = Rule(when_all=[_Posts >= 3], description=f'{_Posts} posts')
Many = Rule(when_all=[_Reports >= 3], description=f'{_Reports}')
Heavy = Rule(when_all=[_Loud > 1], description=f'{_Loud}')
Said = Rule(when_all=[InList(list='odd', value=Words)], description='')
Seen = Rule(when_all=[Fact('item.views') > 3], description='')
WhenRules(rules_any=[Fast, Many, Seen], then=[Limit(policy='IN.SPAM')])
WhenRules(rules_any=[Heavy, Said], then=[Review(policy='HB.BULLY')])
"""
POLICIES: Final = pack_files("default").policies
COMPILED: Final[dict[str, object]] = {}
"""Compiled once for all examples."""


class Silent:
    """A beat nobody listens to."""

    def advance(self, done: int, /) -> None:
        """Go on."""


class Given:
    """Opens a lake that is there already."""

    def __init__(self, lake: MemoryLake) -> None:
        self._lake = lake

    def __call__(self) -> MemoryLake:
        return self._lake


def a_plan(events: Sequence[LakeEvent], *, skip: int = 0) -> Plan:
    ids = [event.id for event in events]
    plan = Plan(
        org=MAIN,
        files={"main.sml": RULES},
        policies=POLICIES,
        after=EventId(ids[skip] - 1),
        up_to=ids[-1],
        until=EventId(MAX_ID),
        lists=[
            ListsSince(since=EventId(0), lists={"odd": frozenset({"a"})}),
            ListsSince(since=ids[len(ids) // 2], lists={"odd": frozenset({"b"})}),
        ],
    )
    plan.__dict__.update(COMPILED or {"pack": plan.pack, "rules": plan.rules})
    COMPILED.update(pack=plan.pack, rules=plan.rules)
    return plan


FACTS: Final[Sequence[Mapping[str, FactValue | Unknown]]] = (
    {},
    {"item.views": 4},
    {"item.views": "4"},
    {"item.views": Unknown("x"), "media.readable": Unknown("y")},
)


def moments() -> st.SearchStrategy[list[int]]:
    """Give gaps in ms; 0 is a tie, told apart by the sequence alone."""
    return st.lists(
        st.one_of(
            st.sampled_from([0, 1, 999, 1000, 9_999, 10_000, 10_001]), st.integers(0, 40_000)
        ),
        min_size=2,
        max_size=40,
    )


@st.composite
def streams(draw: st.DrawFn) -> list[LakeEvent]:
    events: list[LakeEvent] = []
    at = START_MS
    for place, gap in enumerate(draw(moments())):
        at += gap
        kind = draw(st.sampled_from(["item.posted", "item.posted", "report.filed", "like"]))
        words = draw(st.sampled_from(["a", "b", "İ", "c", 5, None]))
        author = draw(st.sampled_from(["u1", "u2", "u2 ", 7, None]))
        score = draw(st.sampled_from([0, -1, 0.1, 3.5, True, "2", "x", None]))
        facts: Mapping[str, FactValue | Unknown] = FACTS[draw(st.integers(0, len(FACTS) - 1))]
        events.append(
            LakeEvent(
                org=MAIN,
                id=make_id(at, sequence=place),
                kind=kind,
                subject=Subject("comment", f"c{place % 5}"),
                person=None,
                version=f"v{place % 3}",
                data={"kind": kind, "item": {"author": author, "text": words}, "score": score},
                facts=facts,
                judged=kind != "like",
            )
        )
    return events


def live(events: Sequence[LakeEvent], plan: Plan) -> list[Outcome | None]:
    """Run all that ever happened through one state, as the evaluator does."""
    running = Running([plan.rules])
    outcomes: list[Outcome | None] = []
    for event in events:
        if not event.judged:
            outcomes.append(None)
            continue
        lists, _ = plan.lists_at(event.id)
        outcomes.append(running.judge(plan.rules, occurrence_of(event), lists, explained=False))
    return outcomes


def replayed(plan: Plan, pieces: Sequence[Slice], lake: MemoryLake) -> list[Outcome | None]:
    return [
        outcome
        for piece in pieces
        for _, outcomes in replay(plan, piece, lake, Silent())
        for outcome in outcomes
    ]


def pieces_at(plan: Plan, cuts: Sequence[int], events: Sequence[LakeEvent]) -> list[Slice]:
    edges = sorted({plan.after, plan.up_to, *(events[cut % len(events)].id for cut in cuts)})
    inside = [edge for edge in edges if plan.after <= edge <= plan.up_to]
    return [Slice(after=a, up_to=b) for a, b in pairwise(inside)]


@settings(max_examples=150, deadline=None)
@given(streams(), st.lists(st.integers(0, 100), max_size=5), st.integers(0, 100))
def test_slices_give_what_live_gave(events: list[LakeEvent], cuts: list[int], skip: int) -> None:
    skip %= len(events)
    plan = a_plan(events, skip=skip)

    found = replayed(plan, pieces_at(plan, cuts, events), MemoryLake(events, batch=3))

    assert found == live(events, plan)[skip:]


@settings(max_examples=25, deadline=None)
@given(streams(), st.lists(st.integers(0, 100), max_size=4))
def test_a_cut_changes_no_finding(events: list[LakeEvent], cuts: list[int]) -> None:
    plan = a_plan(events)
    lake = Given(MemoryLake(events))

    def found(pieces: Sequence[Slice]) -> object:
        tasks = [(plan, piece, lake) for piece in pieces]
        parts = InlinePool().map(
            find_in_slice, tasks, progress=lambda _: None, stop=threading.Event()
        )
        return joined(parts)

    assert found(pieces_at(plan, cuts, events)) == found(pieces_at(plan, [], events))
