"""Versions of the rules from the command line, without a server."""

import shutil
from pathlib import Path

import pytest

from fieldfare.cli.command import main
from fieldfare.testing.platforms import Installed

RULES = """
Text: str = JsonData(path='$.item.text')
Wivel = Rule(when_all=[Text == 'wivel'], description='wivel')
WhenRules(rules_any=[Wivel], then=[Hold(policy='HS.SLUR')])
"""


@pytest.fixture
def home(installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(installed.home, copy)
    monkeypatch.setenv("FIELDFARE_HOME", str(copy))
    return copy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "rules"
    made.mkdir()
    (made / "main.sml").write_text(RULES)
    return made


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command; what it printed, or what it complained of."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    told = capsys.readouterr()
    assert bool(ended.value.code) is bool(told.err)
    return told.err or told.out


@pytest.mark.usefixtures("home")
def test_a_version_is_proposed_approved_by_another_key_and_taken_back(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "version 2 is a draft" in run(capsys, "rules", "propose", str(folder), "--note", "try")
    assert "+Wivel = Rule" in run(capsys, "rules", "diff", "2")
    assert ": review" in run(capsys, "rules", "move", "2", "--to", "review")
    assert "Somebody else has to approve it" in run(capsys, "rules", "approve", "2")

    other = run(capsys, "key", "create", "admin", "--note", "ola").split()[-1]
    monkeypatch.setenv("FIELDFARE_KEY", other)
    assert ": shadow" in run(capsys, "rules", "approve", "2", "--note", "read it")
    assert "no hits" in run(capsys, "rules", "shadow", "2")
    assert ": rollout 10 %" in run(capsys, "rules", "move", "2", "--to", "rollout", "--share", "10")
    back = run(capsys, "rules", "rollback")
    assert "which was rolled out, runs in the shadow now: the live version decides" in back
    assert ": live" in run(capsys, "rules", "move", "2", "--to", "live")
    assert "version 1" in run(capsys, "rules", "rollback", "--note", "too much")

    shown = run(capsys, "rules", "show", "2")
    assert "retired" in shown
    assert "read it" in shown
    assert "no hits" in run(capsys, "rules", "hits")
    assert "no rule 'Wivvel'" in run(capsys, "rules", "hits", "Wivvel")
    versions = run(capsys, "rules", "versions", "--json")
    assert '"state":"live"' in versions


@pytest.mark.usefixtures("home")
def test_a_problem_far_down_in_a_file_keeps_its_caret(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "main.sml").write_text("\n" * 120 + "X = Nope()\n")

    told = run(capsys, "rules", "propose", str(folder))

    assert "121 | X = Nope()\n" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "Move it to: draft, review, shadow, rollout, live, withdrawn."),
        (["retired"], "no version can be moved to 'retired'"),
        (["shadw"], "Did you mean 'shadow'?"),
        (["rollout"], "a rollout needs a share. It takes 1, 10 or 50 %"),
        (["rollout", "--share", "7"], "7 is no share of a rollout. It takes 1, 10 or 50 %"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_move_that_is_none_is_told_what_there_is(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in run(capsys, "rules", "move", "1", "--to", *arguments)
