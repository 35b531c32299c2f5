"""Where a rule is written: the text of a rule set flows in, the lines that make one rule flow out.

A rule is its `Rule(...)` and every `WhenRules(...)` that names it, with the comment above each. Two
versions of a rule set hold the same rule when these texts are the same, wherever they stand.
"""

import ast
import functools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

RULES_ANY: Final = "rules_any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Lines of a file, from `line` (from 1) on."""

    file: str
    line: int
    text: str


def excerpts_of(sources: Mapping[str, str], rule: str) -> tuple[Excerpt, ...]:
    """Give the lines that make a rule, in order of file and line; none for a name unknown."""
    return tuple(
        Excerpt(file=file, line=line, text=text)
        for file, source in sorted(sources.items())
        if file.endswith(".sml")
        for names, line, text in _statements(source)
        if rule in names
    )


def rule_names(sources: Mapping[str, str]) -> frozenset[str]:
    """Name the rules that the files define, whether or not they compile."""
    return frozenset(
        target.id
        for file, source in sources.items()
        if file.endswith(".sml")
        for statement in _parsed(source)
        for target in _targets(statement)
        if _rules_of(statement)
    )


def definition_of(sources: Mapping[str, str], name: str, file: str = "") -> Excerpt | None:
    """Find the lines that assign a name; file: the only one to look in, for a local name."""
    for each, source in sorted(sources.items()):
        if each.endswith(".sml") and file in {"", each}:
            for names, line, text in _assignments(source):
                if name in names:
                    return Excerpt(file=each, line=line, text=text)
    return None


def changed_in(versions: Sequence[Mapping[str, str]], rule: str) -> tuple[int, ...]:
    """List at which of the versions, oldest first, a rule came, changed or went (by index)."""
    found: list[int] = []
    before: tuple[str, ...] = ()
    for index, sources in enumerate(versions):
        now = tuple(excerpt.text for excerpt in excerpts_of(sources, rule))
        if now != before:
            found.append(index)
        before = now
    return tuple(found)


@functools.lru_cache(maxsize=1024)
def _statements(source: str) -> tuple[tuple[frozenset[str], int, str], ...]:
    """Cut out each rule and each WhenRules: the rules it is about, its line, its text."""
    lines = source.splitlines()
    return tuple(
        (names, first, "\n".join(lines[first - 1 : statement.end_lineno]))
        for statement in _parsed(source)
        if (names := _rules_of(statement))
        for first in (_with_comment(lines, statement.lineno),)
    )


@functools.lru_cache(maxsize=1024)
def _assignments(source: str) -> tuple[tuple[frozenset[str], int, str], ...]:
    lines = source.splitlines()
    return tuple(
        (
            frozenset({target.id}),
            statement.lineno,
            "\n".join(lines[statement.lineno - 1 : statement.end_lineno]),
        )
        for statement in _parsed(source)
        for target in _targets(statement)
    )


def _parsed(source: str) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # '\.' in a pattern is at home here
            return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # an old version, or a file of another kind: it defines no rule we could show


def _targets(statement: ast.stmt) -> Iterator[ast.Name]:
    match statement:
        case ast.Assign(targets=[ast.Name() as name]) | ast.AnnAssign(target=ast.Name() as name):
            yield name


def _rules_of(statement: ast.stmt) -> frozenset[str]:
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Rule")))
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=ast.Name(id="Rule")))
        ):
            return frozenset({name})
        case ast.Expr(value=ast.Call(func=ast.Name(id="WhenRules"), keywords=keywords)):
            return frozenset(
                each.id
                for keyword in keywords
                if keyword.arg == RULES_ANY and isinstance(keyword.value, ast.List)
                for each in keyword.value.elts
                if isinstance(each, ast.Name)
            )
        case _:
            return frozenset()


def _with_comment(lines: Sequence[str], line: int) -> int:
    """Give the first line of the comment right above a line, or the line itself."""
    while line > 1 and lines[line - 2].lstrip().startswith("#"):
        line -= 1
    return line
