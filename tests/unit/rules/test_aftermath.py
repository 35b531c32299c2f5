"""What something that threw left undecided: the policies of the effects that rest on it."""

from dataclasses import replace

import pytest

from fieldfare.rules import ANY_POLICY, NO_POLICY, Outcome, load_rule_set
from fieldfare.rules.functions import FUNCTIONS
from fieldfare.testing.rule_sets import a_vocabulary, evaluated

HEAD = (
    "T: str = JsonData(path='$.t')\nCode: str = JsonData(path='$.code')\n"
    "Hash = HashMd5(input=T)\n"
    "Thrown = Rule(when_all=[Hash == 'x'], description='')\n"
    "Fine = Rule(when_all=[T == 'a'], description='')\n"
    "Other = Rule(when_all=[T == 'b'], description='')\n"
)


def breaks(_: str) -> str:
    raise RuntimeError("broken: on purpose")


def outcome_of(rest: str, *, semantics: str = "safe", guarded: bool = False) -> Outcome:
    broken = replace(FUNCTIONS["HashMd5"], run=breaks, guarded=guarded)
    words = replace(a_vocabulary(), functions={**FUNCTIONS, "HashMd5": broken})
    sources = {"main.sml": HEAD + rest, "ruleset.yaml": f"semantics: {semantics}\n"}
    rules = load_rule_set(sources, vocabulary=words)
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
