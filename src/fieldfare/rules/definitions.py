"""The names of a rule set: who defines what in which file, and what each file asks for."""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fieldfare.rules.manifest import Manifest
from fieldfare.rules.nodes import EffectOf, Name, Node
from fieldfare.rules.problems import Place, Problem, ProblemList
from fieldfare.rules.signatures import AnyFunction
from fieldfare.rules.sml_types import SmlType
from fieldfare.rules.source_files import SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """An assignment as written. key: the name; locals (`_x`) have their file before it."""

    key: str
    name: str
    file: SourceFile
    place: Place
    value: ast.expr
    annotation: ast.expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`Require`: a file to take in, by name or template, where the condition is true."""

    rule: Node
    condition: Node | None


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """`WhenRules`: if any of these rules fires, these effects."""

    rules: tuple[Name, ...]
    effects: tuple[EffectOf, ...]
    place: Place


@dataclass(slots=True, kw_only=True)
class FileContents:
    """A checked file: what it imports, requires and does; its names stand in the program."""

    name: str
    imports: list[str] = field(default_factory=list)
    requires: list[Requirement] = field(default_factory=list)
    whens: list[When] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A name with its checked value."""

    key: str
    name: str
    place: Place
    node: Node

    @property
    def type(self) -> SmlType:
        return self.node.type


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A checked rule set: all definitions by key, all files and functions by name.

    banks: those its calls name. gates: for files that are not always taken in, a
    name for when they are (`counter_names`).
    """

    definitions: Mapping[str, Definition]
    files: Mapping[str, FileContents]
    functions: Mapping[str, AnyFunction]
    manifest: Manifest
    banks: frozenset[str] = frozenset()
    warnings: tuple[Problem, ...] = ()
    gates: Mapping[str, str] = field(default_factory=dict)


def is_local(name: str) -> bool:
    return name.startswith("_")


def key_of(name: str, file: str) -> str:
    return f"{file}:{name}" if is_local(name) else name


def declare(files: Iterable[SourceFile], problems: ProblemList) -> dict[str, Declared]:
    """Collect every assignment; a name assigned twice is a problem at the second place."""
    declared: dict[str, Declared] = {}
    for file in files:
        for statement in file.body:
            if not isinstance(statement, ast.Assign | ast.AnnAssign):
                continue
            target = _target(statement, file, problems)
            if target is None or statement.value is None:
                continue
            key = key_of(target.id, file.name)
            if first := declared.get(key):
                problems.add(
                    file.place(target),
                    f"{target.id} is defined twice",
                    f"First at {first.place.file}:{first.place.line}. A name is given once in a "
                    "whole rule set; start it with _ to keep it to its file.",
                )
                continue
            declared[key] = Declared(
                key=key,
                name=target.id,
                file=file,
                place=file.place(target),
                value=statement.value,
                annotation=statement.annotation if isinstance(statement, ast.AnnAssign) else None,
            )
    return declared


def _target(
    statement: ast.Assign | ast.AnnAssign, file: SourceFile, problems: ProblemList
) -> ast.Name | None:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    target = targets[0]
    if len(targets) == 1 and isinstance(target, ast.Name) and statement.value is not None:
        return target
    problems.add(file.place(statement), "this is no assignment to one name", "Write `Name = ...`.")
    return None


def reachable(start: str, next_of: Callable[[str], Iterable[str]]) -> dict[str, None]:
    """List `start` and all that can be reached from it, each once, in order of discovery."""
    found = {start: None}
    waiting = [start]
    while waiting:
        for name in next_of(waiting.pop()):
            if name not in found:
                found[name] = None
                waiting.append(name)
    return found
