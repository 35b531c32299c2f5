"""The checker: every problem at once, each with its place and a way to mend it."""

import pytest

from fieldfare.engine.in_force import vocabulary
from fieldfare.installation import pack_files
from fieldfare.kernel import BadInput
from fieldfare.policies import load_pack
from fieldfare.rules import Problem, RuleSetDoesNotCompile, Vocabulary, load_rule_set
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary

WHEN = "R = Rule(when_all=[True], description='')\nWhenRules(rules_any=[R], then=[{}])"


def problems(main: str, **files: str) -> tuple[Problem, ...]:
    with pytest.raises(RuleSetDoesNotCompile) as refused:
        a_rule_set(main, **files)
    return refused.value.problems


def only(main: str, **files: str) -> Problem:
    (problem,) = problems(main, **files)
    return problem


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("A = B", "unknown name 'B'", ""),
        ("Caption = 'x'\nA = Captoin", "unknown name 'Captoin'", "'Caption'"),
        ("A = StringLen(s='x')", "unknown function 'StringLen'", "'StringLength'"),
        ("A = StringLength(t='x')", "StringLength has no argument 't'", "It takes: s."),
        ("A = StringLength()", "StringLength lacks s=", ""),
        ("A = StringLength(s='x', s='y')", "s is given twice", ""),
        ("A = 1 +", "this is no syntax", ""),
        ("A = StringLength(s=1)", "s takes str, this is int", ""),
        ("A = StringLength(s='x').b", "this is not part of the language", "JsonData"),
        ("A = 1 if True else 2", "this is not part of the language", "two rules"),
        ("A = 'x'[0]", "this is not part of the language", "ListRead"),
        ("A = Fact('visual.nsf.max')", "unknown fact 'visual.nsf.max'", "'visual.nsfw.max'"),
        ("A = InList(list='bad_word', value='x')", "unknown list 'bad_word'", "'bad_words'"),
        ("A = 1 < 'x'", "these cannot be compared: int < str", ""),
        ("A = 1 in 5", "these cannot be compared: int in int", "in takes a list"),
        ("A = 1 in 'x'", "these cannot be compared", ""),
        ("A = ['a'] < ['b']", "these cannot be compared", ""),
        ("A = 1 < 2 < 3", "one comparison at a time", "a < b and b < c"),
        ("A = [1, 'x']", "the items of a list are of one type", ""),
        ("A = 'a' - 'b'", "- does not go with str and str", ""),
        ("A = 1.5 << 2", "<< takes whole numbers", ""),
        ("A = not 'x'", "a condition is true or false, this is str", "Compare it"),
        ("A = 'x' and True", "a condition is true or false, this is str", "Compare it"),
        ("A = -'x'", "only a number can have a sign, this is str", ""),
        ("A = 1e999", "this number is too large", ""),
        ("A = b'x'", "a literal of type bytes is not in the language", ""),
        ("A = None < 1", "None is only for X == None and X != None", ""),
        ("A = f'{1 + 1}'", "an f-string holds names only", "Give the value a name"),
        ("A: int = 'x'", "this is str, the annotation says int", ""),
        ("A: Nope = 1", "this is not a type of the language", "Types: str"),
        ("A = JsonData(path='$.a')", "a path needs an annotation", "A: str"),
        ("A = StringLength(s=JsonData(path='$.a'))", "a path needs an annotation", "a name"),
        ("A: str = JsonData(path='a')", "'a' is not a path this language reads", "$.item"),
        ("A: str = JsonData(path='$..a')", "'$..a' is not a path", "looks everywhere"),
        ("A = default('x', 1)", "the default for str cannot be int", ""),
        ("A = 1\nA = 2", "A is defined twice", "First at main.sml:1"),
        ("_a = 1", "_a is never used", ""),
        ("_r = Rule(when_all=[True], description='')\nR = _r", "a rule cannot be local", "_"),
        ("Rule = 1", "Rule is a word of the language", ""),
        ("A = B = 1", "this is no assignment to one name", ""),
        ("A = A", "A is defined by itself", "A -> A"),
        ("for a in b: pass", "this statement is not in the language", "Import"),
        ("Rule(when_all=[True], description='')", "a rule needs a name", "MyRule"),
        ("Hold(policy='IN.SPAM')", "Hold stands alone", "WhenRules"),
        ("WhenRule(rules_any=[], then=[])", "WhenRule does nothing", "'WhenRules'"),
        ("A = [Hold(policy='IN.SPAM')]", "Hold is an effect, not a value", "WhenRules"),
        ("A = Rule(when_all=[], description='')", "when_all is a list of conditions", ""),
        ("A = Rule(when_all=['x'], description='')", "a condition is true or false", "Compare"),
        ("Import(rules=['bas.sml'])", "unknown file 'bas.sml'", ""),
        ("Import(rules='main.sml')", "rules is a list of file names", ""),
        ("Require(rule='mian.sml')", "unknown file 'mian.sml'", "'main.sml'"),
        ("A = GetActionName() == 'item.postd'", "unknown event kind 'item.postd'", "item.posted"),
        ("A = GetActionName() in ['lik']", "unknown event kind 'lik'", "'like'"),
        ("A = Count(key=[], window='5m')", "key is a feature or a list of features", ""),
        ("A = Count(key=['a'], window='5 min')", "'5 min' is not a window", "5m"),
        ("A = Count(key=['a'], window='500d')", "'500d' is not a window", "400 days"),
        ("A = Count(key=[['a']], window='5m')", "list[str] cannot be a key of a counter", ""),
        (
            "A = Count(key=['a'], window='5m')\nB = Count(key=['a'], window='5m', where=A > 1)",
            "a counter cannot depend on a counter",
            "",
        ),
        (
            "T: str = JsonData(path='$.t')\nA = RegexMatch(pattern=T, target=T)",
            "pattern must be a literal",
            "when the rules load",
        ),
        ("A = StringClean(s='x', form='NFX')", "form is one of 'NFC'", ""),
        (WHEN.format("Hold(policy='IN.SPM')"), "unknown policy 'IN.SPM'", "'IN.SPAM'"),
        (WHEN.format("Remove(policy='IN.SPAM')"), "IN.SPAM does not allow Remove", "graver"),
        (WHEN.format("AgeGate(policy='IN.SPAM')"), "IN.SPAM does not allow AgeGate", "graver"),
        (WHEN.format("Strik(policy='IN.SPAM')"), "unknown effect 'Strik'", "'Strike'"),
        (WHEN.format("Review(queue='adlt')"), "unknown queue 'adlt'", "'adult'"),
        (WHEN.format("Review(queue='ADULT')"), "unknown queue 'ADULT'", "'adult'"),
        (WHEN.format("Review(queue='child')"), "unknown queue 'child'", "'child_safety'"),
        (WHEN.format("Review(queue='zz')"), "unknown queue 'zz'", "Queues: adult, authenticity, "),
        (WHEN.format("Hold(policy='zz')"), "unknown policy 'zz'", "those of the pack"),
        (WHEN.format("NotifySlack(to='x')"), "unknown effect 'NotifySlack'", "Effects: Remove, "),
        (WHEN.format("NotifySlack(to='x')"), "unknown effect 'NotifySlack'", "Restrict(kind=...)"),
        ("A = Zorb(s='x')", "unknown function 'Zorb'", "docs/how-to/functions.md"),
        ("A = StringLen(s='x')", "unknown function 'StringLen'", "docs/how-to/functions.md"),
        (WHEN.format("Review(reason='x')"), "Review needs a policy or a queue", ""),
        (
            WHEN.format("Suspend(account='a', policy='IN.SPAM', for_='long')"),
            "'long' is not a duration",
            "24h",
        ),
        (WHEN.format("ApplyPolicy(policy='IN.SPAM', stage='soon')"), "stage is one of", ""),
        (WHEN.format("True"), "then takes effects", ""),
        ("WhenRules(rules_any=[True], then=[])", "rules_any takes rules by name", "R = Rule"),
        ("A = 1\nWhenRules(rules_any=[A], then=[])", "rules_any takes rules by name", ""),
    ],
)
def test_a_problem_is_named_with_a_way_to_mend_it(text: str, message: str, hint: str) -> None:
    problem = only(text)

    assert message in problem.message
    assert hint in problem.hint


def test_every_problem_is_reported_at_once_in_order_of_place() -> None:
    found = problems(
        "Import(rules=['base.sml'])\nA = Nope\nB = StringLength(s=1)\n",
        base="C = 1 +\n",
        other="_d = 2\n",
    )

    assert [(p.file, p.line) for p in found] == [
        ("base.sml", 1),
        ("main.sml", 2),
        ("main.sml", 3),
        ("other.sml", 1),
    ]


def test_a_problem_is_drawn_with_its_line_and_a_caret() -> None:
    with pytest.raises(RuleSetDoesNotCompile) as refused:
        a_rule_set("Caption = 'ä'\nB = 'äöü' == Captoin\n")

    assert str(refused.value) == (
        "The rule set does not compile (1 problem).\n"
        "\n"
        "main.sml:2:14: unknown name 'Captoin'\n"
        "  |\n"
        "2 | B = 'äöü' == Captoin\n"
        "  |              ^^^^^^^\n"
        "  = Did you mean 'Caption'?"
    )


def test_one_mistake_is_reported_once() -> None:
    assert len(problems("A = Nope\nB = A + 1\nC = B > 2 and A == 3\n")) == 1


def test_a_name_of_another_file_must_be_imported() -> None:
    problem = only("Require(rule='base.sml')\nB = A", base="A = 1")

    assert problem.message == "A is not imported here"
    assert "Import(rules=['base.sml'])" in problem.hint


def test_a_local_name_stays_in_its_file() -> None:
    problem = only("Import(rules=['base.sml'])\nB = _a", base="_a = 1\nC = _a")

    assert "unknown name '_a'" in problem.message
    a_rule_set("_a = 1\nB = _a\nImport(rules=['base.sml'])", base="_a = 2\nC = _a")


def test_names_are_unique_across_files() -> None:
    assert only("A = 1", base="A = 2").message == "A is defined twice"


def test_circles_of_names_and_of_imports_are_found() -> None:
    assert "A -> B -> C -> A" in only("A = B\nB = C\nC = A").hint
    found = problems("Import(rules=['base.sml'])", base="Import(rules=['main.sml'])")
    assert {problem.file for problem in found} == {"main.sml", "base.sml"}


def test_an_effect_may_go_as_far_as_its_policy_and_a_hold_always() -> None:
    for effect in (
        "Limit(policy='IN.SPAM')",
        "Warn(policy='IN.SPAM')",
        "Hold(policy='IN.SPAM')",
        "Hold(policy='HB.BULLY')",
        "Remove(policy='HB.BULLY')",
        "Suspend(account='a', policy='IN.SPAM', for_='7d')",
        "Verify(account='a', policy='IN.SPAM')",
        "Ban(account='a', policy='CS.CSAM')",
        "Restrict(kind='suspend', account='a', policy='CS.CSAM')",
        "Restrict(kind='suspend', account='a', policy='IN.SPAM', for_='7d')",
    ):
        assert load_rule_set({"main.sml": WHEN.format(effect)}, vocabulary=default_words()).rules


@pytest.mark.parametrize(
    ("effect", "told", "hint"),
    [
        ("Remove(policy='IN.SPAM')", "Remove", "A rule may ask for label, warn, limit, hold: "),
        ("Remove(policy='IN.SPAM')", "Remove", "at_high_confidence, on_match or on_confirm."),
        ("Remove(policy='IN.SPAM')", "Remove", "Of its alternatives, remove among them, a rev"),
        ("AgeGate(policy='IN.SPAM')", "AgeGate", "on_confirm."),
        ("Ban(account='a', policy='IN.SPAM')", "Ban", "under account:, and IN.SPAM has none"),
        ("Ban(account='a', policy='IN.FAKE')", "Ban", "says account: limit, strip_metrics"),
        ("Restrict(kind='ban', account='a', policy='IN.SPAM')", "Restrict(kind='ban')", "for good"),
        ("Restrict(kind='suspend', account='a', policy='IN.SPAM')", "Restrict(kind='suspend')",
         "for_='7d'"),
    ],
)  # fmt: skip
def test_what_goes_further_than_its_policy_is_told_what_that_allows(
    effect: str, told: str, hint: str
) -> None:
    with pytest.raises(RuleSetDoesNotCompile) as refused:
        load_rule_set({"main.sml": WHEN.format(effect)}, vocabulary=default_words())

    (problem,) = refused.value.problems
    assert problem.message.endswith(f" does not allow {told}")
    assert hint in problem.hint


def default_words() -> Vocabulary:
    pack = load_pack(pack_files("default").policies["policies.yaml"])
    return vocabulary(pack, frozenset())


def test_a_kind_of_restriction_must_be_known() -> None:
    from dataclasses import replace

    words = replace(a_vocabulary(), restriction_kinds=frozenset({"hold"}))
    with pytest.raises(RuleSetDoesNotCompile, match="unknown kind of restriction 'limit'"):
        load_rule_set({"main.sml": WHEN.format("Limit(policy='IN.SPAM')")}, vocabulary=words)


def test_what_nests_too_deeply_is_refused_and_not_recursed_into() -> None:
    assert "nested too deeply" in only("A = " + "not " * 40 + "True").message
    assert "nested too deeply" in only("A = " + "+".join(["1"] * 900)).message
    assert "cannot be parsed" in only("A = " + "not " * 5000 + "True").message
    assert problems("A = " + "(" * 300 + "1" + ")" * 300)
    assert problems("A = 1\x00")
    chain = "\n".join(f"A{at} = A{at + 1}" for at in range(2000)) + "\nA2000 = 1"
    assert "more deeply than can be checked" in only(chain).message


def test_nesting_to_the_limit_compiles_in_linear_time() -> None:
    for wrap in (
        "default({0}, B)",
        "default(B, {0})",
        "(({0}) == B)",
        "is_missing({0})",
        "not {0}",
    ):
        condition = "B"
        for _ in range(14):
            condition = wrap.format(condition)
        rules = a_rule_set(
            f"B: bool = JsonData(path='$.b')\nR = Rule(when_all=[{condition}], description='')"
        )
        assert len(rules.python_of("like")) < 20_000


def test_a_rule_set_starts_in_main() -> None:
    from fieldfare.rules import load_rule_set

    with pytest.raises(BadInput, match=r"main\.sml"):
        load_rule_set({"other.sml": ""}, vocabulary=a_vocabulary())
