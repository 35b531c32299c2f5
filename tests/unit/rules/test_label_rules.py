"""Labels in rules: what is checked before they load, what they see, and what they change."""

from typing import Any, Final

import pytest

from fieldfare.kernel import BadInput
from fieldfare.records import Subject
from fieldfare.rules import Outcome, RuleSet, RuleSetDoesNotCompile, load_rule_set
from fieldfare.rules.cases import run_cases
from fieldfare.rules.labels import LABEL_CHANGED, Entity, LabelChange, LabelStatus, data_of
from fieldfare.rules.outcomes import Occurrence
from fieldfare.rules.running import Running
from fieldfare.testing.rule_sets import START_MS, a_vocabulary, an_id

ADA: Final = Entity("Account", "ada")
HOUR: Final = 3_600_000
LABELS: Final = """
labels:
  hasty:
    valid_for: [Account]
    connotation: negative
    description: posts faster than people do
  known_place:
    valid_for: [Ip]
  anything:
"""
FEATURES: Final = """
Author: Entity[str] = EntityJson(type='Account', path='$.author')
Ip: Entity[str] = EntityJson(type='Ip', path='$.ip')
Text: str = JsonData(path='$.text')
"""
ADDS: Final = (
    FEATURES
    + """
Loud = Rule(when_all=[Text == 'loud'], description=f'{Author} was loud')
Calm = Rule(when_all=[Text == 'calm'], description='calm')
Both = Rule(when_all=[Text == 'both'], description='both')
WhenRules(rules_any=[Loud, Both], then=[LabelAdd(entity=Author, label='hasty', expires_after='1h')])
WhenRules(rules_any=[Calm, Both], then=[LabelRemove(entity=Author, label='hasty')])
IsHasty = HasLabel(entity=Author, label='hasty')
Seen = Rule(when_all=[IsHasty], description='the author is hasty')
WhenRules(
    rules_any=[Seen],
    then=[DeclareVerdict(verdict='slow_down'), DeclareVerdict(verdict=f'{Author} waits')],
)
"""
)


def compiled(main: str, labels: str = LABELS) -> RuleSet:
    sources = {"main.sml": main, "config/labels.yaml": labels}
    return load_rule_set(sources, vocabulary=a_vocabulary())


class Stream:
    """Events through a rule set, each a minute after the last; changes come back as events."""

    def __init__(self, main: str) -> None:
        self.rules = compiled(main)
        self.running = Running([self.rules])
        self.minute = 0

    def event(self, **data: Any) -> Outcome:  # noqa: ANN401 -- JSON
        outcome = self.running.judge(self.rules, self.upcoming("item.posted", data), {})
        if outcome.labels:
            self.running.count(self.upcoming(LABEL_CHANGED, data_of(outcome.labels)))
        return outcome

    def person(
        self,
        status: LabelStatus,
    ) -> None:
        change = LabelChange(entity=ADA, label="hasty", status=status, reason="a person")
        self.running.count(self.upcoming(LABEL_CHANGED, data_of([change])))

    def upcoming(self, kind: str, data: Any) -> Occurrence:  # noqa: ANN401 -- JSON
        self.minute += 1
        return Occurrence(
            kind=kind,
            event_id=an_id(self.minute * 60_000),
            subject=Subject("comment", "c1"),
            version="v1",
            data={"kind": kind, **data},
            facts={},
        )


def problem_of(main: str, labels: str = LABELS) -> str:
    with pytest.raises(RuleSetDoesNotCompile) as raised:
        compiled(main, labels)
    return str(raised.value)


def test_a_later_event_sees_the_label_a_rule_gave() -> None:
    stream = Stream(ADDS)

    first, second = stream.event(author="ada", text="loud"), stream.event(author="ada", text="x")

    (change,) = first.labels
    assert change.entity == Entity("Account", "ada")
    assert (change.status, change.reason) == (LabelStatus.ADDED, "Loud")
    assert change.description == "ada was loud"
    assert change.expires_at == START_MS + 60_000 + HOUR
    assert first.fired == ("Loud",)
    assert second.fired == ("Seen",)


def test_another_entity_has_no_label() -> None:
    stream = Stream(ADDS)
    stream.event(author="ada", text="loud")

    assert stream.event(author="bob", text="x").fired == ()


def test_a_label_ends_with_its_reason() -> None:
    stream = Stream(ADDS)
    stream.event(author="ada", text="loud")
    stream.minute += 60

    assert stream.event(author="ada", text="x").fired == ()


def test_a_label_can_be_taken_away_by_another_rule() -> None:
    stream = Stream(ADDS)
    stream.event(author="ada", text="loud")
    stream.event(author="ada", text="calm")

    assert stream.event(author="ada", text="x").fired == ()


def test_of_adding_and_removing_in_one_event_adding_wins_and_the_other_is_told() -> None:
    outcome = Stream(ADDS).event(author="ada", text="both")

    assert {change.status.word: bool(change.dropped) for change in outcome.labels} == {
        "added": False,
        "removed": True,
    }


def test_what_a_person_removed_is_not_given_again_by_a_rule() -> None:
    stream = Stream(ADDS)
    stream.person(LabelStatus.MANUALLY_REMOVED)
    stream.event(author="ada", text="loud")

    assert stream.event(author="ada", text="x").fired == ()


def test_all_declared_verdicts_are_given() -> None:
    stream = Stream(ADDS)
    stream.person(LabelStatus.MANUALLY_ADDED)

    assert stream.event(author="ada", text="x").declared == ("slow_down", "ada waits")


def test_an_unknown_entity_has_no_answer_and_gets_no_label() -> None:
    outcome = Stream(ADDS).event(text="loud")

    assert outcome.labels == ()
    assert outcome.errors == ()


@pytest.mark.parametrize(
    ("asked", "status", "answer"),
    [
        ("", LabelStatus.ADDED, True),
        ("", LabelStatus.MANUALLY_ADDED, True),
        ("", LabelStatus.REMOVED, False),
        (", manual=True", LabelStatus.ADDED, False),
        (", manual=True", LabelStatus.MANUALLY_ADDED, True),
        (", manual=False", LabelStatus.MANUALLY_ADDED, False),
        (", status='removed'", LabelStatus.REMOVED, True),
        (", status='removed'", LabelStatus.ADDED, False),
        (", status='removed', manual=True", LabelStatus.MANUALLY_REMOVED, True),
        (", min_label_age='5m'", LabelStatus.ADDED, False),
        (", min_label_age='30s'", LabelStatus.ADDED, True),
    ],
)
def test_has_label_asks_for_status_hand_and_age(
    asked: str,
    status: LabelStatus,
    answer: bool,  # noqa: FBT001 -- a case
) -> None:
    stream = Stream(
        FEATURES
        + f"R = Rule(when_all=[HasLabel(entity=Author, label='hasty'{asked})], description='')"
        + "\nWhenRules(rules_any=[R], then=[DeclareVerdict(verdict='x')])"
    )
    stream.person(status)

    assert (stream.event(author="ada").fired == ("R",)) is answer


def test_an_entity_without_a_state_counts_as_removed_unless_an_empty_id_is_an_error() -> None:
    def fires(author: str, more: str = "") -> bool:
        asked = f"HasLabel(entity=Author, label='hasty', status='removed'{more})"
        stream = Stream(f"{FEATURES}R = Rule(when_all=[{asked}], description='')")
        return stream.event(author=author).fired == ("R",)

    assert fires("ada")
    assert fires("")
    assert not fires("", ", error_on_empty=True")


def test_a_label_is_applied_only_if_its_condition_is_true() -> None:
    stream = Stream(
        FEATURES
        + """
Loud = Rule(when_all=[Text == 'loud'], description='loud')
FromHome = Rule(when_all=[Ip == 'home'], description='from home')
WhenRules(rules_any=[Loud], then=[LabelAdd(entity=Author, label='hasty', apply_if=FromHome)])
"""
    )

    assert stream.event(author="ada", text="loud").labels == ()
    assert stream.event(author="ada", text="loud", ip="work").labels == ()
    assert len(stream.event(author="ada", text="loud", ip="home").labels) == 1


def test_a_delayed_label_starts_later() -> None:
    stream = Stream(
        FEATURES
        + """
Loud = Rule(when_all=[Text == 'loud'], description='loud')
WhenRules(
    rules_any=[Loud],
    then=[
        LabelAdd(
            entity=Author,
            label='hasty',
            delay_action_by='10m',
            expires_after=TimeDelta(hours=1),
        ),
    ],
)
Seen = Rule(when_all=[HasLabel(entity=Author, label='hasty')], description='')
"""
    )
    stream.event(author="ada", text="loud")

    assert stream.event(author="ada", text="x").fired == ()
    stream.minute += 10
    assert stream.event(author="ada", text="x").fired == ("Seen",)


def test_none_for_what_may_be_left_out_is_leaving_it_out() -> None:
    given = "manual=None, min_label_age=None"
    left = "expires_after=None, delay_action_by=None"
    written = f"""{FEATURES}
Had = HasLabel(entity=Author, label='hasty', {given})
Parts = StringSplit(s=Text, sep=None, maxsplit=-1)
R = Rule(when_all=[not Had, ListLength(list=Parts) == 2], description="")
WhenRules(rules_any=[R], then=[LabelAdd(entity=Author, label='hasty', {left})])
"""

    stream = Stream(written)

    assert stream.event(author="ada", text="a b").fired == ("R",)
    assert stream.event(author="ada", text="a b").fired == ()
    never = "WhenRules(rules_any=[R], then=[LabelAdd(entity=Author, label='hasty', apply_if=None)])"
    assert "apply_if takes Rule, this is None" in problem_of(written + never)


def test_an_unknown_label_is_refused_with_the_closest_name() -> None:
    problem = problem_of(FEATURES + "X = HasLabel(entity=Author, label='hastey')")

    assert "unknown label 'hastey'" in problem
    assert "hasty" in problem.partition("unknown label")[2]


def test_a_label_for_another_type_of_entity_is_refused() -> None:
    text = "R = Rule(when_all=[True], description='')\nWhenRules(rules_any=[R], then=[{}])"
    effect = "LabelAdd(entity=Ip, label='hasty')"

    problem = problem_of(FEATURES + text.format(effect))

    assert "'hasty' is no label for entities of type 'Ip'" in problem
    assert "It is for Account." in problem


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("HasLabel(entity=Author, label='hasty', status='manually_added')", "unknown label status"),
        ("HasLabel(entity=Author, label='hasty', min_label_age='soon')", "no length of time"),
        ("HasLabel(entity=Text, label='hasty')", "entity takes"),
        (
            "HasLabel(entity=Entity(type='X', id=Count(key=[Ip], window='1h')), label='anything')",
            "cannot rest on a counter",
        ),
        (
            "Count(key=[Ip], window='1h', where=HasLabel(entity=Author, label='hasty'))",
            "a counter cannot depend on a label",
        ),
    ],
)
def test_what_cannot_be_asked_of_a_label_is_refused(written: str, said: str) -> None:
    assert said in problem_of(f"{FEATURES}X = {written}")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("labels: [a]", "labels are names"),
        ("labels:\n  a:\n    connotation: nice", "unknown connotation 'nice'"),
        ("labels:\n  a:\n    valid_fro: [Account]", "a label has no 'valid_fro'"),
        ("labels: {a: , b: [", "no YAML"),
        ("labels:\n  a: [x]", "does not say what a is for"),
    ],
)
def test_a_mistake_in_the_declared_labels_is_told_with_its_line(labels: str, said: str) -> None:
    problem = problem_of(FEATURES, labels)

    assert said in problem
    assert "config/labels.yaml:" in problem


def test_a_counter_behind_a_label_is_refused_and_a_rule_is_not() -> None:
    entry = f"{FEATURES}Require(rule='more.sml', require_if=HasLabel(entity=Author, label='hasty'))"
    counts = "Where: str = JsonData(path='$.where')\nCounted = Count(key=[Where], window='1h')"
    rules = (
        "Where: str = JsonData(path='$.where')\nR = Rule(when_all=[Where == 'x'], description='')"
    )

    def load(more: str) -> RuleSet:
        sources = {"main.sml": entry, "more.sml": more, "config/labels.yaml": LABELS}
        return load_rule_set(sources, vocabulary=a_vocabulary())

    with pytest.raises(RuleSetDoesNotCompile, match=r"more.sml counts, and a counter cannot"):
        load(counts)
    assert [rule.name for rule in load(rules).rules] == ["R"]


def test_labels_can_stand_in_the_manifest() -> None:
    rules = load_rule_set(
        {"main.sml": FEATURES, "ruleset.yaml": "name: x\nlabels:\n  hasty: {valid_for: [Account]}"},
        vocabulary=a_vocabulary(),
    )

    assert rules.labels["hasty"].valid_for == ("Account",)


def test_a_label_declared_twice_is_refused() -> None:
    sources = {"main.sml": FEATURES, "config/labels.yaml": LABELS, "ruleset.yaml": LABELS}

    with pytest.raises(RuleSetDoesNotCompile, match="'hasty' is declared twice"):
        load_rule_set(sources, vocabulary=a_vocabulary())


def test_an_explanation_sees_the_labels_the_rules_see() -> None:
    stream = Stream(ADDS)
    stream.person(LabelStatus.MANUALLY_ADDED)
    event = stream.upcoming("item.posted", {"author": "ada", "text": "x"})

    trace = stream.running.explain(stream.rules, event, {}).of("Seen")

    assert trace is not None
    assert trace.fired


CASES: Final = """
- name: a label of an earlier event is seen
  before: [{event: {kind: item.posted, author: ada, text: loud}}]
  event: {kind: item.posted, author: ada, text: x}
  expect: {fired_only: [Seen], declared: [slow_down, ada waits], not_declared: [go_on]}
- name: a label that was given is seen
  labels: {'Account:ada': [hasty]}
  event: {kind: item.posted, author: ada, text: calm}
  expect: {fired_only: [Calm, Seen], labels_only: [hasty removed on Account:ada]}
- name: what does not come is told
  event: {kind: item.posted, author: ada, text: loud}
  expect:
    labels: [hasty on Account:bob]
    declared_only: [go_on]
    not_labels: [hasty on Account:ada]
"""


def test_rule_tests_can_give_labels_and_expect_them() -> None:
    sources = {"main.sml": ADDS, "config/labels.yaml": LABELS, "tests/labels.yaml": CASES}
    rules = load_rule_set(sources, vocabulary=a_vocabulary())

    report = run_cases(rules, sources, a_vocabulary())

    (failed,) = report.failed
    assert failed.differences == (
        "labels: hasty on Account:bob is missing; came: hasty on Account:ada",
        "declared: go_on is missing; came: none",
        "labels: hasty on Account:ada was not expected; came: hasty on Account:ada",
    )


def test_a_rule_test_with_labels_of_nothing_is_refused() -> None:
    case = "- {name: x, event: {kind: item.posted}, labels: {ada: [hasty]}, expect: {fired: []}}"
    sources = {"main.sml": ADDS, "config/labels.yaml": LABELS, "tests/labels.yaml": case}

    with pytest.raises(BadInput, match="'ada' has no labels"):
        run_cases(load_rule_set(sources, vocabulary=a_vocabulary()), sources, a_vocabulary())
