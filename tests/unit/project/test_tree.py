"""Rules about the tree itself: nothing left open, no drawers, no page too long."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = sorted(
    path
    for top in ("src", "tests", "examples", "benchmarks")
    for path in (ROOT / top).rglob("*.py")
)
TEXTS = sorted(
    [
        *PYTHON,
        *ROOT.glob("*.*"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "scripts").iterdir(),
        ROOT / "Makefile",
        ROOT / ".ci" / "run",
    ]
)
OPEN_ENDS = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", "NotImplemented" + "Error")
REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "np" + "mjs", "conda" + ".anaconda")
DRAWERS = re.compile(r"(utils?|helpers?|common|misc|lib|base|manager|handler|processor|service)s?")
LINES_AT_MOST, FUNCTION_LINES_AT_MOST = 400, 50


def occurrences(words: tuple[str, ...], paths: list[Path]) -> list[str]:
    pattern = re.compile("|".join(rf"\b{re.escape(word)}" for word in words))
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        if path.is_file()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


def test_nothing_is_left_open() -> None:
    assert occurrences(OPEN_ENDS, PYTHON) == []


def test_no_package_registry_is_named() -> None:
    assert occurrences(REGISTRIES, TEXTS) == []


def test_nothing_hides_from_coverage() -> None:
    assert occurrences(("pragma: " + "no cover",), PYTHON) == []


def test_no_module_is_a_drawer() -> None:
    sources = [path for path in PYTHON if path.is_relative_to(ROOT / "src")]
    names = {part for path in sources for part in path.relative_to(ROOT).with_suffix("").parts}

    assert sorted(name for name in names if DRAWERS.fullmatch(name)) == []


def test_no_module_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in PYTHON
        if path.is_relative_to(ROOT / "src")
        and "migrations/versions" not in str(path)
        and (lines := len(path.read_text().splitlines())) > LINES_AT_MOST
    }

    assert long == {}


def test_no_function_is_too_long() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in PYTHON
        if path.is_relative_to(ROOT / "src") and "migrations/versions" not in str(path)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_AT_MOST
    ]

    assert long == []


def test_every_ignored_lint_rule_has_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    ruff = tomllib.loads(text)["tool"]["ruff"]["lint"]
    rules = [*ruff["ignore"], *(rule for rs in ruff["per-file-ignores"].values() for rule in rs)]
    ignores = text[text.index("\nignore = [") : text.index("[tool.ruff.lint.pydocstyle]")]
    lines = [line for line in ignores.splitlines() if line.startswith('  "')]

    assert rules
    assert [line for line in lines if not re.search(r"#\s+\S+", line)] == []


@pytest.mark.parametrize(
    "mark", ["noqa", "type: ignore"], ids=["waived lint rule", "waived type check"]
)
def test_every_waiver_names_what_it_waives(mark: str) -> None:
    bare = re.compile(rf"#\s*{mark}(?!:? ?\[?[A-Za-z]+)")

    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in PYTHON
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ]

    assert found == []
