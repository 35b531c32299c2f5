import ast
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fieldfare.cli.commands import app

RULES = """
Kind: str = JsonData(path='$.item.kind')
Loud = Rule(when_all=[Kind == 'comment', Fact('item.views') > 3], description='')
Other = Rule(when_all=[Fact('author.age_s') > 3], description='')
WhenRules(rules_any=[Loud], then=[Limit(policy='IN.SPAM')])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.sml").write_text(RULES)
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["rules", *map(str, arguments)])
    return done.exit_code, done.output if done.exit_code < 1 else str(done.exception)


def test_the_graph_of_one_rule_leaves_the_others_out(folder: Path) -> None:
    code, told = run("graph", folder, "--rule", "Loud")

    assert code == 0
    assert "rule Loud" in told
    assert "policy IN.SPAM\n  <- effect Limit" in told
    assert "Other" not in told


def test_the_graph_is_written_for_machines_too(folder: Path) -> None:
    graph = json.loads(run("graph", folder, "--format", "json")[1])

    assert {"source": "rule:Loud", "target": "effect:main.sml:5:35"} in graph["edges"]
    assert run("graph", folder, "--format", "svg")[1].startswith("<svg ")
    assert run("graph", folder, "--format", "dot")[1].startswith("digraph rules {")


def test_the_graph_of_no_rule_is_refused(folder: Path) -> None:
    code, told = run("graph", folder, "--rule", "Lout")

    assert code != 0
    assert "Lout" in told


def test_all_that_can_be_called_is_listed_by_topic() -> None:
    told = run("functions")[1]

    assert told.startswith("reading the event\n  JsonData(")
    assert "\n\ntext\n  StringLength(s: str) -> int\n" in told
    assert "\n\neffects\n  Remove(" in told


def test_one_function_is_told_with_meaning_and_example() -> None:
    told = run("functions", "StringLength")[1].splitlines()

    assert told == [
        "StringLength(s: str) -> int",
        "  Give the number of characters.",
        "  e.g. StringLength(s=Bio) > 400",
    ]
    assert json.loads(run("functions", "Hold", "--json")[1])[0]["topic"] == "effects"


def test_a_function_that_is_not_there_is_refused() -> None:
    code, told = run("functions", "StringLenght")

    assert code != 0
    assert "StringLenght" in told


def test_files_are_formatted_once(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub/b.sml").write_text("A   = 'x' # why\n")

    checked = CliRunner().invoke(app, ["rules", "fmt", str(folder), "--check"])
    before = (folder / "sub/b.sml").read_text()
    told = run("fmt", folder)

    assert checked.exit_code == 1
    assert "b.sml is not formatted" in checked.output
    assert before == "A   = 'x' # why\n"
    assert told[0] == 0
    assert (folder / "sub/b.sml").read_text() == "A = 'x'  # why\n"
    assert run("fmt", folder, "--check") == (0, "2 of 2 files are in form\n")
    assert sorted(path.name for path in folder.rglob("*.*")) == ["b.sml", "main.sml"]


def test_a_file_that_is_no_syntax_leaves_all_files_as_they_are(folder: Path) -> None:
    (folder / "a.sml").write_text("A   = 'x'\n")
    (folder / "z.sml").write_text("A = (\n")

    code, told = run("fmt", folder)

    assert code != 0
    assert "z.sml:1" in told
    assert (folder / "a.sml").read_text() == "A   = 'x'\n"


def test_the_rules_of_the_default_pack_are_in_form() -> None:
    rules = Path(__file__).parents[3] / "packs/default/rules"

    assert run("fmt", rules, "--check")[0] == 0


def test_a_stub_tells_editors_every_name(folder: Path) -> None:
    code, _ = run("stubs", folder)

    stub = (folder / "__builtins__.pyi").read_text()
    names = {node.name for node in ast.parse(stub).body if isinstance(node, ast.FunctionDef)}
    assert code == 0
    assert {"JsonData", "Count", "StringLength", "Hold", "Review", "WhenRules"} <= names
    assert "def StringLength(*, s: str) -> int:" in stub
    assert "\nKind: str\nLoud: Rule\nOther: Rule\n" in stub
    assert run("check", folder)[0] == 0


def test_checking_knows_the_lists_of_the_pack(folder: Path) -> None:
    (folder / "main.sml").write_text(
        "Host: str = JsonData(path='$.item.caption')\n"
        "Listed = Rule(when_all=[InList(list='blocked-domains', value=Host)], description='')\n"
    )

    assert run("check", folder)[0] == 0
    assert run("graph", folder)[0] == 0
