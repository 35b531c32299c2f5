from collections.abc import Mapping

import pytest

from fieldfare.engine.in_force import vocabulary
from fieldfare.installation import in_force_without_store, pack_files
from fieldfare.kernel import BadInput
from fieldfare.rules import CaseReport, case_files, load_rule_set, run_cases
from fieldfare.testing.rule_sets import a_vocabulary

RULES = """
Author: Entity[str] = EntityJson(type='Account', path='$.item.author')
Kind: str = JsonData(path='$.item.kind')
Words: str = JsonData(path='$.item.text')
Score = Fact('visual.nsfw.max')
_Posts = Count(key=[Author], window='5m')
Loud = Rule(when_all=[Kind == 'comment', _Posts >= 3], description=f'{_Posts} posts')
Seen = Rule(when_all=[Score >= 0.5, not InList(list='bad_words', value=Words)], description='')
Liked = Rule(when_all=[GetActionName() == 'like'], description='')
WhenRules(rules_any=[Loud], then=[Limit(policy='IN.SPAM', markets=['DE', 'AT'])])
WhenRules(
    rules_any=[Seen],
    then=[Suspend(account=Author, policy='IN.SPAM', for_='24h'), Review(policy='AD.NUDE')],
)
"""


LATER = """
- name: x
  event: {kind: like}
  before: [{at: 2027-01-01, event: {kind: like}}]
  expect: {}
""".strip()


def report_of(cases: str, *, only: str = "", rules: str = RULES) -> CaseReport:
    sources = {"main.sml": rules, "tests/all.yaml": cases}
    words = a_vocabulary()
    return run_cases(load_rule_set(sources, vocabulary=words), sources, words, only=only)


def differences(cases: str) -> tuple[str, ...]:
    (result,) = report_of(cases).results
    return result.differences


def test_a_case_that_meets_its_expectations_passes() -> None:
    report = report_of("""
- name: Three posts are loud
  before:
    - event: {kind: item.posted, item: {kind: comment, author: u1, host_id: 'c{n}'}}
      times: 2
      every: 2m
  event: {kind: item.posted, item: {kind: comment, author: u1, host_id: c3}}
  expect:
    fired_only: [Loud]
    effects_only: [{kind: limit, policy: IN.SPAM, on: comment:c3, markets: [DE, AT]}]
""")

    assert report.failed == ()
    assert report.untested == ("Seen", "Liked")


def test_events_before_count_as_long_ago_as_they_say() -> None:
    case = """
- name: Long ago
  before:
    - event: {kind: item.posted, item: {kind: comment, author: u1}}
      times: 2
      every: 1s
      ago: AGO
  event: {kind: item.posted, item: {kind: comment, author: u1}}
  expect: {fired: [Loud]}
"""

    assert differences(case.replace("AGO", "298s")) == ()
    assert differences(case.replace("AGO", "5m")) != ()


def test_a_rule_that_did_not_fire_is_told_with_the_condition_that_decided() -> None:
    found = differences("""
- name: A video is loud
  event: {kind: item.posted, item: {kind: video, author: u1}}
  expect: {fired: [Loud]}
""")

    assert found == (
        "fired: Loud did not fire; fired: none",
        "  `Kind == 'comment'` is false: Kind is \"video\"",
        "  `_Posts >= 3` is false: _Posts is 1",
    )


def test_an_unknown_says_why() -> None:
    found = differences("""
- name: A score nobody found
  event: {kind: item.posted, item: {kind: video, author: u1, text: hello}}
  facts: {visual.nsfw.max: {unknown: the model is down}}
  lists: {bad_words: [bramble]}
  expect: {fired: [Seen]}
""")

    assert found[1] == (
        "  `Score >= 0.5` is Unknown: visual.nsfw.max is Unknown (the model is down)"
    )


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("fired_only: []", "fired: Seen fired, and only none should have"),
        ("not_fired: [Seen]", "fired: Seen fired and should not have"),
        ("fired: [Scene]", "fired: there is no rule 'Scene'. Did you mean 'Seen'?"),
        ("fired: [Liked]", "  Liked cannot fire on an event of kind item.posted"),
        ("effects: [hold AD.NUDE]", "effects: expected hold AD.NUDE; came: suspend IN.SPAM on"),
        ("effects: [suspend IN.SPAM on account:u2]", "effects: expected suspend IN.SPAM on acc"),
        ("effects: [{kind: suspend, for: 25h}]", "effects: expected suspend (for=90000000 ms)"),
        ("not_effects: [review AD.NUDE]", "effects: review AD.NUDE was not expected; came: "),
        ("effects_only: [review]", "effects: suspend IN.SPAM on account:u1 (for=86400000 ms) was"),
        ("errors: [Seen]", "errors: expected 'Seen'; came: none"),
    ],
)
def test_what_differs_is_said(expect: str, told: str) -> None:
    found = differences(f"""
- name: Seen
  event: {{kind: item.posted, item: {{kind: video, author: u1, text: hello}}}}
  facts: {{visual.nsfw.max: 0.9}}
  lists: {{bad_words: []}}
  expect: {{{expect}}}
""")

    assert any(line.startswith(told) for line in found), found


NAMED = """
Author: Entity[str] = EntityJson(type='Account', path='$.item.author')
Named = Rule(when_all=[GetActionName() == 'like'], description='')
WhenRules(
    rules_any=[Named],
    then=[
        LabelAdd(entity=Author, label='hasty'),
        DeclareVerdict(verdict='slow_down'),
        Strike(account=Author, policy='IN.SPAM', points=2),
        Remove(policy='AD.NUDE', after_person=True),
    ],
)
"""
HASTY = {"config/labels.yaml": "labels: {hasty: {valid_for: [Account]}}"}


def named(expect: str, *, given: str = "", rules: str = NAMED) -> tuple[str, ...]:
    case = f"""
- name: Named
  event: {{kind: like, item: {{kind: video, host_id: v1, author: u1}}}}
  labels: {{{given}}}
  expect: {{{expect}}}
"""
    sources = {"main.sml": rules, "tests/all.yaml": case, **HASTY}
    words = a_vocabulary()
    (result,) = run_cases(load_rule_set(sources, vocabulary=words), sources, words).results
    return result.differences


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("fired: [Nmaed]", "fired: there is no rule 'Nmaed'. Did you mean 'Named'?"),
        ("not_fired: [Nmaed]", "not_fired: there is no rule 'Nmaed'. Did you mean 'Named'?"),
        ("fired_only: [Nmaed]", "fired_only: there is no rule 'Nmaed'. Did you mean 'Named'?"),
        ("not_effects: [lmit]", "not_effects: there is no effect 'lmit'. Did you mean 'limit'?"),
        ("not_effects: [{kind: hold, policy: IN.SPM}]",
         "not_effects: there is no policy 'IN.SPM'. Did you mean 'IN.SPAM'?"),
        ("not_effects: [{kind: review, queue: adlt}]",
         "not_effects: there is no queue 'adlt'. Did you mean 'adult'?"),
        ("not_labels: [hastie on Account:u1]",
         "not_labels: there is no label 'hastie'. Did you mean 'hasty'?"),
        ("not_labels: [hastie removed on Account:u1]",
         "not_labels: there is no label 'hastie'. Did you mean 'hasty'?"),
        ("not_labels: [hasty on Item:u1]",
         "not_labels: 'hasty' is no label for entities of type 'Item', but for Account"),
        ("not_declared: [slowdown]",
         "not_declared: there is no declared verdict 'slowdown'. Did you mean 'slow_down'?"),
    ],
)  # fmt: skip
def test_a_name_that_nothing_has_fails_its_case_in_every_form(expect: str, told: str) -> None:
    assert told in named(expect)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("'Account:u1': [hastie]", "labels: there is no label 'hastie'. Did you mean 'hasty'?"),
        ("'Item:u1': [hasty]",
         "labels: 'hasty' is no label for entities of type 'Item', but for Account"),
    ],
)  # fmt: skip
def test_a_label_that_a_case_gives_is_one_the_rules_declare(given: str, told: str) -> None:
    assert named("fired: [Named]", given=given) == (told,)


def test_the_entries_of_a_list_are_folded_as_an_import_folds_them() -> None:
    found = differences("""
- name: A word of the list
  event: {kind: item.posted, item: {kind: video, author: u1, text: bramble}}
  facts: {visual.nsfw.max: 0.9}
  lists: {bad_words: [' Bramble']}
  expect: {not_fired: [Seen]}
""")

    assert found == ()


def test_lists_in_force_are_taken_as_they_are() -> None:
    in_force = frozenset({"bramble", "thorn"})
    event = {"kind": "item.posted", "item": {"kind": "video"}}

    case = case_files.read_event(
        {"event": event, "lists": {"bad_words": in_force}}, a_vocabulary(), where="event"
    )

    assert case.lists["bad_words"] is in_force


def test_what_has_a_name_is_expected_or_not_as_before() -> None:
    assert (
        named(
            "fired_only: [Named], labels_only: [hasty on Account:u1], declared_only: [slow_down],"
            " not_labels: [hasty removed on Account:u1], not_effects: [{kind: review, policy: ''}]",
            given="'Account:u2': [hasty]",
        )
        == ()
    )


@pytest.mark.parametrize(
    ("label", "author"),
    [("hasty", "ana on tour"), ("hasty", "ana on b:c"), ("quick on hand", "ana on b:c")],
)
def test_an_id_and_a_label_may_hold_the_word_between_them(label: str, author: str) -> None:
    case = f"""
- name: Named
  event: {{kind: like, item: {{author: '{author}'}}}}
  expect: {{labels_only: ['{label} on Account:{author}']}}
- name: Misspelt
  event: {{kind: like, item: {{author: '{author}'}}}}
  expect: {{not_labels: ['hastie removed on Account:{author}']}}
"""
    declared = {"config/labels.yaml": f"labels: {{'{label}': {{valid_for: [Account]}}}}"}
    rules = NAMED.replace("'hasty'", f"'{label}'")
    sources = {"main.sml": rules, "tests/all.yaml": case, **declared}
    words = a_vocabulary()

    good, bad = run_cases(load_rule_set(sources, vocabulary=words), sources, words).results

    assert good.differences == ()
    assert bad.differences[0].startswith("not_labels: there is no label 'hastie'")


def test_a_verdict_made_of_the_event_may_be_any_word() -> None:
    rules = NAMED.replace("'slow_down'", "GetActionName()")

    assert named("declared: [like], not_declared: [follow]", rules=rules) == ()


def test_what_an_effect_says_is_compared_as_it_is_written() -> None:
    there = named(
        "effects: [{kind: strike, points: 2, after_person: false},"
        " {kind: remove, after_person: true}]"
    )
    not_there = named("not_effects: [{kind: strike, points: 2, after_person: false}]")

    assert there == ()
    assert not_there != ()


def test_an_error_nobody_expects_fails_a_case() -> None:
    rules = """
Author: Entity[str] = EntityJson(type='Account', path='$.author')
Posted = Rule(when_all=[GetActionName() == 'item.posted'], description='')
WhenRules(rules_any=[Posted], then=[Suspend(account=Author, policy='IN.SPAM', for_='24h')])
"""
    case = """
- name: Nobody
  event: {kind: item.posted}
  expect: {fired: [Posted]EXTRA}
"""

    (result,) = report_of(case.replace("EXTRA", ""), rules=rules).results
    report = report_of(case.replace("EXTRA", ", errors: [the account]"), rules=rules)

    assert "the account is Unknown" in result.differences[0]
    assert report.failed == ()


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ("{}", "is no list of cases"),
        ("- {name: x}\n- [", "tests/all.yaml:2:4: this is no YAML: while parsing a flow node: ex"),
        ("[" * 100_000, "this is no YAML: it nests too deeply"),
        ("- &a {name: x}\n- *a", "aliases are not read here"),
        ("- 5", "a case is no mapping"),
        ("- {event: {}}", "the case has no name"),
        ("- {name: x, event: {kind: like}}", "the case expects nothing"),
        ("- {name: x, event: {kind: liked}, expect: {}}", "Did you mean 'like'?"),
        ("- {name: x, evnt: {kind: like}, expect: {}}", "Did you mean 'event'?"),
        ("- {name: x, event: {kind: like}, expect: {fird: []}}", "Did you mean 'fired'?"),
        ("- {name: x, event: {kind: like}, expect: {fired: Liked}}", "is no list"),
        ("- {name: x, event: {kind: like}, expect: {effects: [a b c d]}}", "is no effect"),
        ("- {name: x, event: {kind: like}, expect: {effects: [{kind: a, polcy: b}]}}", "'policy'"),
        ("- {name: x, event: {kind: like}, expect: {not_effects: [ban on u1]}}", "is no effect"),
        ("- {name: x, event: {kind: like}, expect: {effects: [{kind: ban, on: u}]}}", "no subject"),
        ("- {name: x, event: {kind: like}, expect: {effects: [{kind: review, lane: '0'}]}}",
         "no whole number"),
        ("- {name: x, event: {kind: like}, expect: {effects: [{kind: a, after_person: 1}]}}",
         "neither true nor false"),
        ("- {name: x, event: {kind: like}, expect: {not_labels: [hasty]}}", "no change of a label"),
        ("- {name: x, event: {kind: like}, expect: {not_labels: [hasty on ana]}}", "no change of"),
        ("- {name: x, event: {kind: like}, facts: {visual.nsfw.mx: 1}, expect: {}}", "Did you"),
        ("- {name: x, event: {kind: like}, lists: {bad_word: []}, expect: {}}", "'bad_words'"),
        ("- {name: x, event: {kind: like, n: .nan}, expect: {}}", "no number of JSON"),
        ("- {name: x, event: {kind: like, 5: a}, expect: {}}", "no mapping of names"),
        ("- {name: x, event: {kind: like}, at: 1999-01-01, expect: {}}", "is no moment"),
        ("- {name: x, event: {kind: like}, at: noon, expect: {}}", "is no moment"),
        ("- {name: x, event: {kind: like}, before: [{event: {kind: like}, ago: soon}], expect: {}}",
         "is no duration"),
        ("- {name: x, event: {kind: like}, before: [{event: {kind: like}, times: 0}], expect: {}}",
         "`times` is no number"),
        ("- {name: x, event: {kind: like}, expect: {}, before: [{at: '7', event: {kind: like}}]}",
         "`at: 7` is no moment"),
        (LATER, "comes after"),
        ("- {name: x, event: {kind: like}, expect: {}}\n" * 2, "tests/all.yaml:2: a second case"),
    ],
)  # fmt: skip
def test_what_is_no_case_is_refused_with_its_place(cases: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        report_of(cases)

    assert told in str(refused.value)
    assert str(refused.value).startswith("tests/all.yaml")


def test_what_all_cases_play_before_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_files, "MAX_ALL_EVENTS", 5)
    case = (
        "- {name: NAME, event: {kind: like}, before: [{event: {kind: like}, times: 3}],"
        " expect: {fired: [Liked]}}\n"
    )

    one = report_of(case)
    with pytest.raises(BadInput, match=r"tests/all\.yaml:2: all cases have more than 5 events"):
        report_of(case + case.replace("NAME", "OTHER"))

    assert one.failed == ()


def test_words_that_yaml_takes_for_truth_or_dates_stay_texts() -> None:
    rules = """
Market: str = JsonData(path='$.market')
Day: str = JsonData(path='$.day')
Norway = Rule(when_all=[Market == 'NO', Day == '2026-01-01'], description='')
"""

    report = report_of(
        "- {name: x, event: {kind: like, market: NO, day: 2026-01-01}, expect: {fired: [Norway]}}",
        rules=rules,
    )

    assert report.failed == ()


def test_cases_are_chosen_by_name_or_file() -> None:
    cases = """
- {name: First, event: {kind: like}, expect: {fired: [Liked]}}
- {name: Second, event: {kind: like}, expect: {fired: [Liked]}}
"""

    assert [result.name for result in report_of(cases, only="sec").results] == ["Second"]
    assert len(report_of(cases, only="all.yaml").results) == 2


def default_sources() -> Mapping[str, str]:
    return pack_files("default").rules


def test_every_default_rule_is_tested_and_does_as_its_tests_say() -> None:
    sources = default_sources()
    in_force = in_force_without_store("default")

    report = run_cases(in_force.rules, sources, vocabulary(in_force.pack, frozenset()))

    assert report.failed == ()
    assert report.untested == ()
