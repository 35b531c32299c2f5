"""The checker: from source texts to a checked Program, or every problem at once.

Definitions are checked when first asked for, so their order does not matter; a definition that is
asked for while it is being checked is a cycle.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from fieldfare.kernel import BadInput
from fieldfare.rules.annotating import annotated
from fieldfare.rules.checking import Scope
from fieldfare.rules.definitions import (
    Declared,
    Definition,
    FileContents,
    Program,
    declare,
    is_local,
    reachable,
)
from fieldfare.rules.differences import warn_of_differences
from fieldfare.rules.effect_table import EFFECTS
from fieldfare.rules.expressions import read
from fieldfare.rules.functions import SYNTAX
from fieldfare.rules.label_gates import refuse_counters_behind_labels
from fieldfare.rules.manifest import Manifest, Semantics, read_manifest
from fieldfare.rules.nodes import Const, Field, Node, children
from fieldfare.rules.problems import Place, Problem, ProblemList, RuleSetDoesNotCompile
from fieldfare.rules.requiring import read_require
from fieldfare.rules.sml_types import ANY
from fieldfare.rules.source_files import SourceFile, is_compiled, parse_file
from fieldfare.rules.statements import (
    read_effect,
    read_imports,
    read_when,
    statement_of,
)
from fieldfare.rules.vocabulary import Vocabulary

ENTRY: Final = "main.sml"
MAX_STATEMENTS: Final = 3_000
"""Of all files together: what compiles while somebody waits."""
_RESERVED: Final = frozenset({*SYNTAX, *EFFECTS})


def check(
    sources: Mapping[str, str], vocabulary: Vocabulary, *, semantics: Semantics | None = None
) -> Program:
    """Check a rule set. Raises RuleSetDoesNotCompile with every problem found.

    semantics: what holds where the manifest says nothing of it.
    """
    if ENTRY not in sources:
        raise BadInput(
            f"A rule set starts in {ENTRY}; there is none.",
            hint=f"Files given: {', '.join(sorted(sources)) or 'none'}.",
        )
    problems = ProblemList(sources)
    manifest = read_manifest(sources, problems, semantics=semantics)
    files = {name: text for name, text in sources.items() if is_compiled(name)}
    try:
        program = _Checker(files, vocabulary, problems, manifest).run()
        refuse_counters_behind_labels(program, problems)
    except RecursionError as e:
        raise too_deep() from e
    if manifest.semantics == "osprey":
        problems.only_warn_of(set(files) - _taken_in(program))
    problems.raise_if_any()
    try:
        warn_of_differences(program, problems)
    except RecursionError as e:
        raise too_deep() from e
    return replace(program, warnings=problems.warnings())


def too_deep() -> RuleSetDoesNotCompile:
    """Say that names build on each other through more than can be followed."""
    message = "names build on each other more deeply than can be checked"
    problem = Problem(message=message, file=ENTRY, line=1, column=1, source_line="")
    return RuleSetDoesNotCompile([problem])


def _taken_in(program: Program) -> set[str]:
    """List the files an event can come to."""

    def leads_to(name: str) -> Iterator[str]:
        contents = program.files[name]
        yield from contents.imports
        for required in contents.requires:
            if isinstance(required.rule, Const):
                yield str(required.rule.value)

    return set(reachable(ENTRY, leads_to))


class _Checker:
    def __init__(
        self,
        sources: Mapping[str, str],
        vocabulary: Vocabulary,
        problems: ProblemList,
        manifest: Manifest,
    ) -> None:
        self._manifest = manifest
        self._vocabulary = vocabulary
        self._problems = problems
        self._files = {n: parse_file(n, text, problems) for n, text in sorted(sources.items())}
        if sum(len(file.body) for file in self._files.values()) > MAX_STATEMENTS:
            message = f"the rule set has more than {MAX_STATEMENTS:,} statements"
            problems.add(Place(ENTRY, 1, 1), message, "Take out what is not used, or split it.")
            problems.raise_if_any()
        self._declared = declare(self._files.values(), problems)
        self._checked: dict[str, Definition | None] = {}
        self._open: list[str] = []
        self._used: set[str] = set()
        self._banks: set[str] = set()
        self._contents = {name: FileContents(name=name) for name in self._files}
        self._scopes: dict[str, Scope] = {}

    def run(self) -> Program:
        blank = {n: self._scope(file, frozenset({n})) for n, file in self._files.items()}
        calls = {n: self._calls(file, blank[n]) for n, file in self._files.items()}
        for name, found in calls.items():
            for kind, call in found:
                if kind == "Import":
                    self._contents[name].imports += read_imports(
                        call, blank[name], list(self._files)
                    )
        self._refuse_import_cycles()
        for name, file in self._files.items():
            seen = reachable(name, lambda n: self._contents[n].imports)
            self._scopes[name] = self._scope(file, frozenset(seen))
        for key in self._declared:
            self._define(key)
        for name, found in calls.items():
            self._statements(name, found)
        self._note_unused_locals()
        definitions = {key: self._checked[key] for key in self._declared}
        return Program(
            definitions={k: found for k, found in definitions.items() if found},
            files=self._contents,
            manifest=self._manifest,
            functions=self._vocabulary.functions,
            banks=frozenset(self._banks),
        )

    def _scope(self, file: SourceFile, in_sight: frozenset[str]) -> Scope:
        return Scope(
            file=file,
            vocabulary=self._vocabulary,
            problems=self._problems,
            declared=self._declared,
            in_sight=in_sight,
            define=self._define,
            used=self._used,
            labels=self._manifest.labels,
            semantics=self._manifest.semantics,
            banks=self._banks,
        )

    def _calls(self, file: SourceFile, scope: Scope) -> list[tuple[str, ast.Call]]:
        found = (
            statement_of(statement, scope)
            for statement in file.body
            if not isinstance(statement, ast.Assign | ast.AnnAssign)
        )
        return [call for call in found if call]

    def _statements(self, name: str, calls: Iterable[tuple[str, ast.Call]]) -> None:
        contents, scope = self._contents[name], self._scopes[name]
        for kind, call in calls:
            if kind == "Require":
                for required in read_require(call, scope, list(self._files)):
                    contents.requires.append(required)
                    self._check_fields(required.condition, is_value=False)
            elif kind == "WhenRules" and (when := read_when(call, scope)):
                contents.whens.append(when)
                for effect in when.effects:
                    self._check_fields(effect, is_value=False)

    def _define(self, key: str) -> Definition | None:
        if key in self._checked:
            return self._checked[key]
        declared = self._declared[key]
        if key in self._open:
            circle = [self._declared[k].name for k in self._open[self._open.index(key) :]]
            self._problems.add(
                declared.place,
                f"{declared.name} is defined by itself",
                f"The circle: {' -> '.join([*circle, declared.name])}.",
            )
            return None
        self._open.append(key)
        try:
            self._checked[key] = self._check_definition(declared)
        finally:
            self._open.pop()
        return self._checked[key]

    def _check_definition(self, declared: Declared) -> Definition | None:
        scope = self._scopes[declared.file.name]
        is_word = declared.name in _RESERVED or declared.name in self._vocabulary.functions
        if is_word and self._manifest.semantics == "safe":  # Osprey's rules know no words of ours
            self._problems.add(declared.place, f"{declared.name} is a word of the language")
            return None
        value = declared.value
        if is_local(declared.name) and _is_rule(value):
            hint = "Rules are named on decisions; leave out the _."
            self._problems.add(declared.place, "a rule cannot be local to its file", hint)
            return None
        func = value.func if isinstance(value, ast.Call) else None
        is_effect = isinstance(func, ast.Name) and func.id in EFFECTS
        if is_effect and isinstance(value, ast.Call):
            node: Node | None = read_effect(value, scope)
        else:
            node = read(value, scope)
        if node is not None:
            node = annotated(node, declared, scope)
            self._check_fields(node, is_value=True)
        if node is None:
            return None
        return Definition(key=declared.key, name=declared.name, place=declared.place, node=node)

    def _check_fields(self, node: Node | None, *, is_value: bool) -> None:
        """Note each path that is not the whole value of an annotated name."""
        if node is None or (is_value and isinstance(node, Field)):
            return
        waiting = [node]
        while waiting:
            here = waiting.pop()
            if isinstance(here, Field) and ANY in {here.type, here.type.item}:
                hint = "Give it a name and a type: `Caption: str = JsonData(...)`."
                self._problems.add(here.place, "a path needs an annotation", hint)
            waiting += children(here)

    def _refuse_import_cycles(self) -> None:
        for name, contents in self._contents.items():
            for imported in contents.imports:
                if name in reachable(imported, lambda n: self._contents[n].imports):
                    self._problems.add(
                        Place(name, 1, 1), f"{name} imports {imported}, which imports {name}"
                    )

    def _note_unused_locals(self) -> None:
        for key, declared in self._declared.items():
            if is_local(declared.name) and key not in self._used:
                hint = "Use it, or take it out. A name without _ may stand unused."
                self._problems.add(declared.place, f"{declared.name} is never used", hint)


def _is_rule(value: ast.expr) -> bool:
    func = value.func if isinstance(value, ast.Call) else None
    return isinstance(func, ast.Name) and func.id == "Rule"
