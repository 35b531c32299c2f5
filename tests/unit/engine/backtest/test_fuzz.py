"""Live, the lake and the replay agree on whatever an event holds, under both semantics."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldfare.engine.backtest.plan import ListsSince, Plan, Slice
from fieldfare.engine.backtest.replaying import replay
from fieldfare.engine.gathering import Judged
from fieldfare.engine.grounds import Grounds
from fieldfare.engine.in_force import Books, InForce
from fieldfare.engine.lake import LakeBatch, LakeEvent
from fieldfare.installation import in_force_without_store, pack_files
from fieldfare.kernel import EventId, JsonValue, Org, Unknown, at_of, make_id
from fieldfare.records import Event, FactValue, Subject
from fieldfare.rules import Outcome
from fieldfare.storage.lake import LakeFolder, LakeWriter
from fieldfare.testing.rule_sets import START_MS, unexplained

MAIN: Final = Org("main")
RULES: Final = """
Kind = GetActionName()
Author: Entity[str] = EntityJson(type='Account', path='$.item.author', required=False)
Words: str = JsonData(path='$.item.text', required=False)
Number: int = JsonData(path='$.number', required=False)
Share: float = JsonData(path='$.share', required=False)
Flag: bool = JsonData(path='$.flag', required=False)
Tags: List[str] = JsonData(path='$.item.hashtags', required=False)
Maybe: Optional[int] = JsonData(path='$.number', required=False)
_Posts = Count(key=[Author], window='10s')
_Words = CountDistinct(of=Words, key=[Author, Kind], window='30s', where=Number != 3)
Clean = StringClean(s=Words)
Fast = Rule(when_all=[_Posts >= 2], description=f'{Author} {_Posts}')
Varied = Rule(when_all=[_Words >= 2, not Flag], description=f'{_Words}')
Less = Rule(when_all=[Number < Share], description=f'{Number} {Share}')
Divided = Rule(when_all=[Number / Share > 1 or Number % 3 == 2], description='')
Other = Rule(when_all=[Maybe != 3, Words != None], description='')
Found = Rule(
    when_all=[RegexMatch(target=Words, pattern='(?:é|[0-9])+$|k', case_insensitive=True)],
    description=f'{Clean}',
)
Inside = Rule(when_all=[InList(list='odd', value=Words)], description='')
Tagged = Rule(when_all=['a' in Tags], description='')
Seen = Rule(when_all=[Fact('item.views') > 3 or Fact('visual.nsfw.max') >= 0.5], description='')
Long = Rule(when_all=[StringLength(s=Words * 2000000) > 3], description='')
WhenRules(rules_any=[Long, Found], then=[Hold(policy='VC.THREAT')])
WhenRules(rules_any=[Fast, Varied, Seen], then=[Limit(policy='IN.SPAM')])
WhenRules(rules_any=[Less, Divided, Found], then=[Review(policy='HB.BULLY', reason=f'{Number}')])
WhenRules(
    rules_any=[Other, Inside, Tagged],
    then=[FeatureBlock(account=Author, feature='comments', for_='24h', policy='IN.SPAM')],
)
"""
LISTS: Final = {"odd": frozenset({"a", "İ", "straße"})}
POLICIES: Final = pack_files("default").policies

SCALARS: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, -7, 3, 2**31, 2**63 - 1, -(2**63), 10**30]),
    st.sampled_from([0.0, -0.0, 0.1, -2.5, 1e308, 5e-324, 3.0]),
    st.sampled_from(["", "a", "3", "-7", "nan", "inf", "İ", "straße", "é٣", "K", "\u0000", "😀"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
VALUES: Final = SCALARS | st.lists(SCALARS, max_size=3) | st.just({"a": 1})
FACT_VALUES: Final = st.one_of(
    st.sampled_from([0, 4, -1, 0.5, "4", True, None]), st.just(Unknown("not told"))
)


@st.composite
def happenings(draw: st.DrawFn) -> tuple[int, str, dict[str, Any], dict[str, FactValue | Unknown]]:
    """Draw a gap in ms (0 is a tie), a kind, data and facts."""
    item = draw(
        st.dictionaries(st.sampled_from(["author", "text", "hashtags", "kind"]), VALUES) | VALUES
    )
    data = draw(st.dictionaries(st.sampled_from(["number", "share", "flag", "extra"]), VALUES))
    names = st.sampled_from(["item.views", "visual.nsfw.max", "media.readable"])
    return (
        draw(st.sampled_from([0, 0, 1, 9_999, 10_000, 10_001, 30_000, 40_000])),
        draw(st.sampled_from(["item.posted", "item.posted", "report.filed"])),
        {**data, "item": item, "version": "v1"},
        draw(st.dictionaries(names, FACT_VALUES)),
    )


def a_plan(semantics: str) -> Plan:
    return Plan(
        org=MAIN,
        files={"main.sml": RULES, "ruleset.yaml": f"semantics: {semantics}\n"},
        policies=POLICIES,
        after=EventId(0),
        up_to=EventId(0),
        until=EventId(0),
        lists=[ListsSince(since=EventId(0), lists=LISTS)],
    )


PLANS: Final = {semantics: a_plan(semantics) for semantics in ("safe", "osprey")}
"""Compiled once."""
BASE: Final = in_force_without_store("default")
FOLDERS: Final = itertools.count()


def live(
    plan: Plan,
    told: Sequence[tuple[Event, Mapping[str, JsonValue], Mapping[str, FactValue | Unknown]]],
) -> tuple[list[LakeEvent], list[Outcome]]:
    """Judge as the evaluator does; give what it hands to the lake as well."""
    books = Books()
    books.put(
        MAIN,
        InForce(
            pack=plan.pack, rules=plan.rules, text=BASE.text, reading=BASE.reading, lists=LISTS
        ),
    )
    grounds, judged = Grounds(books), Judged()
    grounds.open(MAIN)
    grounds.hand_over = judged.hand_over
    events, outcomes = [], []
    for event, data, facts in told:
        outcomes.append(unexplained(grounds.judge(event, data, facts).outcome))
        handed = judged.take(event)
        assert handed is not None
        events.append(handed)
    return events, outcomes


@pytest.mark.parametrize("semantics", ["safe", "osprey"])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=st.lists(happenings(), min_size=1, max_size=12), cut=st.integers(0, 11))
def test_a_replay_from_the_lake_says_what_live_said(
    tmp_path: Path,
    semantics: str,
    drawn: list[tuple[int, str, dict[str, Any], dict[str, FactValue | Unknown]]],
    cut: int,
) -> None:
    plan = PLANS[semantics]
    at, told = START_MS, []
    for place, (gap, kind, data, facts) in enumerate(drawn):
        at += gap
        event_id = make_id(at, sequence=place)
        event = Event(
            org=MAIN,
            id=event_id,
            at=at_of(event_id),
            kind=kind,
            subject=Subject("comment", f"c{place % 3}"),
            data=data,
        )
        told.append((event, {"kind": kind, **data}, facts))
    folder = tmp_path / str(next(FOLDERS))

    events, outcomes = live(plan, told)
    writer = LakeWriter(folder, lambda _org, person: person.host_id)
    writer.add(LakeBatch(events=events, applied_to=events[-1].id, history_to={}))
    writer.close()

    assert replayed(plan, folder, events, cut) == outcomes


class Silent:
    """A beat nobody listens to."""

    def advance(self, done: int, /) -> None:
        """Go on."""


def replayed(
    plan: Plan, folder: Path, events: Sequence[LakeEvent], cut: int
) -> list[Outcome | None]:
    """Replay what is on disk in two slices."""
    lake = LakeFolder(folder)()
    middle = events[cut % len(events)].id
    edges = [EventId(events[0].id - 1), middle, events[-1].id]
    found = [
        outcome
        for begin, end in itertools.pairwise(edges)
        if begin < end
        for _, some in replay(plan, Slice(after=begin, up_to=end), lake, Silent())
        for outcome in some
    ]
    lake.close()
    return found
