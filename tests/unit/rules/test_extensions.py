"""Functions of other packages: found by entry points, checked, run behind a fence."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Literal

import pytest

from fieldfare.kernel import EventId
from fieldfare.rules import (
    CallSite,
    Fixed,
    Function,
    Milliseconds,
    RuleSetDoesNotCompile,
    function,
    load_rule_set,
)
from fieldfare.rules.extensions import GROUP, found_in, installed, known_functions
from fieldfare.rules.signatures import AnyFunction, FunctionRefused
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary, evaluated

EXAMPLE = Path(__file__).parents[3] / "examples/rule_functions"
SHOUTS = (
    "T: str = JsonData(path='$.t')\n"
    "Loud = Rule(when_all=[ShoutingShare(s=T) > 0.5], description='{T}')\n"
)


@pytest.fixture
def wordplay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install the example as a package manager would: its module and its metadata on the path."""
    info = tmp_path / "fieldfare_wordplay-1.0.0.dist-info"
    info.mkdir()
    told = "Metadata-Version: 2.1\nName: fieldfare-wordplay\nVersion: 1.0.0\n"
    (info / "METADATA").write_text(told)
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nwordplay = wordplay:FUNCTIONS\n")
    (tmp_path / "wordplay.py").write_text((EXAMPLE / "wordplay.py").read_text())
    monkeypatch.syspath_prepend(tmp_path)
    installed.cache_clear()
    yield tmp_path
    installed.cache_clear()
    sys.modules.pop("wordplay", None)


@pytest.mark.usefixtures("wordplay")
def test_an_installed_function_is_checked_and_runs() -> None:
    rules = a_rule_set(SHOUTS)

    assert evaluated(rules, {"t": "BRAMBLE now"}).fired == ("Loud",)
    assert evaluated(rules, {"t": "bramble NOW"}).fired == ()
    assert evaluated(rules, {"t": "123"}).fired == ()
    with pytest.raises(RuleSetDoesNotCompile, match="s takes str, this is int"):
        a_rule_set("N: int = JsonData(path='$.n')\nV = ShoutingShare(s=N)")
    with pytest.raises(RuleSetDoesNotCompile, match="ShoutingShare"):
        a_rule_set("T: str = JsonData(path='$.t')\nV = ShoutingShar(s=T)")


@pytest.mark.usefixtures("wordplay")
def test_the_entry_point_of_the_example_is_the_one_tried_here() -> None:
    (point,) = entry_points(group=GROUP)

    assert f'[project.entry-points."{GROUP}"]\n{point.name} = "{point.value}"' in (
        EXAMPLE / "pyproject.toml"
    ).read_text("utf-8")
    assert known_functions()["MostRepeated"].origin == "fieldfare-wordplay"


def test_the_command_line_tells_of_installed_functions(wordplay: Path) -> None:
    path = os.pathsep.join([str(wordplay), *sys.path])
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from fieldfare.cli import main; main()"),
            *("rules", "functions", "ShoutingShare"),
        ],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.splitlines() == [
        "ShoutingShare(s: str) -> float",
        "  Give the share of letters that are capitals; Unknown for a text without letters.",
        "  e.g. ShoutingShare(s=Caption) > 0.7",
        "  from the package fieldfare-wordplay",
    ], done.stderr


# -- behind the fence


@function(name="Throws")
def throws(s: str) -> bool:
    """Throw for some texts."""
    if s == "bang":
        raise RuntimeError("broken on purpose")
    return True


@function(name="Lies")
def lies(s: str) -> int | None:
    """Give what it does not say it gives."""
    gives: dict[str, object] = {"text": "x", "none": None, "bool": True, "int": 3}
    return gives[s]  # type: ignore[return-value]  # that is what is tried


@function(name="Wild")
def wild(s: str) -> float:
    """Give numbers that are none."""
    return float(s)


@function(name="Grows")
def grows(s: str) -> str:
    """Give ever longer texts."""
    return s * 10**7


@function(name="Mixed")
def mixed(s: str) -> list[str]:
    """Give a list of all sorts."""
    return [s, 1]  # type: ignore[list-item]  # that is what is tried


def outcome_of(of: AnyFunction, condition: str, text: str) -> tuple[tuple[str, ...], str]:
    fenced = replace(of, guarded=True, origin="other")
    words = replace(a_vocabulary(), functions={**known_functions(), of.name: fenced})
    main = (
        "T: str = JsonData(path='$.t')\n"
        f"R = Rule(when_all=[{condition}], description='')\n"
        f"Missing = Rule(when_all=[{of.name}(s=T) == None], description='')\n"
        "Other = Rule(when_all=[T != ''], description='')\n"
    )
    outcome = evaluated(load_rule_set({"main.sml": main}, vocabulary=words), {"t": text})
    return outcome.fired, " ".join(outcome.errors)


@pytest.mark.parametrize(
    ("of", "condition", "text", "error"),
    [
        (throws, "Throws(s=T) or T == 'no'", "bang", "other Throws: RuntimeError: broken"),
        (lies, "Lies(s=T) > 2", "text", "other Lies: TypeError: it gave str, not int"),
        (lies, "Lies(s=T) > 0", "bool", "other Lies: TypeError: it gave bool, not int"),
        (lies, "Lies(s=T) > 0", "nothing", "other Lies: KeyError"),
        (wild, "Wild(s=T) > 0", "nan", ""),
        (wild, "Wild(s=T) > 0", "inf", ""),
        (grows, "StringLength(s=Grows(s=T)) > 0", "a", "other Grows: ValueError"),
        (mixed, "ListLength(list=Mixed(s=T)) > 0", "a", "other Mixed: TypeError"),
    ],
)
def test_what_goes_wrong_in_a_function_is_unknown_and_noted_and_stops_nothing(
    of: AnyFunction, condition: str, text: str, error: str
) -> None:
    fired, errors = outcome_of(of, condition, text)

    assert fired == ("Missing", "Other")
    assert error in errors
    assert bool(error) == bool(errors)


def test_an_unknown_operand_leaves_the_others_of_an_or() -> None:
    assert outcome_of(throws, "Throws(s=T) or T == 'bang'", "bang")[0] == ("R", "Missing", "Other")
    assert outcome_of(lies, "Lies(s=T) > 2", "int") == (("R", "Other"), "")
    assert outcome_of(lies, "Lies(s=T) > 2", "none") == (("Missing", "Other"), "")


# -- what can be made and taken


def test_types_come_from_the_annotations() -> None:
    @function(topic="own", example="EveryKind(...)")
    def every_kind(  # noqa: PLR0917 -- one parameter a type
        a: str,
        b: list[str],
        c: Literal["x", "y"],
        d: Fixed[int],
        e: object,
        f: Milliseconds,
        site: CallSite,
        at: EventId,
    ) -> dict[str, object] | None:
        """Take one of each.

        And more that only programmers read.
        """
        return {"all": (a, b, c, d, e, f, site, at)}

    assert every_kind.signature() == (
        "EveryKind(a: str, b: list[str], c: str, d: int, e: any, f: TimeDelta) -> dict"
    )
    assert every_kind.about == "Take one of each."
    assert every_kind.given == ("site", "event_id")
    assert every_kind.may_be_unknown
    assert [param.const for param in every_kind.params] == [False, False, True, True, False, False]
    assert every_kind.params[2].choices == ("x", "y")


def test_what_has_no_place_in_the_language_is_refused() -> None:
    def undocumented(s: str) -> str:
        return s

    def open_ended(*parts: str) -> str:
        """Join."""
        return "".join(parts)

    def strange(s: complex) -> str:
        """Write."""
        return str(s)

    for run, message in (
        (undocumented, "no docstring"),
        (open_ended, "in any number"),
        (strange, "type the language does not know"),
    ):
        with pytest.raises(FunctionRefused, match=message):
            function()(run)
    with pytest.raises(FunctionRefused, match="no name of a function"):
        function(name="lower")(undocumented)


def test_a_broken_package_is_left_out_and_said() -> None:
    point = EntryPoint(name="a", value="no_such_module:thing", group=GROUP)
    no_function = EntryPoint(name="b", value="os:sep", group=GROUP)
    taken = EntryPoint(name="c", value="fieldfare.rules.texts:length", group=GROUP)

    found = found_in([taken, no_function, point])

    assert found.functions == {}
    assert [failure.split(":")[0].split(",")[0] for failure in found.failures] == [
        "no_such_module",
        "os",
        "fieldfare.rules.texts",
    ]
    assert "word of the language already" in found.failures[2]


def test_a_function_is_called_like_the_python_it_is_made_of() -> None:
    assert isinstance(throws, Function)
    assert throws("x") is True
