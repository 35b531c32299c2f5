"""What something that threw left undecided: the policies of the effects that rest on it."""

from dataclasses import replace

import pytest

from fieldfare.records import Subject
from fieldfare.rules import (
    ANY_POLICY,
    NO_POLICY,
    Occurrence,
    Outcome,
    RuleSet,
    Running,
    load_rule_set,
)
from fieldfare.rules.functions import FUNCTIONS
from fieldfare.testing.rule_sets import a_vocabulary, an_id, evaluated

HEAD = (
    "T: str = JsonData(path='$.t')\nCode: str = JsonData(path='$.code')\n"
    "Hash = HashMd5(input=T)\n"
    "Thrown = Rule(when_all=[Hash == 'x'], description='')\n"
    "Fine = Rule(when_all=[T == 'a'], description='')\n"
    "Other = Rule(when_all=[T == 'b'], description='')\n"
)


def breaks(_: str) -> str:
    raise RuntimeError("broken: on purpose")


def rules_of(text: str, *, semantics: str = "safe", guarded: bool = False) -> RuleSet:
    broken = replace(FUNCTIONS["HashMd5"], run=breaks, guarded=guarded)
    words = replace(a_vocabulary(), functions={**FUNCTIONS, "HashMd5": broken})
    sources = {
        "main.sml": text,
        "ruleset.yaml": f"semantics: {semantics}\n",
        "config/labels.yaml": "labels: {hasty: }\n",
    }
    return load_rule_set(sources, vocabulary=words)


def outcome_of(rest: str, *, semantics: str = "safe", guarded: bool = False) -> Outcome:
    rules = rules_of(HEAD + rest, semantics=semantics, guarded=guarded)
    return evaluated(rules, {"t": "a", "code": "CS.CSAM"})


@pytest.mark.parametrize("semantics", ["safe", "osprey"])
@pytest.mark.parametrize("guarded", [False, True])
@pytest.mark.parametrize(
    ("rest", "undecided"),
    [
        ("", ()),
        ("WhenRules(rules_any=[Fine, Other], then=[Hold(policy='CS.CSAM')])", ()),
        ("WhenRules(rules_any=[Other], then=[Hold(policy='CS.CSAM')])", ()),
        ("WhenRules(rules_any=[Thrown], then=[Hold(policy='CS.CSAM')])", ("CS.CSAM",)),
        ("WhenRules(rules_any=[Thrown], then=[Limit(policy='IN.SPAM')])", ("IN.SPAM",)),
        ("WhenRules(rules_any=[Thrown, Other], then=[Hold(policy='IN.SPAM')])", ("IN.SPAM",)),
        ("WhenRules(rules_any=[Thrown, Fine], then=[Hold(policy='CS.CSAM')])", ()),
        ("WhenRules(rules_any=[Thrown], then=[Review(queue='fraud')])", (NO_POLICY,)),
        ("WhenRules(rules_any=[Thrown], then=[Review(policy='PR.SEC')])", ("PR.SEC",)),
        ("WhenRules(rules_any=[Thrown], then=[Hold(policy=Code)])", (ANY_POLICY,)),
        (
            (
                "Built = Rule(when_all=[Thrown or T == 'b'], description='')\n"
                "WhenRules(rules_any=[Built], then=[Hold(policy='CS.CSAM')])"
            ),
            ("CS.CSAM",),
        ),
        (
            (
                "WhenRules(rules_any=[Other], then=[Hold(policy='CS.CSAM')])\n"
                "WhenRules(rules_any=[Thrown], "
                "then=[Hold(policy='PR.SEC'), Review(policy='IN.SPAM')])"
            ),
            ("PR.SEC", "IN.SPAM"),
        ),
    ],
)
def test_policies_are_undecided_where_their_rules_rest_on_what_threw(
    rest: str, undecided: tuple[str, ...], semantics: str, *, guarded: bool
) -> None:
    outcome = outcome_of(rest, semantics=semantics, guarded=guarded)

    assert outcome.undecided == undecided
    assert outcome.errors or not guarded


COUNTED = [
    "Count(key=T, where=HashMd5(input=T) == 'x', window='1h') >= 2",
    "Count(key=HashMd5(input=T), window='1h') >= 1",
    "Count(key=HashMd5(input=T), window='1h') / 2 >= 1",
    "CountDistinct(of=HashMd5(input=T), key=T, window='1h') >= 1",
    "Sum(of=StringLength(s=HashMd5(input=T)), key=T, window='1h') >= 1",
    "HasLabel(entity=Entity(type='Account', id=HashMd5(input=T)), label='hasty')",
]
COUNTERS = """
T: str = JsonData(path='$.t')
Counted = Rule(when_all=[CONDITION], description='')
Built = Rule(when_all=[T == 'b', Counted], description='')
Other = Rule(when_all=[T == 'b'], description='')
WhenRules(rules_any=[Counted], then=[Hold(policy='CS.CSAM')])
WhenRules(rules_any=[Built], then=[Hold(policy='PR.SEC')])
WhenRules(rules_any=[Other], then=[Hold(policy='IN.SPAM')])
"""


@pytest.mark.parametrize("semantics", ["safe", "osprey"])
@pytest.mark.parametrize("guarded", [False, True])
@pytest.mark.parametrize("condition", COUNTED)
def test_what_throws_while_an_event_is_counted_leaves_undecided_what_reads_the_counter(
    condition: str, semantics: str, *, guarded: bool
) -> None:
    text = COUNTERS.replace("CONDITION", condition)

    outcome = evaluated(rules_of(text, semantics=semantics, guarded=guarded), {"t": "a"})

    assert outcome.fired == ()
    (error,) = outcome.errors
    assert error.endswith(": RuntimeError: broken: on purpose")
    assert outcome.undecided == ("CS.CSAM", "PR.SEC")


def test_a_counter_that_only_another_kind_of_event_reads_leaves_an_error_and_nothing_open() -> None:
    rules = rules_of(
        "T: str = JsonData(path='$.t')\n"
        "Many = Count(key=HashMd5(input=T), window='1h')\n"
        "R = Rule(when_all=[GetActionName() == 'like', Many >= 1], description='')\n"
        "WhenRules(rules_any=[R], then=[Hold(policy='CS.CSAM')])"
    )

    posted, liked = evaluated(rules, {"t": "a"}), evaluated(rules, {"t": "a"}, kind="like")

    assert [error.partition(":")[0] for error in posted.errors] == ["line 2 of main.sml"]
    assert posted.undecided == ()
    assert liked.undecided == ("CS.CSAM",)


def test_rule_sets_that_share_a_counter_each_have_its_error() -> None:
    counting = COUNTERS.replace("CONDITION", COUNTED[1])
    first, second = rules_of(counting), rules_of(counting.replace("CS.CSAM", "SA.NCII"))
    sound = rules_of("R = Rule(when_all=[True], description='')")
    running = Running([first, second, sound])
    event = Occurrence(
        kind="like",
        event_id=an_id(),
        subject=Subject("comment", "c1"),
        version="v1",
        data={"t": "a"},
        facts={},
    )

    told = [running.judge(rules, event, {}) for rules in (first, second, sound, first)]

    assert [len(outcome.errors) for outcome in told] == [1, 1, 0, 1]
    assert [outcome.undecided[:1] for outcome in told] == [
        ("CS.CSAM",),
        ("SA.NCII",),
        (),
        ("CS.CSAM",),
    ]
    assert running.explain(first, event, {}).outcome == told[0]


def test_an_error_nothing_is_known_of_may_have_kept_away_any_policy() -> None:
    rules = rules_of("R = Rule(when_all=[GetActionName() == 'follow'], description='')")
    event = Occurrence(
        kind="follow",
        event_id=an_id(),
        subject=Subject("comment", "c1"),
        version="v1",
        data={},
        facts={},
    )

    outcome = rules.judge(event, (), {}, (), thrown=["what nobody wrote: RuntimeError: x"])

    assert outcome.fired == ("R",)
    assert outcome.undecided == (ANY_POLICY,)


@pytest.mark.parametrize("semantics", ["safe", "osprey"])
def test_words_that_throw_keep_no_effect_away(semantics: str) -> None:
    outcome = outcome_of(
        "Told = Rule(when_all=[T == 'a'], description=f'{T}')\n"
        "WhenRules(rules_any=[Told], then=[Hold(policy='CS.CSAM'), "
        "Review(policy='CS.CSAM', reason=HashMd5(input=T))])",
        semantics=semantics,
    )

    assert outcome.errors
    assert [r.kind for verdict in outcome.verdicts for r in verdict.restrictions] == ["hold"]
    assert outcome.undecided == ()


def test_an_argument_that_throws_leaves_its_own_effect_undecided() -> None:
    outcome = outcome_of(
        "WhenRules(rules_any=[Fine], then=[Limit(policy='IN.SPAM'), "
        "Ban(account=HashMd5(input=T), policy='CS.CSAM')])"
    )

    assert [r.kind for verdict in outcome.verdicts for r in verdict.restrictions] == ["limit"]
    assert outcome.undecided == ("CS.CSAM",)


def test_a_review_whose_queue_is_unknown_leaves_somebody_to_be_asked() -> None:
    outcome = outcome_of(
        "Queue: str = JsonData(path='$.queue')\n"
        "WhenRules(rules_any=[Fine], then=[Review(queue=Queue)])"
    )

    assert outcome.verdicts == ()
    assert outcome.undecided == (NO_POLICY,)


def test_a_gate_that_throws_leaves_what_stands_behind_it_undecided() -> None:
    broken = replace(FUNCTIONS["HashMd5"], run=breaks)
    words = replace(a_vocabulary(), functions={**FUNCTIONS, "HashMd5": broken})
    behind = (
        "U: str = JsonData(path='$.t')\nR = Rule(when_all=[U == 'a'], description='')\n"
        "WhenRules(rules_any=[R], then=[Hold(policy='CS.CSAM')])"
    )
    main = HEAD + "Require(rule='behind.sml', require_if=Hash == 'x')\n"
    rules = load_rule_set({"main.sml": main, "behind.sml": behind}, vocabulary=words)

    assert evaluated(rules, {"t": "a"}).undecided == ("CS.CSAM",)
