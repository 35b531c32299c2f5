"""Effects: from a rule that fired to verdicts with restrictions, reviews and reasons."""

import pytest

from fieldfare.kernel import Unknown
from fieldfare.records import Restriction, ReviewRequest, SeenValue, Subject, Verdict, Voice
from fieldfare.rules import Outcome
from fieldfare.testing.rule_sets import START_MS, a_rule_set, an_id, evaluated

FEATURES = """
Author: Entity[str] = EntityJson(type='User', path='$.author')
Policy: str = JsonData(path='$.policy')
Text: str = JsonData(path='$.text')
R = Rule(when_all=[True], description=f'{Author} said {Text}')
"""


def verdicts(effects: str, data: dict[str, object] | None = None) -> tuple[Verdict, ...]:
    outcome = evaluated(
        a_rule_set(f"{FEATURES}WhenRules(rules_any=[R], then=[{effects}])"),
        {"author": "u1", "policy": "IN.SPAM", "text": "hello"} if data is None else data,
    )
    assert outcome.errors == ()
    return outcome.verdicts


def of(effect: str) -> tuple[Restriction, ...]:
    (verdict,) = verdicts(effect)
    return verdict.restrictions


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ("Remove(policy='AD.NUDE')", Restriction(kind="remove", policy="AD.NUDE")),
        ("Limit(policy='IN.SPAM')", Restriction(kind="limit", policy="IN.SPAM")),
        ("Limit(policy=Policy)", Restriction(kind="limit", policy="IN.SPAM")),
        ("Warn(policy='AD.NUDE')", Restriction(kind="warn", policy="AD.NUDE")),
        ("Hold(policy='IN.SPAM')", Restriction(kind="hold", policy="IN.SPAM")),
        (
            "Label(label='ai_generated', policy='AD.NUDE')",
            Restriction(kind="label", policy="AD.NUDE", params={"label": "ai_generated"}),
        ),
        (
            "AgeGate(policy='AD.NUDE')",
            Restriction(kind="age_gate", policy="AD.NUDE", min_age=18),
        ),
        (
            "AgeGate(policy='AD.NUDE', min_age=16)",
            Restriction(kind="age_gate", policy="AD.NUDE", min_age=16),
        ),
        (
            "GeoBlock(policy='AD.NUDE', markets=['DE', 'AT'])",
            Restriction(kind="geo_block", policy="AD.NUDE", markets=frozenset({"DE", "AT"})),
        ),
        (
            "Interaction(policy='AD.NUDE', features=['duet', 'stitch'])",
            Restriction(kind="interaction", policy="AD.NUDE", params={"features": "duet,stitch"}),
        ),
        (
            "Limit(policy='IN.SPAM', surfaces=['feed'], markets=['DE'])",
            Restriction(
                kind="limit",
                policy="IN.SPAM",
                surfaces=frozenset({"feed"}),
                markets=frozenset({"DE"}),
            ),
        ),
    ],
)
def test_an_effect_becomes_its_restriction(effect: str, expected: Restriction) -> None:
    assert of(effect) == (expected,)


def test_a_verdict_says_who_about_what_and_why() -> None:
    rules = a_rule_set(
        "Score = Fact('visual.nsfw.max')\nText: str = JsonData(path='$.text')\n"
        "Tags: List[str] = JsonData(path='$.tags')\n"
        "_long = StringLength(s=Text) > 3\n"
        "Bad = Rule(when_all=[Score >= 0.9 or is_missing(Tags), _long, 'x' in Text,\n"
        "  RegexMatch(pattern='[a-z]x', target=Text)], description=f'scored {Score}: {Text}')\n"
        "Worse = Rule(when_all=[Bad, Fact('media.readable')], description='worse')\n"
        "WhenRules(rules_any=[Bad, Worse], then=[Hold(policy='AD.NUDE'), "
        "Review(policy='AD.NUDE', reason=f'see {Score}', lane=3)])"
    )

    outcome = evaluated(
        rules,
        {"text": "abcx"},
        facts={"visual.nsfw.max": 0.93, "media.readable": Unknown("torn file")},
        subject=Subject("video", "v9"),
    )

    (verdict,) = outcome.verdicts
    assert outcome.fired == ("Bad",)
    assert verdict.by is Voice.RULE
    assert verdict.author == "Bad"
    assert verdict.subject == Subject("video", "v9")
    assert verdict.version == "v1"
    assert verdict.event_id == an_id()
    assert verdict.restrictions == (Restriction(kind="hold", policy="AD.NUDE"),)
    assert verdict.review == (
        ReviewRequest(queue="adult", policy="AD.NUDE", reason="see 0.93", lane=3),
    )
    (reason,) = verdict.reasons
    assert (reason.by, reason.policy) == ("Bad", "AD.NUDE")
    assert reason.description == "scored 0.93: abcx"
    assert reason.seen == (
        SeenValue(name="visual.nsfw.max", value=0.93, op=">=", threshold=0.9),
        SeenValue(name="Tags", value=None, unknown="missing", op="is missing"),
        SeenValue(name="StringLength(Text)", value=4, op=">", threshold=3),
        SeenValue(name="Text", value="abcx", op="contains", threshold="x"),
        SeenValue(name="Text", value="abcx", op="matches", threshold="[a-z]x"),
    )


@pytest.mark.parametrize(
    ("condition", "op", "size"),
    [
        ("Size == 3", "!=", 4),
        ("Size != 3", "==", 3),
        ("Size < 3", ">=", 4),
        ("Size >= 3", "<", 2),
        ("Size > 3", "<=", 2),
        ("Size <= 3", ">", 4),
        ("3 < Size", "<=", 2),
        ("Size in [3]", "not in", 4),
        ("Size not in [3]", "in", 3),
        ("Size != None", "is missing", None),
        ("Size == None", "is there", 4),
        ("not Size == 3", "==", 3),
        ("_IsThree", "!=", 4),
    ],
)
def test_what_stands_under_a_not_is_seen_as_the_comparison_that_holds(
    condition: str, op: str, size: int | None
) -> None:
    three = "_IsThree = Size == 3\n" if "_IsThree" in condition else ""
    rules = a_rule_set(
        f"Size: int = JsonData(path='$.size')\n{three}"
        f"R = Rule(when_all=[not ({condition})], description='')\n"
        "WhenRules(rules_any=[R], then=[Hold(policy='AD.NUDE')])"
    )

    (seen,) = evaluated(rules, {} if size is None else {"size": size}).verdicts[0].reasons[0].seen

    assert (seen.name, seen.op) == ("Size", op)


def test_a_bare_condition_under_a_not_is_seen_as_not_holding() -> None:
    rules = a_rule_set(
        "R = Rule(when_all=[not Fact('media.readable')], description='')\n"
        "WhenRules(rules_any=[R], then=[Hold(policy='AD.NUDE')])"
    )

    (seen,) = evaluated(rules, facts={"media.readable": False}).verdicts[0].reasons[0].seen

    assert (seen.name, seen.op, seen.value) == ("media.readable", "does not hold", False)


def test_an_unknown_fact_is_seen_with_its_reason() -> None:
    rules = a_rule_set(
        "R = Rule(when_all=[Fact('visual.nsfw.max') > 0.5 or True == True], description='')\n"
        "WhenRules(rules_any=[R], then=[Hold(policy='AD.NUDE')])\n"
        "S = Rule(when_all=[Fact('visual.nsfw.max') > 0.5 or Fact('media.readable')],"
        "description='')\nWhenRules(rules_any=[S], then=[Hold(policy='AD.NUDE')])"
    )

    outcome = evaluated(
        rules, facts={"visual.nsfw.max": Unknown("torn file"), "media.readable": True}
    )

    (seen, _) = outcome.verdicts[1].reasons[0].seen
    assert (seen.value, seen.unknown) == (None, "torn file")


def test_long_texts_are_cut_in_reasons() -> None:
    rules = a_rule_set(
        "T: str = JsonData(path='$.t')\nR = Rule(when_all=['a' in T], description='')\n"
        "WhenRules(rules_any=[R], then=[Hold(policy='AD.NUDE')])"
    )

    (seen,) = evaluated(rules, {"t": "a" * 5000}).verdicts[0].reasons[0].seen

    assert seen.value == "a" * 200 + "…"


def test_several_rules_that_fire_share_one_verdict() -> None:
    rules = a_rule_set(
        f"{FEATURES}S = Rule(when_all=[Text == 'hello'], description='second')\n"
        "WhenRules(rules_any=[R, S], then=[Limit(policy='IN.SPAM')])"
    )

    (verdict,) = evaluated(rules, {"text": "hello"}).verdicts

    assert verdict.author == "R, S"
    assert [reason.by for reason in verdict.reasons] == ["R", "S"]
    assert verdict.reasons[0].description == "Unknown said hello"


def test_an_account_effect_is_about_the_account_and_ends_by_the_ids_clock() -> None:
    item, account = verdicts(
        "Limit(policy='IN.SPAM'), "
        "FeatureBlock(account=Author, feature='comments', for_='24h', policy='IN.SPAM')"
    )

    assert item.subject.kind == "comment"
    assert account.subject == Subject("account", "u1")
    assert account.version == ""
    assert account.restrictions == (
        Restriction(
            kind="feature_block",
            policy="IN.SPAM",
            until=START_MS + 86_400_000,
            params={"feature": "comments"},
        ),
    )


def test_an_effect_on_the_account_that_an_event_is_about_joins_its_verdict() -> None:
    rules = a_rule_set(
        f"{FEATURES}WhenRules(rules_any=[R], then=[Review(policy='IN.SPAM'), "
        "Suspend(account=Author, policy='IN.SPAM', for_='7d')])"
    )

    own = evaluated(rules, {"author": "u1"}, subject=Subject("account", "u1"))
    another = evaluated(rules, {"author": "u1"}, subject=Subject("account", "u2"))
    item = evaluated(rules, {"author": "u1"}, subject=Subject("comment", "u1"))

    (verdict,) = own.verdicts
    assert verdict.subject == Subject("account", "u1")
    assert [one.kind for one in verdict.restrictions] == ["suspend"]
    assert len(verdict.review) == 1
    assert [len(outcome.verdicts) for outcome in (another, item)] == [2, 2]


@pytest.mark.parametrize(
    ("effect", "kind", "until"),
    [
        ("Suspend(account=Author, policy='IN.SPAM', for_='7d')", "suspend", 7 * 86_400_000),
        ("Ban(account=Author, policy='IN.SPAM')", "ban", None),
        ("Verify(account=Author, policy='IN.SPAM')", "verify", None),
        ("LimitAccount(account=Author, policy='IN.SPAM')", "limit", None),
    ],
)
def test_further_account_effects(effect: str, kind: str, until: int | None) -> None:
    (restriction,) = of(effect)

    assert restriction.kind == kind
    assert restriction.until == (None if until is None else START_MS + until)


def test_what_may_overrule_a_person_is_a_verdict_of_its_own() -> None:
    plain, strong = verdicts("Limit(policy='IN.SPAM'), Remove(policy='AD.NUDE', after_person=True)")

    assert (plain.after_person, strong.after_person) == (False, True)
    assert strong.restrictions[0].kind == "remove"


@pytest.mark.parametrize(
    ("effect", "kinds", "cases"),
    [
        ("ApplyPolicy(policy='AD.NUDE')", ["hold"], [("adult", 1)]),
        ("ApplyPolicy(policy='AD.NUDE', stage='on_confirm')", ["remove"], []),
        ("ApplyPolicy(policy='SA.NCII')", ["hold"], [("sexual_abuse", 0)]),
        ("ApplyPolicy(policy='SA.NCII', vetted_match=True)", ["remove"], [("sexual_abuse", 0)]),
        ("ApplyPolicy(policy='HB.BULLY')", [], [("harassment", 1)]),
        ("ApplyPolicy(policy='IN.SPAM', vetted_match=True)", [], []),
        ("ApplyPolicy(policy=Policy)", ["limit"], []),
    ],
)
def test_apply_policy_does_what_the_pack_says(
    effect: str, kinds: list[str], cases: list[tuple[str, int]]
) -> None:
    (verdict,) = verdicts(effect)

    assert [restriction.kind for restriction in verdict.restrictions] == kinds
    assert [(request.queue, request.lane) for request in verdict.review] == cases


def test_apply_policy_can_be_narrowed() -> None:
    (restriction,) = of("ApplyPolicy(policy='AD.NUDE', markets=['DE'], surfaces=['feed'])")

    assert restriction.markets == frozenset({"DE"})
    assert restriction.surfaces == frozenset({"feed"})


def broken(effect: str, data: dict[str, object]) -> Outcome:
    return evaluated(
        a_rule_set(f"{FEATURES}WhenRules(rules_any=[R], then=[{effect}, Hold(policy='IN.SPAM')])"),
        data,
    )


@pytest.mark.parametrize(
    ("effect", "data", "error"),
    [
        ("Limit(policy=Policy)", {"policy": "NO.SUCH"}, "there is no policy 'NO.SUCH'"),
        ("Limit(policy=Policy)", {}, "the policy is Unknown"),
        ("Review(policy=Policy)", {}, "the policy is Unknown"),
        ("Review(queue=Text)", {}, "the queue is Unknown"),
        ("Ban(account=Author, policy='IN.SPAM')", {}, "the account is Unknown"),
        ("Label(label=Text, policy='AD.NUDE')", {}, "label is Unknown"),
    ],
)
def test_an_effect_that_lacks_something_is_reported_and_stops_no_other(
    effect: str, data: dict[str, object], error: str
) -> None:
    outcome = broken(effect, data)

    assert outcome.fired == ("R",)
    assert [v.restrictions[0].kind for v in outcome.verdicts] == ["hold"]
    assert len(outcome.errors) == 1
    assert error in outcome.errors[0]
    assert "rule R" in outcome.errors[0]


def test_a_rule_without_effects_fires_silently() -> None:
    outcome = evaluated(a_rule_set(FEATURES), {})

    assert outcome.fired == ("R",)
    assert outcome.verdicts == ()


def test_an_effect_may_have_a_name() -> None:
    rules = a_rule_set(
        f"{FEATURES}Quiet = Limit(policy='IN.SPAM')\nWhenRules(rules_any=[R], then=[Quiet])"
    )

    assert evaluated(rules).verdicts[0].restrictions[0].kind == "limit"
