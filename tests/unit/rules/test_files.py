"""Files: Import and Require, folded for each event kind."""

from pathlib import Path

import pytest

from fieldfare.kernel import BadInput, NotFound
from fieldfare.rules import RuleSetDoesNotCompile, load_rule_set, read_folder
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary, evaluated

RULE = "{0} = Rule(when_all=[True], description='')\n"


def test_what_depends_on_the_kind_alone_costs_other_kinds_nothing() -> None:
    rules = a_rule_set(
        "Kind = GetActionName()\nIsLike = Kind == 'like'\nA: str = JsonData(path='$.a')\n"
        "R = Rule(when_all=[IsLike, A == 'x'], description='')"
    )

    assert rules.event_kinds == {"like"}
    assert rules.rules[0].event_kinds == {"like"}
    assert "like" not in rules.python_of("like")
    with pytest.raises(NotFound):
        rules.python_of("follow")
    assert evaluated(rules, {"a": "x"}, kind="like").fired == ("R",)
    assert evaluated(rules, {"a": "x"}, kind="follow").fired == ()
    assert evaluated(rules, {"a": "x"}, kind="no.such.kind").fired == ()


def test_a_template_takes_in_the_file_of_the_kind() -> None:
    rules = a_rule_set(
        "ActionName = GetActionName()\nRequire(rule=f'on_{ActionName}.sml')",
        on_like=RULE.format("Liked"),
        on_follow=RULE.format("Followed"),
    )

    assert rules.event_kinds == {"like", "follow"}
    assert evaluated(rules, kind="follow").fired == ("Followed",)


def test_a_template_that_fits_no_file_is_a_problem() -> None:
    with pytest.raises(RuleSetDoesNotCompile, match="fits no file"):
        a_rule_set("ActionName = GetActionName()\nRequire(rule=f'of_{ActionName}.sml')")
    with pytest.raises(RuleSetDoesNotCompile, match="fits no file"):
        a_rule_set("A: str = JsonData(path='$.a')\nRequire(rule=f'rules/{A}.sml')")


def test_a_template_may_hold_what_only_the_event_knows() -> None:
    rules = a_rule_set(
        "A: str = JsonData(path='$.a')\nB: bool = JsonData(path='$.b')\n"
        "Require(rule=f'on_{A}.sml', require_if=B)",
        on_like=RULE.format("Liked"),
        on_follow=RULE.format("Followed"),
    )

    assert evaluated(rules, {"a": "like", "b": True}).fired == ("Liked",)
    assert evaluated(rules, {"a": "follow", "b": True}).fired == ("Followed",)
    assert evaluated(rules, {"a": "follow"}).fired == ()
    assert evaluated(rules, {"b": True}).fired == ()


@pytest.mark.parametrize(("on", "fired"), [(True, ("R",)), (False, ()), (None, ()), ("x", ())])
def test_a_run_time_condition_gates_rules_and_effects(on: object, fired: tuple[str, ...]) -> None:
    rules = a_rule_set(
        "On: bool = JsonData(path='$.on')\nRequire(rule='some.sml', require_if=On)",
        some=RULE.format("R") + "WhenRules(rules_any=[R], then=[Hold(policy='IN.SPAM')])",
    )

    outcome = evaluated(rules, {"on": on})

    assert outcome.fired == fired
    assert len(outcome.verdicts) == len(fired)


def test_one_open_way_is_enough() -> None:
    rules = a_rule_set(
        "A: bool = JsonData(path='$.a')\nB: bool = JsonData(path='$.b')\n"
        "Require(rule='some.sml', require_if=A)\nRequire(rule='way.sml', require_if=B)",
        way="Require(rule='some.sml', require_if=GetActionName() == 'like')",
        some=RULE.format("R"),
    )

    assert evaluated(rules, {"a": True}, kind="follow").fired == ("R",)
    assert evaluated(rules, {"a": False, "b": True}, kind="like").fired == ("R",)
    assert evaluated(rules, {"b": True}, kind="follow").fired == ()


def test_a_file_takes_part_for_each_of_very_many_files_that_import_it() -> None:
    many = {f"on_{n}": "Import(rules=['shared.sml'])" for n in range(70)}
    rules = a_rule_set(
        "A: str = JsonData(path='$.a')\nRequire(rule=f'on_{A}.sml')",
        shared=RULE.format("R"),
        **many,
    )

    assert [n for n in range(70) if evaluated(rules, {"a": str(n)}).fired != ("R",)] == []
    assert evaluated(rules, {"a": "70"}).fired == ()


def test_more_ways_into_a_file_than_can_be_told_apart_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fieldfare.rules.folding.MAX_WAYS", 2)
    many = {f"on_{n}": "Import(rules=['shared.sml'])" for n in range(3)}

    with pytest.raises(RuleSetDoesNotCompile, match=r"shared\.sml is taken in under more than 2"):
        a_rule_set(
            "A: str = JsonData(path='$.a')\nRequire(rule=f'on_{A}.sml')",
            shared=RULE.format("R"),
            **many,
        )


def test_files_that_nothing_takes_in_are_checked_and_not_run() -> None:
    assert a_rule_set("A = 1", other=RULE.format("R")).event_kinds == frozenset()
    with pytest.raises(RuleSetDoesNotCompile):
        a_rule_set("A = 1", other="B = Nope")


def test_imported_names_reach_through_the_files_between() -> None:
    rules = a_rule_set(
        "Import(rules=['middle.sml'])\nR = Rule(when_all=[Deep == 1], description='')",
        middle="Import(rules=['deep.sml'])",
        deep="Deep: int = JsonData(path='$.x')",
    )

    assert evaluated(rules, {"x": 1}).fired == ("R",)


def test_the_hash_names_the_sources_and_nothing_else() -> None:
    text = "A = 1\n"
    first = a_rule_set(text)

    assert first.hash == a_rule_set("A = 1\r\n").hash
    assert first.hash != a_rule_set("A = 2\n").hash
    assert first.hash != a_rule_set(text, other="").hash
    assert len(first.hash) == 64
    assert dict(first.sources) == {"main.sml": text}


def test_a_rule_set_tells_what_it_needs_and_what_its_rules_say() -> None:
    rules = a_rule_set(
        "T: str = JsonData(path='$.t')\n"
        "R = Rule(when_all=[InList(list='bad_words', value=T), Fact('item.views') > 3,\n"
        "  Count(key=[T], window='5m') > 1], description=f'about {T}')\n"
        "WhenRules(rules_any=[R], then=[Limit(policy='IN.SPAM', markets=['DE'])])"
    )

    assert rules.needs.facts == {"item.views"}
    assert rules.needs.lists == {"bad_words"}
    assert [counter.window_ms for counter in rules.needs.counters] == [300_000]
    (info,) = rules.rules
    assert (info.name, info.description, info.file, info.line) == ("R", "about {T}", "main.sml", 2)
    assert info.policies == ("IN.SPAM",)
    assert info.effects == ("Limit(policy=IN.SPAM, markets=[DE])",)
    assert info.event_kinds == a_vocabulary().event_kinds


def test_a_list_is_looked_up_as_it_is_given_and_unknown_if_it_is_not() -> None:
    rules = a_rule_set(
        "T: str = JsonData(path='$.t')\n"
        "In = Rule(when_all=[InList(list='bad_words', value=T)], description='')\n"
        "Out = Rule(when_all=[not InList(list='bad_words', value=T)], description='')"
    )
    lists = {"bad_words": frozenset({"zorrel"})}

    assert evaluated(rules, {"t": "zorrel"}, lists=lists).fired == ("In",)
    assert evaluated(rules, {"t": "mellow"}, lists=lists).fired == ("Out",)
    assert evaluated(rules, {"t": "mellow"}).fired == ()


def test_a_folder_is_read_with_paths_from_its_root(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "main.sml").write_text("Import(rules=['models/base.sml'])")
    (tmp_path / "models" / "base.sml").write_text("A = 1")
    (tmp_path / "notes.txt").write_text("not a rule")

    sources = read_folder(tmp_path)

    assert sorted(sources) == ["main.sml", "models/base.sml"]
    assert load_rule_set(sources, vocabulary=a_vocabulary()).rules == ()


def test_a_folder_without_an_entry_is_no_rule_set(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_folder(tmp_path)


def test_a_file_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "main.sml").write_bytes(b"A = '\xff'\n")

    with pytest.raises(BadInput, match=r"main\.sml is no text in UTF-8: its byte 5 is 0xff"):
        read_folder(tmp_path)


def test_a_rule_set_in_ospreys_manner_loads_unchanged() -> None:
    rules = a_rule_set(
        "Import(rules=['base.sml'])\n\nRequire(rule='index.sml')\n",
        index="Import(\n  rules=[\n    'base.sml',\n  ]\n)\n"
        "Require(rule='spam.sml', require_if=IsOperation and ActionName == 'item.posted')",
        base="ActionName=GetActionName()\n\n"
        "UserId: Entity[str] = EntityJson(\n  type='UserId',\n  path='$.did',\n"
        "  required=False,\n)\n"
        "PostText: str = JsonData(path='$.post.text', coerce_type=True)\n"
        "PostCount: Optional[int] = JsonData(path='$.user.postCount', required=False)\n"
        "OperationKind: Optional[str] = JsonData(\n  path='$.operation.action',\n"
        "  required=False,\n)\nIsOperation = OperationKind != None\n",
        spam="Import(rules=['base.sml'])\n\n# a new account with links\n"
        "NewAccountLinks = Rule(\n  when_all=[\n    PostCount != None and PostCount < 10,\n"
        "    RegexMatch(target=PostText, pattern='bit\\.ly|https?://', case_insensitive=True)\n"
        "  ],\n  description=f'New account {UserId} posting links',\n)\n\n"
        "WhenRules(\n  rules_any=[NewAccountLinks],\n"
        "  then=[\n    Limit(policy='IN.SPAM'),\n  ],\n)\n",
    )
    data = {
        "did": "d1",
        "post": {"text": "see HTTP://x"},
        "user": {"postCount": 2},
        "operation": {"action": "create"},
    }

    outcome = evaluated(rules, data)

    assert outcome.fired == ("NewAccountLinks",)
    assert outcome.verdicts[0].reasons[0].description == "New account d1 posting links"
    assert evaluated(rules, {**data, "operation": {}}).fired == ()
    assert evaluated(rules, data, kind="like").fired == ()
