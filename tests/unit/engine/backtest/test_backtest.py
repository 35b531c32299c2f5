"""What a backtest tells: hits, changed decisions, views, known errors, load."""

import threading
from collections.abc import Mapping
from typing import Final

import pytest

from fieldfare.engine.backtest import BacktestResult, Plan, backtest
from fieldfare.engine.backtest.finding import Finder
from fieldfare.engine.backtest.results import Held
from fieldfare.engine.lake import LakeEvent
from fieldfare.engine.pool import Cancelled, InlinePool, Pool, ProcessPool
from fieldfare.installation import pack_files
from fieldfare.kernel import HISTORY_LANE, EventId, JsonValue, Org, Unknown, at_of, make_id, rfc3339
from fieldfare.kernel.ids import MAX_ID, TIME_SHIFT
from fieldfare.records import ACCOUNT, FactValue, Subject
from fieldfare.rules import Outcome, RuleSetDoesNotCompile
from fieldfare.testing.lakes import MemoryLake
from fieldfare.testing.rule_sets import START_MS

MAIN: Final = Org("main")
DAY: Final = 86_400_000
RULES: Final = """
Author: Entity[str] = EntityJson(type='Account', path='$.item.author')
Words: str = JsonData(path='$.item.text')
Spam = Rule(when_all=['bramble' in Words], description='')
Rude = Rule(when_all=['nettle' in Words], description='')
Fast = Rule(when_all=[Fact('item.views') > 9], description='')
Odd = Rule(when_all=[Fact('hash.match.vetted')], description='')
WhenRules(rules_any=[Spam], then=[Limit(policy='IN.SPAM')])
WhenRules(
    rules_any=[Rude],
    then=[
        Remove(policy='HS.SLUR'),
        Review(policy='HS.SLUR', queue='hate'),
        FeatureBlock(account=Author, feature='comments', for_='24h', policy='IN.SPAM'),
    ],
)
WhenRules(rules_any=[Odd], then=[Remove(policy='HS.SLUR', after_person=True)])
"""


class Given:
    """Opens a lake that is there already."""

    def __init__(self, lake: MemoryLake) -> None:
        self._lake = lake

    def __call__(self) -> MemoryLake:
        return self._lake


class Story:
    """Events one after the other, a second apart."""

    def __init__(self) -> None:
        self.events: list[LakeEvent] = []
        self.at = START_MS

    def add(
        self,
        kind: str,
        subject: Subject,
        *,
        version: str = "v1",
        facts: Mapping[str, FactValue | Unknown] | None = None,
        lane: int = 0,
        **data: JsonValue,
    ) -> EventId:
        self.at += 1_000
        event_id = make_id(self.at, lane=lane)
        self.events.append(
            LakeEvent(
                org=MAIN,
                id=event_id,
                kind=kind,
                subject=subject,
                person=None,
                version=version,
                data={"kind": kind, "version": version, **data},
                facts=facts or {},
                judged=kind in {"item.posted", "item.changed", "report.filed"},
            )
        )
        return event_id

    def post(
        self,
        host_id: str,
        text: str,
        *,
        kind: str = "item.posted",
        version: str = "v1",
        facts: Mapping[str, FactValue | Unknown] | None = None,
        lane: int = 0,
    ) -> EventId:
        item: JsonValue = {
            "kind": "comment", "host_id": host_id, "author": f"a-{host_id}", "text": text,
            "market": "DE", "language": "de",
        }  # fmt: skip
        subject = Subject("comment", host_id)
        return self.add(kind, subject, version=version, facts=facts, lane=lane, item=item)

    def decide(
        self,
        host_id: str,
        action: str,
        *,
        by: str = "rule",
        kind: str = "comment",
        version: str = "v1",
        queue: str = "",
    ) -> EventId:
        review: JsonValue = [{"queue": queue}] if queue else []
        judgement: JsonValue = {"action": action, "by": by, "review": review}
        return self.add(
            "decision.made", Subject(kind, host_id), version=version, judgement=judgement
        )

    def say(self, host_id: str, action: str) -> EventId:
        return self.add("verdict.given", Subject("comment", host_id), action=action)

    def view(self, host_id: str, views: int, *, surface: str = "feed") -> EventId:
        return self.add(
            "item.viewed", Subject("comment", host_id), version="", views=views, surface=surface,
            market="DE", age_band="18_plus",
        )  # fmt: skip


def told(
    story: Story,
    *,
    pool: Pool | None = None,
    first: int = 0,
    last: int | None = None,
    rules: str = RULES,
) -> BacktestResult:
    events = story.events
    plan = Plan(
        org=MAIN,
        files={"main.sml": rules},
        policies=pack_files("default").policies,
        after=EventId(events[first].id - 1),
        up_to=events[-1].id if last is None else events[last].id,
        until=EventId(MAX_ID),
    )
    lake = Given(MemoryLake(events))
    return backtest(
        plan, lake, pool or InlinePool(), progress=lambda *_: None, stop=threading.Event()
    )


def cells(result: BacktestResult) -> dict[tuple[str, str], int]:
    return {(cell.old, cell.new): cell.count for cell in result.changes}


def test_hits_are_told_by_rule_and_day_and_rules_that_never_fire_too() -> None:
    story = Story()
    story.post("c1", "bramble")
    story.at += DAY
    story.post("c2", "bramble nettle")
    story.post("c3", "clover")

    result = told(story)

    assert {hits.rule: hits.days for hits in result.hits} == {
        "Spam": {"2026-01-01": 1, "2026-01-02": 1},
        "Rude": {"2026-01-02": 1},
        "Fast": {},
        "Odd": {},
    }
    assert result.judged == {"item.posted": 3}
    assert result.hits[0].examples[0].host_id in {"c1", "c2"}


def test_a_result_says_what_history_there_was() -> None:
    story = Story()
    story.post("c1", "bramble")
    story.at += DAY
    story.post("c2", "bramble")

    result = told(story)

    assert result.history == Held(
        events=2,
        first_at=rfc3339(at_of(story.events[0].id)),
        last_at=rfc3339(at_of(story.events[-1].id)),
    )


def test_a_span_that_the_lake_holds_nothing_of_is_told_from_a_quiet_one() -> None:
    story = Story()
    story.post("c1", "bramble")
    (only,) = story.events
    plan = Plan(
        org=MAIN,
        files={"main.sml": RULES},
        policies=pack_files("default").policies,
        after=EventId(only.id + (DAY << TIME_SHIFT)),
        up_to=EventId(only.id + (2 * DAY << TIME_SHIFT)),
        until=EventId(MAX_ID),
    )

    def found(lake: MemoryLake) -> BacktestResult:
        return backtest(
            plan, Given(lake), InlinePool(), progress=lambda *_: None, stop=threading.Event()
        )

    at = rfc3339(at_of(only.id))
    assert found(MemoryLake(story.events)).history == Held(events=0, first_at=at, last_at=at)
    assert found(MemoryLake()).history == Held(events=0, first_at="", last_at="")


def test_the_matrix_tells_which_decisions_would_change() -> None:
    story = Story()
    for host_id, text, action in (
        ("c1", "bramble", "limit"),
        ("c2", "bramble", "allow"),
        ("c3", "nettle", "limit"),
        ("c4", "clover", "limit"),
        ("c5", "clover", "allow"),
    ):
        story.post(host_id, text)
        story.decide(host_id, action)
    story.post("c6", "bramble")

    result = told(story)

    assert cells(result) == {
        ("limit", "limit"): 1,
        ("allow", "limit"): 1,
        ("limit", "remove"): 1,
        ("limit", "allow"): 1,
        ("allow", "allow"): 1,
        ("none", "limit"): 1,
    }


def test_a_person_who_spoke_before_is_not_overruled_but_by_rules_that_may() -> None:
    story = Story()
    known: dict[str, Mapping[str, FactValue | Unknown]] = {
        "c1": {},
        "c2": {"hash.match.vetted": True},
    }
    for host_id, facts in known.items():
        story.post(host_id, "clover")
        story.decide(host_id, "allow")
        story.say(host_id, "allow")
        story.decide(host_id, "allow", by="person")
        story.post(host_id, "bramble", facts=facts)

    result = told(story, first=0)

    assert cells(result)["allow", "remove"] == 1
    assert ("allow", "limit") not in cells(result)


def test_what_a_person_decided_later_does_not_hide_what_rules_had_decided() -> None:
    story = Story()
    story.post("c1", "clover")
    story.decide("c1", "limit")
    story.say("c1", "allow")
    story.decide("c1", "allow", by="person")

    assert cells(told(story)) == {("limit", "allow"): 1}


def test_a_report_is_compared_with_what_was_decided_before_the_span() -> None:
    story = Story()
    story.post("c1", "bramble")
    story.decide("c1", "limit")
    item: JsonValue = {"kind": "comment", "host_id": "c1", "text": "nettle"}
    story.add("report.filed", Subject("comment", "c1"), item=item)

    assert cells(told(story, first=2)) == {("limit", "remove"): 1}


def test_views_after_the_event_would_have_been_prevented_where_they_fell() -> None:
    story = Story()
    story.post("c1", "bramble")
    story.view("c1", 100)
    story.view("c1", 7, surface="profile")
    story.post("c2", "nettle")
    story.view("c2", 10, surface="profile")
    story.post("c3", "clover")
    story.view("c3", 1_000)

    result = told(story)

    assert result.prevented.by_action == {"limit": 100, "remove": 10}
    assert result.prevented.by_rule == {"Spam": 100, "Rude": 10}


def test_a_new_version_ends_what_was_prevented_of_the_old_one() -> None:
    story = Story()
    story.post("c1", "bramble")
    story.view("c1", 1)
    story.post("c1", "clover", kind="item.changed", version="v2")
    story.view("c1", 50)

    assert told(story).prevented.views == 1


def test_items_people_found_good_are_would_be_false_positives() -> None:
    story = Story()
    for host_id, text, action in (
        ("c1", "bramble", "allow"),
        ("c2", "bramble", "remove"),
        ("c3", "clover", "remove"),
        ("c4", "clover", "allow"),
    ):
        story.post(host_id, text)
        story.say(host_id, action)

    result = told(story)

    known = result.known
    assert (known.good_restricted, known.bad_restricted, known.bad_missed) == (1, 1, 1)
    assert [example.host_id for example in known.examples] == ["c1"]
    assert (result.hits[0].known_good, result.hits[0].known_bad) == (1, 1)


def test_a_verdict_taken_back_says_nothing() -> None:
    story = Story()
    story.post("c1", "bramble")
    story.say("c1", "allow")
    story.add("verdict.withdrawn", Subject("comment", "c1"), version="")

    assert told(story).known.good_restricted == 0


def test_asking_for_what_was_found_changes_nothing() -> None:
    story = Story()
    story.post("c1", "bramble")
    (event,) = story.events
    plan = Plan(
        org=MAIN,
        files={"main.sml": RULES},
        policies=pack_files("default").policies,
        after=EventId(event.id - 1),
        up_to=event.id,
        until=EventId(MAX_ID),
    )
    finder = Finder(plan)

    results = []
    for _ in range(2):
        finder.take([event], [Outcome()])
        results.append(finder.result())

    missing = [result.facts["hash.match.vetted"] for result in (*results, finder.result())]
    assert [(tally.known, tally.missing) for tally in missing] == [(0, 1), (0, 2), (0, 2)]


def test_the_load_of_queues_is_told_as_it_was_and_would_be() -> None:
    story = Story()
    story.post("c1", "nettle")
    story.decide("c1", "allow", queue="spam")
    story.post("c2", "nettle")

    assert [(load.queue, load.old, load.new) for load in told(story).review] == [
        ("hate", 0, 2),
        ("spam", 1, 0),
    ]


LONG: Final = "\nLong = Rule(when_all=[StringLength(s=Words * 400000) > 2000000], description='')\n"


def test_what_a_rule_threw_on_is_held_and_asked_about_for_a_grave_policy() -> None:
    story = Story()
    for host_id, text, action in (("c1", "bramble", "hold"), ("c2", "b", "allow")):
        story.post(host_id, text)
        story.decide(host_id, action, queue="unjudged" if action == "hold" else "")
    breaks = f"{LONG}WhenRules(rules_any=[Long], then=[Hold(policy='VC.THREAT')])"

    result = told(story, rules=RULES + breaks)

    assert cells(result) == {("hold", "hold"): 1, ("allow", "allow"): 1}
    assert [(load.queue, load.old, load.new) for load in result.review] == [("unjudged", 1, 1)]
    assert sum(result.errors.values()) == 1


def test_a_review_that_a_rule_threw_on_is_asked_about_and_holds_nothing() -> None:
    story = Story()
    story.post("c1", "quokka")
    story.decide("c1", "allow", queue="unjudged")
    breaks = f"{LONG}WhenRules(rules_any=[Long], then=[Review(queue='hate')])"

    result = told(story, rules=RULES + breaks)

    assert cells(result) == {("allow", "allow"): 1}
    assert [(load.queue, load.old, load.new) for load in result.review] == [("unjudged", 1, 1)]


def test_what_a_rule_threw_on_is_only_counted_for_a_mild_policy() -> None:
    story = Story()
    story.post("c1", "quokka")
    story.decide("c1", "allow")
    breaks = f"{LONG}WhenRules(rules_any=[Long], then=[Hold(policy='IN.SPAM')])"

    result = told(story, rules=RULES + breaks)

    assert cells(result) == {("allow", "allow"): 1}
    assert not result.review
    assert sum(result.errors.values()) == 1


def test_accounts_have_a_matrix_of_their_own() -> None:
    story = Story()
    story.post("c1", "nettle")
    story.post("c2", "nettle")
    story.decide("a-c2", "feature_block", kind=ACCOUNT, version="")

    result = told(story)

    assert {(cell.old, cell.new): cell.count for cell in result.accounts} == {
        ("none", "feature_block"): 1,
        ("feature_block", "feature_block"): 1,
    }


def test_facts_that_history_does_not_hold_are_named() -> None:
    story = Story()
    story.post("c1", "clover", facts={"item.views": 3})
    story.post("c2", "clover", facts={"item.views": Unknown("x")})

    result = told(story)

    assert result.absent == ("hash.match.vetted",)
    views = result.facts[1]
    assert (views.name, views.known, views.unknown, views.missing) == ("item.views", 1, 1, 0)


def test_imported_history_was_never_decided() -> None:
    story = Story()
    story.post("c1", "bramble", lane=HISTORY_LANE)
    story.post("c2", "clover", lane=HISTORY_LANE)

    assert cells(told(story)) == {("none", "limit"): 1, ("none", "allow"): 1}


def test_markets_and_languages_are_told_apart() -> None:
    story = Story()
    story.post("c1", "bramble")
    story.decide("c1", "allow")

    result = told(story)

    assert [(part.name, part.items, part.changed) for part in result.markets] == [("DE", 1, 1)]
    assert [part.name for part in result.languages] == ["de"]


def test_the_span_bounds_what_is_judged_and_not_what_came_of_it() -> None:
    story = Story()
    story.post("c1", "bramble")
    story.post("c2", "bramble")
    story.decide("c2", "allow")
    story.view("c2", 5)
    story.post("c3", "bramble")

    result = told(story, first=1, last=1)

    assert result.judged == {"item.posted": 1}
    assert cells(result) == {("allow", "limit"): 1}
    assert result.prevented.views == 5


def test_processes_tell_the_same_as_one() -> None:
    story = Story()
    for n in range(12_000):
        story.post(f"c{n}", ("bramble", "nettle", "clover")[n % 3])
        if n % 5 == 0:
            story.view(f"c{n}", n)

    assert told(story, pool=ProcessPool(2)) == told(story)


def a_plan(rules: str = RULES) -> Plan:
    return Plan(
        org=MAIN,
        files={"main.sml": rules},
        policies=pack_files("default").policies,
        after=EventId(0),
        up_to=EventId(MAX_ID),
        until=EventId(MAX_ID),
    )


def run(plan: Plan, story: Story, stop: threading.Event) -> BacktestResult:
    lake = Given(MemoryLake(story.events))
    return backtest(plan, lake, InlinePool(), progress=lambda *_: None, stop=stop)


def test_a_backtest_stops_when_told_to() -> None:
    story = Story()
    story.post("c1", "bramble")
    stop = threading.Event()
    stop.set()

    with pytest.raises(Cancelled):
        run(a_plan(), story, stop)


def test_an_empty_lake_gives_an_empty_result() -> None:
    result = run(a_plan(), Story(), threading.Event())

    assert result.events == 0
    assert result.changes == ()


def test_a_candidate_that_does_not_compile_is_refused_before_anything_runs() -> None:
    broken = a_plan("R = Rule(when_all=[X], description='')")

    with pytest.raises(RuleSetDoesNotCompile):
        run(broken, Story(), threading.Event())
