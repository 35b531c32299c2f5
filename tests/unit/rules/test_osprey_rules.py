"""A rule set in Osprey's manner, several files with labels and verdicts, loads unchanged."""

from pathlib import Path
from typing import Any, Final

from fieldfare.rules import RuleSet, load_rule_set, read_folder
from fieldfare.testing.rule_sets import a_vocabulary, evaluated

FOLDER: Final = Path(__file__).parent / "osprey_rules"
POST: Final[dict[str, Any]] = {
    "did": "did:u1",
    "operation": {"action": "create"},
    "post": {"id": "17", "text": "look HTTPS://a.example", "tags": [{"name": "fresh"}]},
    "user": {"post count": "3", "age_seconds": 60},
    "secret_data": {"ip": "10.1.2.3"},
}


def loaded() -> RuleSet:
    return load_rule_set(read_folder(FOLDER), vocabulary=a_vocabulary(), semantics="osprey")


def test_every_file_is_read_and_what_is_odd_is_only_warned_of() -> None:
    rules = loaded()

    assert {rule.name for rule in rules.rules} == {
        "NewAccountLinks",
        "RepeatedWord",
        "YoungAccount",
        "TriedLink",
        "EmptyPost",
    }
    told = "\n".join(map(str, rules.warnings))
    assert "unknown event kind 'profile_changed'" in told
    assert "1,000 characters" in told
    assert "`/` by zero" in told


def test_a_new_account_with_a_link_is_labelled_and_rejected() -> None:
    outcome = evaluated(loaded(), POST)

    assert outcome.fired == ("NewAccountLinks",)
    assert outcome.declared == ("reject",)
    assert {(change.entity.type, change.label) for change in outcome.labels} == {
        ("UserId", "spammer"),
        ("PostUri", "link_post"),
    }


def test_what_is_missing_behaves_as_there() -> None:
    quiet = {**POST, "post": {"id": 17, "text": "calm calm calm", "tags": []}}
    nobody = {key: value for key, value in quiet.items() if key != "did"}

    assert evaluated(loaded(), quiet).fired == ("RepeatedWord", "YoungAccount")
    assert evaluated(loaded(), nobody).fired == ()
    assert evaluated(loaded(), {**POST, "operation": {}}).fired == ()
    assert evaluated(loaded(), {**POST, "post": {"id": 1, "text": ""}}).fired == (
        "EmptyPost",
        "YoungAccount",
    )


def test_a_name_may_be_one_of_our_words() -> None:
    text = (
        "Count: int = JsonData(path='$.n')\nLabel: str = JsonData(path='$.l')\n"
        "Fact = Count > 3\nR = Rule(when_all=[Fact, Label == 'a'], description='')"
    )

    rules = load_rule_set({"main.sml": text}, vocabulary=a_vocabulary(), semantics="osprey")

    assert evaluated(rules, {"n": 4, "l": "a"}).fired == ("R",)


def test_a_file_nothing_takes_in_may_hold_anything() -> None:
    sources = {**read_folder(FOLDER), "lists/words.sml": "- hello\n- bye\n"}

    rules = load_rule_set(sources, vocabulary=a_vocabulary(), semantics="osprey")

    assert "lists/words.sml" in {warning.file for warning in rules.warnings}
    assert evaluated(rules, POST).fired == ("NewAccountLinks",)
