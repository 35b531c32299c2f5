"""The manifest of a rule set: what it says, and every mistake in it with its line."""

from pathlib import Path

import pytest

from fieldfare.rules import (
    MANIFEST,
    Problem,
    RuleSet,
    RuleSetDoesNotCompile,
    load_rule_set,
    read_folder,
)
from fieldfare.testing.rule_sets import a_vocabulary


def loaded(manifest: str) -> RuleSet:
    return load_rule_set({"main.sml": "A = 1", MANIFEST: manifest}, vocabulary=a_vocabulary())


def refused(manifest: str) -> Problem:
    with pytest.raises(RuleSetDoesNotCompile) as caught:
        loaded(manifest)
    (problem,) = caught.value.problems
    assert problem.file == MANIFEST
    return problem


def test_a_manifest_names_describes_and_chooses_the_semantics() -> None:
    rules = loaded("name: evening\ndescription: what we try\nsemantics: osprey\n")

    assert (rules.manifest.name, rules.manifest.description) == ("evening", "what we try")
    assert rules.semantics == "osprey"


def test_a_rule_set_without_a_word_on_it_is_safe() -> None:
    assert load_rule_set({"main.sml": "A = 1"}, vocabulary=a_vocabulary()).semantics == "safe"
    assert loaded("").semantics == "safe"
    assert loaded("name: evening").semantics == "safe"


def test_what_is_asked_for_holds_only_where_the_manifest_is_silent() -> None:
    silent, safe = {"main.sml": "A = 1"}, {"main.sml": "A = 1", MANIFEST: "semantics: safe"}

    asked = load_rule_set(silent, vocabulary=a_vocabulary(), semantics="osprey")
    written = load_rule_set(safe, vocabulary=a_vocabulary(), semantics="osprey")

    assert (asked.semantics, written.semantics) == ("osprey", "safe")


def test_a_misspelt_key_is_refused_with_its_line_and_the_closest_one() -> None:
    problem = refused("name: evening\nsemantic: osprey\n")

    assert (problem.line, problem.column, problem.width) == (2, 1, 8)
    assert "semantics" in problem.hint
    assert problem.source_line == "semantic: osprey"


@pytest.mark.parametrize(
    ("manifest", "line", "word"),
    [
        ("semantics: ospray", 1, "ospray"),
        ("name: a\nname: b", 2, "twice"),
        ("name: [a]", 1, "is a text"),
        ("- a", 1, "keys with values"),
        ("name: [", 1, "cannot be read"),
        ("name: a\n[a]: b", 2, "no key"),
    ],
)
def test_a_manifest_that_says_nothing_sensible_is_refused(
    manifest: str, line: int, word: str
) -> None:
    problem = refused(manifest)

    assert problem.line == line
    assert word in problem.message


def test_problems_of_manifest_and_rules_are_told_together() -> None:
    with pytest.raises(RuleSetDoesNotCompile) as caught:
        load_rule_set(
            {"main.sml": "A = Nope", MANIFEST: "semantic: safe"}, vocabulary=a_vocabulary()
        )

    assert [problem.file for problem in caught.value.problems] == ["main.sml", MANIFEST]


def test_a_folder_holds_rules_manifest_configuration_and_tests(tmp_path: Path) -> None:
    for name, text in {
        "main.sml": "A = 1",
        "ruleset.yaml": "semantics: osprey",
        "config/labels.yaml": "labels: {}",
        "tests/cases.yaml": "[]",
        "tests/case.sml": "this is no rule",
        "notes.yaml": "not ours",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    sources = read_folder(tmp_path)
    rules = load_rule_set(sources, vocabulary=a_vocabulary())

    assert "notes.yaml" not in sources
    assert len(sources) == 5
    assert rules.semantics == "osprey"
    assert rules.hash != load_rule_set({"main.sml": "A = 1"}, vocabulary=a_vocabulary()).hash
