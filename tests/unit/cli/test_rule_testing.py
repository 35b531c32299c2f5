import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fieldfare.cli.commands import app

RULES = """
Kind: str = JsonData(path='$.item.kind')
Loud = Rule(when_all=[Kind == 'comment', Fact('item.views') > 3], description='')
WhenRules(rules_any=[Loud], then=[Limit(policy='IN.SPAM')])
"""
CASE = """
- name: It is loud
  event: {kind: item.posted, item: {kind: comment}}
  facts: {item.views: VIEWS}
  expect: {fired: [Loud]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "main.sml").write_text(RULES)
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["rules", *map(str, arguments)])
    return done.exit_code, done.output if done.exit_code < 2 else str(done.exception)


def refusal(*arguments: object) -> str:
    return str(CliRunner().invoke(app, ["rules", *map(str, arguments)]).exception)


def test_passing_rule_tests_exit_with_0(folder: Path) -> None:
    (folder / "tests/a.yaml").write_text(CASE.replace("VIEWS", "4"))

    assert run("test", folder) == (0, "1 of 1 rule tests pass\n")


def test_a_failing_rule_test_exits_with_1_and_says_why(folder: Path) -> None:
    (folder / "tests/a.yaml").write_text(CASE.replace("VIEWS", "3"))

    code, told = run("test", folder)

    assert code == 1
    assert told.splitlines() == [
        "tests/a.yaml:2: It is loud",
        "  fired: Loud did not fire; fired: none",
        "    `Fact('item.views') > 3` is false: item.views is 3",
        "0 of 1 rule tests pass",
        "no test makes these rules fire: Loud",
    ]


def test_rule_tests_are_told_as_json(folder: Path) -> None:
    (folder / "tests/a.yaml").write_text(CASE.replace("VIEWS", "4"))

    _, told = run("test", folder, "--json")

    (result,) = json.loads(told)["results"]
    assert (result["name"], result["differences"]) == ("It is loud", [])


def test_a_folder_without_rule_tests_is_refused(folder: Path) -> None:
    done = CliRunner().invoke(app, ["rules", "test", str(folder)])

    assert "has no rule tests" in str(done.exception)


def test_a_file_without_cases_is_refused_by_its_name(folder: Path) -> None:
    (folder / "tests/a.yaml").write_text("# cases to come\n")

    told = refusal("test", folder)

    assert "no case stands in tests/a.yaml" in told
    assert "- name: ..." in told


def test_a_list_that_a_case_gives_counts_as_known_and_no_other(folder: Path) -> None:
    (folder / "main.sml").write_text(
        RULES.replace("Fact('item.views') > 3", "InList(list='my_kinds', value=Kind)")
    )
    case = CASE.replace("VIEWS", "4") + "  lists: {LIST: [comment]}\n"

    (folder / "tests/a.yaml").write_text(case.replace("LIST", "my_kinds"))
    known = run("test", folder)
    (folder / "tests/a.yaml").write_text(case.replace("LIST", "my_kind"))
    unknown = refusal("test", folder)

    assert known == (0, "1 of 1 rule tests pass\n")
    assert "unknown list 'my_kinds'" in unknown
    assert "Did you mean 'my_kind'?" in unknown


def test_a_list_that_no_rule_reads_is_refused_in_a_case(folder: Path) -> None:
    (folder / "tests/a.yaml").write_text(CASE.replace("VIEWS", "4") + "  lists: {other: []}\n")

    assert "no rule reads a list 'other'" in refusal("test", folder)


def test_a_home_without_an_installation_is_refused(folder: Path) -> None:
    told = refusal("check", folder, "--home", folder)

    assert f"there is no installation in {folder}" in told


def test_an_event_is_explained(folder: Path) -> None:
    event = folder / "event.json"
    event.write_text('{"kind": "item.posted", "item": {"kind": "video"}}')

    code, told = run("explain", folder, event)

    assert code == 0
    assert told.splitlines()[:2] == [
        "Loud: did not fire  (main.sml:3)",
        "  -> `Kind == 'comment'` is false: Kind is \"video\"",
    ]


def test_an_explanation_is_told_as_json(folder: Path) -> None:
    event = folder / "event.json"
    event.write_text(
        '{"event": {"kind": "item.posted", "item": {"kind": "comment"}},'
        ' "facts": {"item.views": 9}}'
    )

    _, told = run("explain", folder, event, "--rule", "Loud", "--json")

    assert json.loads(told)["rules"][0]["fired"] is True


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        ("{", [], "is no JSON"),
        ("[]", [], "holds no event"),
        ('{"kind": "item.posted"}', ["--rule", "Lod"], "Did you mean 'Loud'?"),
        ('{"event": {"kind": "item.posted"}, "fact": {}}', [], "Did you mean 'facts'?"),
        (
            '{"event": {"kind": "item.posted"}, "labels": {"Account:a": ["hasty"]}}',
            [],
            "there is no label 'hasty'",
        ),
    ],
)
def test_what_cannot_be_explained_is_refused(
    folder: Path, text: str, arguments: list[str], told: str
) -> None:
    event = folder / "event.json"
    event.write_text(text)

    done = CliRunner().invoke(app, ["rules", "explain", str(folder), str(event), *arguments])

    assert told in str(done.exception)


def test_an_event_that_is_nowhere_is_told_as_missing(folder: Path) -> None:
    assert f"no file {folder / 'no.json'}" in refusal("explain", folder, folder / "no.json")
