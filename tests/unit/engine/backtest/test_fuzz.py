"""Live, the lake and the replay agree on whatever an event holds, under both semantics."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldfare.engine.backtest.plan import ListsSince, Plan, Slice
from fieldfare.engine.backtest.replaying import replay
from fieldfare.engine.gathering import Judged, plain
from fieldfare.engine.grounds import Grounds
from fieldfare.engine.in_force import Books, InForce
from fieldfare.engine.lake import LakeBatch, LakeEvent
from fieldfare.installation import in_force_without_store, pack_files
from fieldfare.kernel import EventId, JsonValue, Org, Unknown, at_of, make_id
from fieldfare.records import Event, FactValue, Subject
from fieldfare.rules import Outcome
from fieldfare.rules.labels import LABEL_CHANGED, Entity, LabelChange, LabelStatus, data_of
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
_Sum = Sum(of=Number, key=[Author, Kind], window='30s')
_Rate = Rate(key=Author, window='10s')
_Gap = TimeSince(key=Author, where=Number != 3)
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
Summed = Rule(when_all=[_Sum > 3 or _Sum < 0], description=f'{_Sum}')
Often = Rule(when_all=[_Rate > 0.2], description=f'{_Rate}')
Soon = Rule(when_all=[_Gap < TimeDelta(seconds=10)], description=f'{_Gap}')
Marked = Rule(when_all=[HasLabel(entity=Author, label='hasty')], description='')
Old = Rule(
    when_all=[HasLabel(entity=Author, label='late', min_label_age=TimeDelta(seconds=5))],
    description='',
)
Cleared = Rule(
    when_all=[
        HasLabel(entity=Author, label='hasty', status='removed', manual=True)
        or not HasLabel(entity=Author, label='hasty'),
    ],
    description=f'{Author}',
)
WhenRules(
    rules_any=[Fast, Summed],
    then=[
        LabelAdd(entity=Author, label='hasty', expires_after=TimeDelta(seconds=20)),
        LabelAdd(entity=Author, label='late', apply_if=Soon, delay_action_by='10s'),
    ],
)
WhenRules(
    rules_any=[Less, Often],
    then=[LabelRemove(entity=Author, label='hasty'), DeclareVerdict(verdict=Kind)],
)
WhenRules(rules_any=[Long, Found], then=[Hold(policy='VC.THREAT')])
WhenRules(rules_any=[Fast, Varied, Seen], then=[Limit(policy='IN.SPAM')])
WhenRules(rules_any=[Less, Divided, Found], then=[Review(policy='HB.BULLY', reason=f'{Number}')])
WhenRules(
    rules_any=[Other, Inside, Tagged],
    then=[FeatureBlock(account=Author, feature='comments', for_='24h', policy='IN.SPAM')],
)
"""
LABELLED: Final = {"config/labels.yaml": "labels: {hasty: {valid_for: [Account]}, late: {}}"}
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


ODD_ITEMS: Final = (
    st.dictionaries(st.sampled_from(["author", "text", "hashtags", "kind"]), VALUES) | VALUES
)
ODD_DATA: Final[st.SearchStrategy[dict[str, Any]]] = st.dictionaries(
    st.sampled_from(["number", "share", "flag", "extra"]), VALUES
)
USUAL_ITEMS: Final = st.fixed_dictionaries(
    {"author": st.sampled_from(["a", "a", "3"])},
    optional={"text": st.sampled_from(["a", "straße", "é3"]), "hashtags": st.just(["a"])},
)
"""Few authors and words, or nothing would ever happen twice to anybody."""
USUAL_DATA: Final[st.SearchStrategy[dict[str, Any]]] = st.fixed_dictionaries(
    {"number": st.integers(-2, 4)},
    optional={"share": st.sampled_from([0.5, 2.5, 0.0]), "flag": st.booleans()},
)
BY_HAND: Final = st.builds(
    LabelChange,
    entity=st.sampled_from([Entity("Account", "a"), Entity("Account", "3")]),
    label=st.sampled_from(["hasty", "late"]),
    status=st.sampled_from([LabelStatus.MANUALLY_ADDED, LabelStatus.MANUALLY_REMOVED]),
    reason=st.just("somebody"),
    expires_at=st.sampled_from([None, START_MS + 20_000]),
)
"""What people do to labels right after an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event to come: so many ms after the one before it; 0 is a tie."""

    gap: int
    kind: str
    data: dict[str, Any]
    facts: dict[str, FactValue | Unknown]
    by_hand: tuple[LabelChange, ...]


@st.composite
def happenings(draw: st.DrawFn) -> Happening:
    """Draw an event."""
    # Not `one_of`, which would give each kind of odd value the chance of all that is usual.
    item = draw(draw(st.sampled_from([USUAL_ITEMS, USUAL_ITEMS, ODD_ITEMS])))
    data = draw(draw(st.sampled_from([USUAL_DATA, USUAL_DATA, ODD_DATA])))
    names = st.sampled_from(["item.views", "visual.nsfw.max", "media.readable"])
    return Happening(
        gap=draw(st.sampled_from([0, 0, 1, 9_999, 10_000, 10_001, 30_000, 40_000])),
        kind=draw(st.sampled_from(["item.posted", "item.posted", "report.filed"])),
        data={**data, "item": item, "version": "v1"},
        facts=draw(st.dictionaries(names, FACT_VALUES)),
        by_hand=tuple(draw(st.lists(BY_HAND, max_size=1))),
    )


def a_plan(semantics: str) -> Plan:
    return Plan(
        org=MAIN,
        files={"main.sml": RULES, "ruleset.yaml": f"semantics: {semantics}\n", **LABELLED},
        policies=POLICIES,
        after=EventId(0),
        up_to=EventId(0),
        until=EventId(0),
        lists=[ListsSince(since=EventId(0), lists=LISTS)],
    )


PLANS: Final = {semantics: a_plan(semantics) for semantics in ("safe", "osprey")}
"""Compiled once."""
BASE: Final = in_force_without_store("default")
ROOM: Final = 4
"""Ids kept free after each event, for what it does to labels."""
FOLDERS: Final = itertools.count()


def event_of(event_id: EventId, kind: str, data: Mapping[str, JsonValue], host_id: str) -> Event:
    return Event(
        org=MAIN,
        id=event_id,
        at=at_of(event_id),
        kind=kind,
        subject=Subject("comment", host_id),
        data=data,
    )


def live(plan: Plan, drawn: Sequence[Happening]) -> tuple[list[LakeEvent], list[Outcome | None]]:
    """Judge as the evaluator does; give what it hands to the lake as well.

    What the rules and people do to labels comes by as an event of its own, right after.
    """
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
    events: list[LakeEvent] = []
    outcomes: list[Outcome | None] = []
    at = START_MS
    for place, told in enumerate(drawn):
        at += told.gap
        event_id = make_id(at, sequence=place * ROOM)
        event = event_of(event_id, told.kind, told.data, f"c{place % 3}")
        outcome = grounds.judge(event, {"kind": told.kind, **told.data}, told.facts).outcome
        outcomes.append(unexplained(outcome))
        handed = judged.take(event)
        assert handed is not None
        events.append(handed)
        asked = [changes for changes in (outcome.labels, told.by_hand) if changes]
        for after, changes in enumerate(asked, 1):
            changed = event_of(EventId(event_id + after), LABEL_CHANGED, data_of(changes), "")
            assert grounds.assess(changed) is None
            outcomes.append(None)
            events.append(plain(changed))
    return events, outcomes


@pytest.mark.parametrize("semantics", ["safe", "osprey"])
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=st.lists(happenings(), min_size=1, max_size=12), cut=st.integers(0, 11))
def test_a_replay_from_the_lake_says_what_live_said(
    tmp_path: Path,
    semantics: str,
    drawn: list[Happening],
    cut: int,
) -> None:
    plan = PLANS[semantics]
    folder = tmp_path / str(next(FOLDERS))

    events, outcomes = live(plan, drawn)
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
