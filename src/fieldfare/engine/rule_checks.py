"""What a version needs before it may run: it compiles, and its tests pass.

In flow a folder of rules and what it is checked under, which is read from the store; out flow the
compiled rules and what their tests say. Reading is quick and done in a transaction, compiling and
testing are not and are done outside of it. What tests said is kept: people look at a version often,
and the same tests under the same pack, lists and banks say the same.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from fieldfare.engine.compiling import Compiler
from fieldfare.engine.rule_tests import CaseReport, run_rule_tests
from fieldfare.engine.surroundings import Surroundings, are_those_of_today, surroundings
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import Conflict, FieldfareError, Org
from fieldfare.rules import RuleSet

MOST: Final = 64
"""Reports that are kept; one has the names of rules and of tests that fail."""
MOST_VERDICTS: Final = 1_000
FilesOf: TypeAlias = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A rule set that compiles. pack: hash of the one it was checked under; lists: the names of
    all there were.
    """

    files: Mapping[str, str]
    rules: RuleSet
    pack: str
    lists: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Compiled):
    """A rule set that compiles, and what its tests said."""

    tests: CaseReport


class Checks:
    """Checks folders of rules; safe to use from any thread, at the worst twice."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._reports: OrderedDict[tuple[str, str, frozenset[str], frozenset[str]], CaseReport]
        self._reports = OrderedDict()
        self._verdicts: OrderedDict[tuple[str, str, frozenset[str], frozenset[str]], str]
        self._verdicts = OrderedDict()
        self._lock = threading.Lock()

    def surroundings(self, uow: UnitOfWork, org: Org) -> Surroundings:
        """Read what is in force now. Raises NotFound without a pack."""
        return surroundings(uow, org, self._compiler)

    def compiled(self, around: Surroundings, files: Mapping[str, str]) -> Compiled:
        """Compile a folder and ask no test. Raises RuleSetDoesNotCompile with every problem."""
        rules = self._compiler.rules(files, around.words)
        return Compiled(files=files, rules=rules, pack=around.pack.hash, lists=around.stored)

    def problem(self, around: Surroundings, version: str, files: FilesOf) -> str:
        """Say why a version does not compile, "" if it does. files: asked if that is not known."""
        name = (version, around.pack.hash, around.words.lists, around.banks)
        with self._lock:
            known = self._verdicts.get(name)
        if known is not None:
            return known
        try:
            self.compiled(around, files())
        except FieldfareError as error:
            found = str(error)
        else:
            found = ""
        with self._lock:
            self._verdicts[name] = found
            while len(self._verdicts) > MOST_VERDICTS:
                self._verdicts.popitem(last=False)
        return found

    def checked(self, around: Surroundings, files: Mapping[str, str]) -> Checked:
        """Compile a folder and run its tests, unless they ran before.

        Raises RuleSetDoesNotCompile with every problem, BadInput for what is no test.
        """
        words = around.words
        rules = self._compiler.rules(files, words)
        name = (rules.hash, around.pack.hash, words.lists, around.banks)
        with self._lock:
            report = self._reports.get(name)
        if report is None:
            report = run_rule_tests(rules, files, words)
            with self._lock:
                self._reports[name] = report
                while len(self._reports) > MOST:
                    self._reports.popitem(last=False)
        return Checked(
            files=files, rules=rules, pack=around.pack.hash, lists=around.stored, tests=report
        )


def must_be_of_today(uow: UnitOfWork, org: Org, made: Compiled) -> None:
    """Raise Conflict if the pack or the lists are others than those of a check."""
    if not are_those_of_today(uow, org, made.pack, made.lists):
        raise Conflict("the pack or the lists were changed meanwhile", hint="Try again.")
